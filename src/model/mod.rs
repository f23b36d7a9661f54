//! A model's files: their names and parsers.

#[cfg(feature = "inference")]
pub mod config;
#[cfg(feature = "inference")]
pub(crate) mod dir;
pub mod folder;
#[cfg(feature = "inference")]
mod impostor;
#[cfg(feature = "inference")]
pub mod tokenizer;
#[cfg(feature = "inference")]
pub mod weights;
