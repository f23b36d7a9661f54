//! What an edit did: which sentences of the old text are in the new one, and which were changed.

use std::collections::HashMap;
use std::hash::Hash;

/// What became of a sentence, by its indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is the same.
    Kept {
        /// Its index before.
        old: usize,
        /// Its index now.
        new: usize,
    },
    /// Another one stands in its place.
    Replaced {
        /// The index of what stood there.
        old: usize,
        /// The index of what stands there.
        new: usize,
    },
    /// It is new.
    Added {
        /// Its index now.
        new: usize,
    },
    /// It is gone.
    Removed {
        /// Its index before.
        old: usize,
    },
}

/// For each new sentence the old one that it is, as their hashes tell. What is kept is in order: of sentences that
/// changed places the fewest are called new.
pub fn kept<T: Copy + Eq + Hash>(old: &[T], new: &[T]) -> Vec<Option<usize>> {
    let mut kept = vec![None; new.len()];
    let same = |(one, other): &(&T, &T)| one == other;
    let front = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[front..], &new[front..]);
    let back = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(same)
        .count();
    for (at, slot) in kept.iter_mut().enumerate().take(front) {
        *slot = Some(at);
    }
    for at in 1..=back {
        kept[new.len() - at] = Some(old.len() - at);
    }

    // Between the two: the first of equal ones with the first, the second with the second.
    let mut places: HashMap<T, Vec<usize>> = HashMap::new();
    for at in (front..old.len() - back).rev() {
        places.entry(old[at]).or_default().push(at);
    }
    let pairs: Vec<(usize, usize)> = (front..new.len() - back)
        .filter_map(|at| Some((places.get_mut(&new[at])?.pop()?, at)))
        .collect();
    for (was, is) in longest_rising(&pairs) {
        kept[is] = Some(was);
    }
    kept
}

/// The longest row of pairs whose first numbers rise.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // By length: the pair with the smallest number that ends a row so long; and what comes before each pair.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].0 < pair.0);
        previous[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut row = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(pair) = at {
        row.push(pairs[pair]);
        at = previous[pair];
    }
    row.reverse();
    row
}

/// The whole edit, in the order of the new text: between two sentences that were kept, the first old one was replaced
/// by the first new one, and so on.
pub fn changes<T: Copy + Eq + Hash>(old: &[T], new: &[T]) -> Vec<Change> {
    let kept = kept(old, new);
    let mut changes = Vec::with_capacity(new.len());
    let (mut was, mut is) = (0, 0);
    let ends = kept
        .iter()
        .enumerate()
        .filter_map(|(new, old)| Some(((*old)?, new)));
    for (next_was, next_is) in ends.chain([(old.len(), new.len())]) {
        while was < next_was || is < next_is {
            changes.push(match (was < next_was, is < next_is) {
                (true, true) => Change::Replaced { old: was, new: is },
                (true, false) => Change::Removed { old: was },
                _ => Change::Added { new: is },
            });
            was += usize::from(was < next_was);
            is += usize::from(is < next_is);
        }
        if next_is < new.len() {
            changes.push(Change::Kept { old: was, new: is });
            was += 1;
            is += 1;
        }
    }
    changes
}
