//! Sniffs how a file is laid out, by its first bytes and rows, for a person to correct.

use std::io::{Read, Seek, SeekFrom};

use serde_json::value::RawValue;

use super::columns::{self, Shape, shape};
use super::delimited::DELIMITERS;
use super::encoding::{self, Decoded};
use super::guard::{refuse, unreadable};
use super::read::read;
use super::{MAX_BYTES, SAMPLE_ROWS};
use crate::Result;
use crate::types::table::{Dialect, Format, Layout};

/// Bytes of the file's beginning that are looked at, ...
const HEAD: usize = 1 << 18;
/// ... and of its middle and its end, where another encoding may show.
const PART: usize = 1 << 16;

/// Below this a file is lines of text rather than delimited.
const MIN_SCORE: f64 = 0.6;

/// What the first bytes of files say that are no tables.
const OTHERS: [(&[u8], &str); 12] = [
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a recording"),
    (b"{\\rtf", "a text with formatting (RTF)"),
    (b"\x1f\x8b", "packed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "packed with 7-Zip: unpack it first"),
    (b"Rar!", "packed with RAR: unpack it first"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
];

/// How a file is laid out.
///
/// # Errors
///
/// [`Table`](crate::Error::Table) if it is empty, too large or no table that can be read; `Unreachable` if its bytes cannot
/// be had.
pub fn sniff<F: Read + Seek>(file: &mut F, name: &str) -> Result<Layout> {
    let (samples, length) = samples(file).map_err(|error| unreadable(name, &error))?;
    let head = samples.first().map(Vec::as_slice).unwrap_or_default();
    if length == 0 {
        return Err(refuse(name, "it is empty"));
    }
    if length > MAX_BYTES {
        let reason = format!("it is larger than {} MB: split it", MAX_BYTES >> 20);
        return Err(refuse(name, reason));
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(refuse(name, format!("it is {what}")));
    }
    let is_zip = head.starts_with(b"PK\x03\x04");
    let mut layout = if is_zip || head.starts_with(b"\xd0\xcf\x11\xe0") {
        if is_encrypted(head) {
            let reason = "it is protected by a password: open it in a spreadsheet program and save it without one";
            return Err(refuse(name, reason));
        }
        Layout::of(Format::Workbook { sheet: 0 })
    } else {
        text(&samples, length, name)?
    };
    if matches!(layout.format, Format::JsonLines | Format::JsonArray) {
        return Ok(layout);
    }
    let mut beginning =
        |layout: &Layout| read(file, name, layout, |cells| cells.len() < SAMPLE_ROWS);
    let mut sample = beginning(&layout)?;
    // The first sheet that is not hidden.
    let sheet = sample.sheets.iter().position(|sheet| !sheet.is_hidden);
    if let Some(sheet @ 1..) = sheet {
        layout.format = Format::Workbook { sheet };
        sample = beginning(&layout)?;
    }
    layout.has_header = columns::has_header(&sample.sample(SAMPLE_ROWS));
    Ok(layout)
}

/// Parts of a file, its beginning first, and its length.
fn samples<F: Read + Seek>(file: &mut F) -> std::io::Result<(Vec<Vec<u8>>, u64)> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut part = |start: u64, bytes: usize| {
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        file.take(bytes as u64).read_to_end(&mut part)?;
        Ok::<_, std::io::Error>(part)
    };
    let mut samples = vec![part(0, HEAD)?];
    let rest = length.saturating_sub(HEAD as u64);
    if rest > 0 {
        // Even, for UTF-16.
        let middle = (HEAD as u64 + rest / 2) & !1;
        samples.push(part(middle, PART)?);
        let end = (length.saturating_sub(PART as u64)).max(HEAD as u64) & !1;
        samples.push(part(end, PART)?);
    }
    Ok((samples, length))
}

/// Whether an OLE compound file holds an encrypted workbook: its directory says so in UTF-16.
fn is_encrypted(head: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    head.starts_with(b"\xd0\xcf") && head.windows(name.len()).any(|part| part == name)
}

fn text(samples: &[Vec<u8>], length: u64, name: &str) -> Result<Layout> {
    let head = &samples[0];
    let parts: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let is_whole = length as usize == head.len();
    let (encoding, bom) = encoding::detect(&parts, is_whole);
    let mut text = String::new();
    let mut decoded = Decoded::new(head.as_slice(), encoding);
    decoded
        .read_to_string(&mut text)
        .map_err(|error| unreadable(name, &error))?;
    let is_control = |c: &char| {
        c.is_control()
            && !matches!(
                c,
                '\0' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\x1a' | '\x1b'
            )
    };
    let controls = text.chars().filter(is_control).count();
    let zeros = text.chars().filter(|&c| c == '\0').count();
    if controls * 50 > text.len() || zeros * 4 > text.len() {
        return Err(refuse(name, "it is not text, nor a workbook"));
    }
    if text.trim().is_empty() && is_whole {
        return Err(refuse(name, "it is empty"));
    }
    // The last line may be cut.
    if !is_whole && let Some(end) = text.rfind(['\n', '\r']) {
        text.truncate(end + 1);
    }
    Ok(Layout {
        encoding: encoding.name().to_owned(),
        has_bom: bom > 0,
        ..Layout::of(format(&text))
    })
}

fn format(text: &str) -> Format {
    let begin = text.trim_start();
    if begin.starts_with('{') {
        let first = begin.lines().next().unwrap_or_default();
        let is_json = |json: &str| match serde_json::from_str::<&RawValue>(json) {
            Ok(_) => true,
            Err(error) => error.is_eof(),
        };
        if is_json(first.trim_end()) {
            return Format::JsonLines;
        }
    }
    if let Some(inside) = begin.strip_prefix('[')
        && inside.trim_start().starts_with(['{', '"', '[', ']'])
    {
        return Format::JsonArray;
    }
    match dialect(text) {
        Some(dialect) => Format::Delimited(dialect),
        None => Format::Lines,
    }
}

/// The dialect in which most rows have as many cells, and the cells look whole; `None` if these are lines of text.
fn dialect(text: &str) -> Option<Dialect> {
    let first = text.split(['\n', '\r']).next().unwrap_or_default();
    let is_crlf = text.contains("\r\n");
    if let Some(&delimiter) = first
        .strip_prefix("sep=")
        .map(str::as_bytes)
        .and_then(|rest| rest.first())
        .filter(|delimiter| delimiter.is_ascii() && **delimiter != b'"')
    {
        let rest = text.get(first.len()..).unwrap_or_default();
        return Some(Dialect {
            is_crlf,
            names_delimiter: true,
            ..quoted(rest, delimiter)
        });
    }
    let mut best = (MIN_SCORE, None);
    for delimiter in DELIMITERS {
        let dialect = Dialect {
            is_crlf,
            ..quoted(text, delimiter)
        };
        let score = score(text, &dialect);
        if score > best.0 {
            best = (score, Some(dialect));
        }
    }
    // One column, but with quotes around its cells.
    let is_quoted = || {
        let quotes = quotes(text, b',', b'"', false);
        quotes.closed > 0 && quotes.closed > quotes.stray && text.starts_with('"')
    };
    best.1.or_else(|| {
        is_quoted().then(|| Dialect {
            is_crlf,
            ..Dialect::default()
        })
    })
}

/// The cells that begin with a quote: how many of them end with one, and how many go on behind it.
#[derive(Default)]
struct Quotes {
    closed: usize,
    stray: usize,
    /// Quotes within cells, written `""` ...
    doubled: usize,
    /// ... and written `\"`.
    escaped: usize,
}

fn quotes(text: &str, delimiter: u8, quote: u8, has_escapes: bool) -> Quotes {
    let bytes = text.as_bytes();
    let mut found = Quotes::default();
    let mut at = 0;
    let mut is_start = true;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == quote && is_start {
            while let Some(&byte) = bytes.get(at) {
                let next = bytes.get(at + 1).copied();
                if byte == b'\\' && next == Some(quote) {
                    found.escaped += 1;
                    at += if has_escapes { 2 } else { 1 };
                } else if byte == quote && next == Some(quote) {
                    found.doubled += 1;
                    at += 2;
                } else if byte == quote {
                    at += 1;
                    let is_end =
                        next.is_none_or(|next| next == delimiter || matches!(next, b'\n' | b'\r'));
                    *(if is_end {
                        &mut found.closed
                    } else {
                        &mut found.stray
                    }) += 1;
                    break;
                } else {
                    at += 1;
                }
            }
            is_start = false;
        } else {
            is_start = byte == delimiter || matches!(byte, b'\n' | b'\r');
        }
    }
    found
}

/// How quotes are used where cells are delimited like that.
fn quoted(text: &str, delimiter: u8) -> Dialect {
    let dialect = Dialect {
        delimiter,
        ..Dialect::default()
    };
    let double = quotes(text, delimiter, b'"', false);
    if double.escaped > double.doubled {
        let escaped = quotes(text, delimiter, b'"', true);
        if escaped.closed > escaped.stray && escaped.stray <= double.stray {
            return Dialect {
                has_escapes: true,
                ..dialect
            };
        }
    }
    if double.stray > double.closed {
        return Dialect {
            quote: None,
            ..dialect
        };
    }
    if double.closed == 0 {
        let single = quotes(text, delimiter, b'\'', false);
        let lines = text.lines().count();
        if single.closed > lines / 2 && single.stray * 10 <= single.closed {
            return Dialect {
                quote: Some(b'\''),
                ..dialect
            };
        }
    }
    dialect
}

/// How well a dialect fits, 0 to about 1.5.
fn score(text: &str, dialect: &Dialect) -> f64 {
    let mut reader = dialect.reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records().flatten().take(SAMPLE_ROWS) {
        rows.push(record.iter().map(str::to_owned).collect());
    }
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let most = widths.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    let Some((&width, count)) = most.and_then(|same| Some((same.first()?, same.len()))) else {
        return 0.0;
    };
    if width < 2 {
        return 0.0;
    }
    let consistency = count as f64 / rows.len() as f64;
    let cells = || rows.iter().flatten();
    // A blank behind a comma is of a sentence, another delimiter between letters is the true one.
    let is_whole = |cell: &&String| {
        let is_other = |c: char| {
            c.is_ascii() && c as u8 != dialect.delimiter && DELIMITERS.contains(&(c as u8))
        };
        let mut before_blank = cell.chars().zip(cell.chars().skip(1).chain([' ']));
        !cell.starts_with(' ')
            && !before_blank.any(|(c, next)| is_other(c) && c != ',' && next != ' ')
    };
    let whole = cells().filter(is_whole).count() as f64 / cells().count() as f64;
    let is_typed = |column: usize| {
        let shapes = || {
            rows.iter()
                .skip(1)
                .filter_map(|row| row.get(column))
                .map(|cell| shape(cell))
        };
        let typed = shapes()
            .filter(|shape| matches!(shape, Shape::Number | Shape::Date | Shape::Code))
            .count();
        typed > 0 && typed * 10 >= shapes().count() * 8
    };
    let bonus = if (0..width).any(is_typed) { 0.4 } else { 0.0 };
    consistency * (whole + bonus)
}
