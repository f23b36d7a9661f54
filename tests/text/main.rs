//! Sentences, words, edits and offsets.

mod edits;
mod golden_rules;
mod languages;
mod offsets;
mod sentences;
mod treebanks;
mod words;

use live_sentiment::text::sentences::sentences;

/// The sentences of a text, as text.
fn split(text: &str) -> Vec<&str> {
    sentences(text)
        .into_iter()
        .map(|range| &text[range])
        .collect()
}
