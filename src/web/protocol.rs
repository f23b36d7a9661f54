//! What page and worker say to each other.
//!
//! Messages are plain JavaScript objects tagged by `type` (`{ type: "classify", seq: 3, text: "…" }`), so that a
//! page without our WebAssembly can speak to the worker too. The worker answers every [`Request::Classify`] with
//! the same `seq`, in order.

use serde::{Deserialize, Serialize};

use crate::types::{
    Backend, Brief, Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage, Token,
};
#[cfg(doc)]
use crate::{ErrorKind, types::Preflight};

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
    /// Cancel the download. Answered by [`Response::Failed`] of kind [`ErrorKind::Cancelled`].
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
    /// Classify several texts. Answered by [`Response::ClassifiedBatch`] or [`Response::Failed`] with the same `seq`: one text
    /// that fails fails all of them.
    ClassifyBatch {
        /// Chosen by the page, rising.
        seq: u64,
        /// The texts, of a like length.
        batch: Vec<String>,
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
        requests: Vec<NetworkRequest>,
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
    /// The answer to [`Request::ClassifyBatch`].
    ClassifiedBatch {
        /// The request's number.
        seq: u64,
        /// One for each text, in their order.
        briefs: Vec<Brief>,
        /// Time for tokenization and inference of all of them, in milliseconds.
        millis: f64,
        /// Number of tokens given to the model, special tokens included.
        token_count: usize,
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

/// A [`Preflight`] in words, for a page to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The address to use the model by: another one than was given where that was of a hub's page, or is taken.
    pub address: String,
    /// What was found, as term and description.
    pub facts: Vec<(String, String)>,
    /// Why the model cannot be run; `None` where nothing speaks against it.
    #[serde(default)]
    pub refusal: Option<Failure>,
}
