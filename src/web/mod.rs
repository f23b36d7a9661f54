//! Everything that touches the browser: the worker that holds the model, the client that talks to it, and the page.

pub mod address;
#[cfg(feature = "api")]
pub mod api;
pub mod app;
pub mod client;
#[cfg(feature = "browser")]
pub mod codec;
#[cfg(feature = "client")]
mod dom;
#[cfg(feature = "browser")]
mod exception;
pub mod library;
#[cfg(feature = "browser")]
pub mod network_log;
pub mod protocol;
pub mod table;
#[cfg(feature = "worker")]
pub mod worker;
