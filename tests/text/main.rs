//! Sentences, words, edits and offsets.

mod offsets;
