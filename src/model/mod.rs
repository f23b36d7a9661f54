//! A model's files: what they are called, and how each is read.

pub mod config;
pub(crate) mod dir;
mod impostor;
pub mod tokenizer;
pub mod weights;
