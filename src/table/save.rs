//! Saves a table as it came, with the results in columns behind its own.

use std::collections::HashSet;
use std::io::{self, Write};

use encoding_rs::{Encoding, UTF_8};
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::cells::{Cell, Kind};
use super::columns::{Shape, shape};
use super::encoding::{byte_order_mark, encode};
use super::job::{Job, Outcome};
use super::{MAX_COLUMNS, Table};
use crate::types::table::{Dialect, Format, SaveAs};
use crate::{Error, Result};

/// Rows of an XLSX sheet.
const MAX_XLSX_ROWS: usize = 1_048_576;

/// Characters of an XLSX cell.
const MAX_XLSX_CELL: usize = 32_767;

/// Digits that a number of a workbook, an f64, holds for certain.
const NUMBER_DIGITS: usize = 15;

/// Text is written in pieces of about so many bytes.
const PIECE: usize = 1 << 16;

/// How to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The kind of file.
    pub format: SaveAs,
    /// Puts an apostrophe before cells that a spreadsheet program would run as a formula (OWASP, *CSV Injection*). Only
    /// text files need that: in a workbook text is text.
    pub disarm_formulas: bool,
}

/// Writes a table with what became of each row. `file` names what is written, for messages.
///
/// # Errors
///
/// [`Error::Unwritable`], also if a workbook cannot hold the table.
pub fn save(
    table: &Table,
    job: &Job,
    labels: &[String],
    options: Options,
    file: &str,
    to: &mut impl Write,
) -> Result<()> {
    let results = Results::new(table, job, labels);
    let written = match (options.format, &table.layout().format) {
        (SaveAs::Xlsx, _) => xlsx(&results, to),
        (SaveAs::JsonLines, _) | (SaveAs::Same, Format::JsonLines) => json(&results, false, to),
        (SaveAs::Json, _) | (SaveAs::Same, Format::JsonArray) => json(&results, true, to),
        (SaveAs::Same, Format::Delimited(dialect)) => {
            let as_text = Text {
                dialect: *dialect,
                encoding: table.layout().encoding(),
                has_bom: table.layout().has_bom,
                has_names: table.header().is_some(),
            };
            as_text.write(&results, options.disarm_formulas, to)
        }
        (SaveAs::Same | SaveAs::Csv | SaveAs::Tsv, _) => {
            let is_tsv = options.format == SaveAs::Tsv;
            let dialect = Dialect {
                delimiter: if is_tsv { b'\t' } else { b',' },
                is_crlf: !is_tsv,
                ..Dialect::default()
            };
            let as_text = Text {
                dialect,
                encoding: UTF_8,
                has_bom: !is_tsv,
                has_names: true,
            };
            as_text.write(&results, options.disarm_formulas, to)
        }
    };
    written.map_err(|error| Error::Unwritable {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

/// A value of ours.
enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
    None,
}

/// A table, and the columns that are added to it.
struct Results<'a> {
    table: &'a Table,
    job: &'a Job,
    labels: &'a [String],
    added: Vec<String>,
}

impl<'a> Results<'a> {
    fn new(table: &'a Table, job: &'a Job, labels: &'a [String]) -> Self {
        let mut added: Vec<String> = Vec::new();
        let ours = ["sentiment", "confidence"].into_iter();
        let ours = ours.chain(labels.iter().map(String::as_str));
        // A table may have been saved with results before, or have a column of this name.
        let mut taken = table.columns().iter().cloned().collect();
        for name in ours.chain(["corrected", "truncated", "note"]) {
            added.push(free(name, &mut taken));
        }
        Self {
            table,
            job,
            labels,
            added,
        }
    }

    /// The name of a column as it stands in the file, or else ours for it.
    fn name(&self, column: usize) -> &str {
        match self.table.header() {
            Some(header) => header.text(column),
            None => &self.table.columns()[column],
        }
    }

    fn values(&self, row: usize) -> Vec<Value> {
        let mut values = Vec::with_capacity(self.added.len());
        let label = |class: usize| self.labels.get(class).cloned().unwrap_or_default();
        let outcome = self.job.outcome(row);
        match outcome {
            Outcome::Read(reading) => {
                values.push(Value::Text(label(reading.label)));
                values.push(Value::Number(rounded(reading.confidence())));
                values.extend(
                    reading
                        .scores
                        .iter()
                        .map(|&score| Value::Number(rounded(score))),
                );
            }
            _ => values.extend((0..2 + self.labels.len()).map(|_| Value::None)),
        }
        values.push(match self.job.correction(row) {
            Some(class) => Value::Text(label(class)),
            None => Value::None,
        });
        values.push(match outcome {
            Outcome::Read(reading) => Value::Bool(reading.is_truncated),
            _ => Value::None,
        });
        values.push(match outcome {
            Outcome::Read(_) => Value::None,
            Outcome::Empty => Value::Text("no text".into()),
            Outcome::Waiting => Value::Text("not read".into()),
            Outcome::Failed(why) => Value::Text(why.to_owned()),
        });
        values
    }
}

/// Four decimals: more are noise of the arithmetic.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}

impl Value {
    fn as_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(is_so) => is_so.to_string(),
            Self::None => String::new(),
        }
    }

    fn as_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Bool(is_so) => (*is_so).into(),
            Self::None => serde_json::Value::Null,
        }
    }
}

/// Delimited text.
struct Text {
    dialect: Dialect,
    encoding: &'static Encoding,
    has_bom: bool,
    /// Whether the first row names the columns.
    has_names: bool,
}

impl Text {
    fn write(&self, results: &Results<'_>, disarms: bool, to: &mut impl Write) -> io::Result<()> {
        let table = results.table;
        if self.has_bom {
            to.write_all(byte_order_mark(self.encoding))?;
        }
        let mut lines = Lines {
            writer: self.dialect.writer(Vec::new()),
            dialect: self.dialect,
            encoding: self.encoding,
            to,
        };
        if self.dialect.names_delimiter {
            let end = if self.dialect.is_crlf { "\r\n" } else { "\n" };
            let line = format!("sep={}{end}", char::from(self.dialect.delimiter));
            lines.to.write_all(&encoded(&line, self.encoding))?;
        }
        let width = table.columns().len();
        if self.has_names {
            let names = (0..width).map(|column| results.name(column).to_owned());
            lines.row(names.chain(results.added.iter().cloned()))?;
        }
        for (number, row) in table.rows().enumerate() {
            let cell = |column: usize| match row.text(column) {
                cell if disarms && is_formula(cell) => format!("'{cell}"),
                cell => cell.to_owned(),
            };
            let values = results.values(number);
            let values = values.iter().map(|value| self.unbroken(value.as_text()));
            lines.row((0..width).map(cell).chain(values))?;
        }
        lines.flush()
    }

    /// A value of ours without what cells cannot hold where nothing is quoted.
    fn unbroken(&self, text: String) -> String {
        match self.dialect.quote {
            Some(_) => text,
            None => text.replace([char::from(self.dialect.delimiter), '\n', '\r'], " "),
        }
    }
}

struct Lines<'a, W> {
    writer: csv::Writer<Vec<u8>>,
    dialect: Dialect,
    encoding: &'static Encoding,
    to: &'a mut W,
}

impl<W: Write> Lines<'_, W> {
    fn row(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        self.writer
            .write_record(cells.map(String::into_bytes))
            .map_err(io::Error::other)?;
        self.writer.flush()?;
        if self.writer.get_ref().len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = std::mem::replace(&mut self.writer, self.dialect.writer(Vec::new()));
        let bytes = written
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?;
        if self.encoding == UTF_8 {
            return self.to.write_all(&bytes);
        }
        self.to
            .write_all(&encoded(&String::from_utf8_lossy(&bytes), self.encoding))
    }
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(text, encoding, &mut bytes);
    bytes
}

/// Whether a spreadsheet program would run a cell of a text file: OWASP's list, but for numbers with a sign.
///
/// ```
/// use live_sentiment::table::save::is_formula;
///
/// assert!(is_formula("=HYPERLINK(\"x\")"));
/// assert!(is_formula("@SUM(A1)"));
/// assert!(!is_formula("-3.5"));
/// ```
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
        && shape(cell) != Shape::Number
}

/// Objects with the columns as keys: an array of them, or one on each line.
fn json(results: &Results<'_>, is_array: bool, to: &mut impl Write) -> io::Result<()> {
    let table = results.table;
    // Keys are told apart: the first column of a name has it.
    let mut taken: HashSet<String> = table.columns().iter().cloned().collect();
    taken.extend(results.added.iter().cloned());
    let mut seen = HashSet::new();
    let columns = table.columns().iter().map(|name| match seen.insert(name) {
        true => name.clone(),
        false => free(name, &mut taken),
    });
    let columns: Vec<_> = columns.collect();
    let mut out = String::new();
    if is_array {
        out.push_str("[\n");
    }
    for (number, row) in table.rows().enumerate() {
        if number > 0 {
            out.push_str(if is_array { ",\n" } else { "\n" });
        }
        out.push('{');
        let mut separator = "";
        let mut put = |key: &str, value: &str| {
            out.push_str(separator);
            separator = ",";
            out.push_str(&serde_json::Value::from(key).to_string());
            out.push(':');
            out.push_str(value);
        };
        for (cell, key) in row.iter().zip(&columns) {
            match cell.kind {
                Kind::Missing => {}
                Kind::Json | Kind::Bool => put(key, cell.text),
                Kind::Number if serde_json::from_str::<f64>(cell.text).is_ok() => {
                    put(key, cell.text)
                }
                _ => put(key, &serde_json::Value::from(cell.text).to_string()),
            }
        }
        for (value, key) in results.values(number).iter().zip(&results.added) {
            put(key, &value.as_json().to_string());
        }
        out.push('}');
        if out.len() >= PIECE {
            to.write_all(out.as_bytes())?;
            out.clear();
        }
    }
    out.push('\n');
    if is_array {
        out.push_str("]\n");
    }
    to.write_all(out.as_bytes())
}

/// A name, or with a number behind it, that is not `taken`; then it is.
fn free(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name} {number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    let free = names.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn xlsx(results: &Results<'_>, to: &mut impl Write) -> io::Result<()> {
    let table = results.table;
    let width = table.columns().len();
    for (most, has, of) in [
        (MAX_COLUMNS, width + results.added.len(), "columns"),
        (MAX_XLSX_ROWS, table.len() + 1, "rows"),
    ] {
        if has > most {
            let reason = format!("a workbook holds no more than {most} {of}, so save it as CSV");
            return Err(io::Error::other(reason));
        }
    }
    let mut book = Workbook::new();
    let mut sheet = Sheet {
        sheet: book.add_worksheet(),
        day: CellFormat::new().set_num_format("yyyy-mm-dd"),
        time: CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
    };
    sheet.fill(results).map_err(io::Error::other)?;
    let bytes = book.save_to_buffer().map_err(io::Error::other)?;
    to.write_all(&bytes)
}

/// Said of a row with a text that is longer than a cell of a workbook may be.
const CUT: &str = "cut to the 32,767 characters that a cell of a workbook holds";

struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    day: CellFormat,
    time: CellFormat,
}

impl Sheet<'_> {
    fn fill(&mut self, results: &Results<'_>) -> std::result::Result<(), XlsxError> {
        let table = results.table;
        let width = table.columns().len();
        for column in 0..width {
            self.cell(0, column, Cell::text(results.name(column)))?;
        }
        for (column, name) in results.added.iter().enumerate() {
            self.cell(0, width + column, Cell::text(name))?;
        }
        for (number, row) in table.rows().enumerate() {
            let at = number as u32 + 1;
            let mut values = results.values(number);
            for (column, cell) in row.iter().enumerate() {
                self.cell(at, column, cell)?;
                if beginning(cell.text).len() < cell.text.len()
                    && let Some(note @ Value::None) = values.last_mut()
                {
                    *note = Value::Text(CUT.into());
                }
            }
            for (column, value) in values.iter().enumerate() {
                self.value(at, width + column, value)?;
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        row: u32,
        column: usize,
        cell: Cell<'_>,
    ) -> std::result::Result<(), XlsxError> {
        // `xlsx` has counted them.
        let column = column as u16;
        let sheet = &mut self.sheet;
        match cell.kind {
            Kind::Missing => return Ok(()),
            Kind::Number => {
                if let Ok(number) = cell.text.parse::<f64>() {
                    sheet.write_number(row, column, number)?;
                    return Ok(());
                }
            }
            Kind::Bool => {
                sheet.write_boolean(row, column, cell.text == "true")?;
                return Ok(());
            }
            Kind::Date => {
                if let Ok(date) = ExcelDateTime::parse_from_str(cell.text) {
                    let format = if cell.text.contains('T') {
                        &self.time
                    } else {
                        &self.day
                    };
                    sheet.write_datetime_with_format(row, column, &date, format)?;
                    return Ok(());
                }
            }
            Kind::Json => {
                if cell.text == "null" {
                    return Ok(());
                }
                // An id of more digits than a number holds stays as it is, as text.
                let digits = cell.text.bytes().filter(u8::is_ascii_digit).count();
                if digits <= NUMBER_DIGITS
                    && let Ok(number) = cell.text.parse::<f64>()
                {
                    sheet.write_number(row, column, number)?;
                    return Ok(());
                }
            }
            Kind::Text => {}
        }
        if !cell.text.is_empty() {
            sheet.write_string(row, column, beginning(cell.text))?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        row: u32,
        column: usize,
        value: &Value,
    ) -> std::result::Result<(), XlsxError> {
        let column = column as u16;
        match value {
            Value::Text(text) => _ = self.sheet.write_string(row, column, beginning(text))?,
            Value::Number(number) => _ = self.sheet.write_number(row, column, *number)?,
            Value::Bool(is_so) => _ = self.sheet.write_boolean(row, column, *is_so)?,
            Value::None => {}
        }
        Ok(())
    }
}

/// As much of a text as a cell of a workbook holds.
fn beginning(text: &str) -> &str {
    match text.char_indices().nth(MAX_XLSX_CELL) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
