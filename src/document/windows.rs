//! Windows: runs of whole sentences that a model reads as one text.

use std::ops::Range;

use super::ContentHash;

/// How long a window is at most, in bytes, unless it is one sentence: no tokenizer makes more than 510 tokens of so many,
/// and few words have fewer.
pub const WINDOW_BYTES: usize = 510;

/// Runs of sentences whose `lengths` add up to at most `budget`, in order; a sentence that has more stands alone. `hashes`
/// and `lengths` have one entry for each sentence.
///
/// From half the budget on, one sentence of four ends its window, by its hash: so windows behind an edit soon begin where
/// they began before, and need not be read again.
pub fn windows(hashes: &[ContentHash], lengths: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut sum) = (0, 0_usize);
    for (at, (hash, &count)) in hashes.iter().zip(lengths).enumerate() {
        if at > start && sum.saturating_add(count) > budget {
            found.push(start..at);
            (start, sum) = (at, 0);
        }
        sum = sum.saturating_add(count);
        if sum >= budget / 2 && hash.0.is_multiple_of(4) {
            found.push(start..at + 1);
            (start, sum) = (at + 1, 0);
        }
    }
    let end = hashes.len().min(lengths.len());
    if start < end {
        found.push(start..end);
    }
    found
}
