//! What can be said about a text without a model. Needs no browser, and may be linked into the page.

pub mod offsets;

pub use offsets::Offsets;
