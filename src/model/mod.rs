//! A model's files: their names and parsers.

pub mod config;
pub(crate) mod dir;
mod impostor;
pub mod tokenizer;
pub mod weights;
