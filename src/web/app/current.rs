//! The sentence at the caret: its own verdict, and the reasons of it.

use super::reading::Sentence;
use crate::document::{ContentHash, Document, polarities, tone};
use crate::explain::{Reason, leave_out};
use crate::present::labels::Polarity;
use crate::present::meter::Meter;
use crate::text::Offsets;
use crate::types::ModelInfo;

/// How many words are listed, the strongest ones.
pub const MAX_LISTED_REASONS: usize = 6;

/// A sentence with everything that is shown of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// Its place among the sentences.
    pub index: usize,
    /// How many sentences there are.
    pub total: usize,
    /// The id of its text.
    pub hash: ContentHash,
    /// Its text.
    pub text: String,
    /// Its probabilities; empty until they are known.
    pub meter: Meter,
    /// Whether they are those of an earlier version.
    pub is_stale: bool,
    /// Whether it could not be read.
    pub is_failed: bool,
    /// Its words in order; `None` until the reasons are known.
    pub reasons: Option<Vec<Word>>,
}

/// A word of a sentence, or a negation with its word.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// UTF-16 index of its first code unit in the sentence.
    pub start: usize,
    /// UTF-16 index after its last code unit in the sentence.
    pub end: usize,
    /// What the probability of the sentence's label loses without it.
    pub weight: f32,
    /// What it speaks for.
    pub polarity: Polarity,
}

/// A sentence without some of its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The words.
    pub left_out: Vec<String>,
    /// The verdict with them.
    pub before: Meter,
    /// The verdict without them, once it is known.
    pub after: Option<Meter>,
}

impl Word {
    /// Its weight in points of probability, rounded.
    pub fn points(&self) -> i32 {
        (self.weight * 100.0).round() as i32
    }
}

/// The index of the sentence that a caret at the UTF-16 index `caret` is in, or else comes after.
pub fn sentence_at(sentences: &[Sentence], caret: usize) -> Option<usize> {
    let begun = sentences.partition_point(|sentence| sentence.start <= caret);
    match begun {
        0 if sentences.is_empty() => None,
        0 => Some(0),
        // Right before the next one, as the caret is after a click on its first letter.
        begun => Some(begun - 1),
    }
}

impl Current {
    /// The sentence with this index, for a model with these labels.
    pub fn new(
        document: &Document,
        index: usize,
        info: &ModelInfo,
        reasons: impl FnOnce(ContentHash) -> Option<Vec<Reason>>,
    ) -> Option<Self> {
        let total = document.progress().1;
        let view = document.view().nth(index)?;
        let meter = view.verdict.map(|verdict| {
            Meter::new(
                &info.labels,
                info.multi_label,
                &verdict.scores,
                verdict.label,
            )
        });
        let polarity = view.verdict.and_then(|verdict| {
            let has_polarity =
                tone(&verdict.scores, &polarities(&info.labels)).is_some() && !info.multi_label;
            has_polarity.then(|| {
                info.labels
                    .get(verdict.label)
                    .map(|label| Polarity::of(label))
            })?
        });
        let reasons = if view.is_stale {
            None
        } else {
            reasons(view.hash)
        };
        Some(Self {
            index,
            total,
            hash: view.hash,
            text: view.text.to_owned(),
            meter: meter.unwrap_or_else(|| Meter::without_scores(&info.labels, info.multi_label)),
            is_stale: view.is_stale || view.verdict.is_none(),
            is_failed: view.is_failed,
            reasons: reasons.map(|reasons| words(view.text, reasons, polarity)),
        })
    }

    /// The words that carry the verdict, strongest first. Those of less than a point are left out, and of less than a tenth
    /// of the strongest. There are none of a sentence of one word, which carries all of it.
    pub fn strongest(&self) -> Vec<&Word> {
        let mut words: Vec<_> = self.reasons.iter().flatten().collect();
        if words.len() < 2 {
            return Vec::new();
        }
        words.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
        let least = words.first().map_or(0.0, |word| word.weight.abs() / 10.0);
        words.retain(|word| word.points() != 0 && word.weight.abs() >= least);
        words.truncate(MAX_LISTED_REASONS);
        words
    }

    /// The text without some of its words, which are ranges of UTF-16 indices in rising order.
    pub fn without(&self, left_out: &[(usize, usize)]) -> String {
        leave_out(&self.text, left_out)
    }
}

fn words(text: &str, reasons: Vec<Reason>, polarity: Option<Polarity>) -> Vec<Word> {
    let offsets = Offsets::new(text);
    let word = |reason: Reason| {
        let range = offsets.utf8(reason.start)..offsets.utf8(reason.end);
        Word {
            text: text.get(range).unwrap_or_default().to_owned(),
            start: reason.start,
            end: reason.end,
            weight: reason.weight,
            polarity: match polarity {
                Some(Polarity::Negative) if reason.weight < 0.0 => Polarity::Positive,
                Some(Polarity::Positive) if reason.weight < 0.0 => Polarity::Negative,
                Some(polarity) if reason.weight > 0.0 => polarity,
                _ => Polarity::Other,
            },
        }
    };
    reasons.into_iter().map(word).collect()
}
