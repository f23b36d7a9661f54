//! Parser of `config.json`, as transformers writes it for sequence classifiers.

use std::collections::BTreeMap;

use candle_transformers::models::bert;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::impostor;
use crate::types::Benchmark;
use crate::{Error, Result};

/// The supported architectures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `BertForSequenceClassification`: token type embeddings, and a pooler with tanh.
    Bert,
    /// `DistilBertForSequenceClassification`: no token type embeddings, and a `pre_classifier` with ReLU as the pooler.
    DistilBert,
}

impl Architecture {
    /// Class name in transformers.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bert => "BertForSequenceClassification",
            Self::DistilBert => "DistilBertForSequenceClassification",
        }
    }
}

/// `problem_type` of `config.json`: how logits become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Exactly one label applies: softmax.
    SingleLabel,
    /// Labels are independent: one sigmoid per label.
    MultiLabel,
}

/// A sequence classifier's architecture, dimensions and labels.
#[derive(Debug, Clone)]
pub struct Config {
    /// The architecture.
    pub architecture: Architecture,
    /// Dimensions of the encoder, under BERT's names for every architecture.
    pub encoder: bert::Config,
    /// Label names by class id, from `id2label`.
    pub labels: Vec<String>,
    /// Softmax or sigmoid.
    pub problem_type: ProblemType,
    /// Temperature of the softmax or sigmoid (Guo et al. 2017, section 4.2); defaults to 1.
    pub temperature: f32,
    /// Whether typographic variants of characters are replaced by plain ones before tokenization.
    pub normalize_text: bool,
    /// Benchmark results, for display.
    pub measured: Vec<Benchmark>,
}

/// The keys of `config.json` that are used here. Those that only one architecture has are optional.
/// <https://huggingface.co/docs/transformers/main_classes/configuration>
#[derive(Deserialize)]
struct File {
    model_type: Option<String>,
    #[serde(default = "default_vocabulary")]
    vocab_size: usize,
    #[serde(default = "default_hidden")]
    hidden_size: usize,
    num_hidden_layers: Option<usize>,
    #[serde(default = "default_heads")]
    num_attention_heads: usize,
    #[serde(default = "default_intermediate")]
    intermediate_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "default_positions")]
    max_position_embeddings: usize,
    #[serde(default = "default_types")]
    type_vocab_size: usize,
    #[serde(default = "default_eps")]
    layer_norm_eps: f64,
    pad_token_id: Option<i64>,
    is_decoder: Option<bool>,
    position_embedding_type: Option<String>,
    id2label: Option<BTreeMap<String, Value>>,
    label2id: Option<BTreeMap<String, Value>>,
    num_labels: Option<usize>,
    problem_type: Option<String>,
    #[serde(default)]
    live_sentiment: Extension,
}

/// This project's extension of `config.json`, under `live_sentiment`. It is stored there because calibration belongs to
/// the weights.
#[derive(Deserialize)]
#[serde(default)]
struct Extension {
    temperature: f32,
    normalize_text: bool,
    measured: Vec<Benchmark>,
}

impl Default for Extension {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            normalize_text: false,
            measured: Vec::new(),
        }
    }
}

// Defaults of transformers' `BertConfig`, for keys that are omitted.
fn gelu() -> String {
    "gelu".into()
}
fn default_vocabulary() -> usize {
    30522
}
fn default_hidden() -> usize {
    768
}
fn default_heads() -> usize {
    12
}
fn default_intermediate() -> usize {
    3072
}
fn default_positions() -> usize {
    512
}
fn default_types() -> usize {
    2
}
fn default_eps() -> f64 {
    1e-12
}

impl Config {
    /// Parses `config.json`.
    ///
    /// ```
    /// use live_sentiment::model::config::{Architecture, Config};
    ///
    /// let json = br#"{"model_type": "bert", "id2label": {"0": "negative", "1": "positive"}}"#;
    /// let config = Config::parse(json)?;
    /// assert_eq!(config.architecture, Architecture::Bert);
    /// assert_eq!(config.labels, ["negative", "positive"]);
    /// assert_eq!(config.encoder.hidden_size, 768, "the default of transformers");
    /// # Ok::<(), live_sentiment::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is not JSON or its values are inconsistent; [`Error::Unsupported`] if it describes
    /// anything but a BERT or DistilBERT sequence classifier with absolute positions.
    pub fn parse(json: &[u8]) -> Result<Self> {
        impostor::refuse(json, "config.json")?;
        let (architecture, file) = read(json)?;
        if let Some(positions) = &file.position_embedding_type
            && positions != "absolute"
        {
            return Err(unsupported(
                "position_embedding_type",
                positions,
                "absolute",
            ));
        }
        // A decoder's attention is causal.
        if file.is_decoder == Some(true) {
            return Err(unsupported("is_decoder", "true", "false"));
        }
        let hidden_act = match file.hidden_act.as_str() {
            "gelu" | "gelu_python" => bert::HiddenAct::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_python_tanh" | "gelu_fast"
            | "gelu_accurate" => bert::HiddenAct::GeluApproximate,
            "relu" => bert::HiddenAct::Relu,
            other => {
                return Err(unsupported(
                    "hidden_act",
                    other,
                    "gelu, gelu_new, gelu_pytorch_tanh or relu",
                ));
            }
        };
        let num_hidden_layers = file.num_hidden_layers.unwrap_or(match architecture {
            Architecture::Bert => 12,
            Architecture::DistilBert => 6,
        });
        for (key, value) in [
            ("vocab_size", file.vocab_size),
            ("hidden_size", file.hidden_size),
            ("num_attention_heads", file.num_attention_heads),
            ("intermediate_size", file.intermediate_size),
            ("num_hidden_layers", num_hidden_layers),
            ("type_vocab_size", file.type_vocab_size),
        ] {
            if value == 0 || value > u32::MAX as usize {
                return Err(malformed(format!("{key} is {value}")));
            }
        }
        // Twenty times the deepest BERT; it bounds everything that is allocated per layer.
        if num_hidden_layers > 512 {
            return Err(malformed(format!(
                "num_hidden_layers is {num_hidden_layers}"
            )));
        }
        if !file.hidden_size.is_multiple_of(file.num_attention_heads) {
            return Err(malformed(format!(
                "hidden_size {} cannot be divided among {} attention heads",
                file.hidden_size, file.num_attention_heads
            )));
        }
        // [CLS] and [SEP] take two positions.
        if file.max_position_embeddings < 3 {
            return Err(malformed(format!(
                "max_position_embeddings is {}",
                file.max_position_embeddings
            )));
        }
        if file.max_position_embeddings > MAX_POSITIONS {
            return Err(unsupported(
                "max_position_embeddings",
                &file.max_position_embeddings.to_string(),
                "up to 32768 positions",
            ));
        }
        if !(file.layer_norm_eps.is_finite() && file.layer_norm_eps > 0.0) {
            return Err(malformed(format!(
                "layer_norm_eps is {}",
                file.layer_norm_eps
            )));
        }
        let Extension {
            temperature,
            normalize_text,
            ref measured,
        } = file.live_sentiment;
        if !(0.01..=100.0).contains(&temperature) {
            return Err(malformed(format!(
                "live_sentiment.temperature is {temperature}, not within 0.01 and 100"
            )));
        }
        if let Some(measured) = measured.iter().find(|m| m.correct > m.examples) {
            return Err(malformed(format!(
                "live_sentiment.measured has {} right of {} texts",
                measured.correct, measured.examples
            )));
        }
        let labels = labels(&file)?;
        Ok(Self {
            architecture,
            temperature,
            normalize_text,
            measured: measured.clone(),
            problem_type: problem_type(&file, &labels)?,
            labels,
            encoder: bert::Config {
                vocab_size: file.vocab_size,
                hidden_size: file.hidden_size,
                num_hidden_layers,
                num_attention_heads: file.num_attention_heads,
                intermediate_size: file.intermediate_size,
                hidden_act,
                max_position_embeddings: file.max_position_embeddings,
                type_vocab_size: file.type_vocab_size,
                layer_norm_eps: file.layer_norm_eps,
                pad_token_id: pad(&file)?,
                model_type: file.model_type,
                ..Default::default()
            },
        })
    }
}

/// The kernels sum attention probabilities of up to 2^15 each in an i32.
const MAX_POSITIONS: usize = 1 << 15;

/// Parses the keys for the architecture in the file, as transformers does: the last of duplicate keys counts, and each
/// class has its own key names.
fn read(json: &[u8]) -> Result<(Architecture, File)> {
    let json = std::str::from_utf8(json).map_err(|e| malformed(format!("it is not UTF-8: {e}")))?;
    let mut keys: Map<String, Value> =
        serde_json::from_str(&quote_numbers(json)).map_err(|e| malformed(e.to_string()))?;
    let class = keys.get("architectures").and_then(|list| list[0].as_str());
    let model_type = keys.get("model_type").and_then(Value::as_str);
    let architecture = architecture(class.or(model_type).unwrap_or("not named"))?;
    if architecture == Architecture::DistilBert {
        // `DistilBertConfig.attribute_map`: BERT's names are aliases of the same attributes, and take precedence.
        for (own, general) in [
            ("dim", "hidden_size"),
            ("n_layers", "num_hidden_layers"),
            ("n_heads", "num_attention_heads"),
        ] {
            if let Some(value) = keys.remove(own) {
                keys.entry(general).or_insert(value);
            }
        }
        // These are not in the map, so BERT's names have no effect.
        for (own, general) in [
            ("hidden_dim", "intermediate_size"),
            ("activation", "hidden_act"),
        ] {
            keys.remove(general);
            if let Some(value) = keys.remove(own) {
                keys.insert(general.into(), value);
            }
        }
        // A constant in modeling_distilbert.py.
        keys.remove("layer_norm_eps");
    }
    let file = serde_json::from_value(keys.into()).map_err(|e| malformed(e.to_string()))?;
    Ok((architecture, file))
}

/// Quotes `NaN` and `Infinity`, which Python's json writes but JSON does not allow. As strings they are an error only in
/// keys that are used.
fn quote_numbers(json: &str) -> String {
    let mut quoted = String::with_capacity(json.len());
    let mut in_string = false;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let special = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|number| !in_string && rest.starts_with(number));
        let length = match (special, c) {
            (Some(number), _) => {
                quoted.extend(['"', '_']);
                quoted.push_str(number);
                quoted.push('"');
                rest = &rest[number.len()..];
                continue;
            }
            (None, '\\') if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => c.len_utf8(),
        };
        in_string ^= c == '"';
        quoted.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    quoted
}

/// `pad_token_id`. A negative one counts from the end of the vocabulary, as in PyTorch's `padding_idx`.
fn pad(file: &File) -> Result<usize> {
    let id = file.pad_token_id.unwrap_or(0);
    let id = if id < 0 {
        id.saturating_add_unsigned(file.vocab_size as u64)
    } else {
        id
    };
    usize::try_from(id).map_err(|_| {
        malformed(format!(
            "pad_token_id is {}, but vocab_size {}",
            file.pad_token_id.unwrap_or(0),
            file.vocab_size
        ))
    })
}

fn architecture(named: &str) -> Result<Architecture> {
    match named {
        "BertForSequenceClassification" | "bert" => Ok(Architecture::Bert),
        "DistilBertForSequenceClassification" | "distilbert" => Ok(Architecture::DistilBert),
        other => Err(unsupported(
            "the architecture in config.json",
            other,
            "BertForSequenceClassification or DistilBertForSequenceClassification",
        )),
    }
}

/// Label names by class id. Like transformers, defaults to two numbered labels.
fn labels(file: &File) -> Result<Vec<String>> {
    let Some(id2label) = &file.id2label else {
        if let Some(labels) = file.label2id.as_ref().and_then(inverted)
            && file.num_labels.is_none_or(|count| count == labels.len())
        {
            return Ok(labels);
        }
        let count = file.num_labels.unwrap_or(2);
        if count == 0 || count > 100_000 {
            return Err(malformed(format!("num_labels is {count}")));
        }
        return Ok((0..count).map(|id| format!("LABEL_{id}")).collect());
    };
    if id2label.is_empty() {
        return Err(malformed("id2label is empty".into()));
    }
    // Parsed like Python's int(), which allows surrounding whitespace.
    let by_id: BTreeMap<usize, &Value> = id2label
        .iter()
        .filter_map(|(id, label)| Some((id.trim().parse().ok()?, label)))
        .collect();
    // id2label overrides num_labels, as in transformers.
    (0..id2label.len())
        .map(|id| {
            by_id.get(&id).map(|label| name(label)).ok_or_else(|| {
                malformed(format!(
                    "id2label has {} labels, but none with id {id}",
                    id2label.len()
                ))
            })
        })
        .collect()
}

/// A label's name. Labels may be numbers.
fn name(label: &Value) -> String {
    match label {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    }
}

/// Inverts `label2id`, if its ids are 0, 1, 2 … without gaps.
fn inverted(label2id: &BTreeMap<String, Value>) -> Option<Vec<String>> {
    let by_id: BTreeMap<u64, &String> = label2id
        .iter()
        .filter_map(|(label, id)| Some((id.as_u64()?, label)))
        .collect();
    let is_whole = !by_id.is_empty()
        && by_id.len() == label2id.len()
        && by_id.keys().copied().eq(0..by_id.len() as u64);
    is_whole.then(|| by_id.into_values().cloned().collect())
}

fn problem_type(file: &File, labels: &[String]) -> Result<ProblemType> {
    match file.problem_type.as_deref() {
        // transformers treats one label as regression; and the softmax of a single logit is always 1.
        None | Some("single_label_classification") if labels.len() == 1 => Err(unsupported(
            "problem_type",
            "regression (there is one label)",
            "single_label_classification or multi_label_classification",
        )),
        None | Some("single_label_classification") => Ok(ProblemType::SingleLabel),
        Some("multi_label_classification") => Ok(ProblemType::MultiLabel),
        Some(other) => Err(unsupported(
            "problem_type",
            other,
            "single_label_classification or multi_label_classification",
        )),
    }
}

fn malformed(reason: String) -> Error {
    Error::Malformed {
        file: "config.json".into(),
        reason,
    }
}

fn unsupported(what: &'static str, found: &str, supported: &'static str) -> Error {
    Error::Unsupported {
        what,
        found: found.to_owned(),
        supported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(matches!(encoder.hidden_act, bert::HiddenAct::Relu));
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
}
