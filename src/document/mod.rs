//! A text of any length as sentences with verdicts. An edit asks only for what it changed, and no verdict stands beside
//! another text: jobs and answers are named by their content.

mod cut;
mod summary;
mod windows;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use summary::{Rule, Shares, Summary, Tone, Weight, average, tone};
pub use windows::windows;

use crate::text::Offsets;
use crate::text::sentences::sentences;
use crate::types::Prediction;

/// Answers are kept beyond this many only for what the text holds, so that undoing costs nothing.
const MAX_KEPT: usize = 4096;

/// Names a text and the model that is to read it. Two texts with one name are as unlikely as a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub u64);

impl ContentHash {
    /// The name of `text` for the model that `model` names.
    pub fn of(model: &str, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (model, text).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// A text to score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What the answer must be given with.
    pub hash: ContentHash,
    /// The text.
    pub text: String,
}

/// What is kept of a [`Prediction`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Class id of the highest score.
    pub label: usize,
    /// One probability for each label.
    pub scores: Vec<f32>,
    /// How many tokens were read, special tokens included.
    pub tokens: usize,
}

/// A sentence as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceView<'a> {
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index behind its last code unit.
    pub end: usize,
    /// Its name.
    pub hash: ContentHash,
    /// How it reads, once that is known.
    pub verdict: Option<&'a Verdict>,
    /// Whether it could not be read.
    pub failed: bool,
}

#[derive(Debug, Clone)]
struct Sentence {
    range: Range<usize>,
    hash: ContentHash,
}

#[derive(Debug, Clone)]
enum State {
    Waiting,
    Read(Verdict),
    Failed,
    /// Longer than the model reads at once: its halves are read instead.
    TooLong,
}

/// A text, its sentences, and what is known about them.
///
/// Sentences too long for the model are cut in parts, which count as sentences from then on.
#[derive(Debug, Clone, Default)]
pub struct Document {
    model: String,
    text: String,
    sentences: Vec<Sentence>,
    /// Runs of sentences that are read together.
    windows: Vec<Sentence>,
    states: HashMap<ContentHash, State>,
}

impl Document {
    /// An empty document for the model that `model` names. Another name for each file of weights will do.
    pub fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            ..Self::default()
        }
    }

    /// The text as it stands.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Puts `text` in the place of the old one. What is returned is to be scored: what the text did not hold before, in
    /// its order. Answers to older jobs are still welcome. Windows have to be set anew.
    pub fn edit(&mut self, text: &str) -> Vec<Job> {
        text.clone_into(&mut self.text);
        self.windows.clear();
        self.sentences.clear();
        for range in sentences(text) {
            for part in cut::parts(text, range) {
                self.add(part);
            }
        }
        self.forget();
        ask(&mut self.states, &self.text, &self.sentences)
    }

    /// Goes on with another model: all is to be scored anew, but for what that model has read already.
    pub fn switch_model(&mut self, model: &str) -> Vec<Job> {
        model.clone_into(&mut self.model);
        let text = std::mem::take(&mut self.text);
        self.edit(&text)
    }

    /// Takes an answer. One that no job of this text and model waits for is left aside. What is returned is to be
    /// scored as well: the halves of a sentence that was too long.
    pub fn resolve(&mut self, hash: ContentHash, prediction: &Prediction) -> Vec<Job> {
        let Some(state) = self.states.get_mut(&hash) else {
            return Vec::new();
        };
        if !matches!(state, State::Waiting | State::Failed) {
            return Vec::new();
        }
        if prediction.truncated_at.is_some()
            && let Some(sentence) = self.sentences.iter().find(|s| s.hash == hash)
            && cut::halves(&self.text, &sentence.range).is_some()
        {
            *state = State::TooLong;
            for sentence in std::mem::take(&mut self.sentences) {
                self.add(sentence.range);
            }
            self.windows.clear();
            return ask(&mut self.states, &self.text, &self.sentences);
        }
        *state = State::Read(Verdict {
            label: prediction.label,
            scores: prediction.scores.clone(),
            tokens: prediction.token_count,
        });
        Vec::new()
    }

    /// Notes that a text could not be read.
    pub fn fail(&mut self, hash: ContentHash) {
        if let Some(state @ State::Waiting) = self.states.get_mut(&hash) {
            *state = State::Failed;
        }
    }

    /// All that waits for an answer or has failed, to be sent again: after a crash nothing that was read is lost.
    pub fn pending(&mut self) -> Vec<Job> {
        for state in self.states.values_mut() {
            if matches!(state, State::Failed) {
                *state = State::Waiting;
            }
        }
        let mut seen = HashSet::new();
        self.sentences
            .iter()
            .chain(&self.windows)
            .filter(|sentence| matches!(self.states.get(&sentence.hash), Some(State::Waiting)))
            .filter(|sentence| seen.insert(sentence.hash))
            .map(|sentence| sentence.job(&self.text))
            .collect()
    }

    /// Whether a job's answer is still of use, so that a queue can drop what is not.
    pub fn is_wanted(&self, hash: ContentHash) -> bool {
        matches!(self.states.get(&hash), Some(State::Waiting))
    }

    /// How many sentences have been read, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let is_read = |s: &&Sentence| self.verdict(s.hash).is_some();
        (
            self.sentences.iter().filter(is_read).count(),
            self.sentences.len(),
        )
    }

    /// The sentences in their order, with what is known about them.
    pub fn view(&self) -> Vec<SentenceView<'_>> {
        let offsets = Offsets::new(&self.text);
        self.sentences
            .iter()
            .map(|sentence| SentenceView {
                start: offsets.utf16(sentence.range.start),
                end: offsets.utf16(sentence.range.end),
                hash: sentence.hash,
                verdict: self.verdict(sentence.hash),
                failed: matches!(self.states.get(&sentence.hash), Some(State::Failed)),
            })
            .collect()
    }

    /// The names of the sentences in their order, for [`crate::text::edits`].
    pub fn hashes(&self) -> Vec<ContentHash> {
        self.sentences
            .iter()
            .map(|sentence| sentence.hash)
            .collect()
    }

    /// Groups the sentences into windows of at most `budget` tokens, to be read as one text each. `tokens` has the
    /// tokens of each sentence, special ones left out. What is returned is to be scored; windows that stood in an older
    /// text are known already.
    ///
    /// Returns nothing and sets no windows where `tokens` is not of this text.
    pub fn set_windows(&mut self, tokens: &[usize], budget: usize) -> Vec<Job> {
        self.windows.clear();
        if tokens.len() != self.sentences.len() {
            return Vec::new();
        }
        for run in windows(&self.hashes(), tokens, budget) {
            let range =
                self.sentences[run.start].range.start..self.sentences[run.end - 1].range.end;
            // A sentence that is too long is no answer to a window of its halves.
            let hash = if run.len() == 1 {
                self.sentences[run.start].hash
            } else {
                ContentHash::of(&(self.model.clone() + " window"), &self.text[range.clone()])
            };
            self.windows.push(Sentence { range, hash });
        }
        ask(&mut self.states, &self.text, &self.windows)
    }

    /// The verdict on the whole text, as far as it has been read. `labels` are the model's, in its order. Probabilities
    /// come from the windows once all of them have been read, and from the sentences otherwise.
    pub fn summary(&self, labels: &[String], is_multi_label: bool, rule: &Rule) -> Summary {
        let known = |texts: &[Sentence]| -> Vec<&Verdict> {
            texts
                .iter()
                .filter_map(|text| self.verdict(text.hash))
                .collect()
        };
        let windows = known(&self.windows);
        let windows = if windows.len() == self.windows.len() {
            windows
        } else {
            Vec::new()
        };
        let (read, total) = self.progress();
        Summary {
            read,
            total,
            ..summary::summarize(
                &known(&self.sentences),
                &windows,
                labels,
                is_multi_label,
                rule,
            )
        }
    }

    fn verdict(&self, hash: ContentHash) -> Option<&Verdict> {
        match self.states.get(&hash) {
            Some(State::Read(verdict)) => Some(verdict),
            _ => None,
        }
    }

    /// Adds a sentence, or its halves where it is known to be too long.
    fn add(&mut self, range: Range<usize>) {
        let hash = ContentHash::of(&self.model, &self.text[range.clone()]);
        if let Some(State::TooLong) = self.states.get(&hash)
            && let Some((first, second)) = cut::halves(&self.text, &range)
        {
            self.add(first);
            self.add(second);
        } else {
            self.sentences.push(Sentence { range, hash });
        }
    }

    /// Forgets jobs for what is no longer in the text, and where much is known, answers too.
    fn forget(&mut self) {
        let current: HashSet<_> = self.sentences.iter().map(|s| s.hash).collect();
        let is_full = self.states.len() > MAX_KEPT + 2 * current.len();
        self.states.retain(|hash, state| match state {
            State::Waiting | State::Failed => current.contains(hash),
            State::Read(_) => !is_full || current.contains(hash),
            // Whole sentences, of which the text has the halves.
            State::TooLong => !is_full,
        });
    }
}

impl Sentence {
    fn job(&self, text: &str) -> Job {
        Job {
            hash: self.hash,
            text: text[self.range.clone()].to_owned(),
        }
    }
}

/// Jobs for what nothing is known about, each text once.
fn ask(states: &mut HashMap<ContentHash, State>, text: &str, sentences: &[Sentence]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for sentence in sentences {
        states.entry(sentence.hash).or_insert_with(|| {
            jobs.push(sentence.job(text));
            State::Waiting
        });
    }
    jobs
}
