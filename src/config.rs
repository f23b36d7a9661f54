//! `config.json`, as Hugging Face writes it for sequence classifiers.

use candle_transformers::models::bert;
use serde::Deserialize;

use crate::protocol::Measured;
use crate::{Error, Result};

/// The architectures that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// `BertForSequenceClassification`: token types, and a pooler with tanh.
    Bert,
    /// `DistilBertForSequenceClassification`: no token types, and a `pre_classifier` with ReLU in the pooler's place.
    DistilBert,
}

impl Architecture {
    /// What transformers calls it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bert => "BertForSequenceClassification",
            Self::DistilBert => "DistilBertForSequenceClassification",
        }
    }
}

/// What the logits mean, as `problem_type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Exactly one label holds: softmax.
    SingleLabel,
    /// Each label holds or not: a sigmoid each.
    MultiLabel,
}

/// A sequence classifier's dimensions, labels and kind.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which architecture.
    pub architecture: Architecture,
    /// Dimensions of the encoder, in the names of BERT's `config.json` whatever the architecture.
    pub encoder: bert::Config,
    /// Names of the classes by id, from `id2label`.
    pub labels: Vec<String>,
    /// Softmax or sigmoid.
    pub problem_type: ProblemType,
    /// What logits are divided by before they become probabilities (Guo et al. 2017, section 4.2); 1 where nothing is said.
    pub temperature: f32,
    /// How well the model does, for the page to tell.
    pub measured: Vec<Measured>,
}

/// The keys of `config.json` that matter here. Those that only one architecture has are optional.
/// <https://huggingface.co/docs/transformers/main_classes/configuration>
#[derive(Deserialize)]
struct File {
    architectures: Option<Vec<String>>,
    model_type: Option<String>,
    vocab_size: usize,
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    #[serde(alias = "activation", default = "gelu")]
    hidden_act: String,
    #[serde(default = "default_positions")]
    max_position_embeddings: usize,
    #[serde(default = "default_types")]
    type_vocab_size: usize,
    #[serde(default = "default_eps")]
    layer_norm_eps: f64,
    pad_token_id: Option<usize>,
    is_decoder: Option<bool>,
    position_embedding_type: Option<String>,
    id2label: Option<std::collections::BTreeMap<String, String>>,
    num_labels: Option<usize>,
    problem_type: Option<String>,
    #[serde(default)]
    live_sentiment: Ours,
}

/// What this project adds to `config.json`: it belongs to the weights beside it, which calibration depends on.
#[derive(Deserialize)]
#[serde(default)]
struct Ours {
    temperature: f32,
    measured: Vec<Measured>,
}

impl Default for Ours {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            measured: Vec::new(),
        }
    }
}

// transformers' own defaults, which its config.json may leave out.
fn gelu() -> String {
    "gelu".into()
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
    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is not the JSON of a configuration, [`Error::Unsupported`] if it describes
    /// something other than a BERT or DistilBERT sequence classifier with absolute positions.
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.trim_ascii_start().first() == Some(&b'<') {
            return Err(malformed(
                "it is an HTML page, not JSON; check the address".into(),
            ));
        }
        let file: File = serde_json::from_slice(json).map_err(|e| malformed(e.to_string()))?;
        let architecture = architecture(&file)?;
        if let Some(positions) = &file.position_embedding_type
            && positions != "absolute"
        {
            return Err(unsupported(
                "position_embedding_type",
                positions,
                "absolute",
            ));
        }
        // A decoder's tokens see only what stands before them.
        if file.is_decoder == Some(true) {
            return Err(unsupported("is_decoder", "true", "false"));
        }
        let hidden_act = match file.hidden_act.as_str() {
            "gelu" => bert::HiddenAct::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" => bert::HiddenAct::GeluApproximate,
            "relu" => bert::HiddenAct::Relu,
            other => {
                return Err(unsupported(
                    "hidden_act",
                    other,
                    "gelu, gelu_new, gelu_pytorch_tanh or relu",
                ));
            }
        };
        for (key, value) in [
            ("vocab_size", file.vocab_size),
            ("hidden_size", file.hidden_size),
            ("num_attention_heads", file.num_attention_heads),
            ("intermediate_size", file.intermediate_size),
            ("num_hidden_layers", file.num_hidden_layers),
            ("type_vocab_size", file.type_vocab_size),
        ] {
            if value == 0 || value > u32::MAX as usize {
                return Err(malformed(format!("{key} is {value}")));
            }
        }
        // Twenty times the deepest BERT; what is built by counting layers stays small.
        if file.num_hidden_layers > 512 {
            return Err(malformed(format!(
                "num_hidden_layers is {}",
                file.num_hidden_layers
            )));
        }
        if !file.hidden_size.is_multiple_of(file.num_attention_heads) {
            return Err(malformed(format!(
                "hidden_size {} cannot be divided among {} attention heads",
                file.hidden_size, file.num_attention_heads
            )));
        }
        // Two places are taken by [CLS] and [SEP].
        if file.max_position_embeddings < 3 {
            return Err(malformed(format!(
                "max_position_embeddings is {}",
                file.max_position_embeddings
            )));
        }
        if !(file.layer_norm_eps.is_finite() && file.layer_norm_eps > 0.0) {
            return Err(malformed(format!(
                "layer_norm_eps is {}",
                file.layer_norm_eps
            )));
        }
        let Ours {
            temperature,
            ref measured,
        } = file.live_sentiment;
        if !(0.01..=100.0).contains(&temperature) {
            return Err(malformed(format!(
                "live_sentiment.temperature is {temperature}, not within 0.01 and 100"
            )));
        }
        if let Some(measured) = measured.iter().find(|m| m.right > m.texts) {
            return Err(malformed(format!(
                "live_sentiment.measured has {} right of {} texts",
                measured.right, measured.texts
            )));
        }
        let labels = labels(&file)?;
        Ok(Self {
            architecture,
            temperature,
            measured: measured.clone(),
            problem_type: problem_type(&file, &labels)?,
            labels,
            encoder: bert::Config {
                vocab_size: file.vocab_size,
                hidden_size: file.hidden_size,
                num_hidden_layers: file.num_hidden_layers,
                num_attention_heads: file.num_attention_heads,
                intermediate_size: file.intermediate_size,
                hidden_act,
                max_position_embeddings: file.max_position_embeddings,
                type_vocab_size: file.type_vocab_size,
                layer_norm_eps: file.layer_norm_eps,
                pad_token_id: file.pad_token_id.unwrap_or(0),
                model_type: file.model_type,
                ..Default::default()
            },
        })
    }
}

fn architecture(file: &File) -> Result<Architecture> {
    let named = match (file.architectures.iter().flatten().next(), &file.model_type) {
        (Some(class), _) => class.as_str(),
        (None, Some(model_type)) => model_type.as_str(),
        (None, None) => "not named",
    };
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

/// Labels by class id. transformers names two labels when the file names none.
fn labels(file: &File) -> Result<Vec<String>> {
    let Some(id2label) = &file.id2label else {
        let count = file.num_labels.unwrap_or(2);
        if count == 0 || count > 100_000 {
            return Err(malformed(format!("num_labels is {count}")));
        }
        return Ok((0..count).map(|id| format!("LABEL_{id}")).collect());
    };
    if id2label.is_empty() {
        return Err(malformed("id2label is empty".into()));
    }
    if let Some(count) = file.num_labels
        && count != id2label.len()
    {
        return Err(malformed(format!(
            "id2label has {} labels, but num_labels is {count}",
            id2label.len()
        )));
    }
    (0..id2label.len())
        .map(|id| {
            id2label.get(&id.to_string()).cloned().ok_or_else(|| {
                malformed(format!(
                    "id2label has {} labels, but none with id {id}",
                    id2label.len()
                ))
            })
        })
        .collect()
}

fn problem_type(file: &File, labels: &[String]) -> Result<ProblemType> {
    match file.problem_type.as_deref() {
        // What transformers takes it for; and the softmax of a single number is always 1.
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
    fn keys_may_be_null_as_transformers_writes_them_and_a_decoder_is_refused() {
        let class = r#"["BertForSequenceClassification"]"#;
        let config = with(class, r#"null,"pad_token_id":null"#).unwrap();
        assert_eq!(config.architecture, Architecture::Bert);
        assert_eq!(config.encoder.pad_token_id, 0);
        let decoder = with(r#""model_type""#, r#""is_decoder":true,"model_type""#);
        assert!(decoder.unwrap_err().to_string().contains("is_decoder"));
    }

    #[test]
    fn reads_distilbert_names() {
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
    fn refuses_what_it_cannot_run() {
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
    fn reads_calibration_and_figures() {
        let plain = Config::parse(BERT.as_bytes()).unwrap();
        assert_eq!(plain.temperature, 1.0);
        assert!(plain.measured.is_empty());
        let ours = r#""live_sentiment":{"temperature":1.25,"measured":[{"name":"SST-2","texts":872,"right":800}]},"vocab_size"#;
        let config = with("\"vocab_size", ours).unwrap();
        assert_eq!(config.temperature, 1.25);
        assert_eq!(
            config.measured,
            [Measured {
                name: "SST-2".into(),
                texts: 872,
                right: 800
            }]
        );
    }

    #[test]
    fn one_label_is_a_number_unless_it_holds_or_not() {
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
    fn refuses_numbers_that_cannot_be() {
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
        assert!(malformed(with(
            "\"vocab_size\"",
            "\"num_labels\":3,\"vocab_size\""
        )));
        assert!(malformed(Config::parse(b"<!doctype html>")));
        assert!(malformed(Config::parse(b"")));
    }
}
