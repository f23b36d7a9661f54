//! How good a model is: its metrics against labels, and its agreement with another.

pub mod agreement;
pub mod metrics;
