//! `files.json`: what a model's folder holds, so that a file can be told to be whole before it is used.
//!
//! ```json
//! { "config.json": { "bytes": 812, "sha256": "9f86d0…" }, "tokenizer.json": { … }, "model.gguf": { … } }
//! ```
//!
//! It is made with the release (`.ci/stamp.mjs`), beside the files it lists. For a folder without one it is made here, from
//! what came, so that the files can be kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CONFIG, TOKENIZER};
use crate::web::address::is_weights;
use crate::{Error, Result};

/// The file's name in a model's folder.
pub const MANIFEST: &str = "files.json";

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// In a manifest that was made here, what the server called this version of the file; empty if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The files of a model, by the names they have on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// `config.json`, `tokenizer.json`, and the weights under a name that says what they are.
    files: [(String, Entry); 3],
}

impl Manifest {
    /// A manifest of files as they came, in the order of [`Self::entries`].
    pub(super) fn new(files: [(String, Entry); 3]) -> Self {
        Self { files }
    }

    /// Reads a manifest; `url` is for messages.
    ///
    /// # Errors
    /// `Malformed` if it is not one, or has a digest that is none.
    pub fn parse(json: &[u8], url: &str) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed {
            file: url.to_owned(),
            reason,
        };
        let mut files: BTreeMap<String, Entry> =
            serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        let mut take = |what: &str, is_it: &dyn Fn(&str) -> bool| {
            let name = files.keys().find(|name| is_it(name)).cloned();
            name.and_then(|name| files.remove_entry(&name))
                .ok_or_else(|| malformed(format!("it does not list {what}")))
        };
        let files = [
            take(CONFIG, &|name| name == CONFIG)?,
            take(TOKENIZER, &|name| name == TOKENIZER)?,
            take("a file of weights", &is_weights)?,
        ];
        for (name, entry) in &files {
            let is_digest = entry.sha256.len() == 64
                && entry
                    .sha256
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !is_digest {
                return Err(malformed(format!(
                    "the SHA-256 of {name} should be 64 hexadecimal digits, but is {:?}",
                    entry.sha256
                )));
            }
        }
        Ok(Self { files })
    }

    /// Whether the server had no manifest.
    pub(super) fn was_made_here(&self) -> bool {
        self.files.iter().all(|(_, entry)| entry.version.is_some())
    }

    /// As [`Self::parse`] reads it.
    pub(super) fn to_json(&self) -> String {
        let files: BTreeMap<_, _> = self
            .files
            .iter()
            .map(|(name, entry)| (name, entry))
            .collect();
        // Names and numbers have no value that JSON lacks; and a text that is empty counts as no manifest.
        serde_json::to_string(&files).unwrap_or_default()
    }

    /// Every file with its name: configuration, tokenizer, weights.
    pub fn entries(&self) -> [(&str, &Entry); 3] {
        self.files
            .each_ref()
            .map(|(name, entry)| (name.as_str(), entry))
    }
}
