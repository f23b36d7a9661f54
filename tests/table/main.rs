//! Tables: sniffing, reading, jobs, summaries, saving. Files are made here, as programs write them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_files;
mod job;
mod made;
mod reading;
mod round_trip;
mod sniffing;
mod summary;

use std::io::Cursor;

use live_sentiment::Result;
use live_sentiment::table::{Table, read, sniff};

/// Reads a file as it is sniffed.
pub(crate) fn table(bytes: impl Into<Vec<u8>>) -> Result<Table> {
    let mut file = Cursor::new(bytes.into());
    let layout = sniff(&mut file, "file")?;
    read(&mut file, "file", &layout, |_| true)
}

/// All cells of a table, its header first.
pub(crate) fn cells(table: &Table) -> Vec<Vec<String>> {
    table.sample(usize::MAX)
}
