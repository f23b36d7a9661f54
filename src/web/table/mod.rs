//! The table of the page: what it says to the worker that holds it, and that worker. A table is read, filtered and saved
//! there, so that the page stays free; the model's workers classify its texts.

#[cfg(feature = "table_worker")]
mod file;
#[cfg(feature = "table_worker")]
mod kept;
pub mod protocol;
#[cfg(feature = "table_worker")]
mod shown;
#[cfg(feature = "table_worker")]
mod worker;

#[cfg(feature = "table_worker")]
pub use worker::run;
