//! Windows: runs of whole sentences that a model reads as one text.

use std::ops::Range;

use super::ContentHash;

/// Runs of sentences with at most `budget` tokens each, in order; a sentence that has more stands alone. `hashes` and
/// `tokens` have one entry for each sentence, special tokens left out.
///
/// From half the budget on, one sentence of four ends its window, by its hash: so windows behind an edit soon begin where
/// they began before, and need not be read again.
pub fn windows(hashes: &[ContentHash], tokens: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut sum) = (0, 0_usize);
    for (at, (hash, &count)) in hashes.iter().zip(tokens).enumerate() {
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
    let end = hashes.len().min(tokens.len());
    if start < end {
        found.push(start..end);
    }
    found
}
