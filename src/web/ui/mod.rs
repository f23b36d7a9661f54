//! The page: a field, and under it how its text reads.
//!
//! `state` holds what is known, `words` and `reading` what is said about it: all three without a browser, and
//! tested natively. The rest are leptos components that show it.

#![allow(
    unreachable_pub,
    reason = "the component macro makes every component public, whatever it says"
)]

pub mod kept;
pub mod reading;
pub mod state;
pub mod words;

#[cfg(feature = "page")]
mod about;
#[cfg(feature = "page")]
mod announce;
#[cfg(feature = "page")]
mod app;
#[cfg(feature = "page")]
mod device;
#[cfg(feature = "page")]
mod examples;
#[cfg(feature = "page")]
mod field;
#[cfg(feature = "page")]
mod meter;
#[cfg(feature = "page")]
mod models;
#[cfg(feature = "page")]
mod offline;
#[cfg(feature = "page")]
mod verdict;

#[cfg(feature = "page")]
pub use app::start;
