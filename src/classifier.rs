//! [`Classifier`]: loads a model's files and classifies texts.

use std::io::{Read, Seek};
use std::path::Path;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::atomic::{AtomicUsize, Ordering};

use web_time::Instant;

use crate::arch::bert::Bert;
use crate::layers::Compute;
use crate::model::config::{Config, ProblemType};
use crate::model::dir::{open, read, read_tokenizer, weights_path};
use crate::model::folder;
use crate::model::tokenizer::{Batch, Encoded, Padding, Tokenizer};
use crate::model::weights::{Precision, Weights};
#[cfg(not(target_arch = "wasm32"))]
use crate::types::Backend;
use crate::types::{ModelInfo, Prediction};
use crate::{Error, Result};

/// Placeholder name of a model whose file has none. Callers that know its folder use the folder's name instead.
pub(crate) const UNNAMED: &str = "Unnamed model";

/// A loaded model: tokenizer, encoder and classification head.
///
/// ```
/// use std::path::Path;
///
/// use live_sentiment::classifier::Classifier;
/// use live_sentiment::layers::Compute;
///
/// let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/models/minilm-sentiment");
/// let classifier = Classifier::from_dir(&dir, Compute::Candle)?;
/// let prediction = classifier.classify("What a wonderful film!")?;
/// assert_eq!(classifier.info().labels[prediction.label], "positive");
/// assert_eq!(prediction.scores.len(), classifier.info().labels.len());
/// # Ok::<(), live_sentiment::Error>(())
/// ```
pub struct Classifier {
    tokenizer: Tokenizer,
    bert: Bert,
    problem_type: ProblemType,
    temperature: f32,
    info: ModelInfo,
}

impl Classifier {
    /// Loads a model from `config.json`, `tokenizer.json` and its weights (GGUF or safetensors), which are read
    /// tensor by tensor and held in the default [`Precision`] of `compute`. `weights_file` names them in messages.
    ///
    /// # Errors
    /// The first file that is damaged ([`Error::Malformed`]), unsupported ([`Error::Unsupported`]) or inconsistent
    /// with the others ([`Error::Mismatch`], [`Error::Shape`], [`Error::MissingTensor`], [`Error::LabelCount`]).
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

    /// Like [`Self::load`], with unquantized weights held in `precision`.
    ///
    /// # Errors
    /// Those of [`Self::load`].
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

    /// Loads a model from a folder: `config.json`, `tokenizer.json` (or `vocab.txt`), and `model.gguf` or else
    /// `model.safetensors`.
    ///
    /// # Errors
    /// Those of [`Self::load`]; [`Error::NotFound`] for a missing file.
    pub fn from_dir(dir: &Path, compute: Compute) -> Result<Self> {
        Self::from_dir_as(dir, compute, compute.default_precision())
    }

    /// Like [`Self::from_dir`], with unquantized weights held in `precision`.
    ///
    /// # Errors
    /// Those of [`Self::from_dir`].
    pub fn from_dir_as(dir: &Path, compute: Compute, precision: Precision) -> Result<Self> {
        let config = read(&dir.join(folder::CONFIG))?;
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

    /// What runs the model in `dir` best on this machine: our kernels for quantized weights, candle for others, which it
    /// computes as they are.
    ///
    /// # Errors
    /// As [`Self::from_dir`], for the configuration and the weights' header.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn default_compute(dir: &Path) -> Result<Compute> {
        let config = Config::parse(&read(&dir.join(folder::CONFIG))?)?;
        let (weights, name) = open(&weights_path(dir))?;
        let weights = Weights::open(weights, &name, config.architecture)?;
        Ok(match weights.main_dtype().block_size() {
            1 => Compute::Candle,
            _ => Compute::native(),
        })
    }

    /// Whether the model is single-label (softmax) or multi-label (sigmoid).
    pub fn problem_type(&self) -> ProblemType {
        self.problem_type
    }

    /// The model's metadata.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The model's tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The encoder and its classification head.
    pub fn bert(&self) -> &Bert {
        &self.bert
    }

    /// Classifies one text. It is truncated to [`ModelInfo::max_tokens`]; see [`Prediction::truncated_at`].
    ///
    /// # Errors
    /// [`Error::NotFinite`] if the weights are so large that logits overflow; [`Error::Candle`] would be a bug, since
    /// the files were checked when they were loaded.
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

    /// Classifies several texts as one padded batch. [`Prediction::millis`] is the time of the whole batch.
    ///
    /// # Errors
    /// Those of [`Self::classify`].
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

    /// Classifies many texts on all cores; predictions are in their order. `progress` is called after each text, from any
    /// thread.
    ///
    /// # Errors
    /// As [`Self::classify`], for the first text that fails.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn classify_all(
        &self,
        texts: &[&str],
        progress: impl Fn() + Sync,
    ) -> Result<Vec<Prediction>> {
        // candle's matrix product spreads over the cores by itself.
        let threads = match self.info.backend {
            Backend::Candle => 1,
            _ => std::thread::available_parallelism().map_or(1, usize::from),
        };
        // The longest first, so that no thread is left alone with one at the end.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(texts[i].len()));
        let next = AtomicUsize::new(0);
        let classify_some = || -> Result<Vec<(usize, Prediction)>> {
            let mut predictions = Vec::new();
            while let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                predictions.push((i, self.classify(texts[i])?));
                progress();
            }
            Ok(predictions)
        };
        let shares = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..threads).map(|_| scope.spawn(classify_some)).collect();
            let mut shares = vec![classify_some()];
            // A panic goes on in this thread.
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            shares.extend(threads.into_iter().map(join));
            shares
        });
        let mut predictions = Vec::with_capacity(texts.len());
        for share in shares {
            predictions.extend(share?);
        }
        predictions.sort_by_key(|&(i, _)| i);
        Ok(predictions
            .into_iter()
            .map(|(_, prediction)| prediction)
            .collect())
    }

    /// Classifies a sequence of token ids, which includes the special tokens. [`Prediction::tokens`] is empty.
    ///
    /// # Errors
    /// [`Error::Input`] for no ids, more than [`ModelInfo::max_tokens`], or an id outside the vocabulary; else those
    /// of [`Self::classify`].
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
        // Finite weights can still be large enough to overflow; then there is no meaningful label.
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
    // Subtract before dividing: a temperature below 1 could make the largest logit infinite, and all scores NaN.
    let exp: Vec<f32> = logits
        .iter()
        .map(|x| ((x - max) / temperature).exp())
        .collect();
    let sum: f32 = exp.iter().sum();
    exp.into_iter().map(|x| x / sum).collect()
}

/// Index of the largest logit; the first of equals.
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
    fn argmax_returns_the_first_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
    }
}
