//! What every part speaks of: predictions, tokens, what a model is, how far it has come.
//!
//! Text positions are UTF-16 indices, as JavaScript counts them.

use serde::{Deserialize, Serialize};

use crate::ErrorKind;

/// How far the model's files have come, all files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes that have arrived.
    pub received: u64,
    /// Bytes in all, where the server said so for every file.
    #[serde(default)]
    pub total: Option<u64>,
}

/// What this device keeps of the model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Storage {
    /// Whether every file is kept, so that the model will be there without the network.
    pub kept: bool,
    /// Why not, in the browser's words, where it has any.
    #[serde(default)]
    pub reason: Option<String>,
    /// Bytes of the model's files that came over the network this time.
    pub fetched: u64,
}

/// A request that was made, as the browser's Resource Timing tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkRequest {
    /// What was asked for.
    pub url: String,
    /// Bytes that came over the network, headers included; 0 where a cache had it.
    pub bytes: u64,
    /// When, in milliseconds since 1970.
    pub at: f64,
}

/// A failure as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What it means to the user, and so which action helps.
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

/// What the page may say about the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelInfo {
    /// The model's own name (`general.name` of the GGUF), or its folder's.
    pub name: String,
    /// As GGUF names it: `bert`.
    pub architecture: String,
    /// The labels by class id.
    pub labels: Vec<String>,
    /// Whether each label holds or not for itself (`problem_type`); otherwise exactly one does.
    pub multi_label: bool,
    /// Numbers in all tensors together.
    pub parameters: u64,
    /// Size of the weights file, in bytes.
    pub file_size: u64,
    /// The storage format of most matrices, as GGUF names it: `Q4_0`.
    pub format: String,
    /// Licence of the weights (`general.license` of the GGUF), where stated.
    #[serde(default)]
    pub license: Option<String>,
    /// The longest text that is read whole, in tokens, special tokens included.
    pub max_tokens: usize,
    /// The arithmetic in use.
    pub backend: Backend,
    /// From the request to load until ready, in milliseconds.
    pub load_millis: f64,
    /// How often it was right, where its `config.json` says so.
    #[serde(default)]
    pub measured: Vec<Benchmark>,
}

/// How often a model was right on texts whose label is known, as its `config.json` says under `live_sentiment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benchmark {
    /// What the texts are called: `SST-2`.
    pub name: String,
    /// How many there are.
    #[serde(rename = "texts")]
    pub examples: u32,
    /// How many of them it labelled correctly.
    #[serde(rename = "right")]
    pub correct: u32,
}

/// Which arithmetic runs the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// candle's own quantized matrix product.
    Candle,
    /// Our kernels in plain Rust: the oracle of the others.
    Scalar,
    /// Our kernels in baseline WebAssembly SIMD.
    Simd128,
    /// Our kernels with the int8 dot product of relaxed SIMD.
    Relaxed,
}

impl Backend {
    const ALL: [Self; 4] = [Self::Candle, Self::Scalar, Self::Simd128, Self::Relaxed];

    /// As it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Candle => "candle",
            Self::Scalar => "scalar",
            Self::Simd128 => "simd128",
            Self::Relaxed => "relaxed",
        }
    }

    /// The one that is called so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == name)
    }
}

/// The label of a text, and how likely each label is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Class id of the highest score: the argmax.
    pub label: usize,
    /// One probability for each label, in the order of [`ModelInfo::labels`]. They sum to one for a single-label
    /// model; for a multi-label model each stands for itself.
    pub scores: Vec<f32>,
    /// What the scores were made of, before softmax or sigmoid.
    pub logits: Vec<f32>,
    /// The tokens that were read, special tokens left out.
    pub tokens: Vec<Token>,
    /// How many tokens the model saw, special tokens included.
    pub token_count: usize,
    /// Where the reading stopped, as a UTF-16 index into the text, if the text was longer than the model reads.
    #[serde(default)]
    pub truncated_at: Option<usize>,
    /// Tokenizing and inference, in milliseconds.
    pub millis: f64,
}

/// One token that was read, and where it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id in the vocabulary.
    pub id: u32,
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index behind its last code unit.
    pub end: usize,
    /// Whether the vocabulary did not know it, so that the model saw only `[UNK]`.
    pub unknown: bool,
}

/// What can be said about a model before its weights are downloaded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preflight {
    /// Why it cannot be run; `None` where nothing speaks against it. What stands below was found before this.
    pub refusal: Option<Failure>,
    /// Encoder and head, as `config.json` names them: `BertForSequenceClassification`.
    pub architecture: String,
    /// Layers of the encoder.
    pub layers: usize,
    /// Numbers that stand for a token.
    pub hidden_size: usize,
    /// The labels by class id.
    pub labels: Vec<String>,
    /// Whether several labels may hold of a text, or none; otherwise it is exactly one.
    pub multi_label: bool,
    /// The longest text that is read whole, in tokens, special tokens included.
    pub max_tokens: usize,
    /// Numbers in all tensors together.
    pub parameters: u64,
    /// The words, once `tokenizer.json` is here.
    pub vocabulary: Option<Vocabulary>,
    /// Size of the weights file in bytes, where known.
    pub file_size: Option<u64>,
    /// The storage format of most matrices, as GGUF names it, once the weights' header is here.
    pub format: Option<String>,
    /// Bytes that the worker will need once the model is loaded and reads its longest text, estimated.
    pub memory: u64,
    /// If the header of the weights was not all there: how many first bytes of the file will hold it, or tell more.
    pub first_bytes: Option<u64>,
}

/// What a model's words are like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vocabulary {
    /// How many tokens there are, whole words and parts of words.
    pub size: usize,
    /// Whether capitals and small letters are told apart.
    pub cased: bool,
    /// The scripts of the whole words, the most usual first; those of less than a hundredth of them are left out.
    pub scripts: Vec<Script>,
}

/// How much of a vocabulary is written in one script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Its name in English: `Latin`, `Cyrillic`, `Han`, `Arabic` …
    pub name: String,
    /// Its share of the whole words, 0 to 1.
    pub share: f32,
}
