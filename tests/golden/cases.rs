//! The golden files, as the tests read them. `make.py` beside this file made them.

// Each test file includes this module and uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A text that was tokenized.
#[derive(Deserialize)]
pub struct Tokenized {
    pub name: String,
    #[serde(flatten)]
    pub text: Text,
    /// `[CLS]` first and `[SEP]` last, at most 512.
    pub ids: Vec<u32>,
    /// Start and end of each token, counted in code points; 0 and 0 for `[CLS]` and `[SEP]`.
    pub offsets: Vec<usize>,
    pub truncated: bool,
}

/// A text as the article's `encode_plus` returns it, 512 numbers each.
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

/// A text that was classified.
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
    /// The GGUF's tensors dequantized, run in f32.
    pub gguf: Vec<Classified>,
}

/// `checkpoint.json`.
#[derive(Deserialize)]
pub struct Checkpoint {
    /// A checkpoint in f32.
    pub f32: Vec<Classified>,
    /// The checkpoint with its matrices rounded to Q8_0 and back, run in f32.
    pub q8_0: Vec<Classified>,
}

/// A text, or the rule to make a long one.
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

/// A file below the repository's root.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Reads a golden file.
pub fn read<T: serde::de::DeserializeOwned>(relative: &str) -> T {
    let path = path("tests/golden").join(relative);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Tells that a test was left out, past the test runner, which swallows what passing tests print.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
