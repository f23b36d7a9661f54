//! Reads the golden files, which `make.py` in this folder generates.

// Each test file includes this module and uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A tokenized text.
#[derive(Deserialize)]
pub struct Tokenized {
    pub name: String,
    #[serde(flatten)]
    pub text: Text,
    /// Token ids, `[CLS]` first and `[SEP]` last, at most 512.
    pub ids: Vec<u32>,
    /// Start and end of each token in code points; 0 and 0 for `[CLS]` and `[SEP]`.
    pub offsets: Vec<usize>,
    pub truncated: bool,
}

/// The article's `encode_plus` of a text: arrays of 512 numbers.
#[derive(Deserialize)]
pub struct Padded {
    pub text: String,
    pub ids: Vec<u32>,
    pub mask: Vec<u32>,
    pub type_ids: Vec<u32>,
}

/// `tokens.json`.
#[derive(Deserialize)]
pub struct Tokens {
    pub cases: Vec<Tokenized>,
    pub article: Vec<Padded>,
}

/// A classified text.
#[derive(Deserialize)]
pub struct Classified {
    #[serde(flatten)]
    pub text: Text,
    pub tokens: usize,
    pub logits: Vec<f32>,
    /// The pooler's output, for the article's texts.
    pub pooled: Option<Vec<f32>>,
}

/// `golden.json` of a tiny model.
#[derive(Deserialize)]
pub struct Golden {
    pub cases: Vec<Classified>,
}

/// `default.json`.
#[derive(Deserialize)]
pub struct DefaultModel {
    /// Size of the GGUF file that was dequantized.
    pub gguf_bytes: u64,
    /// Results of the GGUF's tensors dequantized, in f32.
    pub gguf: Vec<Classified>,
}

/// `checkpoint.json`.
#[derive(Deserialize)]
pub struct Checkpoint {
    /// Results of the checkpoint in f32.
    pub f32: Vec<Classified>,
    /// Results of the checkpoint with its matrices quantized to Q8_0 and dequantized, in f32.
    pub q8_0: Vec<Classified>,
}

/// A text, or a unit and how often to repeat it.
#[derive(Deserialize)]
pub struct Text {
    text: Option<String>,
    repeat: Option<(String, usize)>,
}

impl Text {
    pub fn expand(&self) -> String {
        match (&self.text, &self.repeat) {
            (Some(text), None) => text.clone(),
            (None, Some((unit, times))) => unit.repeat(*times),
            _ => panic!("a case has either `text` or `repeat`"),
        }
    }
}

/// Path of a file in the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Reads a golden file.
pub fn read<T: serde::de::DeserializeOwned>(relative: &str) -> T {
    let path = path("tests/golden").join(relative);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Reports a skipped test directly to standard error: the test runner captures the output of passing tests.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
