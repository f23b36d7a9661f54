//! Evaluation: metrics on labelled texts, and the agreement of two models.

#[cfg(feature = "cli")]
pub mod agreement;
pub mod metrics;
