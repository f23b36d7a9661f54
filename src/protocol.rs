//! What page and worker say to each other.
//!
//! Messages are plain JavaScript objects tagged by `type` (`{ type: "classify", seq: 3, text: "…" }`), so that a
//! page without our WebAssembly can speak to the worker too. The worker answers every [`Request::Classify`] with
//! the same `seq`, in order. Text positions are UTF-16 indices, as JavaScript counts them.

use serde::{Deserialize, Serialize};

use crate::ErrorKind;

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Request {
    /// Fetch a model and get ready. Answered by [`Response::Progress`]s, then [`Response::Ready`] or [`Response::Failed`].
    Load {
        /// Absolute URL of the folder with `config.json`, `tokenizer.json` and `model.gguf` or `model.safetensors`, with a slash
        /// at its end; or of the weights in such a folder. With `files`, an array of `File`s, in the same message, the model is
        /// these, and is kept under this address.
        model: String,
        /// Which arithmetic to use; by default the fastest this worker was built with.
        #[serde(default)]
        backend: Option<Backend>,
    },
    /// Call off the download under way. Answered by [`Response::Failed`] of kind [`ErrorKind::Cancelled`].
    Cancel,
    /// Look at a model without downloading its weights. Answered by [`Response::Inspected`] or [`Response::Failed`].
    Inspect {
        /// As in [`Request::Load`], `files` included.
        model: String,
    },
    /// Remove a model from this device. Answered by [`Response::Forgotten`] or [`Response::Failed`].
    Forget {
        /// As in [`Request::Load`].
        model: String,
    },
    /// Classify a text. Answered by [`Response::Classified`] or [`Response::Failed`] with the same `seq`.
    Classify {
        /// Chosen by the page, rising.
        seq: u64,
        /// The text, of any length.
        text: String,
    },
    /// Split a text into tokens. Answered by [`Response::Tokenized`] or [`Response::Failed`] with the same `seq`.
    Tokenize {
        /// Chosen by the page, rising.
        seq: u64,
        /// The text, of any length.
        text: String,
    },
    /// Classify token ids, special tokens included. For benchmarks that leave the tokenizer out.
    ClassifyIds {
        /// Chosen by the page, rising.
        seq: u64,
        /// Token ids, `[CLS]` first and `[SEP]` last.
        ids: Vec<u32>,
    },
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Response {
    /// The worker listens. What is posted before this is lost.
    Listening,
    /// Bytes of the model's files have arrived over the network.
    Progress(Progress),
    /// The model's files are here; comes before [`Response::Ready`].
    Stored(Storage),
    /// Requests that the worker has made since it last said so, or since it started.
    Requested {
        /// In the order in which they ended.
        requests: Vec<Fetched>,
    },
    /// The model is loaded.
    Ready(ModelInfo),
    /// The answer to [`Request::Inspect`].
    Inspected(Inspection),
    /// The answer to [`Request::Forget`].
    Forgotten,
    /// The answer to a classification.
    Classified {
        /// The request's number.
        seq: u64,
        /// The answer.
        prediction: Prediction,
    },
    /// The answer to [`Request::Tokenize`].
    Tokenized {
        /// The request's number.
        seq: u64,
        /// The tokens that would be read, special tokens left out.
        tokens: Vec<Token>,
        /// Where reading would stop, as a UTF-16 index into the text, if the text is longer than the model reads.
        #[serde(default)]
        truncated_at: Option<usize>,
    },
    /// The answer to what could not be done.
    Failed {
        /// The classification that failed; `None` for a failure to load.
        #[serde(default)]
        seq: Option<u64>,
        /// Why.
        failure: Failure,
    },
}

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
pub struct Fetched {
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
    pub measured: Vec<Measured>,
}

/// How often a model was right on texts whose label is known, as its `config.json` says under `live_sentiment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// What the texts are called: `SST-2`.
    pub name: String,
    /// How many there are.
    pub texts: u32,
    /// How many of them it labelled rightly.
    pub right: u32,
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

/// How a text reads.
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

/// A [`Preflight`] in words, for a page to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// What was found, as term and description.
    pub facts: Vec<(String, String)>,
    /// Why the model cannot be run; `None` where nothing speaks against it.
    #[serde(default)]
    pub refusal: Option<Failure>,
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
