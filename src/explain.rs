//! Reasons for a verdict, by occlusion: each word is left out in turn, and what the verdict loses is the word's weight.
//! No model here: the caller scores the variants.
//!
//! Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 3.2, for words as Li,
//! Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure".

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
        // Runs of neighbours of as equal a length as can be.
        let runs = words.len().min(MAX_UNITS);
        let bound = |run: usize| run * words.len() / runs;
        let offsets = Offsets::new(text);
        let units: Vec<_> = (0..runs)
            .map(|run| {
                let (first, last) = (&words[bound(run)], &words[bound(run + 1) - 1]);
                (offsets.utf16(first.start), offsets.utf16(last.end))
            })
            .collect();
        let variants: Vec<String> = match units.as_slice() {
            // Without its only word there is nothing to score.
            [_] => Vec::new(),
            units => units.iter().map(|&unit| leave_out(text, &[unit])).collect(),
        };
        Self {
            label,
            score,
            answers: vec![None; variants.len()],
            units,
            variants,
        }
    }

    /// The text without each of its words, in order: to be scored, each as a text of its own. A text of one word has none: the
    /// whole verdict is that word's.
    pub fn variants(&self) -> &[String] {
        &self.variants
    }

    /// Takes the scores of the variant with this index; ignores those of a model that lacks the label. Returns whether all are
    /// known now.
    pub fn answer(&mut self, index: usize, scores: &[f32]) -> bool {
        if let Some((answer, &score)) = self.answers.get_mut(index).zip(scores.get(self.label)) {
            *answer = Some(score);
        }
        self.is_done()
    }

    /// Whether all variants were scored.
    pub fn is_done(&self) -> bool {
        self.answers.iter().all(Option::is_some)
    }

    /// The reasons in the order of the text, once all variants were scored.
    pub fn reasons(&self) -> Option<Vec<Reason>> {
        if let [(start, end)] = self.units[..] {
            let weight = self.score;
            return Some(vec![Reason { start, end, weight }]);
        }
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

/// A text without some of its words, which are ranges of UTF-16 indices in rising order. What only stood between them and their
/// neighbours goes too: one of two blanks, one of two commas, empty brackets.
///
/// ```
/// # use live_sentiment::explain::leave_out;
/// assert_eq!(leave_out("Slow, dull, long.", &[(6, 10)]), "Slow, long.");
/// ```
pub fn leave_out(text: &str, words: &[(usize, usize)]) -> String {
    let offsets = Offsets::new(text);
    let mut words = words
        .iter()
        .map(|&(start, end)| (offsets.utf8(start), offsets.utf8(end)));
    let Some((start, mut at)) = words.next() else {
        return text.to_owned();
    };
    let mut left = text[..start].to_owned();
    for (start, end) in words {
        if start >= at {
            join(&mut left, &text[at..start]);
            at = end;
        }
    }
    join(&mut left, &text[at..]);
    left
}

/// Appends what comes after a word that was left out.
fn join(left: &mut String, mut right: &str) {
    const COMMAS: [char; 6] = [',', ';', ':', '،', '、', '，'];
    const STOPS: [char; 4] = ['.', '!', '?', '…'];
    const BRACKETS: [(char, char); 5] =
        [('(', ')'), ('[', ']'), ('“', '”'), ('"', '"'), ('«', '»')];
    loop {
        let (before, behind) = (left.trim_end(), right.trim_start());
        let surrounds =
            |&(open, close): &(char, char)| before.ends_with(open) && behind.starts_with(close);
        if before.is_empty() && behind.starts_with(|c| COMMAS.contains(&c) || STOPS.contains(&c))
            || before.ends_with(COMMAS) && behind.starts_with(COMMAS)
        {
            right = behind.trim_start_matches(|c| {
                COMMAS.contains(&c) || before.is_empty() && STOPS.contains(&c)
            });
        } else if BRACKETS.iter().any(surrounds) {
            right = behind
                .get(behind.chars().next().map_or(0, char::len_utf8)..)
                .unwrap_or_default();
            left.truncate(before.len());
            left.pop();
        } else {
            break;
        }
    }
    let is_mark = right.starts_with(|c| COMMAS.contains(&c) || STOPS.contains(&c));
    if left.trim_end().is_empty() || is_mark || right.trim_start().is_empty() {
        left.truncate(left.trim_end().len());
    }
    let is_spaced = left.is_empty() || left.ends_with(char::is_whitespace);
    left.push_str(if is_spaced { right.trim_start() } else { right });
}
