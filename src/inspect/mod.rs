//! Inspects a model before its weights are downloaded, by `config.json`, `tokenizer.json` and the header of the weights
//! file.

mod memory;
mod prefix;
mod scripts;

use std::cell::Cell;

use crate::model::config::{Config, ProblemType};
use crate::model::tokenizer::Tokenizer;
use crate::model::weights::{Weights, expected_tensors};
use crate::types::{Failure, Preflight, Vocabulary};
use crate::{Error, Result};

pub use memory::PROGRAM;
pub use prefix::FilePrefix;

/// Address space of WebAssembly.
const MAX_MEMORY: u64 = 1 << 32;

/// Inspects a model by its `config.json` and, if given, its `tokenizer.json` and a prefix of its weights file. The memory
/// estimate assumes that unquantized matrices are held as Q8_0, as in the worker.
///
/// It never fails: [`Preflight::refusal`] is why the model is unsupported, if it is. If the weights' header is longer than
/// the prefix, [`Preflight::first_bytes`] is the length of the prefix to try next.
pub fn preflight(
    config: &[u8],
    tokenizer: Option<&[u8]>,
    weights: Option<FilePrefix<'_>>,
) -> Preflight {
    let mut found = Preflight::default();
    let refusal = fill(&mut found, config, tokenizer, weights).err();
    found.refusal = refusal.as_ref().map(Failure::from);
    found
}

/// [`preflight`] of the weights on top of `found_before`, that of `config` and tokenizer: these are parsed once,
/// however often the weights' header turns out to be longer.
pub fn preflight_weights(
    found_before: &Preflight,
    config: &[u8],
    weights: FilePrefix<'_>,
) -> Preflight {
    if found_before.refusal.is_some() {
        return found_before.clone();
    }
    let mut found = preflight(config, None, Some(weights));
    found.vocabulary.clone_from(&found_before.vocabulary);
    found
}

/// Fills in `found`, up to the first error.
fn fill(
    found: &mut Preflight,
    config: &[u8],
    tokenizer: Option<&[u8]>,
    weights: Option<FilePrefix<'_>>,
) -> Result<()> {
    let config = Config::parse(config)?;
    let encoder = &config.encoder;
    found.architecture = config.architecture.class().into();
    found.layers = encoder.num_hidden_layers;
    found.hidden_size = encoder.hidden_size;
    found.max_tokens = encoder.max_position_embeddings;
    found.labels = config.labels.clone();
    found.multi_label = config.problem_type == ProblemType::MultiLabel;
    let tensors = expected_tensors(&config);
    found.parameters = tensors
        .iter()
        .map(|(_, shape)| memory::elements(shape))
        .fold(0, u64::saturating_add);
    found.memory = memory::needed(&config, |name, shape| {
        memory::worker_dtype(name, shape, None)
    });

    if let Some(tokenizer) = tokenizer {
        let tokenizer = Tokenizer::parse(tokenizer, &config)?;
        found.vocabulary = Some(Vocabulary {
            size: tokenizer.vocabulary(),
            cased: tokenizer.is_cased(),
            scripts: scripts::shares(tokenizer.whole_words()),
        });
    }
    if let Some(prefix) = weights {
        found.file_size = Some(prefix.size);
        fill_from_weights(found, &config, prefix)?;
    }
    if found.memory > MAX_MEMORY {
        return Err(Error::Unsupported {
            what: "its size in memory",
            found: format!("{:.1} GB", found.memory as f64 / 1e9),
            supported: "models of up to 4.3 GB, which WebAssembly can address,",
        });
    }
    Ok(())
}

fn fill_from_weights(found: &mut Preflight, config: &Config, prefix: FilePrefix<'_>) -> Result<()> {
    let hit_end = Cell::new(false);
    let reader = prefix.reader(&hit_end);
    match Weights::open(reader, prefix.file, config.architecture) {
        Ok(weights) => {
            found.format = Some(format!("{:?}", weights.main_dtype()));
            weights.check(config)?;
            found.memory = memory::needed(config, |name, shape| {
                memory::worker_dtype(name, shape, weights.dtype(name))
            });
        }
        Err(_) if hit_end.get() => found.first_bytes = Some(prefix.next_length()?),
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Vec<u8> {
        let dir = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/models/bert-stars/"
        );
        std::fs::read(format!("{dir}{name}")).unwrap()
    }

    #[test]
    fn each_file_adds_its_facts() {
        let (config, tokenizer, weights) = (
            file("config.json"),
            file("tokenizer.json"),
            file("model.safetensors"),
        );
        let first = preflight(&config, None, None);
        assert_eq!(first.refusal, None);
        assert_eq!(first.architecture, "BertForSequenceClassification");
        assert_eq!(
            first.labels,
            ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]
        );
        assert!(!first.multi_label);
        assert_eq!((first.file_size, &first.vocabulary), (None, &None));

        let all = preflight(
            &config,
            Some(&tokenizer),
            Some(FilePrefix {
                file: "model.safetensors",
                bytes: &weights,
                size: weights.len() as u64,
            }),
        );
        let beginning = FilePrefix {
            file: "model.safetensors",
            bytes: &weights,
            size: weights.len() as u64,
        };
        let small = preflight(&config, Some(&tokenizer), None);
        assert_eq!(preflight_weights(&small, &config, beginning), all);
        let damaged = preflight(&config, Some(b"{}"), None);
        let found = preflight_weights(&damaged, &config, beginning);
        assert!(found.refusal.is_some() && found.first_bytes.is_none());
        assert_eq!(all.refusal, None);
        assert_eq!(all.format.as_deref(), Some("BF16"));
        assert_eq!(
            all.memory, first.memory,
            "unquantized matrices are held as Q8_0"
        );
        // Two bytes per parameter, and the header.
        assert!(2 * all.parameters < weights.len() as u64);
        let vocabulary = all.vocabulary.unwrap();
        assert!(vocabulary.cased);
        let scripts: Vec<_> = vocabulary.scripts.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(scripts, ["Latin", "Han", "Cyrillic"]);
    }

    /// However short the prefix, the file is never reported as damaged, and retrying leads to the whole header.
    #[test]
    fn a_header_can_be_fetched_in_steps() {
        let (config, weights) = (file("config.json"), file("model.safetensors"));
        let gguf = std::fs::read(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/llama.cpp/bert-gelu-new-q8_0.gguf"
        ))
        .unwrap();
        let gguf_config = std::fs::read(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/models/bert-gelu-new/config.json"
        ))
        .unwrap();
        for (config, weights) in [(&config, &weights), (&gguf_config, &gguf)] {
            for start in [0, 1, 7, 8, 9, 15, 16, 100, 1000] {
                let mut length = start;
                let found = loop {
                    let prefix = FilePrefix {
                        file: "model",
                        bytes: &weights[..length],
                        size: weights.len() as u64,
                    };
                    let found = preflight(config, None, Some(prefix));
                    let Some(next) = found.first_bytes else {
                        break found;
                    };
                    assert!(next > length as u64 && next <= weights.len() as u64);
                    length = next as usize;
                };
                assert_eq!(found.refusal, None, "{start}");
                assert!(found.format.is_some());
            }
        }
    }

    #[test]
    fn unsupported_models_are_rejected_with_a_reason() {
        let text = String::from_utf8(file("config.json")).unwrap();
        let weights = file("model.safetensors");
        let reason = |config: &str| {
            let prefix = FilePrefix {
                file: "model.safetensors",
                bytes: &weights,
                size: weights.len() as u64,
            };
            preflight(config.as_bytes(), None, Some(prefix))
                .refusal
                .unwrap()
                .message
        };
        assert!(reason(&text.replace("BertFor", "RobertaFor")).contains("RobertaFor"));
        assert_eq!(
            reason(&text.replace(",\n    \"4\": \"5 stars\"", "")),
            "config.json names 4 labels, but classifier.weight in model.safetensors has 5 rows, one for each."
        );
        let large = text
            .replace("\"hidden_size\": 32", "\"hidden_size\": 65536")
            .replace("\"intermediate_size\": 64", "\"intermediate_size\": 262144");
        let refusal = preflight(large.as_bytes(), None, None).refusal.unwrap();
        assert!(
            refusal.message.contains("its size in memory is "),
            "{refusal:?}"
        );
        assert!(reason("<!doctype html>").contains("HTML"));
    }
}
