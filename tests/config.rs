//! `config.json` as people have it: spellings, types, defaults and what is refused.

#![allow(clippy::unwrap_used)]

use candle_transformers::models::bert::HiddenAct;
use live_sentiment::model::config::{Architecture, Config, ProblemType};
use live_sentiment::types::Benchmark;
use live_sentiment::{Error, Result};

const BERT: &str = r#"{"architectures":["BertForSequenceClassification"],"model_type":"bert","vocab_size":100,
    "hidden_size":64,"num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":128,
    "id2label":{"0":"no","1":"yes"}}"#;

fn with(from: &str, to: &str) -> Result<Config> {
    assert!(BERT.contains(from));
    Config::parse(BERT.replace(from, to).as_bytes())
}

#[test]
fn reads_bert() {
    let config = Config::parse(BERT.as_bytes()).unwrap();
    assert_eq!(config.architecture, Architecture::Bert);
    assert_eq!(config.labels, ["no", "yes"]);
    assert_eq!(config.encoder.max_position_embeddings, 512);
    assert_eq!(config.problem_type, ProblemType::SingleLabel);
}

#[test]
fn null_keys_are_defaults_and_a_decoder_is_rejected() {
    let class = r#"["BertForSequenceClassification"]"#;
    let config = with(class, r#"null,"pad_token_id":null"#).unwrap();
    assert_eq!(config.architecture, Architecture::Bert);
    assert_eq!(config.encoder.pad_token_id, 0);
    let decoder = with(r#""model_type""#, r#""is_decoder":true,"model_type""#);
    assert!(decoder.unwrap_err().to_string().contains("is_decoder"));
}

#[test]
fn reads_distilbert_key_names() {
    let config = Config::parse(
        br#"{"architectures":["DistilBertForSequenceClassification"],"model_type":"distilbert","vocab_size":9,
        "dim":64,"n_layers":1,"n_heads":2,"hidden_dim":128,"activation":"relu","problem_type":"multi_label_classification"}"#,
    )
    .unwrap();
    assert_eq!(config.architecture, Architecture::DistilBert);
    assert_eq!(
        (config.encoder.hidden_size, config.encoder.intermediate_size),
        (64, 128)
    );
    assert_eq!(config.labels, ["LABEL_0", "LABEL_1"]);
    assert_eq!(config.problem_type, ProblemType::MultiLabel);
}

#[test]
fn rejects_unsupported_models() {
    let unsupported = |result: Result<Config>| matches!(result, Err(Error::Unsupported { .. }));
    assert!(unsupported(with(
        "BertForSequenceClassification",
        "RobertaForSequenceClassification"
    )));
    assert!(unsupported(with(
        "BertForSequenceClassification",
        "BertForMaskedLM"
    )));
    assert!(unsupported(with(
        "\"vocab_size\"",
        "\"hidden_act\":\"silu\",\"vocab_size\""
    )));
    assert!(unsupported(with(
        "\"vocab_size\"",
        "\"problem_type\":\"regression\",\"vocab_size\""
    )));
    assert!(unsupported(with(
        "\"vocab_size\"",
        "\"position_embedding_type\":\"relative_key\",\"vocab_size\""
    )));
}

#[test]
fn reads_temperature_and_benchmarks() {
    let plain = Config::parse(BERT.as_bytes()).unwrap();
    assert_eq!(plain.temperature, 1.0);
    assert!(plain.measured.is_empty());
    let ours = r#""live_sentiment":{"temperature":1.25,"measured":[{"name":"SST-2","texts":872,"right":800}]},"vocab_size"#;
    let config = with("\"vocab_size", ours).unwrap();
    assert_eq!(config.temperature, 1.25);
    assert_eq!(
        config.measured,
        [Benchmark {
            name: "SST-2".into(),
            examples: 872,
            correct: 800
        }]
    );
}

#[test]
fn one_label_is_regression_unless_multi_label() {
    let one = |problem_type: &str| {
        with(
            "\"id2label\":{\"0\":\"no\",\"1\":\"yes\"}",
            &format!("\"id2label\":{{\"0\":\"toxic\"}}{problem_type}"),
        )
    };
    assert!(matches!(one(""), Err(Error::Unsupported { .. })));
    let multi_label = one(",\"problem_type\":\"multi_label_classification\"").unwrap();
    assert_eq!(multi_label.labels, ["toxic"]);
}

#[test]
fn accepts_what_transformers_accepts() {
    let with_key = |keys: &str| with("\"vocab_size\"", &format!("{keys},\"vocab_size\""));
    let labels = |from: &str, to: &str| with(from, to).unwrap().labels;
    let id2label = "\"id2label\":{\"0\":\"no\",\"1\":\"yes\"}";
    assert_eq!(
        labels(id2label, "\"id2label\":{\"0\":0,\"1\":1}"),
        ["0", "1"]
    );
    assert_eq!(
        labels(id2label, "\"label2id\":{\"yes\":1,\"no\":0}"),
        ["no", "yes"]
    );
    assert_eq!(
        labels(id2label, "\"label2id\":{\"a\":3}"),
        ["LABEL_0", "LABEL_1"]
    );
    assert_eq!(with_key("\"num_labels\":3").unwrap().labels, ["no", "yes"]);
    let config = with_key(
        r#""pad_token_id":-1,"a":NaN,"b":[Infinity,-Infinity],"c":"\"NaN","vocab_size":7"#,
    );
    assert_eq!(config.unwrap().encoder.pad_token_id, 99);
    assert!(with_key("\"layer_norm_eps\":NaN").is_err());
    assert!(with_key("\"pad_token_id\":-101").is_err());
    assert!(with_key("\"max_position_embeddings\":32768").is_ok());
    let error = with_key("\"max_position_embeddings\":32769").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("max_position_embeddings is 32769")
    );
    // BERT's class ignores DistilBERT's key names.
    assert_eq!(with_key("\"dim\":32").unwrap().encoder.hidden_size, 64);
}

#[test]
fn distilbert_has_its_own_key_names_and_eps() {
    let config = Config::parse(
        br#"{"model_type":"distilbert","dim":64,"hidden_size":64,"n_heads":2,"hidden_dim":128,
        "intermediate_size":7,"activation":"relu","layer_norm_eps":0.001}"#,
    )
    .unwrap();
    let encoder = config.encoder;
    assert_eq!((encoder.hidden_size, encoder.intermediate_size), (64, 128));
    assert_eq!((encoder.num_hidden_layers, encoder.vocab_size), (6, 30522));
    assert!(matches!(encoder.hidden_act, HiddenAct::Relu));
    assert_eq!(encoder.layer_norm_eps, 1e-12);
}

#[test]
fn rejects_invalid_numbers() {
    let malformed = |result: Result<Config>| matches!(result, Err(Error::Malformed { .. }));
    for ours in [
        r#"{"temperature":0}"#,
        r#"{"temperature":-1}"#,
        r#"{"temperature":1e9}"#,
        r#"{"measured":[{"name":"x","texts":1,"right":2}]}"#,
    ] {
        let json = format!("\"live_sentiment\":{ours},\"vocab_size\"");
        assert!(malformed(with("\"vocab_size\"", &json)), "{ours}");
    }
    assert!(malformed(with(
        "\"num_attention_heads\":2",
        "\"num_attention_heads\":0"
    )));
    assert!(malformed(with(
        "\"num_attention_heads\":2",
        "\"num_attention_heads\":3"
    )));
    assert!(malformed(with("\"1\":\"yes\"", "\"2\":\"yes\"")));
    assert!(malformed(Config::parse(b"<!doctype html>")));
    assert!(malformed(Config::parse(b"")));
}
