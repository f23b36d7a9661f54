//! What watches over the reading of a file: its bounds, what was odd about it, and its errors.

use std::fmt;

use super::cells::Cells;
use super::{MAX_CELLS, MAX_ROWS};
use crate::{Error, Result};

/// The column of lines that should be JSON and are not.
pub(super) const UNREAD: &str = "unread";

/// What was odd about a file, and what was done about it. Rows are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A quote in this row never closes.
    UnclosedQuote(usize),
    /// Some bytes are no characters of the file's encoding.
    OtherEncoding,
    /// So many lines are no JSON, the first of them with this number, from 1. They stand in a column of their own.
    NotJson(usize, usize),
    /// A JSON array breaks off, or goes on as something else, in this line, from 1.
    BrokenOff(usize),
    /// So many cells hold a formula, but no value.
    NoValues(usize),
    /// So many sheets are hidden.
    HiddenSheets(usize),
    /// The file has more rows than are read.
    TooManyRows,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnclosedQuote(row) => write!(
                f,
                "A quotation mark in row {} is never closed, so from there on quotation marks are read as they stand.",
                row + 1
            ),
            Self::OtherEncoding => f.write_str(
                "Some characters are not of this encoding and are shown as \u{fffd}: try another encoding.",
            ),
            Self::NotJson(1, line) => write!(
                f,
                "Line {line} is not JSON: it stands as it is in the column {}.",
                UNREAD
            ),
            Self::NotJson(lines, first) => write!(
                f,
                "{lines} lines are not JSON, the first of them line {first}: they stand as they are in the column {}.",
                UNREAD
            ),
            Self::BrokenOff(line) => write!(
                f,
                "The file breaks off in line {line}: the rows before it are read."
            ),
            Self::NoValues(1) => f.write_str(
                "One cell holds a formula without a value: open the file in a spreadsheet program and save it.",
            ),
            Self::NoValues(cells) => write!(
                f,
                "{cells} cells hold formulas without values: open the file in a spreadsheet program and save it."
            ),
            Self::HiddenSheets(1) => f.write_str("One sheet is hidden."),
            Self::HiddenSheets(sheets) => write!(f, "{sheets} sheets are hidden."),
            Self::TooManyRows => write!(f, "Only the first {MAX_ROWS} rows are read."),
        }
    }
}

/// Watches over the reading of a file: its bounds, and whether to go on.
pub(super) struct Guard<'a> {
    name: &'a str,
    wants_more: &'a mut dyn FnMut(&Cells) -> bool,
    is_full: bool,
}

impl<'a> Guard<'a> {
    pub(super) fn new(name: &'a str, wants_more: &'a mut dyn FnMut(&Cells) -> bool) -> Self {
        Self {
            name,
            wants_more,
            is_full: false,
        }
    }

    /// Whether to go on after a row was read.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if there are too many cells.
    pub(super) fn allows(&mut self, cells: &Cells) -> Result<bool> {
        if cells.count() > MAX_CELLS {
            return Err(self.refuse(format!(
                "it has more than {MAX_CELLS} cells, which is more than can be held at once: split it"
            )));
        }
        self.is_full = cells.len() > MAX_ROWS;
        Ok(!self.is_full && (self.wants_more)(cells))
    }

    /// Whether there are more rows than are read.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The error for a file that is no table we read; `reason` has no full stop.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> Error {
        refuse(self.name, reason)
    }

    /// The error for a file whose bytes cannot be had.
    pub(super) fn unreadable(&self, error: &dyn fmt::Display) -> Error {
        unreadable(self.name, error)
    }
}

pub(super) fn refuse(name: &str, reason: impl Into<String>) -> Error {
    Error::Table {
        file: name.to_owned(),
        reason: reason.into(),
    }
}

pub(super) fn unreadable(name: &str, error: &dyn fmt::Display) -> Error {
    Error::Unreachable {
        file: name.to_owned(),
        reason: error.to_string(),
    }
}
