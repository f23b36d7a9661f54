//! How far a quantized model agrees with the checkpoint it was made of.

use std::path::Path;

use crate::Result;
use crate::classifier::Classifier;
use crate::layers::Compute;
use crate::model::config::ProblemType;
use crate::model::dir::{open, read, read_tokenizer};
use crate::model::weights::Precision;
use crate::types::Prediction;

/// How far two models agree on the same texts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Agreement {
    /// Texts that both have read.
    pub texts: usize,
    /// Of these, texts of which both have the same label first.
    pub same_label: usize,
    /// Of these, texts of which both give more than one half to the same labels; `None` where only one label holds.
    pub same_set: Option<usize>,
    /// The largest difference of a logit.
    pub largest: f32,
    /// The sum of all differences, and how many there are.
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

    /// Counts a text.
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

    /// The mean difference of a logit.
    pub fn mean(&self) -> f64 {
        self.sum / self.logits.max(1) as f64
    }
}

/// Lets the checkpoint in `hf_dir`, in f32, and the model in `out_dir` that was made of it read the same texts. `progress`
/// hears of every text: how many were read.
///
/// # Errors
/// What is wrong with either of them.
pub fn verify(
    hf_dir: &Path,
    out_dir: &Path,
    texts: &[String],
    mut progress: impl FnMut(usize),
) -> Result<Agreement> {
    // Not `from_dir`, which would prefer a GGUF that is there too.
    let (weights, name) = open(&hf_dir.join("model.safetensors"))?;
    let checkpoint = Classifier::load_as(
        &read(&hf_dir.join("config.json"))?,
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
    fn sets_are_those_over_one_half() {
        let mut agreement = Agreement::new(ProblemType::MultiLabel);
        for (one, other) in [
            // The same two, in another order.
            ([2.0, 1.0, -1.0], [1.0, 2.0, -1.0]),
            // One more.
            ([2.0, 1.0, -0.1], [2.0, 1.0, 0.1]),
            // None of them.
            ([-1.0, -2.0, -3.0], [-2.0, -3.0, -4.0]),
        ] {
            agreement.add(&prediction(&one), &prediction(&other));
        }
        assert_eq!((agreement.same_set, agreement.same_label), (Some(2), 2));
    }

    #[test]
    fn no_texts_differ_by_nothing() {
        assert_eq!(Agreement::default().mean(), 0.0);
    }
}
