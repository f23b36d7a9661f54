//! `files.json`: what a model's folder holds, so that a file can be told to be whole before it is used.
//!
//! ```json
//! { "config.json": { "bytes": 812, "sha256": "9f86d0…" }, "tokenizer.json": { … }, "model.gguf": { … } }
//! ```
//!
//! It is made with the release (`.ci/stamp.mjs`), beside the files it lists.

use serde::Deserialize;

use super::{CONFIG, TOKENIZER, WEIGHTS};
use crate::{Error, Result};

/// The file's name in a model's folder.
pub const MANIFEST: &str = "files.json";

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The files of a model, by the names they have on the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    #[serde(rename = "config.json")]
    config: Entry,
    #[serde(rename = "tokenizer.json")]
    tokenizer: Entry,
    #[serde(rename = "model.gguf")]
    weights: Entry,
}

impl Manifest {
    /// Reads a manifest; `url` is for messages.
    ///
    /// # Errors
    /// `Malformed` if it is not one, or has a digest that is none.
    pub fn parse(json: &[u8], url: &str) -> Result<Self> {
        let malformed = |reason: String| Error::Malformed {
            file: url.to_owned(),
            reason,
        };
        let manifest: Self =
            serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        for (name, entry) in manifest.entries() {
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
        Ok(manifest)
    }

    /// Every file with its name.
    pub fn entries(&self) -> [(&'static str, &Entry); 3] {
        [
            (CONFIG, &self.config),
            (TOKENIZER, &self.tokenizer),
            (WEIGHTS, &self.weights),
        ]
    }
}
