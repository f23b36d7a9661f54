//! What there is to classify of a table, and what has become of it: identical texts once, texts of a like length together,
//! and a text that fails alone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Table;
use super::cells::{Kind, Row};
use crate::document::ContentHash;
use crate::types::table::Progress;

/// So many texts are looked at for those of a like length: results appear about in the order of the rows.
const WINDOW: usize = 512;

/// A text of a job, however many rows hold it. Texts are numbered in the order of their first rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u32);

/// Of rows without a text.
const NO_TEXT: u32 = u32::MAX;

/// What has become of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome<'a> {
    /// It has no text.
    Empty,
    /// It has yet to be read.
    Waiting,
    /// It could not be read; why, as a sentence.
    Failed(&'a str),
    /// It was read.
    Read(Reading<'a>),
}

/// How a text reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<'a> {
    /// Class id of the highest score.
    pub label: usize,
    /// One probability for each label.
    pub scores: &'a [f32],
    /// Whether only its beginning was read.
    pub is_truncated: bool,
}

impl Reading<'_> {
    /// The probability of the label.
    pub fn confidence(&self) -> f32 {
        self.scores.get(self.label).copied().unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Sent,
    Read { label: u16, is_truncated: bool },
    Failed,
}

/// The texts of a column.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// The text of each row.
    texts: Vec<u32>,
    /// The first row of each text.
    rows: Vec<u32>,
    /// How many rows hold each text.
    counts: Vec<u32>,
    states: Vec<State>,
    /// Of each text, `classes` in a row.
    scores: Vec<f32>,
    classes: usize,
    /// The next texts by length, the shortest last.
    window: Vec<TextId>,
    /// The first text that is in no window yet.
    next: usize,
    /// To be read alone.
    alone: VecDeque<TextId>,
    failures: HashMap<TextId, String>,
    corrections: BTreeMap<usize, usize>,
    progress: Progress,
}

impl Job {
    /// The texts in `column`, for a model with so many labels.
    pub fn new(table: &Table, column: usize, classes: usize) -> Self {
        let mut job = Self {
            classes,
            ..Self::default()
        };
        let mut known = HashMap::new();
        for (number, row) in table.rows().enumerate() {
            let text = text(row, column);
            if text.is_empty() {
                job.texts.push(NO_TEXT);
                job.progress.empty += 1;
                continue;
            }
            let next = job.rows.len() as u32;
            let id = *known.entry(ContentHash::of("", text)).or_insert(next);
            if id == next {
                job.rows.push(number as u32);
                job.counts.push(0);
            } else {
                job.progress.repeated += 1;
            }
            job.counts[id as usize] += 1;
            job.texts.push(id);
        }
        job.progress.rows = job.texts.len();
        job.states = vec![State::Waiting; job.rows.len()];
        job.scores = vec![0.0; job.rows.len() * classes];
        job
    }

    /// How many different texts there are.
    pub fn text_count(&self) -> usize {
        self.rows.len()
    }

    /// The first row that holds a text.
    pub fn first_row(&self, id: TextId) -> usize {
        self.rows.get(id.0 as usize).map_or(0, |&row| row as usize)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The next texts to read together, at most so many and of so many bytes in all, but at least one; none once all are
    /// sent. `length` gives a text's bytes.
    pub fn next(
        &mut self,
        most: usize,
        most_bytes: usize,
        length: impl Fn(usize) -> usize,
    ) -> Vec<TextId> {
        while let Some(id) = self.alone.pop_front() {
            if self.send(id) {
                return vec![id];
            }
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        loop {
            if self.window.is_empty() {
                self.fill(&length);
            }
            let Some(&id) = self.window.last() else {
                return batch;
            };
            let more = length(self.first_row(id));
            if !batch.is_empty() && (batch.len() >= most || bytes + more > most_bytes) {
                return batch;
            }
            self.window.pop();
            if self.send(id) {
                batch.push(id);
                bytes += more;
            }
        }
    }

    fn fill(&mut self, length: impl Fn(usize) -> usize) {
        while self.window.len() < WINDOW && self.next < self.states.len() {
            if self.states[self.next] == State::Waiting {
                self.window.push(TextId(self.next as u32));
            }
            self.next += 1;
        }
        let rows = &self.rows;
        let key = |id: &TextId| std::cmp::Reverse(length(rows[id.0 as usize] as usize));
        self.window.sort_by_cached_key(key);
    }

    /// Whether a text still has to be read; if so, it is sent.
    fn send(&mut self, id: TextId) -> bool {
        let state = &mut self.states[id.0 as usize];
        let is_waiting = *state == State::Waiting;
        if is_waiting {
            *state = State::Sent;
        }
        is_waiting
    }

    /// A text was read. Its label is the first of the highest scores.
    pub fn answer(&mut self, id: TextId, scores: &[f32], is_truncated: bool) {
        let at = id.0 as usize;
        let Some(state) = self.states.get_mut(at) else {
            return;
        };
        if matches!(state, State::Read { .. } | State::Failed) || scores.len() != self.classes {
            return;
        }
        let highest = scores
            .iter()
            .enumerate()
            .rev()
            .max_by(|a, b| a.1.total_cmp(b.1));
        *state = State::Read {
            label: highest.map_or(0, |(label, _)| label as u16),
            is_truncated,
        };
        self.scores[at * self.classes..][..self.classes].copy_from_slice(scores);
        self.progress.read += self.counts[at] as usize;
    }

    /// A text cannot be read.
    pub fn fail(&mut self, id: TextId, why: impl Into<String>) {
        let at = id.0 as usize;
        if let Some(state) = self.states.get_mut(at)
            && matches!(state, State::Waiting | State::Sent)
        {
            *state = State::Failed;
            self.failures.insert(id, why.into());
            self.progress.failed += self.counts[at] as usize;
        }
    }

    /// These texts could not be read. One of several may be to blame, so each is read alone; one alone is.
    pub fn failed(&mut self, ids: &[TextId], why: &str) {
        if let [id] = ids {
            return self.fail(*id, why);
        }
        self.put_back(ids);
        self.alone.extend(ids);
    }

    /// These texts were sent, and will not be answered.
    pub fn put_back(&mut self, ids: &[TextId]) {
        for &id in ids {
            if let Some(state) = self.states.get_mut(id.0 as usize)
                && *state == State::Sent
            {
                *state = State::Waiting;
                self.window.push(id);
            }
        }
    }

    /// What has become of a row.
    pub fn outcome(&self, row: usize) -> Outcome<'_> {
        let id = match self.texts.get(row) {
            Some(&id) if id != NO_TEXT => TextId(id),
            _ => return Outcome::Empty,
        };
        match self.reading(id) {
            Some(reading) => Outcome::Read(reading),
            None => match self.failures.get(&id) {
                Some(why) => Outcome::Failed(why),
                None => Outcome::Waiting,
            },
        }
    }

    /// How a text reads, if it was read.
    pub fn reading(&self, id: TextId) -> Option<Reading<'_>> {
        let at = id.0 as usize;
        match *self.states.get(at)? {
            State::Read {
                label,
                is_truncated,
            } => Some(Reading {
                label: label.into(),
                scores: &self.scores[at * self.classes..][..self.classes],
                is_truncated,
            }),
            _ => None,
        }
    }

    /// A person says what a row is, or takes that back.
    pub fn correct(&mut self, row: usize, label: Option<usize>) {
        match label {
            Some(label) => _ = self.corrections.insert(row, label),
            None => _ = self.corrections.remove(&row),
        }
    }

    /// What a person has said that a row is.
    pub fn correction(&self, row: usize) -> Option<usize> {
        self.corrections.get(&row).copied()
    }

    /// The label of a row: a person's, or else the model's.
    pub fn label(&self, row: usize) -> Option<usize> {
        self.correction(row).or(match self.outcome(row) {
            Outcome::Read(reading) => Some(reading.label),
            _ => None,
        })
    }
}

/// The text of a row, without the blanks around it.
pub fn text(row: Row<'_>, column: usize) -> &str {
    match row.get(column) {
        Some(cell) if cell.kind == Kind::Json && cell.text == "null" => "",
        Some(cell) => cell.text.trim(),
        None => "",
    }
}
