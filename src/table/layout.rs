//! How a file is laid out.

use encoding_rs::{Encoding, UTF_8};
use serde::{Deserialize, Serialize};

use super::delimited::Dialect;

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What it is.
    pub format: Format,
    /// The name of its encoding, as the Encoding Standard has it. Workbooks have their own.
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub has_bom: bool,
    /// Whether the first row names the columns.
    pub has_header: bool,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CSV and its kin.
    Delimited(Dialect),
    /// A text on each line.
    Lines,
    /// A JSON value on each line, or one behind the other.
    JsonLines,
    /// A JSON array.
    JsonArray,
    /// XLSX, XLSB, XLS or ODS.
    Workbook {
        /// Which of its sheets, from 0.
        sheet: usize,
    },
}

impl Layout {
    /// The encoding.
    pub fn encoding(&self) -> &'static Encoding {
        Encoding::for_label(self.encoding.as_bytes()).unwrap_or(UTF_8)
    }

    pub(super) fn of(format: Format) -> Self {
        Self {
            format,
            encoding: UTF_8.name().to_owned(),
            has_bom: false,
            has_header: false,
        }
    }
}
