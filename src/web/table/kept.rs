//! The table on this device: its file, what is to be done with it, and a journal of what was read. A reload, a crash or a
//! closed tab loses nothing. It lies in the origin's private file system, in a folder of its own; there is one table.

use js_sys::{Function, JsString, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, File, FileReaderSync, FileSystemDirectoryHandle,
    FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle,
};

use super::file::BlobFile;
use super::protocol::Model;
use crate::table::journal::Line;
use crate::types::table::{Layout, Roles};
use crate::web::exception;

const FOLDER: &str = "live-sentiment-table";
const FILE: &str = "file";
const HEAD: &str = "head.json";
const JOURNAL: &str = "journal.jsonl";

/// What is to be done with the file. Written last: without it nothing is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) layout: Layout,
    pub(super) roles: Roles,
    pub(super) model: Model,
}

/// A table that is kept from now on.
pub(super) struct Kept {
    journal: FileSystemSyncAccessHandle,
    /// Where the journal ends.
    end: f64,
}

/// A table that was kept.
pub(super) struct Found {
    pub(super) head: Head,
    pub(super) file: Blob,
    pub(super) lines: Vec<Line>,
    pub(super) kept: Kept,
}

type Result<T, E = JsValue> = std::result::Result<T, E>;

impl Kept {
    /// Keeps a table, in place of the one before.
    ///
    /// # Errors
    /// What the browser says where it keeps nothing, has no room, or another tab has a table.
    pub(super) async fn begin(head: &Head, file: &Blob) -> Result<Self, String> {
        let begin = async {
            forget().await?;
            let folder = folder(true).await?;
            copy(file, &open(&folder, FILE).await?)?;
            let kept = Self {
                journal: open(&folder, JOURNAL).await?,
                end: 0.0,
            };
            let written = serde_json::to_string(head).unwrap_or_default();
            let to = open(&folder, HEAD).await?;
            let is_written = write(&to, written.as_bytes(), 0.0);
            to.close();
            is_written.map(|()| kept)
        };
        begin.await.map_err(|error| match name(&error).as_str() {
            "NoModificationAllowedError" => "another tab has a table".to_owned(),
            "QuotaExceededError" => "there is no more room on it".to_owned(),
            _ => exception::message(&error),
        })
    }

    /// What was kept, if all of it is there.
    pub(super) async fn resume() -> Option<Found> {
        let folder = folder(false).await.ok()?;
        let head = text(&file(&folder, HEAD).await.ok()?)?;
        let head: Head = serde_json::from_str(&head).ok()?;
        let file_of_table = file(&folder, FILE).await.ok()?;
        let lines = text(&file(&folder, JOURNAL).await.ok()?)?;
        let journal = open(&folder, JOURNAL).await.ok()?;
        let mut kept = Self {
            end: journal.get_size().ok()?,
            journal,
        };
        // The last line may be cut.
        kept.write("\n").ok()?;
        Some(Found {
            head,
            file: file_of_table.into(),
            lines: lines.lines().filter_map(Line::parse).collect(),
            kept,
        })
    }

    /// Adds lines to the journal.
    ///
    /// # Errors
    /// What the browser says, as where there is no more room.
    pub(super) fn note(&mut self, lines: &[Line]) -> Result<(), String> {
        let mut text = String::new();
        for line in lines {
            text += &line.to_json();
            text.push('\n');
        }
        self.write(&text)
            .map_err(|error| exception::message(&error))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        write(&self.journal, text.as_bytes(), self.end)?;
        self.end += text.len() as f64;
        self.journal.flush()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.journal.close();
    }
}

/// Forgets what is kept.
///
/// # Errors
/// What the browser says, as where another tab has the table.
pub(super) async fn forget() -> Result<()> {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    let root = root().await?;
    let removed = JsFuture::from(root.remove_entry_with_options(FOLDER, &options)).await;
    match removed {
        Err(error) if name(&error) != "NotFoundError" => Err(error),
        _ => Ok(()),
    }
}

async fn root() -> Result<FileSystemDirectoryHandle> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let storage = Reflect::get(&scope.navigator(), &"storage".into())?;
    call(&storage, "getDirectory").await?.dyn_into()
}

/// What a method answers that some browsers lack.
async fn call(object: &JsValue, method: &str) -> Result<JsValue> {
    let found = if object.is_object() {
        Reflect::get(object, &method.into())?
    } else {
        JsValue::UNDEFINED
    };
    let Ok(found) = found.dyn_into::<Function>() else {
        return Err("this browser has no place for it".into());
    };
    JsFuture::from(found.call0(object)?.unchecked_into::<Promise>()).await
}

async fn folder(is_made: bool) -> Result<FileSystemDirectoryHandle> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(is_made);
    let folder = root()
        .await?
        .get_directory_handle_with_options(FOLDER, &options);
    JsFuture::from(folder).await?.dyn_into()
}

async fn handle(
    folder: &FileSystemDirectoryHandle,
    name: &str,
    is_made: bool,
) -> Result<FileSystemFileHandle> {
    let options = FileSystemGetFileOptions::new();
    options.set_create(is_made);
    JsFuture::from(folder.get_file_handle_with_options(name, &options))
        .await?
        .dyn_into()
}

async fn file(folder: &FileSystemDirectoryHandle, name: &str) -> Result<File> {
    let handle = handle(folder, name, false).await?;
    JsFuture::from(handle.get_file()).await?.dyn_into()
}

async fn open(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<FileSystemSyncAccessHandle> {
    let handle = handle(folder, name, true).await?;
    call(&handle, "createSyncAccessHandle").await?.dyn_into()
}

fn copy(file: &Blob, to: &FileSystemSyncAccessHandle) -> Result<()> {
    let mut file = BlobFile::new(file.clone()).map_err(|error| error.to_string())?;
    let mut at = 0.0;
    let copied = loop {
        match file.piece() {
            Ok([]) => break Ok(()),
            Ok(piece) => {
                let written = write(to, piece, at);
                if written.is_err() {
                    break written;
                }
                at += piece.len() as f64;
            }
            Err(error) => break Err(error.to_string().into()),
        }
    };
    to.close();
    copied
}

fn write(to: &FileSystemSyncAccessHandle, bytes: &[u8], at: f64) -> Result<()> {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(at);
    let written = to.write_with_u8_array_and_options(bytes, &options)?;
    if written < bytes.len() as f64 {
        return Err("there is no more room on this device".into());
    }
    Ok(())
}

fn text(file: &File) -> Option<String> {
    FileReaderSync::new().ok()?.read_as_text(file).ok()
}

fn name(error: &JsValue) -> String {
    let name = Reflect::get(error, &"name".into()).ok();
    name.and_then(|name| name.dyn_into::<JsString>().ok())
        .map(String::from)
        .unwrap_or_default()
}
