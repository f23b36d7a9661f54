//! The page's end of the line to the worker: which worker this browser can run, how it is started, and which request it
//! gets next.

pub mod deadline;
#[cfg(feature = "client")]
mod driver;
#[cfg(feature = "page")]
mod early;
#[cfg(feature = "client")]
mod handle;
#[cfg(feature = "client")]
pub(in crate::web) mod launch;
#[cfg(feature = "page")]
pub(in crate::web) mod one_shot;
pub mod pool;
#[cfg(feature = "browser")]
pub mod probe;
pub mod queue;
pub mod reader;

#[cfg(feature = "client")]
pub use driver::Driver;
#[cfg(feature = "client")]
pub use handle::Client;
#[cfg(feature = "client")]
pub use launch::Options;
pub use queue::Event;
