//! Files that were dropped on the page, or picked there.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::location::unreadable;
use super::{Chunks, Digest, MANIFEST, Manifest};
use crate::model::folder::{OTHER_FORMS, is_gguf, is_weights, max_bytes};
use crate::{Error, Result};

/// Bytes that are read at a time.
const PIECE: f64 = (4 << 20) as f64;

/// The files of one model.
#[derive(Debug, Clone)]
pub struct PickedFiles {
    files: Vec<File>,
}

impl PickedFiles {
    /// Of the array of `File`s that came with a message; `None` if none came.
    pub fn of(files: &JsValue) -> Option<Self> {
        let files: &Array = files.dyn_ref()?;
        let files: Vec<File> = files.iter().filter_map(|f| f.dyn_into().ok()).collect();
        (!files.is_empty()).then_some(Self { files })
    }

    /// The file with this name.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) fn named(&self, name: &str) -> Result<&File> {
        let found = self.files.iter().find(|file| file.name() == name);
        found.ok_or_else(|| Error::NotFound {
            file: format!("{name} among the files given"),
            status: None,
        })
    }

    /// The bytes of the small file with this name.
    ///
    /// # Errors
    /// `NotFound`, and those of [`read`].
    pub(super) async fn read(&self, name: &str) -> Result<Vec<u8>> {
        let bound = max_bytes(name);
        Ok(read(self.named(name)?, bound, bound, |_| {})
            .await?
            .to_vec())
    }

    /// Whether they are the files that a manifest on this device lists, byte by byte.
    pub(super) async fn are(&self, json: &str) -> bool {
        let Ok(manifest) = Manifest::parse(json.as_bytes(), MANIFEST) else {
            return false;
        };
        let mut files = Vec::new();
        for (name, entry) in manifest.entries() {
            match self.named(name) {
                Ok(file) if file.size() == entry.bytes as f64 => files.push((file, entry)),
                _ => return false,
            }
        }
        for (file, entry) in files {
            if digest(file, entry.bytes).await.ok().as_ref() != Some(&entry.sha256) {
                return false;
            }
        }
        true
    }

    /// The file of weights: a GGUF before a safetensors.
    ///
    /// # Errors
    /// `NotFound`, and `Unsupported` where there are weights in a form that cannot be read.
    pub(super) fn weights(&self) -> Result<&File> {
        let mut weights: Vec<_> = self
            .files
            .iter()
            .filter(|f| is_weights(&f.name()))
            .collect();
        weights.sort_by_key(|file| !is_gguf(&file.name()));
        if let Some(file) = weights.first() {
            return Ok(file);
        }
        for (name, form) in OTHER_FORMS {
            if self.named(name).is_ok() {
                return Err(unreadable(form));
            }
        }
        Err(Error::NotFound {
            file: "A file of weights (.gguf or .safetensors) among the files given".into(),
            status: None,
        })
    }
}

/// The first bytes of a file, `limit` at the most. `on_bytes` hears how many there are.
///
/// # Errors
/// `Malformed` for a file that is longer than `bound`, `Unreachable` with the browser's words where it cannot be read: it may
/// have been changed or moved since, or be a folder.
pub(super) async fn read(
    file: &File,
    bound: u64,
    limit: u64,
    on_bytes: impl Fn(u64),
) -> Result<Chunks> {
    let mut chunks = Chunks::default();
    each_piece(file, bound, limit, |piece| {
        chunks.push(piece);
        on_bytes(chunks.length());
    })
    .await?;
    Ok(chunks)
}

/// The SHA-256 of a file. A large one is not held whole for that.
///
/// # Errors
/// As [`read`].
pub(super) async fn digest(file: &File, bound: u64) -> Result<String> {
    let mut digest = Digest::default();
    each_piece(file, bound, bound, |piece| digest.update(&piece)).await?;
    Ok(digest.to_hex().await)
}

async fn each_piece(
    file: &File,
    bound: u64,
    limit: u64,
    mut on_piece: impl FnMut(Uint8Array),
) -> Result<()> {
    let size = file.size();
    if size > bound as f64 {
        return Err(Error::Malformed {
            file: file.name(),
            reason: format!("it is longer than {bound} bytes"),
        });
    }
    let unreadable = |error: JsValue| Error::Unreachable {
        file: file.name(),
        reason: match error.dyn_ref::<js_sys::Error>() {
            Some(error) => error.message().into(),
            None => format!("{error:?}"),
        },
    };
    let end = size.min(limit as f64);
    let mut start = 0.0;
    while start < end {
        let stop = end.min(start + PIECE);
        let piece = file
            .slice_with_f64_and_f64(start, stop)
            .map_err(unreadable)?;
        let bytes = JsFuture::from(piece.array_buffer())
            .await
            .map_err(unreadable)?;
        on_piece(Uint8Array::new(bytes.unchecked_ref::<ArrayBuffer>()));
        start = stop;
    }
    Ok(())
}
