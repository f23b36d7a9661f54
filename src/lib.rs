//! | `preflight` | what can be said about a model before its weights are downloaded |
//! | `verify` | how far a quantized model agrees with its checkpoint |
//! **live-sentiment** tells, while you type, how your text reads. A quantized BERT runs in the browser, in
//! WebAssembly; the same core runs natively, for the command line and the tests.
//!
//! # Map
//!
//! Dependencies point one way: `kernels <- ops <- bert <- classifier <- web worker, command line, tests`.
//!
//! | module | what lives there |
//! |---|---|
//! | [`error`] | [`Error`], and the [`ErrorKind`] that decides what the page says and offers |
//! | [`protocol`] | what page and worker say to each other |
//! | `kernels` | the arithmetic: packed int8 matrix products, attention, layer norm; the only `unsafe` code |
//! | `ops` | candle operations over the kernels, or over candle's own |
//! | `bert` | embeddings, encoder, pooler and classification head |
//! | `config` | `config.json` as Hugging Face writes it |
//! | `weights` | GGUF and safetensors files, read with every length checked |
//! | `tokenizer` | text to token ids and offsets |
//! | `classifier` | bytes to a model, text to a prediction; knows nothing of the browser |
//! | `quantize` | a Hugging Face checkpoint to GGUF |
//! | `evaluate` | accuracy, F1 and calibration of predictions against labels |
//! | `cli` | the command line |
//! | `web` | everything that touches the browser |

#[cfg(feature = "inference")]
pub mod bert;
#[cfg(feature = "inference")]
pub mod classifier;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "inference")]
pub mod config;
pub mod error;
#[cfg(feature = "cli")]
pub mod evaluate;
#[cfg(feature = "inference")]
mod impostor;
#[cfg(feature = "inference")]
pub mod kernels;
#[cfg(feature = "inference")]
pub mod ops;
#[cfg(feature = "inference")]
pub mod preflight;
pub mod protocol;
#[cfg(feature = "cli")]
pub mod quantize;
#[cfg(feature = "inference")]
pub mod tokenizer;
#[cfg(feature = "cli")]
pub mod verify;
pub mod web;
#[cfg(feature = "inference")]
pub mod weights;

pub use error::{Error, ErrorKind, Result};
