//! Types shared by all modules: predictions, tokens, model metadata, download progress.
//!
//! Text positions are UTF-16 code unit indices, as in JavaScript.

pub mod table;

use serde::{Deserialize, Serialize};

use crate::ErrorKind;

/// Download progress, summed over the model's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes received so far.
    pub received: u64,
    /// Total bytes, if the length of every file is known.
    #[serde(default)]
    pub total: Option<u64>,
}

/// Whether the model is stored on this device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Storage {
    /// Whether every file is stored, so that the model is available offline.
    pub kept: bool,
    /// Why not, as the browser reports it, if it does.
    #[serde(default)]
    pub reason: Option<String>,
    /// Bytes of the model's files downloaded during this load.
    pub fetched: u64,
}

/// A network request, as reported by the browser's Resource Timing API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkRequest {
    /// The requested URL.
    pub url: String,
    /// Bytes transferred, headers included; 0 if it was served from a cache.
    pub bytes: u64,
    /// Time of the request, in milliseconds since the Unix epoch.
    pub at: f64,
}

/// An [`Error`](crate::Error) in the form that is sent to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Category, which decides what the page advises and offers.
    pub kind: ErrorKind,
    /// What happened, in one sentence.
    pub message: String,
}

impl From<&crate::Error> for Failure {
    fn from(error: &crate::Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

/// Metadata of a loaded model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo {
    /// `general.name` of the GGUF, or else the name of the model's folder.
    pub name: String,
    /// `model_type` of `config.json`: `bert` or `distilbert`.
    pub architecture: String,
    /// Label names by class id.
    pub labels: Vec<String>,
    /// Whether the model is multi-label (`problem_type`), else single-label.
    pub multi_label: bool,
    /// Number of parameters: the elements of all tensors.
    pub parameters: u64,
    /// Size of the weights file, in bytes.
    pub file_size: u64,
    /// Storage format of most parameters, as GGUF names it: `Q4_0`.
    pub format: String,
    /// License of the weights (`general.license` of the GGUF), if stated.
    #[serde(default)]
    pub license: Option<String>,
    /// Maximum sequence length in tokens, special tokens included. Longer texts are truncated.
    pub max_tokens: usize,
    /// The compute backend in use.
    pub backend: Backend,
    /// Time from the load request until the model was ready, in milliseconds.
    pub load_millis: f64,
    /// Benchmark results stated in `config.json`.
    #[serde(default)]
    pub measured: Vec<Benchmark>,
}

/// A model's accuracy on a labelled data set, as stated in its `config.json` under `live_sentiment.measured`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Name of the data set: `SST-2`.
    pub name: String,
    /// Number of examples.
    #[serde(rename = "texts")]
    pub examples: u32,
    /// Number of examples classified correctly.
    #[serde(rename = "right")]
    pub correct: u32,
}

/// Compute backend of the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// candle's own quantized matrix product.
    Candle,
    /// This crate's kernels in plain Rust: the reference implementation of the others.
    Scalar,
    /// This crate's kernels in AVX2, outside the browser.
    Avx2,
    /// This crate's kernels in baseline WebAssembly SIMD.
    Simd128,
    /// This crate's kernels with the int8 dot product of relaxed SIMD.
    Relaxed,
}

impl Backend {
    const ALL: [Self; 5] = [
        Self::Candle,
        Self::Scalar,
        Self::Avx2,
        Self::Simd128,
        Self::Relaxed,
    ];

    /// Its name in messages, in the API and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Candle => "candle",
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Simd128 => "simd128",
            Self::Relaxed => "relaxed",
        }
    }

    /// The backend with this [`Self::name`].
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == name)
    }
}

/// The classification of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Class id of the highest score: the argmax.
    pub label: usize,
    /// One probability per label, in the order of [`ModelInfo::labels`]. They sum to 1 for a single-label model
    /// (softmax) and are independent for a multi-label model (sigmoid).
    pub scores: Vec<f32>,
    /// One logit per label, before temperature and softmax or sigmoid.
    pub logits: Vec<f32>,
    /// The tokens of the text, without special tokens.
    pub tokens: Vec<Token>,
    /// Number of tokens given to the model, special tokens included.
    pub token_count: usize,
    /// Where the text was truncated, as a UTF-16 index, if it exceeded the maximum sequence length.
    #[serde(default)]
    pub truncated_at: Option<usize>,
    /// Time for tokenization and inference, in milliseconds.
    pub millis: f64,
}

/// What a table needs of a [`Prediction`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// One probability per label.
    pub scores: Vec<f32>,
    /// Whether only the beginning of the text was read.
    pub truncated: bool,
}

impl From<Prediction> for Brief {
    fn from(prediction: Prediction) -> Self {
        Self {
            scores: prediction.scores,
            truncated: prediction.truncated_at.is_some(),
        }
    }
}

/// One token and its position in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id in the vocabulary.
    pub id: u32,
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index after its last code unit.
    pub end: usize,
    /// Whether it is out of vocabulary, so that the model was given `[UNK]`.
    pub unknown: bool,
}

/// What is known about a model before its weights are downloaded. Fields that are not known yet have their default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preflight {
    /// Why the model is unsupported, if it is. The other fields hold what was found before the check failed.
    pub refusal: Option<Failure>,
    /// Class name in transformers: `BertForSequenceClassification`.
    pub architecture: String,
    /// Number of encoder layers.
    pub layers: usize,
    /// Hidden size of the encoder.
    pub hidden_size: usize,
    /// Label names by class id.
    pub labels: Vec<String>,
    /// Whether the model is multi-label (independent sigmoids) rather than single-label (softmax).
    pub multi_label: bool,
    /// Maximum sequence length in tokens, special tokens included.
    pub max_tokens: usize,
    /// Number of parameters: the elements of all tensors.
    pub parameters: u64,
    /// The vocabulary, if `tokenizer.json` was given.
    pub vocabulary: Option<Vocabulary>,
    /// Size of the weights file in bytes, if known.
    pub file_size: Option<u64>,
    /// Storage format of most parameters, as GGUF names it, if the weights' header was given.
    pub format: Option<String>,
    /// Estimated memory of the worker in bytes, with the model loaded and a text of maximum length.
    pub memory: u64,
    /// Set if the weights' header was incomplete: the length of the file prefix to try next.
    pub first_bytes: Option<u64>,
}

/// A model's vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vocabulary {
    /// Number of tokens, subwords included.
    pub size: usize,
    /// Whether it is case-sensitive.
    pub cased: bool,
    /// Scripts of its whole words, most common first; those below 1% are omitted.
    pub scripts: Vec<Script>,
}

/// The share of a vocabulary that is written in one script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Name of the script in English: `Latin`, `Cyrillic`, `Han`, `Arabic` …
    pub name: String,
    /// Its share of the whole words, 0 to 1.
    pub share: f32,
}
