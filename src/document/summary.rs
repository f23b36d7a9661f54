//! The verdict on a whole text, from those on its sentences.

use std::borrow::Cow;

use super::Verdict;
use crate::present::labels::Polarity;

/// How sentences are weighed against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// All the same.
    Equal,
    /// By their tokens.
    Length,
    /// By the highest of their scores.
    Confidence,
    /// By both.
    LengthAndConfidence,
}

impl Weight {
    /// The weight of a sentence with this verdict.
    pub fn of(self, verdict: &Verdict) -> f32 {
        // [CLS] and [SEP] say nothing.
        let length = verdict.tokens.saturating_sub(2).max(1) as f32;
        let confidence = verdict.scores.get(verdict.label).copied().unwrap_or(0.0);
        match self {
            Self::Equal => 1.0,
            Self::Length => length,
            Self::Confidence => confidence,
            Self::LengthAndConfidence => length * confidence,
        }
    }
}

/// How a text is summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// How sentences are weighed.
    pub weight: Weight,
    /// A text is mixed if its negative and its positive sentences both have this share of the weight.
    pub mixed_share: f32,
    /// Sentences count for that if they are at least so sure.
    pub min_confidence: f32,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            weight: Weight::Confidence,
            // On 700 texts put together from sentences of SST-3: 76 % of those with both sides are called mixed, and 9 % of the
            // others (public/models/minilm-sentiment/README.md).
            mixed_share: 0.15,
            min_confidence: 0.7,
        }
    }
}

/// The verdict on a whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As the class with this id.
    Class(usize),
    /// Negative here and positive there, and sure of both.
    Mixed,
}

impl Tone {
    /// Its class; for a mixed text the one with the highest of its `scores`.
    pub fn class(self, scores: &[f32]) -> usize {
        match self {
            Self::Class(class) => class,
            Self::Mixed => argmax(scores).unwrap_or_default(),
        }
    }
}

/// Shares of the weight of all sentences, by polarity, where that is sure enough.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shares {
    /// Of negative sentences.
    pub negative: f32,
    /// Of neutral ones.
    pub neutral: f32,
    /// Of positive ones.
    pub positive: f32,
}

/// The verdict on a whole text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// The label, or mixed; `None` until something has been read.
    pub tone: Option<Tone>,
    /// One probability for each label, averaged.
    pub scores: Vec<f32>,
    /// What its sentences are; zeros for a model whose labels have no polarity.
    pub shares: Shares,
    /// How many sentences have been read.
    pub read: usize,
    /// How many there are.
    pub total: usize,
}

/// The polarity of each label.
pub fn polarities(labels: &[String]) -> Vec<Polarity> {
    labels.iter().map(|label| Polarity::of(label)).collect()
}

/// The polarity of a verdict: the one that all of its classes together make most likely, and its probability. `None`
/// unless the model has negative labels and positive ones.
pub fn tone(scores: &[f32], polarities: &[Polarity]) -> Option<(Polarity, f32)> {
    let mut sums = [None; 3];
    for (polarity, score) in polarities.iter().zip(scores) {
        let side = match polarity {
            Polarity::Negative => &mut sums[0],
            Polarity::Neutral => &mut sums[1],
            Polarity::Positive => &mut sums[2],
            Polarity::Other => continue,
        };
        *side = Some(side.unwrap_or(0.0) + score);
    }
    let [negative, neutral, positive] = sums;
    let (negative, positive) = (negative?, positive?);
    let sides = [
        (Polarity::Negative, negative),
        (Polarity::Positive, positive),
        (Polarity::Neutral, neutral.unwrap_or(0.0)),
    ];
    sides
        .into_iter()
        .max_by(|one, other| one.1.total_cmp(&other.1))
}

/// The weighted mean of scores; empty where there are none.
pub fn average<S: AsRef<[f32]>>(scores: impl IntoIterator<Item = (f32, S)>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    let mut total = 0.0;
    for (weight, scores) in scores {
        let scores = scores.as_ref();
        sum.resize(sum.len().max(scores.len()), 0.0);
        for (sum, score) in sum.iter_mut().zip(scores) {
            *sum += weight * score;
        }
        total += weight;
    }
    if total > 0.0 {
        for sum in &mut sum {
            *sum /= total;
        }
    }
    sum
}

/// The class with the highest score, the first of equal ones.
fn argmax(scores: &[f32]) -> Option<usize> {
    let classes = (0..scores.len()).rev();
    classes.max_by(|&one, &other| scores[one].total_cmp(&scores[other]))
}

/// The weighted mean of the scores of sentences.
pub(super) fn mean<'a>(sentences: impl IntoIterator<Item = &'a Verdict>, rule: &Rule) -> Vec<f32> {
    let weighed = sentences
        .into_iter()
        .map(|v| (rule.weight.of(v), v.scores.as_slice()));
    average(weighed)
}

/// Sums up what was read of a text: of `windows` the length and the scores, empty where nothing is known.
pub(super) fn summarize<'a>(
    sentences: impl Iterator<Item = &'a Verdict>,
    windows: impl Iterator<Item = (f32, Cow<'a, [f32]>)>,
    labels: &[String],
    is_multi_label: bool,
    rule: &Rule,
) -> Summary {
    let polarities = polarities(labels);
    let mut shares = Shares::default();
    let mut total = 0.0;
    for verdict in sentences {
        let weight = rule.weight.of(verdict);
        total += weight;
        let Some((polarity, confidence)) = tone(&verdict.scores, &polarities) else {
            continue;
        };
        if confidence < rule.min_confidence || is_multi_label {
            continue;
        }
        match polarity {
            Polarity::Negative => shares.negative += weight,
            Polarity::Neutral => shares.neutral += weight,
            Polarity::Positive => shares.positive += weight,
            Polarity::Other => {}
        }
    }
    if total > 0.0 {
        for share in [
            &mut shares.negative,
            &mut shares.neutral,
            &mut shares.positive,
        ] {
            *share /= total;
        }
    }
    let scores = average(windows.filter(|(_, scores)| !scores.is_empty()));
    let is_mixed =
        shares.negative.min(shares.positive) >= rule.mixed_share && rule.mixed_share > 0.0;
    let tone = argmax(&scores).map(|class| {
        if is_mixed {
            Tone::Mixed
        } else {
            Tone::Class(class)
        }
    });
    Summary {
        tone,
        scores,
        shares,
        ..Summary::default()
    }
}
