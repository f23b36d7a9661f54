//! Reads a file as a table, as its layout says.

use std::io::{BufRead, Read, Seek};

use encoding_rs::Encoding;

use super::cells::{Cell, Cells};
use super::encoding::Decoded;
use super::guard::{Guard, Note};
use super::{Table, delimited, json, workbook};
use crate::Result;
use crate::types::table::{Format, Layout};

/// Reads a table. `wants_more` is asked after each row whether to go on; what was read until then is the table.
///
/// # Errors
///
/// [`Table`](crate::Error::Table) if the file is not what `layout` says, or too large; `Unreachable` if it cannot be read.
pub fn read<F: Read + Seek>(
    file: &mut F,
    name: &str,
    layout: &Layout,
    mut wants_more: impl FnMut(&Cells) -> bool,
) -> Result<Table> {
    let mut cells = Cells::default();
    let guard = &mut Guard::new(name, &mut wants_more);
    let (mut keys, mut sheets) = (None, Vec::new());
    let encoding = layout.encoding();
    let mut notes = match &layout.format {
        Format::Delimited(dialect) => delimited::read(file, encoding, dialect, &mut cells, guard)?,
        Format::Lines => lines(file, encoding, &mut cells, guard)?,
        Format::JsonLines | Format::JsonArray => {
            let is_array = layout.format == Format::JsonArray;
            let read = json::read(file, encoding, is_array, &mut cells, guard)?;
            keys = Some(read.keys);
            read.notes
        }
        Format::Workbook { sheet } => {
            let read = workbook::read(file, *sheet, &mut cells, guard)?;
            sheets = read.sheets;
            read.notes
        }
    };
    if guard.is_full() {
        cells.pop();
        notes.push(Note::TooManyRows);
    }
    Ok(Table::new(name, layout.clone(), cells, keys, sheets, notes))
}

/// A text on each line.
fn lines<F: Read + Seek>(
    file: &mut F,
    encoding: &'static Encoding,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<Vec<Note>> {
    file.rewind().map_err(|error| guard.unreadable(&error))?;
    let mut text = Decoded::new(file, encoding);
    let mut line = String::new();
    loop {
        line.clear();
        let read = text.read_line(&mut line);
        if read.map_err(|error| guard.unreadable(&error))? == 0 {
            break;
        }
        // Some programs end lines with `\r` alone.
        for line in line.trim_end_matches(['\n', '\r']).split('\r') {
            cells.push([Cell::text(line)]);
        }
        if !guard.allows(cells)? {
            break;
        }
    }
    Ok(if text.has_replaced() {
        vec![Note::OtherEncoding]
    } else {
        Vec::new()
    })
}
