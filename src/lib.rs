//! **live-sentiment** classifies sentiment as you type: negative, neutral or positive. A quantized BERT runs in the
//! browser, in WebAssembly; the same core runs natively, for the command line and the tests.
//!
//! # Map
//!
//! Imports run downwards only.
//!
//! | module | what lives there |
//! |---|---|
//! | `cli` | the command line |
//! | [`web`] | everything that touches the browser: the worker, the client that talks to it, the page |
//! | `convert` | a Hugging Face checkpoint to GGUF |
//! | `eval` | metrics against labels, and the agreement of two models |
//! | `classifier` | bytes to a model, text to a prediction; knows nothing of the browser |
//! | `inspect` | what can be said about a model before its weights are downloaded |
//! | `arch` | architectures: embeddings, encoder, pooler and classification head |
//! | `layers` | linear layers, layer norm, attention and embeddings over candle tensors |
//! | `model` | a model's files: `config.json`, the tokenizer, GGUF and safetensors weights, every length checked |
//! | `kernels` | the arithmetic: packed int8 matrix products, attention, layer norm; the only `unsafe` code |
//! | [`present`] | what is said to people: numbers, labels, failures, notes |
//! | [`types`] | what every part speaks of: predictions, tokens, what a model is |
//! | [`error`] | [`Error`], and the [`ErrorKind`] that decides what the page says and offers |

#[cfg(feature = "inference")]
pub mod arch;
#[cfg(feature = "inference")]
pub mod classifier;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod convert;
pub mod error;
#[cfg(feature = "cli")]
pub mod eval;
#[cfg(feature = "inference")]
pub mod inspect;
#[cfg(feature = "inference")]
pub mod kernels;
#[cfg(feature = "inference")]
pub mod layers;
pub mod model;
pub mod present;
pub mod types;
pub mod web;

pub use error::{Error, ErrorKind, Result};
