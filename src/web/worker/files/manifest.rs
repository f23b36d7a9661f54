//! `files.json`: what a model's folder holds, so that a file can be told to be whole before it is used.
//!
//! ```json
//! { "config.json": { "bytes": 812, "sha256": "9f86d0…" }, "tokenizer.json": { … }, "model.gguf": { … } }
//! ```
//!
//! The tokenizer's other files may be listed, too; what is not listed is not there. It is made with the release (`.ci/stamp.mjs`), beside the files it lists. For a folder without one it is made here, from
//! what came, so that the files can be kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::folder::{CONFIG, TOKENIZER, VOCABULARY, beside, is_weights};
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
    /// `config.json`, the tokenizer's own file and those beside it that count, and the weights.
    files: Vec<(String, Entry)>,
}

impl Manifest {
    /// A manifest of files as they came, in the order of [`Self::entries`].
    pub(super) fn new(files: Vec<(String, Entry)>) -> Self {
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
        let mut listed: BTreeMap<String, Entry> =
            serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        let lacks = |what: &str| malformed(format!("it does not list {what}"));
        let mut files = Vec::new();
        files.extend(listed.remove_entry(CONFIG));
        if files.is_empty() {
            return Err(lacks(CONFIG));
        }
        let tokenizer = [TOKENIZER, VOCABULARY]
            .into_iter()
            .find_map(|name| listed.remove_entry(name))
            .ok_or_else(|| lacks(TOKENIZER))?;
        let others = beside(&tokenizer.0);
        files.push(tokenizer);
        files.extend(others.iter().filter_map(|name| listed.remove_entry(*name)));
        let weights = listed.into_iter().find(|(name, _)| is_weights(name));
        files.push(weights.ok_or_else(|| lacks("a file of weights"))?);
        for (name, entry) in &files {
            if !is_digest(&entry.sha256) {
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

    /// Every file with its name: the configuration first, then the tokenizer's, the weights last.
    pub fn entries(&self) -> &[(String, Entry)] {
        &self.files
    }

    /// The weights' name.
    pub fn weights(&self) -> &str {
        self.files.last().map_or("", |(name, _)| name)
    }
}

/// The digests of the files in any list, also one of a later release that [`Manifest::parse`] would not take or not know all files
/// of; `None` for what lists none.
pub fn digests(json: &str) -> Option<Vec<String>> {
    let list: Value = serde_json::from_str(json).ok()?;
    let mut digests = Vec::new();
    collect(&list, &mut digests);
    (!digests.is_empty()).then_some(digests)
}

fn collect(value: &Value, digests: &mut Vec<String>) {
    match value {
        Value::String(text) if is_digest(text) => digests.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| collect(value, digests)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            // A later release may have turned the list around.
            digests.extend(Some(key.clone()).filter(|key| is_digest(key)));
            collect(value, digests);
        }),
        _ => {}
    }
}

fn is_digest(text: &str) -> bool {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_hex)
}
