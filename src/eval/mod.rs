//! Evaluation: metrics on labelled texts, and the agreement of two models.

pub mod agreement;
pub mod metrics;
