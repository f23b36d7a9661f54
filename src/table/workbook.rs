//! Workbooks: XLSX, XLSB, XLS and ODS. Macros are never run, formulas never computed: what was saved as their value is read.

use std::io::{self, Read, Seek, SeekFrom};

use calamine::{
    Data, DataType, ExcelDateTime, Ods, Range, Reader, SheetType, SheetVisible, Xls, Xlsb, Xlsx,
};
use zip::ZipArchive;

use super::cells::{Cell, Cells, Kind};
use super::guard::{Guard, Note};
use super::{MAX_COLUMNS, MAX_UNPACKED};
use crate::Result;
use crate::types::table::Sheet;

/// What was read beside the cells.
pub(super) struct Outcome {
    pub(super) sheets: Vec<Sheet>,
    pub(super) notes: Vec<Note>,
}

/// The bytes of a file, so that each of calamine's readers can have them in turn.
struct Shared<'f, F>(&'f mut F);

impl<F: Read> Read for Shared<'_, F> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.read(to)
    }
}

impl<F: Seek> Seek for Shared<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Reads the rows of a sheet.
pub(super) fn read<F: Read + Seek>(
    file: &mut F,
    sheet: usize,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<Outcome> {
    let mut magic = [0; 4];
    file.rewind()
        .and_then(|()| file.read_exact(&mut magic))
        .and_then(|()| file.rewind())
        .map_err(|error| guard.unreadable(&error))?;
    if magic != *b"PK\x03\x04" {
        let mut book: Xls<_> = open(Shared(file), guard)?;
        let values = values(&mut book, sheet, guard)?;
        return range(&mut book, values, cells, guard);
    }
    let main = check_archive(file, guard)?;
    match main {
        Main::Xlsx => {
            let mut book: Xlsx<_> = open(Shared(file), guard)?;
            let sheets = sheets(&book);
            let name = sheet_name(&sheets, sheet, guard)?;
            let unsaved = stream(&mut book, &name, cells, guard)?;
            Ok(Outcome {
                notes: notes(&sheets, unsaved),
                sheets,
            })
        }
        Main::Xlsb => {
            let mut book: Xlsb<_> = open(Shared(file), guard)?;
            let values = values(&mut book, sheet, guard)?;
            range(&mut book, values, cells, guard)
        }
        Main::Ods => {
            let mut book: Ods<_> = open(Shared(file), guard)?;
            let values = values(&mut book, sheet, guard)?;
            range(&mut book, values, cells, guard)
        }
    }
}

enum Main {
    Xlsx,
    Xlsb,
    Ods,
}

/// Which workbook a ZIP archive is. Unpacks it once without keeping anything: sizes that an archive states may be wrong.
fn check_archive<F: Read + Seek>(file: &mut F, guard: &Guard<'_>) -> Result<Main> {
    let mut archive = ZipArchive::new(&mut *file)
        .map_err(|error| guard.refuse(format!("its ZIP archive is damaged: {error}")))?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    let main = match () {
        () if has("xl/workbook.xml") => Main::Xlsx,
        () if has("xl/workbook.bin") => Main::Xlsb,
        () if has("content.xml") => Main::Ods,
        () => {
            return Err(guard.refuse(
                "it is a ZIP archive without a workbook: unpack it, and choose a file of it",
            ));
        }
    };
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index(index) else {
            // An encrypted entry, or one that is packed in a way that workbooks do not use.
            continue;
        };
        let left = MAX_UNPACKED - unpacked;
        // What is damaged will be said by what reads it.
        unpacked += io::copy(&mut entry.take(left), &mut io::sink()).unwrap_or(0);
        if unpacked >= MAX_UNPACKED {
            return Err(guard.refuse(format!(
                "it unpacks to more than {} MB, which no table of comments does",
                MAX_UNPACKED >> 20
            )));
        }
    }
    drop(archive);
    file.rewind().map_err(|error| guard.unreadable(&error))?;
    Ok(main)
}

fn open<R: Reader<F>, F: Read + Seek>(file: F, guard: &Guard<'_>) -> Result<R>
where
    R::Error: std::fmt::Display,
{
    R::new(file).map_err(|error| broken(&error, guard))
}

fn broken(error: &dyn std::fmt::Display, guard: &Guard<'_>) -> crate::Error {
    let said = error.to_string();
    if said.contains("password") {
        return guard.refuse("it is protected by a password: open it in a spreadsheet program and save it without one");
    }
    guard.refuse(format!(
        "the workbook is damaged: {}",
        said.trim_end_matches('.')
    ))
}

fn sheets<F: Read + Seek>(book: &impl Reader<F>) -> Vec<Sheet> {
    let all = book.sheets_metadata();
    let tables = all.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    tables
        .map(|sheet| Sheet {
            name: sheet.name.clone(),
            is_hidden: sheet.visible != SheetVisible::Visible,
        })
        .collect()
}

fn sheet_name(sheets: &[Sheet], index: usize, guard: &Guard<'_>) -> Result<String> {
    let sheet = sheets.get(index);
    sheet
        .map(|sheet| sheet.name.clone())
        .ok_or_else(|| guard.refuse(format!("it has no sheet {}", index + 1)))
}

fn notes(sheets: &[Sheet], unsaved: usize) -> Vec<Note> {
    let hidden = sheets.iter().filter(|sheet| sheet.is_hidden).count();
    let mut notes = Vec::new();
    if hidden > 0 {
        notes.push(Note::HiddenSheets(hidden));
    }
    if unsaved > 0 {
        notes.push(Note::NoValues(unsaved));
    }
    notes
}

/// The cells of an XLSX sheet as they come. Returns how many formulas have no value.
fn stream<F: Read + Seek>(
    book: &mut Xlsx<F>,
    sheet: &str,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<usize> {
    let mut reader = book
        .worksheet_cells_reader(sheet)
        .map_err(|error| broken(&error, guard))?;
    let mut rows = SparseRows::default();
    let mut unsaved = 0;
    loop {
        let next = reader
            .next_cell_with_formula_metadata()
            .map_err(|error| broken(&error, guard))?;
        let Some(cell) = next else {
            rows.finish(cells);
            return Ok(unsaved);
        };
        let value = value(cell.value.into());
        let is_blank = value.as_ref().is_none_or(|(text, _)| text.is_empty());
        unsaved += usize::from(is_blank && cell.formula.is_some());
        let (row, column) = cell.pos;
        if let Some(value) = value
            && !rows.put(row as usize, column as usize, value, cells, guard)?
        {
            return Ok(unsaved);
        }
    }
}

/// The values of a sheet of the other kinds of workbooks.
fn values<F, R: Reader<F>>(
    book: &mut R,
    sheet: usize,
    guard: &Guard<'_>,
) -> Result<(Range<Data>, usize)>
where
    F: Read + Seek,
    R::Error: std::fmt::Display,
{
    let name = sheet_name(&sheets(book), sheet, guard)?;
    let range = book
        .worksheet_range(&name)
        .map_err(|error| broken(&error, guard))?;
    let formulas = book.worksheet_formula(&name).ok();
    let is_unsaved = |(row, column, formula): &(usize, usize, &String)| {
        let start = formulas.as_ref().and_then(Range::start).unwrap_or_default();
        let at = (start.0 + *row as u32, start.1 + *column as u32);
        !formula.is_empty() && range.get_value(at).is_none_or(DataType::is_empty)
    };
    let unsaved = formulas
        .iter()
        .flat_map(Range::used_cells)
        .filter(is_unsaved)
        .count();
    Ok((range, unsaved))
}

fn range<F: Read + Seek>(
    book: &mut impl Reader<F>,
    (range, unsaved): (Range<Data>, usize),
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<Outcome> {
    let sheets = sheets(book);
    let mut rows = SparseRows::default();
    let start = range.start().unwrap_or_default();
    for (row, column, data) in range.used_cells() {
        let at = (start.0 as usize + row, start.1 as usize + column);
        if let Some(value) = value(data.clone())
            && !rows.put(at.0, at.1, value, cells, guard)?
        {
            break;
        }
    }
    rows.finish(cells);
    Ok(Outcome {
        notes: notes(&sheets, unsaved),
        sheets,
    })
}

/// Cells by row and column, in order, with gaps between them.
#[derive(Default)]
struct SparseRows {
    /// The number of the first row that holds anything: a table may begin anywhere on its sheet.
    first: Option<usize>,
    row: usize,
    cells: Vec<(String, Kind)>,
}

impl SparseRows {
    fn put(
        &mut self,
        row: usize,
        column: usize,
        value: (String, Kind),
        cells: &mut Cells,
        guard: &mut Guard<'_>,
    ) -> Result<bool> {
        if column >= MAX_COLUMNS {
            return Err(guard.refuse(format!("it has more than {MAX_COLUMNS} columns")));
        }
        if self.first.is_none() {
            self.first = Some(row);
            self.row = row;
        }
        while self.row < row {
            self.finish(cells);
            self.row += 1;
            if !guard.allows(cells)? {
                return Ok(false);
            }
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, (String::new(), Kind::Text));
        }
        self.cells[column] = value;
        Ok(true)
    }

    fn finish(&mut self, cells: &mut Cells) {
        let row = self.cells.iter();
        cells.push(row.map(|(text, kind)| Cell { text, kind: *kind }));
        self.cells.clear();
    }
}

/// A value as text, and what it is; `None` for none.
fn value(data: Data) -> Option<(String, Kind)> {
    Some(match data {
        Data::Empty => return None,
        Data::String(text) | Data::DurationIso(text) => (text, Kind::Text),
        Data::Int(number) => (number.to_string(), Kind::Number),
        Data::Float(number) => (number.to_string(), Kind::Number),
        Data::Bool(is_so) => (is_so.to_string(), Kind::Bool),
        Data::DateTime(date) if date.is_duration() => (date.as_f64().to_string(), Kind::Number),
        Data::DateTime(date) => (iso(&date), Kind::Date),
        Data::DateTimeIso(date) => (date, Kind::Date),
        Data::Error(error) => (error.to_string(), Kind::Text),
    })
}

/// A date as ISO 8601 writes it, without a time that is midnight.
fn iso(date: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milli) != (0, 0, 0, 0) {
        text += &format!("T{hour:02}:{minute:02}:{second:02}");
    }
    if milli > 0 {
        text += &format!(".{milli:03}");
    }
    text
}
