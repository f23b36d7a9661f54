//! **live-sentiment** classifies sentiment as you type: negative, neutral or positive. A quantized BERT runs in the
//! browser, in WebAssembly; the same core runs natively, for the command line and the tests.
//!
//! # Map
//!
//! Each module imports only from those below it.
//!
//! | module | contents |
//! |---|---|
//! | `cli` | the command line |
//! | [`web`] | everything that touches the browser: the worker, the client that talks to it, the page |
//! | `convert` | conversion of Hugging Face checkpoints to GGUF |
//! | `eval` | metrics on labelled texts, and the agreement of two models |
//! | `classifier` | loads a model and classifies texts; independent of the browser |
//! | `inspect` | checks a model before its weights are downloaded |
//! | `arch` | architectures: embeddings, encoder, pooler and classification head |
//! | `layers` | linear layers, layer norm, attention and embeddings over candle tensors |
//! | `model` | parsers of a model's files: `config.json`, the tokenizer, GGUF and safetensors weights |
//! | `kernels` | packed int8 matrix products, attention, layer norm; the only `unsafe` code |
//! | [`explain`] | the reasons of a verdict: what it loses without each word |
//! | [`document`] | a text as sentences, each with its verdict, and the verdict on the whole |
//! | `table` | CSV, JSON Lines and workbooks: read, classified row by row, summed up, saved |
//! | [`present`] | wording for people: numbers, labels, failures, notes |
//! | [`text`] | sentences, words, edits, and UTF-8 indices to UTF-16 and back |
//! | [`types`] | shared types: predictions, tokens, model metadata |
//! | [`error`] | [`Error`], and the [`ErrorKind`] that decides what the page advises and offers |

#[cfg(feature = "inference")]
pub mod arch;
#[cfg(feature = "inference")]
pub mod classifier;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod convert;
pub mod document;
pub mod error;
#[cfg(feature = "tables")]
pub mod eval;
pub mod explain;
#[cfg(feature = "inference")]
pub mod inspect;
#[cfg(feature = "inference")]
pub mod kernels;
#[cfg(feature = "inference")]
pub mod layers;
pub mod model;
pub mod present;
#[cfg(feature = "tables")]
pub mod table;
pub mod text;
pub mod types;
pub mod web;

pub use error::{Error, ErrorKind, Result};
