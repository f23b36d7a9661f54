//! Pieces of a text that are read at once, and what an edit makes of them.

use std::ops::Range;

use super::{ByHash, ContentHash, Job, State, Verdict};
use crate::text::edits::{Change, changes};
use crate::types::Prediction;

/// How many earlier versions of a piece are remembered, in case one is answered: the worker has one at a time.
const MAX_EARLIER: usize = 8;

/// A sentence, a part of one, or a window.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Where it is, in bytes.
    pub(super) range: Range<usize>,
    /// The same as UTF-16 indices.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) hash: ContentHash,
    /// The verdict on the last version of it that was read.
    pub(super) before: Option<Verdict>,
    /// Versions since then, oldest first.
    earlier: Vec<ContentHash>,
}

impl Piece {
    pub(super) fn new(range: Range<usize>, hash: ContentHash) -> Self {
        Self {
            range,
            start: 0,
            end: 0,
            hash,
            before: None,
            earlier: Vec::new(),
        }
    }

    pub(super) fn job(&self, text: &str, is_window: bool) -> Job {
        Job {
            hash: self.hash,
            text: text[self.range.clone()].to_owned(),
            is_window,
        }
    }
}

/// Hands what is known about old pieces on to those that take their place.
pub(super) fn carry(old: Vec<Piece>, new: &mut [Piece], states: &ByHash<State>) {
    let hashes = |pieces: &[Piece]| -> Vec<ContentHash> { pieces.iter().map(|p| p.hash).collect() };
    let changes = changes(&hashes(&old), &hashes(new));
    let mut old: Vec<_> = old.into_iter().map(Some).collect();
    for change in changes {
        let (from, to) = match change {
            Change::Kept { old, new } | Change::Replaced { old, new } => (old, new),
            Change::Added { .. } | Change::Removed { .. } => continue,
        };
        let Some(from) = old[from].take() else {
            continue;
        };
        let to = &mut new[to];
        match states.get(&from.hash) {
            Some(State::Read(verdict)) if from.hash != to.hash => to.before = Some(verdict.clone()),
            _ => {
                to.before = from.before;
                to.earlier = from.earlier;
                if from.hash != to.hash {
                    to.earlier.push(from.hash);
                }
                let surplus = to.earlier.len().saturating_sub(MAX_EARLIER);
                to.earlier.drain(..surplus);
            }
        }
    }
}

/// Takes the answer to an earlier version of a piece.
pub(super) fn resolve_earlier(pieces: &mut [Piece], hash: ContentHash, prediction: &Prediction) {
    for piece in pieces {
        if let Some(at) = piece.earlier.iter().position(|&earlier| earlier == hash) {
            piece.before = Some(Verdict::from(prediction));
            piece.earlier.drain(..=at);
        }
    }
}
