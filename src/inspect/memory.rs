//! Estimates the memory that a model takes in the worker, from its dimensions.
//!
//! Resident while it is loaded: word and position embeddings in their stored blocks; the encoder's matrices as the
//! kernels pack them, per block of 32 weights in 4 bits with a 16-bit scale for Q4_0, else in 8 bits with a 32-bit scale;
//! norms, biases and the classifier in f32; the vocabulary. The peak adds the activations of the longest text or, for a
//! small encoder with a large vocabulary, a second copy of the embeddings during loading. `tests/memory.rs` compares the
//! estimate with what is allocated.

use candle_core::quantized::GgmlDType;

use crate::model::config::Config;
use crate::model::weights::{Precision, expected_tensors, is_matrix};

/// Memory of the worker besides the model, in bytes: program, stack and fragmentation. Measured in Chromium with the
/// default model.
pub const PROGRAM: u64 = 6 << 20;

/// Size of a token in the tokenizer's two maps, to its id and back.
const BYTES_PER_TOKEN: u64 = 150;

/// Peak memory in bytes, with the model loaded and a text of maximum length. `dtype` is the type in which the worker
/// reads a tensor, by GGUF name and shape.
pub(super) fn needed(config: &Config, dtype: impl Fn(&str, &[usize]) -> GgmlDType) -> u64 {
    let encoder = &config.encoder;
    let tensors = expected_tensors(config);
    let held = tensors
        .iter()
        .map(|(name, shape)| held(name, shape, dtype(name, shape)))
        .fold(0, u64::saturating_add);
    let vocabulary = (encoder.vocab_size as u64).saturating_mul(BYTES_PER_TOKEN);

    let [tokens, hidden, ffn] = [
        encoder.max_position_embeddings,
        encoder.hidden_size,
        encoder.intermediate_size,
    ]
    .map(|n| n as u64);
    // The end of a layer: its input, the attention output and the layer output (`hidden` each) and the intermediate
    // activations (`ffn`), all in f32; plus the latter quantized to 8 bits with scales.
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
        .saturating_add(vocabulary)
        .saturating_add(PROGRAM)
}

/// The type in which the worker reads a tensor stored as `stored`; F32 is assumed if that is not known yet.
pub(super) fn worker_dtype(name: &str, shape: &[usize], stored: Option<GgmlDType>) -> GgmlDType {
    Precision::Q8_0.dtype(name, shape, stored.unwrap_or(GgmlDType::F32))
}

/// Number of elements of a tensor.
pub(super) fn elements(shape: &[usize]) -> u64 {
    shape
        .iter()
        .fold(1, |product, &dim| product.saturating_mul(dim as u64))
}

fn stored(dtype: GgmlDType, shape: &[usize]) -> u64 {
    (elements(shape) / dtype.block_size() as u64).saturating_mul(dtype.type_size() as u64)
}

/// Size of a tensor in bytes, in the form in which it stays in memory.
fn held(name: &str, shape: &[usize], dtype: GgmlDType) -> u64 {
    let [n, k] = match shape {
        &[n, k] if is_matrix(name, shape) && name != "token_types.weight" => [n as u64, k as u64],
        _ => return elements(shape).saturating_mul(4),
    };
    if name.ends_with("_embd.weight") {
        return stored(dtype, shape);
    }
    // Padded to whole panels of 8 columns and whole blocks of 32 weights.
    let blocks = n.next_multiple_of(8).saturating_mul(k.div_ceil(32));
    blocks.saturating_mul(if dtype == GgmlDType::Q4_0 {
        16 + 2
    } else {
        32 + 4
    })
}
