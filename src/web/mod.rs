//! Everything that touches the browser.

#[cfg(feature = "page")]
pub mod client;
#[cfg(any(feature = "page", test))]
mod mailbox;
#[cfg(feature = "page")]
pub mod probe;
#[cfg(feature = "worker")]
mod store;
#[cfg(feature = "worker")]
pub mod worker;
