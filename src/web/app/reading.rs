//! What the page shows of a text: made of its [`Document`] whenever something about that changes.

use crate::document::{ContentHash, Document, Rule, SentenceView, Tone, polarities, tone};
use crate::present::format::{Amount, Write, count};
use crate::present::labels::{CONFIDENCE_THRESHOLD, Polarity};
use crate::present::meter::Meter;
use crate::present::notes::{Unknown, unknown};
use crate::types::{Failure, ModelInfo};

/// The text, as far as it has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The text is empty or blank.
    pub is_blank: bool,
    /// The answer on show.
    pub answer: Option<Answer>,
    /// Why nothing of the text could be read.
    pub refused: Option<Failure>,
    /// Rises with each edit.
    revision: u64,
    /// When the last edit was made, in milliseconds.
    at: f64,
}

/// An answer as it is shown. Its size does not grow with the number of labels or sentences.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The revision of the text that it is for.
    pub revision: u64,
    /// Whether that has been read completely; otherwise a part of the answer is older, or missing.
    pub is_complete: bool,
    /// The most likely labels.
    pub meter: Meter,
    /// Whether praise and complaint stand beside each other.
    pub is_mixed: bool,
    /// The sentences by their polarity.
    pub counts: Counts,
    /// How many tokens were read.
    pub tokens: usize,
    /// What the model does not know.
    pub unknown: Option<Unknown>,
    /// From the last keystroke to the verdict on what it changed, in milliseconds.
    pub latency: Option<f64>,
}

/// How many sentences there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All of them.
    pub total: usize,
    /// Those that were read, or could not be.
    pub done: usize,
    /// Those that could not be read.
    pub failed: usize,
    /// Negative ones.
    pub negative: usize,
    /// Neutral ones, and those that the model is not sure of.
    pub neutral: usize,
    /// Positive ones.
    pub positive: usize,
}

/// A sentence as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index after its last code unit.
    pub end: usize,
    /// The id of its text.
    pub hash: ContentHash,
    /// What it is; `None` until it is known.
    pub rating: Option<Rating>,
    /// Whether the rating is that of an earlier version.
    pub is_stale: bool,
    /// Whether it could not be read.
    pub is_failed: bool,
}

/// The verdict on a sentence in short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// Class id of the most likely label.
    pub label: usize,
    /// Its probability.
    pub score: f32,
    /// The polarity that all labels together make most likely; `Other` for a model whose labels have none.
    pub polarity: Polarity,
    /// The probability of that.
    pub confidence: f32,
}

impl Rating {
    /// Whether it is likely enough to say so.
    pub fn is_sure(&self) -> bool {
        self.score >= CONFIDENCE_THRESHOLD
    }
}

impl Sentence {
    /// The sentences of a document as they are shown.
    pub fn all(document: &Document, info: &ModelInfo) -> Vec<Self> {
        let polarities = if info.multi_label {
            Vec::new()
        } else {
            polarities(&info.labels)
        };
        document
            .view()
            .map(|view| Self::new(&view, &polarities))
            .collect()
    }

    fn new(view: &SentenceView, polarities: &[Polarity]) -> Self {
        let rating = view.verdict.map(|verdict| {
            let score = verdict.scores.get(verdict.label).copied();
            let tone = tone(&verdict.scores, polarities);
            let (polarity, confidence) = tone.unwrap_or((Polarity::Other, 0.0));
            Rating {
                label: verdict.label,
                score: score.unwrap_or_default(),
                polarity,
                confidence,
            }
        });
        Self {
            start: view.start,
            end: view.end,
            hash: view.hash,
            rating,
            is_stale: view.is_stale,
            is_failed: view.is_failed,
        }
    }

    /// Its polarity, if it is sure.
    pub fn polarity(&self) -> Option<Polarity> {
        let rating = self.rating.filter(Rating::is_sure)?;
        (rating.polarity != Polarity::Other).then_some(rating.polarity)
    }
}

impl Counts {
    /// `2 positive, 1 negative and 3 neutral sentences.`, or how far reading is.
    pub fn sentence(&self, write: Write) -> String {
        let number = |n: usize| write(Amount::number(n as u64));
        let sentences = count(self.total, "sentence", write);
        if self.done < self.total {
            return number(self.done) + " of " + &sentences + " read.";
        }
        let failed = if self.failed > 0 {
            " ".to_owned() + &number(self.failed) + " could not be read."
        } else {
            String::new()
        };
        if self.positive + self.negative + self.neutral == 0 {
            return sentences + "." + &failed;
        }
        sentences
            + ": "
            + &number(self.positive)
            + " positive, "
            + &number(self.negative)
            + " negative, "
            + &number(self.neutral)
            + " neutral or not sure."
            + &failed
    }

    fn of(sentences: &[Sentence], done: usize) -> Self {
        let mut counts = Self {
            total: sentences.len(),
            done,
            ..Self::default()
        };
        for sentence in sentences {
            counts.failed += usize::from(sentence.is_failed);
            if let Some(rating) = sentence.rating {
                match sentence.polarity() {
                    Some(Polarity::Negative) => counts.negative += 1,
                    Some(Polarity::Positive) => counts.positive += 1,
                    _ if rating.polarity == Polarity::Other => {}
                    _ => counts.neutral += 1,
                }
            }
        }
        counts
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            is_blank: true,
            answer: None,
            refused: None,
            revision: 0,
            at: 0.0,
        }
    }
}

impl Reading {
    /// The number of the newest text.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The text was changed at the time `at`, in milliseconds.
    pub fn edit(&mut self, is_blank: bool, at: f64) {
        self.revision += 1;
        self.at = at;
        self.is_blank = is_blank;
        self.refused = None;
        if is_blank {
            self.answer = None;
        }
    }

    /// Another model takes over.
    pub fn switch(&mut self) {
        self.answer = None;
        self.refused = None;
    }

    /// What was written while the model loaded counts as written now.
    pub fn ready(&mut self, at: f64) {
        self.at = at;
    }

    /// Something of the text could not be read.
    pub fn failed(&mut self, failure: Failure) {
        self.refused = Some(failure);
    }

    /// Shows what is known of the text at the time `at`. `sentences` are those of the document.
    pub fn show(&mut self, document: &Document, sentences: &[Sentence], info: &ModelInfo, at: f64) {
        if self.is_blank {
            return;
        }
        let summary = document.summary(&info.labels, info.multi_label, &Rule::default());
        let counts = Counts::of(sentences, summary.read);
        if counts.failed < counts.total {
            self.refused = None;
        }
        let Some(top) = summary.tone.map(|tone| tone.class(&summary.scores)) else {
            self.answer = None;
            return;
        };
        let is_first = |shown: &&Answer| shown.revision == self.revision && shown.latency.is_some();
        let latency = match self.answer.as_ref().filter(is_first) {
            Some(shown) => shown.latency,
            None => (counts.done == counts.total).then_some(at - self.at),
        };
        let current = document.view().filter(|sentence| !sentence.is_stale);
        let verdicts = current.filter_map(|sentence| Some((sentence.text, sentence.verdict?)));
        let (mut tokens, mut unknowns) = (0, Vec::new());
        for (text, verdict) in verdicts {
            tokens += verdict.tokens;
            if !verdict.unknown.is_empty() {
                unknowns.push((text, verdict.unknown.as_slice()));
            }
        }
        self.answer = Some(Answer {
            revision: self.revision,
            is_complete: document.is_complete(),
            meter: Meter::new(&info.labels, info.multi_label, &summary.scores, top),
            is_mixed: summary.tone == Some(Tone::Mixed),
            counts,
            tokens,
            unknown: unknown(unknowns),
            latency,
        });
    }
}

impl Answer {
    /// The most likely label.
    pub fn label(&self) -> Option<&str> {
        if self.is_mixed {
            return Some("mixed");
        }
        Some(self.meter.top()?.label.as_str())
    }

    /// Whether it is likely enough to say so.
    pub fn is_sure(&self) -> bool {
        self.is_mixed || self.meter.is_sure()
    }
}
