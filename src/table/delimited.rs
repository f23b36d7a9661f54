//! Delimited text: CSV, TSV, semicolons, pipes. RFC 4180, and what programs really write.

use std::io::{self, BufRead, Read, Seek};

use csv::{QuoteStyle, ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use encoding_rs::Encoding;

use super::cells::{Cell, Cells};
use super::encoding::Decoded;
use super::guard::{Guard, Note};
use crate::Result;
use crate::types::table::Dialect;

/// The delimiters that are looked for, the likeliest first.
pub const DELIMITERS: [u8; 4] = *b",;\t|";

impl Dialect {
    /// A reader of records, none of which is a header.
    pub(super) fn reader<R: Read>(&self, from: R) -> csv::Reader<R> {
        let mut builder = ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quoting(self.quote.is_some())
            .quote(self.quote.unwrap_or(b'"'))
            .escape(self.has_escapes.then_some(b'\\'))
            .terminator(Terminator::CRLF);
        builder.from_reader(from)
    }

    /// A writer of records, which a reader of this dialect reads as they are.
    pub(super) fn writer<W: io::Write>(&self, to: W) -> csv::Writer<W> {
        WriterBuilder::new()
            .flexible(true)
            .delimiter(self.delimiter)
            .quote(self.quote.unwrap_or(b'"'))
            .quote_style(match self.quote {
                Some(_) => QuoteStyle::Necessary,
                None => QuoteStyle::Never,
            })
            .escape(b'\\')
            .double_quote(!self.has_escapes)
            .terminator(if self.is_crlf {
                Terminator::CRLF
            } else {
                Terminator::Any(b'\n')
            })
            .from_writer(to)
    }
}

/// Reads all rows. A quote that never closes would make one cell of the rest of the file: from that row on quotes are read
/// as they stand.
pub(super) fn read<F: Read + Seek>(
    file: &mut F,
    encoding: &'static Encoding,
    dialect: &Dialect,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    let text = open(file, encoding, dialect).map_err(|error| guard.unreadable(&error))?;
    let mut reader = dialect.reader(text);
    let (start, may_be_unclosed) = rows(&mut reader, cells, guard)?;
    let text = reader.get_ref();
    let mut has_replaced = text.has_replaced();
    if may_be_unclosed && text.last_visible() != dialect.quote {
        cells.pop();
        notes.push(Note::UnclosedQuote(cells.len()));
        let mut text = open(file, encoding, dialect).map_err(|error| guard.unreadable(&error))?;
        let skipped = io::copy(&mut text.by_ref().take(start), &mut io::sink());
        skipped.map_err(|error| guard.unreadable(&error))?;
        let unquoted = Dialect {
            quote: None,
            ..*dialect
        };
        let mut reader = unquoted.reader(text);
        rows(&mut reader, cells, guard)?;
        has_replaced |= reader.get_ref().has_replaced();
    }
    if has_replaced {
        notes.push(Note::OtherEncoding);
    }
    Ok(notes)
}

/// The rest of the rows. Returns where the last one starts, in bytes of UTF-8, and whether it ends with a cell of several
/// lines.
fn rows<R: Read>(
    reader: &mut csv::Reader<R>,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<(u64, bool)> {
    let mut record = StringRecord::new();
    let (mut last, mut has_lines) = (0, false);
    loop {
        let start = reader.position().byte();
        if !reader
            .read_record(&mut record)
            .map_err(|error| guard.unreadable(&error))?
        {
            return Ok((last, has_lines));
        }
        last = start;
        has_lines = record
            .iter()
            .next_back()
            .is_some_and(|cell| cell.contains(['\n', '\r']));
        cells.push(record.iter().map(Cell::text));
        if !guard.allows(cells)? {
            return Ok((last, false));
        }
    }
}

/// The text of a file from its first row on.
fn open<'f, F: Read + Seek>(
    file: &'f mut F,
    encoding: &'static Encoding,
    dialect: &Dialect,
) -> io::Result<Decoded<&'f mut F>> {
    file.rewind()?;
    let mut text = Decoded::new(file, encoding);
    if dialect.names_delimiter {
        text.read_until(b'\n', &mut Vec::new())?;
    }
    Ok(text)
}
