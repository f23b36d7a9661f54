//! A text of any length as sentences with verdicts. An edit asks only for what it changed, and no verdict stands beside
//! another text: jobs and answers are named by their content.

mod cut;
mod pieces;
mod summary;
mod windows;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

pub use summary::{Rule, Shares, Summary, Tone, Weight, average, polarities, tone};
pub use windows::{WINDOW_BYTES, windows};

use crate::text::Offsets;
use crate::text::sentences::Segmenter;
use crate::types::Prediction;
use pieces::{Edited, Known, Piece};

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

/// [`ContentHash`] is a hash already.
#[derive(Debug, Clone, Default)]
struct SameHasher(u64);

impl Hasher for SameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type ByHash<T> = HashMap<ContentHash, T, BuildHasherDefault<SameHasher>>;

/// A text to score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What the answer must be given with.
    pub hash: ContentHash,
    /// The text.
    pub text: String,
    /// Whether it is a window rather than a sentence.
    pub is_window: bool,
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
    /// Words and symbols that the model does not know, as UTF-16 indices into the text that was read.
    pub unknown: Vec<(usize, usize)>,
}

impl From<&Prediction> for Verdict {
    fn from(prediction: &Prediction) -> Self {
        let unknown = prediction.tokens.iter().filter(|token| token.unknown);
        Self {
            label: prediction.label,
            scores: prediction.scores.clone(),
            tokens: prediction.token_count,
            unknown: unknown.map(|token| (token.start, token.end)).collect(),
        }
    }
}

/// A sentence as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceView<'a> {
    /// UTF-16 index of its first code unit.
    pub start: usize,
    /// UTF-16 index after its last code unit.
    pub end: usize,
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// Its text.
    pub text: &'a str,
    /// The id of its text.
    pub hash: ContentHash,
    /// Its verdict, or until that is known the one on what stood in its place.
    pub verdict: Option<&'a Verdict>,
    /// Whether the verdict is on an earlier version of the sentence.
    pub is_stale: bool,
    /// Whether it could not be read.
    pub is_failed: bool,
}

#[derive(Debug, Clone)]
enum State {
    Waiting,
    Read(Rc<Verdict>),
    Failed,
    /// Longer than the model reads at once: its halves are read instead.
    TooLong,
}

/// A text, its sentences, and what is known about them.
///
/// Sentences too long for the model are cut in parts, which count as sentences from then on. Neighbours are read together
/// as well, in windows, which decide on the verdict on the whole.
#[derive(Debug, Clone, Default)]
pub struct Document {
    model: String,
    text: String,
    segmenter: Segmenter,
    sentences: Vec<Piece>,
    /// Runs of sentences that are read together.
    windows: Vec<Piece>,
    states: ByHash<State>,
}

impl Document {
    /// An empty document for the model that `model` identifies.
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

    /// Replaces the text. Returns what is to be scored: what the text did not hold before, sentences first, then windows.
    pub fn edit(&mut self, text: &str) -> Vec<Job> {
        let edited = Edited::between(&self.text, text);
        text.clone_into(&mut self.text);
        let mut pieces = Vec::new();
        let mut known = Known::new(&self.sentences, edited);
        for range in self.segmenter.sentences(text) {
            if range.len() <= cut::MAX_WHOLE {
                self.add(range, &mut known, &mut pieces);
                continue;
            }
            for part in cut::parts(text, range) {
                self.add(part, &mut known, &mut pieces);
            }
        }
        self.replace(pieces, edited)
    }

    /// Continues with another model: everything is to be scored again, except what that model has read already.
    pub fn switch_model(&mut self, model: &str) -> Vec<Job> {
        model.clone_into(&mut self.model);
        self.sentences.clear();
        self.windows.clear();
        let is_known = |state: &State| matches!(state, State::Read(_) | State::TooLong);
        self.states.retain(|_, state| is_known(state));
        let text = std::mem::take(&mut self.text);
        self.edit(&text)
    }

    /// Takes an answer. One to an earlier version of a sentence is shown in its place until a newer one arrives; any
    /// other that is not waited for is ignored. Returns what is to be scored as well: the halves of a sentence that was
    /// too long.
    pub fn resolve(&mut self, hash: ContentHash, prediction: &Prediction) -> Vec<Job> {
        let Some(state) = self.states.get_mut(&hash) else {
            for pieces in [&mut self.sentences, &mut self.windows] {
                pieces::resolve_earlier(pieces, hash, prediction);
            }
            return Vec::new();
        };
        if !matches!(state, State::Waiting | State::Failed) {
            return Vec::new();
        }
        let sentence = self.sentences.iter().find(|piece| piece.hash == hash);
        if prediction.truncated_at.is_some()
            && sentence.is_none_or(|piece| cut::halves(&self.text, &piece.range).is_some())
        {
            *state = State::TooLong;
            // A window counts by its sentences then.
            if sentence.is_none() {
                self.show(hash);
                return Vec::new();
            }
            let edited = Edited::between(&self.text, &self.text);
            let mut pieces = Vec::new();
            let mut known = Known::new(&self.sentences, edited);
            for sentence in &self.sentences {
                self.add(sentence.range.clone(), &mut known, &mut pieces);
            }
            return self.replace(pieces, edited);
        }
        *state = State::Read(Rc::new(Verdict::from(prediction)));
        self.show(hash);
        Vec::new()
    }

    /// Has the pieces with this hash show its state.
    fn show(&mut self, hash: ContentHash) {
        if let Some(state) = self.states.get(&hash) {
            let pieces = self.sentences.iter_mut().chain(&mut self.windows);
            for piece in pieces.filter(|piece| piece.hash == hash) {
                piece.state = state.clone();
            }
        }
    }

    /// Notes that a text could not be read. Returns whether it was waited for.
    pub fn fail(&mut self, hash: ContentHash) -> bool {
        let Some(state @ State::Waiting) = self.states.get_mut(&hash) else {
            return false;
        };
        *state = State::Failed;
        self.show(hash);
        true
    }

    /// Everything that waits for an answer or has failed, to be sent again: after a crash nothing that was read is lost.
    pub fn pending(&mut self) -> Vec<Job> {
        let pieces = self.sentences.iter_mut().chain(&mut self.windows);
        let pieces = pieces.map(|piece| &mut piece.state);
        for state in self.states.values_mut().chain(pieces) {
            if matches!(state, State::Failed) {
                *state = State::Waiting;
            }
        }
        let mut seen = HashSet::new();
        self.sentences
            .iter()
            .map(|piece| (piece, false))
            .chain(self.windows.iter().map(|piece| (piece, true)))
            .filter(|(piece, _)| piece.is_waiting() && seen.insert(piece.hash))
            .map(|(piece, is_window)| piece.job(&self.text, is_window))
            .collect()
    }

    /// Whether a job's answer is still of use, so that a queue can drop what is not.
    pub fn is_wanted(&self, hash: ContentHash) -> bool {
        matches!(self.states.get(&hash), Some(State::Waiting))
    }

    /// Whether everything in the text has been read, or could not be.
    pub fn is_complete(&self) -> bool {
        let mut pieces = self.sentences.iter().chain(&self.windows);
        !pieces.any(Piece::is_waiting)
    }

    /// How many windows there are.
    pub fn window_count(&self) -> usize {
        self.windows.len()
    }

    /// How many sentences there are.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// How many sentences have been read or could not be, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let waiting = self.sentences.iter().filter(|piece| piece.is_waiting());
        (self.sentences.len() - waiting.count(), self.sentences.len())
    }

    /// The sentences in their order, with what is known about them.
    pub fn view(&self) -> impl Iterator<Item = SentenceView<'_>> {
        self.sentences.iter().map(|piece| SentenceView {
            start: piece.start,
            end: piece.end,
            range: piece.range.clone(),
            text: &self.text[piece.range.clone()],
            hash: piece.hash,
            verdict: piece.latest(),
            is_stale: piece.known().is_none() && piece.before.is_some(),
            is_failed: matches!(piece.state, State::Failed),
        })
    }

    /// The ids of the sentences in their order, for [`crate::text::edits`].
    pub fn hashes(&self) -> Vec<ContentHash> {
        self.sentences.iter().map(|piece| piece.hash).collect()
    }

    /// The verdict on the whole text, as far as it has been read. `labels` are the model's, in its order. Probabilities
    /// are those of the windows, weighed by length; a window that is not read yet counts by its sentences.
    pub fn summary(&self, labels: &[String], is_multi_label: bool, rule: &Rule) -> Summary {
        let sentences = self.sentences.iter().filter_map(Piece::latest);
        let mut rest = self.sentences.as_slice();
        let windows = self.windows.iter().map(|window| {
            let inside = rest.partition_point(|sentence| sentence.range.end <= window.range.end);
            let (own, behind) = rest.split_at(inside);
            rest = behind;
            let scores = match window.latest() {
                Some(verdict) => Cow::Borrowed(verdict.scores.as_slice()),
                None => summary::mean(own.iter().filter_map(Piece::latest), rule).into(),
            };
            (window.range.len() as f32, scores)
        });
        let (read, total) = self.progress();
        Summary {
            read,
            total,
            ..summary::summarize(sentences, windows, labels, is_multi_label, rule)
        }
    }

    /// Adds a sentence, or its halves where it is known to be too long.
    fn add(&self, range: Range<usize>, known: &mut Known<'_>, pieces: &mut Vec<Piece>) {
        let hash = self.hash(&range, known);
        if let Some(State::TooLong) = self.states.get(&hash)
            && let Some((first, second)) = cut::halves(&self.text, &range)
        {
            self.add(first, known, pieces);
            self.add(second, known, pieces);
        } else {
            pieces.push(Piece::new(range, hash));
        }
    }

    fn hash(&self, range: &Range<usize>, known: &mut Known<'_>) -> ContentHash {
        let new = || ContentHash::of(&self.model, &self.text[range.clone()]);
        known.hash(range).unwrap_or_else(new)
    }

    /// Puts these sentences, and the windows that follow from them, in the place of the old ones.
    fn replace(&mut self, sentences: Vec<Piece>, edited: Edited) -> Vec<Job> {
        let windows = self.windows_of(&sentences, edited);
        let offsets = Offsets::new(&self.text);
        let mut edits = Vec::new();
        for (old, mut new) in [
            (&mut self.sentences, sentences),
            (&mut self.windows, windows),
        ] {
            for piece in &mut new {
                piece.start = offsets.utf16(piece.range.start);
                piece.end = offsets.utf16(piece.range.end);
            }
            edits.push(pieces::carry(std::mem::take(old), &mut new));
            *old = new;
        }
        for hash in edits.iter().flat_map(|edit| &edit.gone) {
            self.forget(*hash);
        }
        self.forget_all_but_current();
        let mut jobs = Vec::new();
        let all = [(&mut self.sentences, false), (&mut self.windows, true)];
        for ((pieces, is_window), edit) in all.into_iter().zip(edits) {
            for piece in &mut pieces[edit.changed] {
                let state = self.states.entry(piece.hash).or_insert_with(|| {
                    jobs.push(piece.job(&self.text, is_window));
                    State::Waiting
                });
                piece.state = state.clone();
            }
        }
        jobs
    }

    fn windows_of(&self, sentences: &[Piece], edited: Edited) -> Vec<Piece> {
        let mut known = Known::new(&self.windows, edited);
        let hashes: Vec<_> = sentences.iter().map(|piece| piece.hash).collect();
        let lengths: Vec<_> = sentences.iter().map(|piece| piece.range.len()).collect();
        let window = |run: Range<usize>| {
            let range = sentences[run.start].range.start..sentences[run.end - 1].range.end;
            let hash = self.hash(&range, &mut known);
            Piece::new(range, hash)
        };
        windows(&hashes, &lengths, WINDOW_BYTES)
            .into_iter()
            .map(window)
            .collect()
    }

    /// Forgets a job for what is no longer in the text.
    fn forget(&mut self, hash: ContentHash) {
        let is_open = matches!(self.states.get(&hash), Some(State::Waiting | State::Failed));
        let mut pieces = self.sentences.iter().chain(&self.windows);
        if is_open && !pieces.any(|piece| piece.hash == hash) {
            self.states.remove(&hash);
        }
    }

    /// Where much is known, forgets answers too.
    fn forget_all_but_current(&mut self) {
        let pieces = self.sentences.iter().chain(&self.windows);
        if self.states.len() > MAX_KEPT + 2 * (self.sentences.len() + self.windows.len()) {
            let current: ByHash<()> = pieces.map(|piece| (piece.hash, ())).collect();
            self.states.retain(|hash, _| current.contains_key(hash));
        }
    }
}
