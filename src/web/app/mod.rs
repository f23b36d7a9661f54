//! The page: a field, and under it what its text says; and beside it the models that can be used.
//!
//! `state` holds what is known, without a browser, and is tested natively; what is said about it is in
//! [`present`](crate::present). `session` is what every view works with, and the views are leptos components that show it.
//! `shell` puts them together.

#![allow(
    unreachable_pub,
    reason = "the component macro makes every component public, whatever it says"
)]

pub mod current;
pub mod pinned;
pub mod reading;
pub mod route;
pub mod state;
pub mod table_state;

#[cfg(feature = "page")]
mod about;
#[cfg(feature = "page")]
mod announce;
#[cfg(feature = "page")]
mod device;
#[cfg(feature = "page")]
mod examples;
#[cfg(feature = "page")]
mod meter;
#[cfg(feature = "page")]
mod models;
#[cfg(feature = "page")]
mod nav;
#[cfg(feature = "page")]
mod numbers;
#[cfg(feature = "page")]
mod offline;
#[cfg(feature = "page")]
mod session;
#[cfg(feature = "page")]
mod shell;
#[cfg(feature = "page")]
mod signals;
#[cfg(feature = "page")]
mod table;
#[cfg(feature = "page")]
mod text;
#[cfg(feature = "page")]
mod verdict;

#[cfg(feature = "page")]
pub use shell::start;
