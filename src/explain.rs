//! Reasons for a verdict, by occlusion: each word is left out in turn, and what the verdict loses is the word's weight.
//! No model here: the caller scores the variants.
//!
//! Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 3.2, for words as Li,
//! Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure".

use std::ops::Range;

use crate::text::Offsets;
use crate::text::words::words_with_negations;

/// Longer sentences have their words grouped into so many runs.
const MAX_UNITS: usize = 48;

/// A word, or a negation with its word, and what the verdict owes to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index after its last code unit.
    pub end: usize,
    /// What the label's probability loses without it: positive if it speaks for the label, negative if against it.
    pub weight: f32,
}

/// The reasons of one verdict, while its variants are scored.
#[derive(Debug, Clone)]
pub struct Occlusion {
    label: usize,
    score: f32,
    /// UTF-16 ranges of what is left out.
    units: Vec<(usize, usize)>,
    variants: Vec<String>,
    answers: Vec<Option<f32>>,
}

impl Occlusion {
    /// Of the verdict `label`, a class id, on `text`, with the probability `score`.
    pub fn new(text: &str, label: usize, score: f32) -> Self {
        let words = words_with_negations(text);
        let run = words.len().div_ceil(MAX_UNITS).max(1);
        let runs = words.chunks(run);
        let units: Vec<Range<usize>> = runs
            .filter_map(|run| Some(run.first()?.start..run.last()?.end))
            .collect();
        let offsets = Offsets::new(text);
        let variants: Vec<String> = units.iter().map(|unit| without(text, unit)).collect();
        Self {
            label,
            score,
            units: units
                .iter()
                .map(|unit| (offsets.utf16(unit.start), offsets.utf16(unit.end)))
                .collect(),
            answers: vec![None; variants.len()],
            variants,
        }
    }

    /// The text without each of its words, in order: to be scored, each as a text of its own.
    pub fn variants(&self) -> &[String] {
        &self.variants
    }

    /// Takes the scores of the variant with this index. Returns whether all are known now.
    pub fn answer(&mut self, index: usize, scores: &[f32]) -> bool {
        if let Some(answer) = self.answers.get_mut(index) {
            *answer = Some(scores.get(self.label).copied().unwrap_or_default());
        }
        self.is_done()
    }

    /// Whether all variants were scored.
    pub fn is_done(&self) -> bool {
        self.answers.iter().all(Option::is_some)
    }

    /// The reasons in the order of the text, once all variants were scored.
    pub fn reasons(&self) -> Option<Vec<Reason>> {
        let units = self.units.iter().zip(&self.answers);
        units
            .map(|(&(start, end), answer)| {
                Some(Reason {
                    start,
                    end,
                    weight: self.score - (*answer)?,
                })
            })
            .collect()
    }
}

fn without(text: &str, unit: &Range<usize>) -> String {
    let (before, behind) = (&text[..unit.start], &text[unit.end..]);
    if before.ends_with(char::is_whitespace) || before.is_empty() {
        before.to_owned() + behind.trim_start()
    } else {
        before.to_owned() + behind
    }
}
