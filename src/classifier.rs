//! A model's files to a [`Classifier`], a text to a [`Prediction`].

use std::io::{Read, Seek};
use std::path::Path;

use web_time::Instant;

use crate::arch::bert::Bert;
use crate::layers::Compute;
use crate::model::config::{Config, ProblemType};
use crate::model::dir::{open, read, read_tokenizer, weights_path};
use crate::model::tokenizer::{Batch, Encoded, Padding, Tokenizer};
use crate::model::weights::{Precision, Weights};
use crate::types::{ModelInfo, Prediction};
use crate::{Error, Result};

/// The name of a model whose file has none, until whoever knows its folder gives it that one's.
pub(crate) const UNNAMED: &str = "Unnamed model";

/// A loaded model.
pub struct Classifier {
    tokenizer: Tokenizer,
    bert: Bert,
    problem_type: ProblemType,
    temperature: f32,
    info: ModelInfo,
}

impl Classifier {
    /// Loads a model from `config.json`, `tokenizer.json` and its weights (GGUF or safetensors), which are read
    /// piece by piece and held in the [`Precision`] that goes with `compute`. `weights_file` names them in messages.
    ///
    /// # Errors
    /// One sentence about the first file that is damaged, unsupported or does not belong to the others.
    pub fn load(
        config: &[u8],
        tokenizer: &[u8],
        weights: impl Read + Seek,
        weights_file: &str,
        compute: Compute,
    ) -> Result<Self> {
        let precision = compute.default_precision();
        Self::load_as(config, tokenizer, weights, weights_file, compute, precision)
    }

    /// The same, with plain numbers held in `precision`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_as(
        config: &[u8],
        tokenizer: &[u8],
        weights: impl Read + Seek,
        weights_file: &str,
        compute: Compute,
        precision: Precision,
    ) -> Result<Self> {
        let start = Instant::now();
        let config = Config::parse(config)?;
        let tokenizer = Tokenizer::parse(tokenizer, &config)?;
        let mut weights =
            Weights::open(weights, weights_file, config.architecture)?.with_precision(precision);
        let bert = Bert::load(&mut weights, &config, compute)?;
        let info = ModelInfo {
            name: weights
                .metadata("general.name")
                .unwrap_or(UNNAMED)
                .to_owned(),
            architecture: config
                .encoder
                .model_type
                .clone()
                .unwrap_or_else(|| "bert".into()),
            parameters: weights.parameters(),
            file_size: weights.size(),
            format: format!("{:?}", weights.main_dtype()),
            license: weights.metadata("general.license").map(str::to_owned),
            max_tokens: tokenizer.max_tokens(),
            labels: config.labels,
            multi_label: config.problem_type == ProblemType::MultiLabel,
            backend: compute.backend(),
            load_millis: millis(start),
            measured: config.measured,
        };
        Ok(Self {
            tokenizer,
            bert,
            problem_type: config.problem_type,
            temperature: config.temperature,
            info,
        })
    }

    /// Loads a model from a folder: `config.json`, `tokenizer.json`, and `model.gguf` or else `model.safetensors`.
    ///
    /// # Errors
    /// As [`Self::load`]; [`Error::NotFound`] for a missing file.
    pub fn from_dir(dir: &Path, compute: Compute) -> Result<Self> {
        Self::from_dir_as(dir, compute, compute.default_precision())
    }

    /// The same, with plain numbers held in `precision`.
    ///
    /// # Errors
    /// As [`Self::from_dir`].
    pub fn from_dir_as(dir: &Path, compute: Compute, precision: Precision) -> Result<Self> {
        let config = read(&dir.join("config.json"))?;
        let tokenizer = read_tokenizer(dir)?;
        let (weights, name) = open(&weights_path(dir))?;
        let mut classifier =
            Self::load_as(&config, &tokenizer, weights, &name, compute, precision)?;
        if classifier.info.name == UNNAMED
            && let Some(folder) = dir.file_name()
        {
            classifier.info.name = folder.to_string_lossy().into_owned();
        }
        Ok(classifier)
    }

    /// Whether exactly one label holds of a text, or each for itself.
    pub fn problem_type(&self) -> ProblemType {
        self.problem_type
    }

    /// What may be said about the model.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The model's tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The encoder and its head.
    pub fn bert(&self) -> &Bert {
        &self.bert
    }

    /// Classifies a text. Text beyond [`ModelInfo::max_tokens`] is left out, and the prediction says so.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for weights so large that no finite logits come of them; [`Error::Candle`], which would
    /// be a defect: the files were checked when they were loaded.
    pub fn classify(&self, text: &str) -> Result<Prediction> {
        let start = Instant::now();
        let encoded = self.tokenizer.encode(text)?;
        let logits = self
            .bert
            .forward(&Batch::single(&encoded.ids))?
            .logits
            .squeeze(0)?
            .to_vec1()?;
        self.prediction(logits, encoded, millis(start))
    }

    /// Classifies several texts side by side. Each takes the time of the whole batch.
    ///
    /// # Errors
    /// As [`Self::classify`].
    pub fn classify_batch(&self, texts: &[&str]) -> Result<Vec<Prediction>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let start = Instant::now();
        let (batch, encoded) = self.tokenizer.encode_batch(texts, Padding::Longest)?;
        let logits = self.bert.forward(&batch)?.logits.to_vec2()?;
        let millis = millis(start);
        logits
            .into_iter()
            .zip(encoded)
            .map(|(logits, encoded)| self.prediction(logits, encoded, millis))
            .collect()
    }

    /// Classifies a sequence of token ids, special tokens included.
    ///
    /// # Errors
    /// [`Error::Input`] for no ids, too many, or one that the vocabulary does not have.
    pub fn classify_ids(&self, ids: &[u32]) -> Result<Prediction> {
        let start = Instant::now();
        let max = self.info.max_tokens;
        if ids.is_empty() || ids.len() > max {
            return Err(Error::Input(format!(
                "{} token ids were given, but the model takes 1 to {max}",
                ids.len()
            )));
        }
        let rows = self.tokenizer.vocabulary();
        if let Some(id) = ids.iter().find(|id| **id as usize >= rows) {
            return Err(Error::Input(format!(
                "Token id {id} was given, but the vocabulary ends at {}",
                rows - 1
            )));
        }
        let logits = self
            .bert
            .forward(&Batch::single(ids))?
            .logits
            .squeeze(0)?
            .to_vec1()?;
        let encoded = Encoded {
            ids: ids.to_vec(),
            tokens: Vec::new(),
            truncated_at: None,
        };
        self.prediction(logits, encoded, millis(start))
    }

    fn prediction(&self, logits: Vec<f32>, encoded: Encoded, millis: f64) -> Result<Prediction> {
        // Finite weights may still be so large that nothing finite comes of them. That is no label.
        if let Some((index, &found)) = logits.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(Error::NotFinite {
                tensor: "logits".into(),
                index,
                found,
            });
        }
        let scores = match self.problem_type {
            ProblemType::SingleLabel => softmax(&logits, self.temperature),
            ProblemType::MultiLabel => {
                let sigmoid = |x: &f32| 1.0 / (1.0 + (-x / self.temperature).exp());
                logits.iter().map(sigmoid).collect()
            }
        };
        Ok(Prediction {
            label: argmax(&logits),
            scores,
            logits,
            token_count: encoded.ids.len(),
            tokens: encoded.tokens,
            truncated_at: encoded.truncated_at,
            millis,
        })
    }
}

fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // The other way round, a temperature below 1 could make the largest infinite, and nothing but NaN of it.
    let exp: Vec<f32> = logits
        .iter()
        .map(|x| ((x - max) / temperature).exp())
        .collect();
    let sum: f32 = exp.iter().sum();
    exp.into_iter().map(|x| x / sum).collect()
}

/// The first of the highest, as `torch.argmax` has it.
fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_is_stable_and_sums_to_one() {
        for logits in [vec![0.0; 3], vec![3e38, 0.0, -3e38], vec![-5.0, 2.0]] {
            for temperature in [0.01, 1.0, 100.0] {
                let scores = softmax(&logits, temperature);
                assert!(
                    (scores.iter().sum::<f32>() - 1.0).abs() < 1e-6,
                    "{scores:?}"
                );
            }
        }
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
    }
}
