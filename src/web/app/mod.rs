//! The page: a field, and under it whether its text is positive or negative.
//!
//! `state` holds what is known, without a browser, and is tested natively; what is said about it is in
//! [`present`](crate::present). The rest are leptos components that show it.

#![allow(
    unreachable_pub,
    reason = "the component macro makes every component public, whatever it says"
)]

#[cfg(any(feature = "page", feature = "models"))]
pub mod route;
pub mod state;

#[cfg(feature = "page")]
mod about;
#[cfg(feature = "page")]
mod announce;
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
mod numbers;
#[cfg(feature = "page")]
mod offline;
#[cfg(feature = "page")]
mod shell;
#[cfg(feature = "page")]
mod signals;
#[cfg(feature = "page")]
mod verdict;

#[cfg(feature = "page")]
pub use shell::start;
