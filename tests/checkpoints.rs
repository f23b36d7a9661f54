//! Checkpoints as published on the Hub: what transformers' `from_pretrained` accepts gives the same logits, or is rejected
//! with the name of the unsupported property.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use live_sentiment::classifier::Classifier;
use live_sentiment::layers::Compute;
use serde_json::Value;

const TEXT: &str = "the movie was good, really";

/// A copy of a tiny model, whose files a test may modify.
fn copy(name: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/models")
        .join(name);
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(from.join(file), dir.path().join(file)).unwrap();
    }
    dir
}

fn load(dir: &tempfile::TempDir) -> live_sentiment::Result<Classifier> {
    Classifier::from_dir(dir.path(), Compute::Candle)
}

fn logits(dir: &tempfile::TempDir, text: &str) -> Vec<f32> {
    load(dir).unwrap().classify(text).unwrap().logits
}

fn ids(dir: &tempfile::TempDir, text: &str) -> Vec<u32> {
    load(dir).unwrap().tokenizer().encode(text).unwrap().ids
}

fn refusal(dir: &tempfile::TempDir) -> String {
    load(dir).err().unwrap().to_string()
}

fn edit(dir: &tempfile::TempDir, file: &str, change: impl FnOnce(&mut Value)) {
    let path = dir.path().join(file);
    let mut json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut json);
    std::fs::write(path, json.to_string()).unwrap();
}

/// Rewrites the weights: `change` gets each tensor's name, header entry and bytes.
fn edit_weights(dir: &tempfile::TempDir, change: impl Fn(&str, &mut Value, &mut Vec<u8>)) {
    let path = dir.path().join("model.safetensors");
    let file = std::fs::read(&path).unwrap();
    let end = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..end]).unwrap();
    let mut data = Vec::new();
    for (name, tensor) in header.as_object_mut().unwrap() {
        if name == "__metadata__" {
            continue;
        }
        let offset = |at: usize| end + tensor["data_offsets"][at].as_u64().unwrap() as usize;
        let mut bytes = file[offset(0)..offset(1)].to_vec();
        change(name, tensor, &mut bytes);
        tensor["data_offsets"] = serde_json::json!([data.len(), data.len() + bytes.len()]);
        data.extend(bytes);
    }
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(path, [&length, header.as_bytes(), &data].concat()).unwrap();
}

fn add_rows(dir: &tempfile::TempDir, rows: usize) {
    edit(dir, "config.json", |config| {
        config["vocab_size"] = (131 + rows).into()
    });
    edit_weights(dir, |name, tensor, bytes| {
        if name.ends_with("word_embeddings.weight") {
            tensor["shape"][0] = (131 + rows).into();
            bytes.extend(1f32.to_le_bytes().repeat(32 * rows));
        }
    });
}

#[test]
fn unused_embedding_rows_change_nothing() {
    let right = logits(&copy("bert-binary"), TEXT);
    for rows in [1, 63, 64, 125, 1000] {
        let dir = copy("bert-binary");
        add_rows(&dir, rows);
        assert_eq!(logits(&dir, TEXT), right);
        let model = load(&dir).unwrap();
        assert!(model.classify_ids(&[130 + rows as u32]).is_ok());
        assert!(model.classify_ids(&[131 + rows as u32]).is_err());
    }
}

#[test]
fn distilbert_ignores_the_eps_of_config_json() {
    let dir = copy("distilbert-binary");
    let right = logits(&dir, TEXT);
    edit(&dir, "config.json", |config| {
        config["layer_norm_eps"] = 1e-3.into()
    });
    assert_eq!(logits(&dir, TEXT), right);
}

#[test]
fn unsupported_types_are_named() {
    for (dtype, size) in [("F64", 8), ("I8", 1), ("U8", 1), ("F8_E4M3", 1), ("X9", 1)] {
        for part in ["", "classifier.weight", "query.weight"] {
            let dir = copy("bert-binary");
            edit_weights(&dir, |name, tensor, bytes| {
                if name.ends_with(part) {
                    tensor["dtype"] = dtype.into();
                    bytes.resize(bytes.len() / 4 * size, 0);
                }
            });
            let message = refusal(&dir);
            assert!(message.contains(dtype), "{message}");
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn pointers_and_pickles_are_named() {
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 160024\n",
        "0".repeat(64)
    );
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let dir = copy("bert-binary");
        std::fs::write(dir.path().join(file), &pointer).unwrap();
        let message = refusal(&dir);
        assert!(message.contains("Git LFS pointer"), "{message}");
        assert!(message.contains(file), "{message}");
    }
    for start in [
        b"PK\x03\x04\0\0\x08\x08\0\0".as_slice(),
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j",
    ] {
        let dir = copy("bert-binary");
        std::fs::write(dir.path().join("model.safetensors"), start).unwrap();
        let message = refusal(&dir);
        assert!(message.contains("Python pickle"), "{message}");
    }
}

/// Replaces `tokenizer.json` by `vocab.txt`.
fn to_vocabulary(dir: &tempfile::TempDir) {
    let path = dir.path().join("tokenizer.json");
    let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let words = json["model"]["vocab"].as_object().unwrap();
    let mut lines = vec![""; words.len()];
    for (word, id) in words {
        lines[id.as_u64().unwrap() as usize] = word;
    }
    std::fs::write(dir.path().join("vocab.txt"), lines.join("\n") + "\n").unwrap();
    std::fs::remove_file(path).unwrap();
}

#[test]
fn added_tokens_of_a_vocabulary_are_read() {
    for (file, content) in [
        ("added_tokens.json", r#"{"@user": 131, "http": 132}"#),
        // Out of order, with a gap.
        (
            "added_tokens.json",
            r#"{"http": 132, "@user": 131, "zz": 140}"#,
        ),
        (
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"131": {"content": "@user", "special": false},
                "132": {"content": "http", "special": true}, "0": {"content": "[PAD]", "special": true}}}"#,
        ),
    ] {
        let dir = copy("bert-binary");
        add_rows(&dir, 10);
        to_vocabulary(&dir);
        std::fs::write(dir.path().join(file), content).unwrap();
        assert_eq!(ids(&dir, "@user good http x"), [4, 131, 76, 132, 66, 2]);
        if content.contains("zz") {
            assert_eq!(ids(&dir, "zz"), [4, 140, 2]);
        }
    }
}

#[test]
fn tokenizer_config_overrides_the_normalizer() {
    let settings = |dir: &tempfile::TempDir, json: &str| {
        std::fs::write(dir.path().join("tokenizer_config.json"), json).unwrap();
    };
    let dir = copy("bert-binary");
    let small = ids(&dir, "the movie was good");
    assert_eq!(ids(&dir, "The Movie was GOOD"), small);
    settings(&dir, r#"{"do_lower_case": false, "strip_accents": null}"#);
    let mut cased = small.clone();
    for at in [1, 2, 4] {
        cased[at] = 1;
    }
    assert_eq!(ids(&dir, "The Movie was GOOD"), cased);
    settings(
        &dir,
        r#"{"do_lower_case": false, "tokenizer_class": "PreTrainedTokenizerFast"}"#,
    );
    assert_eq!(ids(&dir, "The Movie was GOOD"), small);
    settings(&dir, r#"{"do_lower_case": "no"}"#);
    assert!(refusal(&dir).contains("do_lower_case"));

    edit(&dir, "tokenizer.json", |json| {
        json["normalizer"]["lowercase"] = false.into()
    });
    settings(&dir, r#"{"do_lower_case": true}"#);
    assert_eq!(ids(&dir, "The Movie was GOOD"), small);
    settings(&dir, r#"{"strip_accents": false}"#);
    assert_ne!(ids(&dir, "the m\u{f6}vie"), ids(&dir, "the movie"));
    settings(&dir, r#"{"strip_accents": true}"#);
    assert_eq!(ids(&dir, "the m\u{f6}vie"), ids(&dir, "the movie"));
}
