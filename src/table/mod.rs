//! Tables of texts: CSV and its kin, JSON Lines, workbooks. They are read, classified row by row, summed up and saved as
//! they came, with the results beside.
//!
//! Nothing here knows a model or a browser: a file is anything that can be read and sought in.
//!
//! ```
//! use std::io::Cursor;
//! use live_sentiment::table::{columns, read, sniff};
//!
//! # fn main() -> live_sentiment::Result<()> {
//! let mut file = Cursor::new("id;comment\n1;I love it.\n2;Never again.\n");
//! let layout = sniff(&mut file, "survey.csv")?;
//! let table = read(&mut file, "survey.csv", &layout, |_| true)?;
//! assert_eq!(table.columns(), ["id", "comment"]);
//! assert_eq!(table.row(1).text(1), "Never again.");
//! assert_eq!(table.roles().text, Some(1));
//! # Ok(())
//! # }
//! ```

pub mod cells;
pub mod columns;
pub mod dates;
pub mod delimited;
pub mod encoding;
mod guard;
pub mod job;
pub mod journal;
mod json;
mod layout;
mod read;
pub mod save;
mod sniff;
pub mod summary;
pub mod workbook;

use cells::{Cells, Row};
pub use guard::Note;
pub use read::read;
pub use sniff::sniff;

use crate::types::table::{Format, Layout, Roles, Sheet};

/// Files are no larger than this, in bytes.
pub const MAX_BYTES: u64 = 1 << 30;

/// Workbooks unpack to no more than this, in bytes.
pub const MAX_UNPACKED: u64 = 1 << 30;

/// More rows of a file are not read.
pub const MAX_ROWS: usize = 5_000_000;

/// Tables have no more cells than this.
pub const MAX_CELLS: usize = 100_000_000;

/// Workbooks have no more columns than this.
pub const MAX_COLUMNS: usize = 16_384;

/// Header, columns and delimiters are guessed by so many rows.
pub const SAMPLE_ROWS: usize = 200;

/// A table as it was read.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    layout: Layout,
    columns: Vec<String>,
    cells: Cells,
    /// How many rows of `cells` are the header: one or none.
    header: usize,
    /// What was odd about the file.
    pub notes: Vec<Note>,
    /// The sheets of a workbook.
    pub sheets: Vec<Sheet>,
}

impl Table {
    fn new(
        name: &str,
        layout: Layout,
        cells: Cells,
        keys: Option<Vec<String>>,
        sheets: Vec<Sheet>,
        notes: Vec<Note>,
    ) -> Self {
        let mut table = Self {
            name: name.to_owned(),
            layout,
            columns: Vec::new(),
            header: 0,
            cells,
            notes,
            sheets,
        };
        match keys {
            Some(keys) => table.columns = keys,
            None => table.set_header(table.layout.has_header),
        }
        table
    }

    /// Says whether the first row names the columns. Columns without a name are numbered; JSON has its keys.
    pub fn set_header(&mut self, has_header: bool) {
        if matches!(self.layout.format, Format::JsonLines | Format::JsonArray) {
            return;
        }
        self.layout.has_header = has_header;
        self.header = usize::from(has_header && !self.cells.is_empty());
        let first = self.cells.row(0);
        self.columns = (0..self.cells.width())
            .map(|column| match first.text(column).trim() {
                name if has_header && !name.is_empty() => name.to_owned(),
                _ if self.layout.format == Format::Lines => "text".to_owned(),
                _ => format!("Column {}", column + 1),
            })
            .collect();
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it was read.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The names of the columns. Several may have the same.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are, without the header.
    pub fn len(&self) -> usize {
        self.cells.len() - self.header
    }

    /// Whether there is no row but the header.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row by its number, from 0. Beyond the last one a row is empty.
    pub fn row(&self, row: usize) -> Row<'_> {
        self.cells.row(self.header + row)
    }

    /// All rows but the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// The header as it stands in the file, if it has one.
    pub fn header(&self) -> Option<Row<'_>> {
        (self.header > 0).then(|| self.cells.row(0))
    }

    /// What its columns are taken for.
    pub fn roles(&self) -> Roles {
        columns::guess(&self.columns, &texts(self.rows().take(SAMPLE_ROWS)))
    }

    /// The first rows, the header among them.
    pub fn sample(&self, rows: usize) -> Vec<Vec<String>> {
        texts(self.cells.rows().take(rows))
    }
}

fn texts<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<Vec<String>> {
    rows.map(|row| row.iter().map(|cell| cell.text.to_owned()).collect())
        .collect()
}
