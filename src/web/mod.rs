//! Everything that touches the browser.

#[cfg(any(feature = "browser", test))]
pub mod address;
#[cfg(feature = "api")]
pub mod api;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "page", feature = "models"))]
pub mod link;
#[cfg(any(feature = "client", test))]
#[cfg_attr(
    not(feature = "client"),
    expect(
        unreachable_pub,
        reason = "the client exports them, and native tests are built without it"
    )
)]
mod mailbox;
#[cfg(feature = "browser")]
pub mod message;
#[cfg(feature = "models")]
pub mod models;
#[cfg(feature = "browser")]
pub mod probe;
#[cfg(feature = "client")]
mod program;
#[cfg(feature = "browser")]
pub mod requests;
#[cfg(feature = "worker")]
pub mod store;
#[cfg(any(feature = "page", feature = "api", feature = "models", test))]
pub mod ui;
#[cfg(feature = "worker")]
pub mod worker;
