//! Architectures, one file a family.

pub mod bert;
