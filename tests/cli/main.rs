//! The command line, as a program: what it reads, what it writes, how it fails.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_models;
mod classify;
mod evaluate;
mod gguf;
mod inspect;
mod program;
mod quantize;
