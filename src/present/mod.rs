//! What is said to people, the same in the page, the element and the command line. No browser here, so that it is
//! tested natively.

pub mod direction;
pub mod facts;
pub mod failures;
pub mod format;
pub mod labels;
pub mod meter;
pub mod notes;
