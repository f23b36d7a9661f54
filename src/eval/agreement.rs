//! Agreement of a quantized model with the checkpoint it was converted from.

use std::path::Path;

use crate::Result;
use crate::classifier::Classifier;
use crate::layers::Compute;
use crate::model::config::ProblemType;
use crate::model::dir::{open, read, read_tokenizer};
use crate::model::folder;
use crate::model::weights::Precision;
use crate::types::Prediction;

/// Agreement of two models on the same texts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Agreement {
    /// Number of texts compared.
    pub texts: usize,
    /// Number of texts with the same top label.
    pub same_label: usize,
    /// Number of texts with the same set of labels above 0.5; `None` for a single-label model.
    pub same_set: Option<usize>,
    /// Largest absolute difference of a logit.
    pub largest: f32,
    /// Sum of the absolute differences of `logits` logits.
    sum: f64,
    logits: usize,
}

impl Agreement {
    fn new(problem_type: ProblemType) -> Self {
        Self {
            same_set: (problem_type == ProblemType::MultiLabel).then_some(0),
            ..Self::default()
        }
    }

    /// Adds a text.
    fn add(&mut self, one: &Prediction, other: &Prediction) {
        self.texts += 1;
        self.same_label += usize::from(one.label == other.label);
        if let Some(same) = &mut self.same_set {
            let mut pairs = one.scores.iter().zip(&other.scores);
            *same += usize::from(pairs.all(|(one, other)| (*one > 0.5) == (*other > 0.5)));
        }
        for (one, other) in one.logits.iter().zip(&other.logits) {
            let difference = (one - other).abs();
            self.largest = self.largest.max(difference);
            self.sum += f64::from(difference);
            self.logits += 1;
        }
    }

    /// Mean absolute difference of a logit.
    pub fn mean(&self) -> f64 {
        self.sum / self.logits.max(1) as f64
    }
}

/// Classifies the texts with the checkpoint in `hf_dir`, in f32, and with the model in `out_dir` that was converted from
/// it. `progress` is called after every text with the number done.
///
/// # Errors
/// Those of [`Classifier::from_dir`] and [`Classifier::classify`], for either model.
pub fn verify(
    hf_dir: &Path,
    out_dir: &Path,
    texts: &[String],
    mut progress: impl FnMut(usize),
) -> Result<Agreement> {
    // Not `from_dir`, which would prefer a GGUF in the same folder.
    let (weights, name) = open(&hf_dir.join(folder::SAFETENSORS))?;
    let checkpoint = Classifier::load_as(
        &read(&hf_dir.join(folder::CONFIG))?,
        &read_tokenizer(hf_dir)?,
        weights,
        &name,
        Compute::Candle,
        Precision::Stored,
    )?;
    let quantized = Classifier::from_dir(out_dir, Classifier::default_compute(out_dir)?)?;
    let mut agreement = Agreement::new(checkpoint.problem_type());
    for text in texts {
        agreement.add(&checkpoint.classify(text)?, &quantized.classify(text)?);
        progress(agreement.texts);
    }
    Ok(agreement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(logits: &[f32]) -> Prediction {
        let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Prediction {
            label: logits.iter().position(|x| *x == best).unwrap(),
            scores: logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
            logits: logits.to_vec(),
            tokens: Vec::new(),
            token_count: 2,
            truncated_at: None,
            millis: 0.0,
        }
    }

    #[test]
    fn labels_and_logits_are_compared() {
        let mut agreement = Agreement::new(ProblemType::SingleLabel);
        for (one, other) in [
            ([1.0, -1.0], [1.5, -1.0]),
            ([0.1, 0.0], [0.0, 0.5]),
            ([2.0, 1.0], [2.0, 1.0]),
        ] {
            agreement.add(&prediction(&one), &prediction(&other));
        }
        assert_eq!((agreement.texts, agreement.same_label), (3, 2));
        assert_eq!((agreement.same_set, agreement.largest), (None, 0.5));
        assert!((agreement.mean() - 1.1 / 6.0).abs() < 1e-6);
    }

    #[test]
    fn sets_are_the_labels_above_one_half() {
        let mut agreement = Agreement::new(ProblemType::MultiLabel);
        for (one, other) in [
            // The same set, in another order.
            ([2.0, 1.0, -1.0], [1.0, 2.0, -1.0]),
            // One label more.
            ([2.0, 1.0, -0.1], [2.0, 1.0, 0.1]),
            // Both empty.
            ([-1.0, -2.0, -3.0], [-2.0, -3.0, -4.0]),
        ] {
            agreement.add(&prediction(&one), &prediction(&other));
        }
        assert_eq!((agreement.same_set, agreement.same_label), (Some(2), 2));
    }

    #[test]
    fn without_texts_the_mean_is_zero() {
        assert_eq!(Agreement::default().mean(), 0.0);
    }
}
