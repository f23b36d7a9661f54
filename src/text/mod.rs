//! What can be said about a text without a model: its sentences and words, what an edit changed, and where a place
//! in it is for JavaScript. Needs no browser, and may be linked into the page.

mod abbreviations;
mod before;
mod blocks;
mod chars;
pub mod edits;
mod lines;
mod lists;
mod next;
pub mod offsets;
pub mod sentences;
pub mod words;

pub use offsets::Offsets;
