//! How much memory a model takes in the worker, told by its dimensions alone.
//!
//! Held for as long as it is loaded: word and position embeddings in their blocks; every matrix of the encoder as the
//! kernels pack it, in 4 bits and a 16-bit scale for each 32 numbers if it is Q4_0, else in 8 bits and a 32-bit scale;
//! norms, biases and the classifier in f32; and the vocabulary. On top of that comes the longest text, or, for a small
//! encoder under a large vocabulary, the copy of the embeddings while they are handed over. `tests/memory.rs` holds the
//! rule against what is really allocated.

use candle_core::quantized::GgmlDType;

use crate::model::config::Config;
use crate::model::weights::{Precision, expected_tensors, is_matrix};

/// What the worker takes beyond that, by what Chromium reports with the default model: the program itself, its stack, and
/// gaps between allocations.
pub const PROGRAM: u64 = 6 << 20;

/// A word in the tokenizer's tables, to its id and back.
const BYTES_PER_WORD: u64 = 150;

/// Bytes at the most, once the model is loaded and has read a text of full length. `dtype` is how the worker is given a
/// tensor, by GGUF's name and shape.
pub(super) fn needed(config: &Config, dtype: impl Fn(&str, &[usize]) -> GgmlDType) -> u64 {
    let encoder = &config.encoder;
    let tensors = expected_tensors(config);
    let held = tensors
        .iter()
        .map(|(name, shape)| held(name, shape, dtype(name, shape)))
        .fold(0, u64::saturating_add);
    let words = (encoder.vocab_size as u64).saturating_mul(BYTES_PER_WORD);

    let [tokens, hidden, ffn] = [
        encoder.max_position_embeddings,
        encoder.hidden_size,
        encoder.intermediate_size,
    ]
    .map(|n| n as u64);
    // A layer that ends: its input, what attention made of it, the output, and what they are widened to in between, all in f32;
    // and the latter once more, in 8 bits with scales.
    let per_token = hidden
        .saturating_mul(3 * 4)
        .saturating_add(ffn.saturating_mul(4))
        .saturating_add(ffn.saturating_mul(9) / 8);
    let text = tokens.saturating_mul(per_token);
    // The word embeddings come first.
    let copied = tensors.first().map_or(0, |(name, shape)| {
        stored(dtype(name, shape), shape).saturating_mul(2)
    });
    held.saturating_add(text)
        .max(copied)
        .saturating_add(words)
        .saturating_add(PROGRAM)
}

/// The type in which the worker's loader hands over a tensor that the file has as `stored`; as an f32 file where that is
/// not known yet.
pub(super) fn worker_dtype(name: &str, shape: &[usize], stored: Option<GgmlDType>) -> GgmlDType {
    Precision::Q8_0.dtype(name, shape, stored.unwrap_or(GgmlDType::F32))
}

/// Numbers of a tensor.
pub(super) fn elements(shape: &[usize]) -> u64 {
    shape
        .iter()
        .fold(1, |product, &dim| product.saturating_mul(dim as u64))
}

fn stored(dtype: GgmlDType, shape: &[usize]) -> u64 {
    (elements(shape) / dtype.block_size() as u64).saturating_mul(dtype.type_size() as u64)
}

/// Bytes of a tensor where it is used.
fn held(name: &str, shape: &[usize], dtype: GgmlDType) -> u64 {
    let [n, k] = match shape {
        &[n, k] if is_matrix(name, shape) && name != "token_types.weight" => [n as u64, k as u64],
        _ => return elements(shape).saturating_mul(4),
    };
    if name.ends_with("_embd.weight") {
        return stored(dtype, shape);
    }
    // Panels of eight columns and blocks of 32 numbers, filled up.
    let blocks = n.next_multiple_of(8).saturating_mul(k.div_ceil(32));
    blocks.saturating_mul(if dtype == GgmlDType::Q4_0 {
        16 + 2
    } else {
        32 + 4
    })
}
