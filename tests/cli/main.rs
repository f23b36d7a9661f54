//! Tests of the command-line program: input, output and failures.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_models;
mod classify;
mod documents;
mod evaluate;
mod gguf;
mod inspect;
mod program;
mod quantize;
mod table;
