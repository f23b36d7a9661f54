//! The files of a model: what they are called, how long they may be, and which of them there must be. Nothing but names, so that
//! the page can have it, too.

/// The model's configuration.
pub const CONFIG: &str = "config.json";
/// The tokenizer, as the `tokenizers` crate writes it.
pub const TOKENIZER: &str = "tokenizer.json";
/// The vocabulary, which is all the tokenizer that older checkpoints have.
pub const VOCABULARY: &str = "vocab.txt";
/// How texts are prepared; overrules [`TOKENIZER`].
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// Tokens that were added to those of [`VOCABULARY`].
pub const ADDED_TOKENS: &str = "added_tokens.json";
/// Which tokens are special, by older transformers.
pub const SPECIAL_TOKENS: &str = "special_tokens_map.json";
/// The weights, as llama.cpp writes them.
pub const GGUF: &str = "model.gguf";
/// The weights, as Hugging Face has them.
pub const SAFETENSORS: &str = "model.safetensors";
/// Names that a file of weights may have where none is given; the first that exists counts.
pub const WEIGHTS: [&str; 2] = [GGUF, SAFETENSORS];

/// Weights in a form that cannot be read, by the file that tells, and what they are.
pub const OTHER_FORMS: [(&str, &str); 4] = [
    (
        "model.safetensors.index.json",
        "split into several files (model.safetensors.index.json)",
    ),
    ("pytorch_model.bin", "a Python pickle (pytorch_model.bin)"),
    (
        "pytorch_model.bin.index.json",
        "Python pickles (pytorch_model.bin.index.json)",
    ),
    ("tf_model.h5", "an HDF5 file of TensorFlow (tf_model.h5)"),
];

/// Longer weights are refused: WebAssembly could not address more.
pub const MAX_WEIGHTS_BYTES: u64 = 1 << 32;

/// The files that may stand beside a tokenizer's own, [`TOKENIZER`] or else [`VOCABULARY`], and count. All may be absent.
pub fn beside(tokenizer: &str) -> &'static [&'static str] {
    if tokenizer == TOKENIZER {
        &[TOKENIZER_CONFIG]
    } else {
        &[TOKENIZER_CONFIG, ADDED_TOKENS, SPECIAL_TOKENS]
    }
}

/// How many bytes a file may have. All but the weights are copied into memory, so what a hostile server can make us hold has a
/// bound.
pub fn max_bytes(name: &str) -> u64 {
    match name {
        TOKENIZER | VOCABULARY => 64 << 20,
        CONFIG | SPECIAL_TOKENS => 1 << 20,
        TOKENIZER_CONFIG | ADDED_TOKENS => 8 << 20,
        _ => MAX_WEIGHTS_BYTES,
    }
}

/// Whether a file is one of weights, by its name.
pub fn is_weights(name: &str) -> bool {
    is_gguf(name) || has_ending(name, ".safetensors")
}

/// Whether a file is a GGUF, by its name.
pub fn is_gguf(name: &str) -> bool {
    has_ending(name, ".gguf")
}

/// Whether a file of this name belongs to a folder as a whole, so that its address stands for the folder's.
pub fn is_common(name: &str) -> bool {
    let names = [
        CONFIG,
        TOKENIZER,
        VOCABULARY,
        TOKENIZER_CONFIG,
        ADDED_TOKENS,
        SPECIAL_TOKENS,
    ];
    names.contains(&name) || WEIGHTS.contains(&name)
}

fn has_ending(name: &str, ending: &str) -> bool {
    let start = name.len().checked_sub(ending.len());
    let end = start.and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_known_by_their_ending_in_any_case() {
        for name in ["model.gguf", "MODEL.GGUF", "a.b.SafeTensors", ".gguf"] {
            assert!(is_weights(name), "{name}");
        }
        for name in ["", "gguf", "model.gguf.part", "model.bin", "ü", "x.ggüf"] {
            assert!(!is_weights(name), "{name}");
        }
    }
}
