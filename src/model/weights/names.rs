//! Tensor names. This crate uses llama.cpp's GGUF names for BERT
//! (<https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py>); this module translates them to
//! those of Hugging Face checkpoints.

use std::collections::BTreeMap;

use super::{Entry, Foreign};
use crate::model::config::Architecture;

/// A file's naming scheme.
pub(super) enum Names {
    Gguf,
    HuggingFace {
        architecture: Architecture,
        /// `bert.` or `distilbert.`; empty in a checkpoint of the bare encoder.
        prefix: &'static str,
    },
}

impl Names {
    pub(super) fn gguf() -> Self {
        Self::Gguf
    }

    pub(super) fn hugging_face(
        architecture: Architecture,
        entries: &BTreeMap<String, Entry>,
        foreign: &Foreign,
    ) -> Self {
        let prefix = match architecture {
            Architecture::Bert => "bert.",
            Architecture::DistilBert => "distilbert.",
        };
        let prefixed = entries
            .keys()
            .chain(foreign.keys())
            .any(|name| name.starts_with(prefix));
        Self::HuggingFace {
            architecture,
            prefix: if prefixed { prefix } else { "" },
        }
    }

    /// The names that the tensor `name` may have in the file, most common first.
    pub(super) fn of(&self, name: &str) -> Vec<String> {
        let Self::HuggingFace {
            architecture,
            prefix,
        } = self
        else {
            return vec![name.to_owned()];
        };
        let Some((module, parameter)) = name.rsplit_once('.') else {
            return vec![name.to_owned()];
        };
        let module = match architecture {
            Architecture::Bert => bert(module, prefix),
            Architecture::DistilBert => distilbert(module, prefix),
        };
        let mut names = vec![format!("{module}.{parameter}")];
        // Checkpoints converted from TensorFlow keep its names for layer norms.
        if module.ends_with("LayerNorm") {
            names.push(format!(
                "{module}.{}",
                if parameter == "weight" {
                    "gamma"
                } else {
                    "beta"
                }
            ));
        }
        names
    }
}

/// `BertForSequenceClassification` (transformers `modeling_bert.py`).
fn bert(module: &str, prefix: &str) -> String {
    if let Some((layer, part)) = block(module) {
        let part = match part {
            "attn_q" => "attention.self.query",
            "attn_k" => "attention.self.key",
            "attn_v" => "attention.self.value",
            "attn_output" => "attention.output.dense",
            "attn_output_norm" => "attention.output.LayerNorm",
            "ffn_up" => "intermediate.dense",
            "ffn_down" => "output.dense",
            "layer_output_norm" => "output.LayerNorm",
            other => other,
        };
        return format!("{prefix}encoder.layer.{layer}.{part}");
    }
    match module {
        "token_embd" => format!("{prefix}embeddings.word_embeddings"),
        "position_embd" => format!("{prefix}embeddings.position_embeddings"),
        "token_types" => format!("{prefix}embeddings.token_type_embeddings"),
        "token_embd_norm" => format!("{prefix}embeddings.LayerNorm"),
        "cls" => format!("{prefix}pooler.dense"),
        "cls.output" => "classifier".to_owned(),
        other => other.to_owned(),
    }
}

/// `DistilBertForSequenceClassification` (transformers `modeling_distilbert.py`).
fn distilbert(module: &str, prefix: &str) -> String {
    if let Some((layer, part)) = block(module) {
        let part = match part {
            "attn_q" => "attention.q_lin",
            "attn_k" => "attention.k_lin",
            "attn_v" => "attention.v_lin",
            "attn_output" => "attention.out_lin",
            "attn_output_norm" => "sa_layer_norm",
            "ffn_up" => "ffn.lin1",
            "ffn_down" => "ffn.lin2",
            "layer_output_norm" => "output_layer_norm",
            other => other,
        };
        return format!("{prefix}transformer.layer.{layer}.{part}");
    }
    match module {
        "cls" => "pre_classifier".to_owned(),
        // The embeddings have the same names as BERT's.
        other => bert(other, prefix),
    }
}

/// `blk.3.attn_q` -> `("3", "attn_q")`.
fn block(module: &str) -> Option<(&str, &str)> {
    module.strip_prefix("blk.")?.split_once('.')
}

// Hints why a missing tensor is required.
pub(super) const NO_HEAD: &str = ": it has no classification head, so it cannot label texts";
pub(super) const NO_POOLER: &str =
    ": without the pooler the scores would look plausible and be wrong";
/// llama.cpp's converter always drops a BERT's pooler; it keeps a DistilBERT's `pre_classifier`.
pub(super) const NO_POOLER_GGUF: &str = ": without the pooler the scores would look plausible and be wrong; llama.cpp's converter leaves it out of a BERT, live-sentiment quantize keeps it";
pub(super) const FUSED: &str =
    ": it has queries, keys and values in one matrix, and three are needed";

/// Every tensor of a classifier, encoder and head: GGUF name and shape, in the order of computation.
pub fn expected_tensors(config: &crate::model::config::Config) -> Vec<(String, Vec<usize>)> {
    let encoder = &config.encoder;
    let (hidden, ffn) = (encoder.hidden_size, encoder.intermediate_size);
    let mut tensors = vec![(
        "token_embd.weight".to_owned(),
        vec![encoder.vocab_size, hidden],
    )];
    tensors.push((
        "position_embd.weight".into(),
        vec![encoder.max_position_embeddings, hidden],
    ));
    if config.architecture == Architecture::Bert {
        tensors.push((
            "token_types.weight".into(),
            vec![encoder.type_vocab_size, hidden],
        ));
    }
    let norm = |name: &str, tensors: &mut Vec<(String, Vec<usize>)>| {
        tensors.push((format!("{name}.weight"), vec![hidden]));
        tensors.push((format!("{name}.bias"), vec![hidden]));
    };
    let linear = |name: &str, n: usize, k: usize, tensors: &mut Vec<(String, Vec<usize>)>| {
        tensors.push((format!("{name}.weight"), vec![n, k]));
        tensors.push((format!("{name}.bias"), vec![n]));
    };
    norm("token_embd_norm", &mut tensors);
    for layer in 0..encoder.num_hidden_layers {
        let name = |part: &str| format!("blk.{layer}.{part}");
        for part in ["attn_q", "attn_k", "attn_v", "attn_output"] {
            linear(&name(part), hidden, hidden, &mut tensors);
        }
        norm(&name("attn_output_norm"), &mut tensors);
        linear(&name("ffn_up"), ffn, hidden, &mut tensors);
        linear(&name("ffn_down"), hidden, ffn, &mut tensors);
        norm(&name("layer_output_norm"), &mut tensors);
    }
    linear("cls", hidden, hidden, &mut tensors);
    linear("cls.output", config.labels.len(), hidden, &mut tensors);
    tensors
}
