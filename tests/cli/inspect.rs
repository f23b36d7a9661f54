use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::program::{assert_fails, json_lines, run, scratch, stderr, tiny};

fn inspect(model: &Path, options: &[&str]) -> Output {
    let args = ["inspect", "--model"].map(AsRef::as_ref);
    let options = options.iter().map(AsRef::as_ref);
    run(
        args.into_iter().chain([model.as_os_str()]).chain(options),
        "",
    )
}

fn preflight(model: &Path) -> Value {
    json_lines(&inspect(model, &["--preflight", "--json"])).swap_remove(0)
}

#[test]
fn inspect_shows_metadata() {
    let output = inspect(&tiny("bert-binary"), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "bert",
        "0 NEGATIVE, 1 POSITIVE",
        "F32",
        "512 tokens",
        "not stated",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn preflight_shows_metadata() {
    let output = inspect(&tiny("bert-stars"), &["--preflight"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "BertForSequenceClassification, 1 layer of 32",
        "1 star, 2 stars, 3 stars, 4 stars, 5 stars (single-label)",
        "250 tokens, cased; words: Latin",
        "Cyrillic",
        "BF16",
        "128 tokens",
        "in a page",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }

    let found = preflight(&tiny("bert-emotions"));
    assert_eq!(found["labels"].as_array().unwrap().len(), 28);
    assert_eq!(found["multiLabel"], true);
    assert_eq!(found["vocabulary"]["cased"], false);
    assert_eq!(found["refusal"], Value::Null);
    assert_eq!(
        preflight(&tiny("distilbert-binary"))["architecture"],
        "DistilBertForSequenceClassification"
    );
}

/// It reads only the header: the data may be missing, but the length must be correct.
#[test]
fn preflight_reads_only_the_header() {
    let model = scratch();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(tiny("bert-stars").join(file), model.join(file)).unwrap();
    }
    let path = model.join("model.safetensors");
    let mut weights = std::fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    // All data is NaN.
    weights[header..].fill(0xff);
    std::fs::write(&path, &weights).unwrap();
    assert_eq!(preflight(&model)["refusal"], Value::Null);
    assert_fails(&inspect(&model, &[]), "finite numbers");

    std::fs::write(&path, &weights[..weights.len() - 1]).unwrap();
    assert_fails(
        &inspect(&model, &["--preflight"]),
        "which does not fit bytes",
    );
}

#[test]
fn preflight_rejects_with_a_reason() {
    let model = scratch();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(tiny("bert-stars").join(file), model.join(file)).unwrap();
    }
    let path = model.join("config.json");
    let config = std::fs::read_to_string(&path).unwrap();
    for (from, to, reason) in [
        (
            "BertForSequence",
            "BertForToken",
            "BertForTokenClassification",
        ),
        (
            "\"hidden_size\": 32",
            "\"hidden_size\": 64",
            "has shape [250, 32], but [250, 64]",
        ),
        (
            "\"vocab_size\": 250",
            "\"vocab_size\": 100",
            "100 embeddings",
        ),
        (
            ",\n    \"4\": \"5 stars\"",
            "",
            "config.json names 4 labels, but classifier.weight in ",
        ),
    ] {
        assert!(config.contains(from));
        std::fs::write(&path, config.replace(from, to)).unwrap();
        assert_fails(&inspect(&model, &["--preflight"]), reason);
        let refusal = &preflight(&model)["refusal"];
        assert_eq!(refusal["kind"], "unsupported");
        assert!(refusal["message"].as_str().unwrap().contains(reason));
    }
}
