//! Pieces of a text that are read at once, and what an edit makes of them.

use std::ops::Range;
use std::rc::Rc;

use super::{ContentHash, Job, State, Verdict};
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
    /// What is known about its text.
    pub(super) state: State,
    /// The verdict on the last version of it that was read.
    pub(super) before: Option<Rc<Verdict>>,
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
            state: State::Waiting,
            before: None,
            earlier: Vec::new(),
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    /// The verdict on it.
    pub(super) fn known(&self) -> Option<&Verdict> {
        match &self.state {
            State::Read(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The verdict on it, or on the version before.
    pub(super) fn latest(&self) -> Option<&Verdict> {
        self.known().or(self.before.as_deref())
    }

    /// Takes the place of another.
    fn replaces(&mut self, other: Self) {
        match other.state {
            State::Read(verdict) if other.hash != self.hash => self.before = Some(verdict),
            _ => {
                self.before = other.before;
                self.earlier = other.earlier;
                if other.hash != self.hash {
                    self.earlier.push(other.hash);
                }
                let surplus = self.earlier.len().saturating_sub(MAX_EARLIER);
                self.earlier.drain(..surplus);
            }
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

/// What an edit did to the pieces of a text.
pub(super) struct Edit {
    /// The new pieces that are not those of before.
    pub(super) changed: Range<usize>,
    /// Pieces that are gone from where they were.
    pub(super) gone: Vec<ContentHash>,
}

/// Hands what is known about old pieces on to those that take their place. The work beyond comparing hashes is that of the
/// pieces that changed.
pub(super) fn carry(mut old: Vec<Piece>, new: &mut [Piece]) -> Edit {
    let is_same = |(one, other): &(&Piece, &Piece)| one.hash == other.hash;
    let front = old.iter().zip(&*new).take_while(is_same).count();
    let ends = old[front..].iter().rev().zip(new[front..].iter().rev());
    let back = ends.take_while(is_same).count();
    let changed = front..new.len() - back;
    let behind = old.split_off(old.len() - back);
    let middle = old.split_off(front);
    let kept = old
        .into_iter()
        .zip(0..)
        .chain(behind.into_iter().zip(changed.end..));
    for (from, at) in kept {
        let to = &mut new[at];
        (to.state, to.before, to.earlier) = (from.state, from.before, from.earlier);
    }

    let hashes = |pieces: &[Piece]| -> Vec<ContentHash> { pieces.iter().map(|p| p.hash).collect() };
    let gone = hashes(&middle);
    let mut middle: Vec<_> = middle.into_iter().map(Some).collect();
    let new = &mut new[changed.clone()];
    for change in changes(&gone, &hashes(new)) {
        let (from, to) = match change {
            Change::Kept { old, new } | Change::Replaced { old, new } => (old, new),
            Change::Added { .. } | Change::Removed { .. } => continue,
        };
        if let Some(from) = middle[from].take() {
            new[to].replaces(from);
        }
    }
    Edit { changed, gone }
}

/// Takes the answer to an earlier version of a piece.
pub(super) fn resolve_earlier(pieces: &mut [Piece], hash: ContentHash, prediction: &Prediction) {
    for piece in pieces {
        if let Some(at) = piece.earlier.iter().position(|&earlier| earlier == hash) {
            piece.before = Some(Rc::new(Verdict::from(prediction)));
            piece.earlier.drain(..=at);
        }
    }
}
