//! Parser of `config.json`, as transformers writes it for sequence classifiers.

use std::collections::BTreeMap;

use candle_transformers::models::bert;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{folder, impostor};
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
        impostor::refuse(json, folder::CONFIG)?;
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
        file: folder::CONFIG.into(),
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
