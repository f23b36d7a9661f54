//! Saves a table as it came, with the results in columns behind its own.

use std::io::{self, Write};

use encoding_rs::{Encoding, UTF_8};
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::cells::{Cell, Kind};
use super::columns::{Shape, shape};
use super::delimited::Dialect;
use super::encoding::{byte_order_mark, encode};
use super::job::{Job, Outcome};
use super::layout::Format;
use super::{MAX_COLUMNS, Table};
use crate::{Error, Result};

/// Rows of an XLSX sheet.
const MAX_XLSX_ROWS: usize = 1_048_576;

/// Characters of an XLSX cell.
const MAX_XLSX_CELL: usize = 32_767;

/// Text is written in pieces of about so many bytes.
const PIECE: usize = 1 << 16;

/// A kind of file to save as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAs {
    /// As it came: the same delimiter and encoding, JSON as JSON. Lines of text become CSV.
    Same,
    /// CSV in UTF-8 with a byte order mark, by which Excel knows the encoding.
    Csv,
    /// Tabs between cells, in UTF-8.
    Tsv,
    /// A workbook.
    Xlsx,
    /// An object on each line.
    JsonLines,
}

/// How to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The kind of file.
    pub format: SaveAs,
    /// Puts an apostrophe before cells that a spreadsheet program would run as a formula (OWASP, *CSV Injection*). Only
    /// text files need that: in a workbook text is text.
    pub disarm_formulas: bool,
}

/// Writes a table with what became of each row.
///
/// # Errors
///
/// [`Error::Table`] if a workbook cannot hold it, [`Error::Unwritable`] if it cannot be written.
pub fn save(
    table: &Table,
    job: &Job,
    labels: &[String],
    options: Options,
    to: &mut impl Write,
) -> Result<()> {
    let results = Results::new(table, job, labels);
    let written = match (options.format, &table.layout().format) {
        (SaveAs::Xlsx, _) => return xlsx(&results, to),
        (SaveAs::JsonLines, _) | (SaveAs::Same, Format::JsonLines) => json(&results, false, to),
        (SaveAs::Same, Format::JsonArray) => json(&results, true, to),
        (SaveAs::Same, Format::Delimited(dialect)) => {
            let has_bom = table.layout().has_bom;
            let as_text = Text {
                dialect: *dialect,
                encoding: table.layout().encoding(),
                has_bom,
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
            };
            as_text.write(&results, options.disarm_formulas, to)
        }
    };
    written.map_err(|error| unwritable(table, &error))
}

fn unwritable(table: &Table, error: &dyn std::fmt::Display) -> Error {
    Error::Unwritable {
        file: table.name().to_owned(),
        reason: error.to_string(),
    }
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
        for name in ours.chain(["corrected", "truncated", "note"]) {
            // A table may have been saved with results before, or have a column of this name.
            let mut free = name.to_owned();
            let mut number = 2;
            while table.columns().contains(&free) || added.contains(&free) {
                free = format!("{name} {number}");
                number += 1;
            }
            added.push(free);
        }
        Self {
            table,
            job,
            labels,
            added,
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
        let has_names = !matches!(
            table.layout().format,
            Format::Delimited(_) | Format::Workbook { .. } | Format::Lines
        );
        if let Some(header) = table.header() {
            let cells = (0..width).map(|column| header.text(column).to_owned());
            lines.row(cells.chain(results.added.iter().cloned()))?;
        } else if has_names {
            let names = table.columns().iter().chain(&results.added);
            lines.row(names.cloned())?;
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
    let columns = unique(table.columns());
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

/// Names, of which the later ones of the same are numbered.
fn unique(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(names.len());
    let mut seen = std::collections::HashMap::new();
    for name in names {
        let count = seen.entry(name.as_str()).or_insert(0);
        *count += 1;
        all.push(match count {
            1 => name.clone(),
            count => format!("{name} {count}"),
        });
    }
    all
}

fn xlsx(results: &Results<'_>, to: &mut impl Write) -> Result<()> {
    let table = results.table;
    let width = table.columns().len();
    let refuse = |reason: String| Error::Table {
        file: table.name().to_owned(),
        reason,
    };
    if width + results.added.len() > MAX_COLUMNS {
        return Err(refuse(format!(
            "a workbook holds no more than {MAX_COLUMNS} columns: save it as CSV"
        )));
    }
    if table.len() >= MAX_XLSX_ROWS {
        return Err(refuse(format!(
            "a workbook holds no more than {MAX_XLSX_ROWS} rows: save it as CSV"
        )));
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let mut sheet = Sheet {
        sheet,
        day: CellFormat::new().set_num_format("yyyy-mm-dd"),
        time: CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
    };
    let write = |sheet: &mut Sheet<'_>| -> std::result::Result<(), XlsxError> {
        let names: Vec<&str> = match table.header() {
            Some(header) => (0..width).map(|column| header.text(column)).collect(),
            None => table.columns().iter().map(String::as_str).collect(),
        };
        for (column, name) in names
            .into_iter()
            .chain(results.added.iter().map(String::as_str))
            .enumerate()
        {
            sheet.cell(0, column, Cell::text(name))?;
        }
        for (number, row) in table.rows().enumerate() {
            let at = number as u32 + 1;
            for (column, cell) in row.iter().enumerate() {
                sheet.cell(at, column, cell)?;
            }
            for (column, value) in results.values(number).iter().enumerate() {
                sheet.value(at, width + column, value)?;
            }
        }
        Ok(())
    };
    write(&mut sheet).map_err(|error| unwritable(table, &error))?;
    let bytes = book
        .save_to_buffer()
        .map_err(|error| unwritable(table, &error))?;
    to.write_all(&bytes)
        .map_err(|error| unwritable(table, &error))
}

struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    day: CellFormat,
    time: CellFormat,
}

impl Sheet<'_> {
    fn cell(
        &mut self,
        row: u32,
        column: usize,
        cell: Cell<'_>,
    ) -> std::result::Result<(), XlsxError> {
        // Checked above.
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
                if let Ok(number) = cell.text.parse::<f64>() {
                    sheet.write_number(row, column, number)?;
                    return Ok(());
                }
                if cell.text == "null" {
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
