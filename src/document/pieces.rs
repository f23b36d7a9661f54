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

/// Which part of a text an edit has replaced, in bytes: what is before and behind is as it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edited {
    /// Where it begins, ...
    start: usize,
    /// ... where it ends now, ...
    end: usize,
    /// ... and where it ended before.
    old_end: usize,
}

impl Edited {
    /// What is not the same in two texts.
    pub(super) fn between(old: &str, new: &str) -> Self {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let start = common_start(old, new);
        let back = common_end(&old[start..], &new[start..]);
        Self {
            start,
            end: new.len() - back,
            old_end: old.len() - back,
        }
    }
}

/// So many bytes are compared at once, which is many times faster.
const STRETCH: usize = 256;

/// How many bytes are the same at the beginning of two texts.
fn common_start(one: &[u8], other: &[u8]) -> usize {
    let stretches = one.chunks_exact(STRETCH).zip(other.chunks_exact(STRETCH));
    let same = stretches.take_while(|(one, other)| one == other).count() * STRETCH;
    let rest = one[same..].iter().zip(&other[same..]);
    same + rest.take_while(|(one, other)| one == other).count()
}

/// How many bytes are the same at the end of two texts.
fn common_end(one: &[u8], other: &[u8]) -> usize {
    let stretches = one.rchunks_exact(STRETCH).zip(other.rchunks_exact(STRETCH));
    let same = stretches.take_while(|(one, other)| one == other).count() * STRETCH;
    let rest = |text: &[u8]| text.len() - same;
    let ends = one[..rest(one)]
        .iter()
        .rev()
        .zip(other[..rest(other)].iter().rev());
    same + ends.take_while(|(one, other)| one == other).count()
}

/// The hashes of old pieces that an edit has left as they were. To hash a long text takes longer than all else that an edit
/// asks for.
pub(super) struct Known<'a> {
    old: std::iter::Peekable<std::slice::Iter<'a, Piece>>,
    edited: Edited,
}

impl<'a> Known<'a> {
    pub(super) fn new(old: &'a [Piece], edited: Edited) -> Self {
        Self {
            old: old.iter().peekable(),
            edited,
        }
    }

    /// The hash of what is at `range` now. To be asked in the order of the text.
    pub(super) fn hash(&mut self, range: &Range<usize>) -> Option<ContentHash> {
        let Edited {
            start,
            end,
            old_end,
        } = self.edited;
        let before = if range.end <= start {
            range.clone()
        } else if range.start >= end {
            range.start - end + old_end..range.end - end + old_end
        } else {
            return None;
        };
        while self
            .old
            .next_if(|old| old.range.start < before.start)
            .is_some()
        {}
        let old = self.old.peek()?;
        (old.range == before).then_some(old.hash)
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
