//! JSON Lines and JSON arrays: an object is a row, its keys are the columns. Values stay as they were written.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, Read, Seek};

use encoding_rs::Encoding;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::cells::{Cell, Cells, Kind};
use super::encoding::Decoded;
use super::guard::{Guard, Note, UNREAD};
use crate::{Error, Result};

/// The column of values that are no objects.
const VALUE: &str = "text";

/// An object over several lines is no longer than this, in bytes, so that one that never closes does not take the rest of
/// the file.
const MAX_OBJECT_BYTES: usize = 1 << 20;

/// What was read beside the cells.
pub(super) struct Outcome {
    pub(super) keys: Vec<String>,
    pub(super) notes: Vec<Note>,
}

/// Reads all rows: of one array, or else of a value on each line.
pub(super) fn read<F: Read + Seek>(
    file: &mut F,
    encoding: &'static Encoding,
    is_array: bool,
    cells: &mut Cells,
    guard: &mut Guard<'_>,
) -> Result<Outcome> {
    file.rewind().map_err(|error| guard.unreadable(&error))?;
    let text = Decoded::new(file, encoding);
    let mut rows = Rows {
        columns: Columns::default(),
        cells,
        guard,
    };
    let notes = if is_array {
        rows.array(text)?
    } else {
        rows.lines(text)?
    };
    Ok(Outcome {
        keys: rows.columns.keys,
        notes,
    })
}

/// The keys of objects, in the order of their first use.
#[derive(Default)]
struct Columns {
    keys: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn place(&mut self, key: &str) -> usize {
        if let Some(&place) = self.places.get(key) {
            return place;
        }
        self.places.insert(key.to_owned(), self.keys.len());
        self.keys.push(key.to_owned());
        self.keys.len() - 1
    }
}

struct Rows<'a, 'g> {
    columns: Columns,
    cells: &'a mut Cells,
    guard: &'a mut Guard<'g>,
}

impl Rows<'_, '_> {
    /// Appends a row; false if `json` is none.
    fn push(&mut self, json: &str) -> bool {
        let values: Vec<(usize, &RawValue)> = match json.as_bytes().first() {
            Some(b'{') => match serde_json::from_str::<Fields<'_>>(json) {
                Ok(Fields(fields)) => fields
                    .into_iter()
                    .map(|(key, value)| (self.columns.place(&key), value))
                    .collect(),
                Err(_) => return false,
            },
            Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(json) {
                Ok(values) => values
                    .into_iter()
                    .enumerate()
                    .map(|(at, value)| (self.columns.place(&format!("{VALUE} {}", at + 1)), value))
                    .collect(),
                Err(_) => return false,
            },
            _ => match serde_json::from_str::<&RawValue>(json) {
                Ok(value) => vec![(self.columns.place(VALUE), value)],
                Err(_) => return false,
            },
        };
        let width = values.iter().map(|(place, _)| place + 1).max();
        let mut texts: Vec<Option<(String, Kind)>> = vec![None; width.unwrap_or(0)];
        for (place, value) in values {
            let raw = value.get();
            texts[place] = Some(if raw.starts_with('"') {
                match serde_json::from_str(raw) {
                    Ok(text) => (text, Kind::Text),
                    Err(_) => return false,
                }
            } else {
                (raw.to_owned(), Kind::Json)
            });
        }
        self.cells.push(texts.iter().map(|cell| match cell {
            Some((text, kind)) => Cell { text, kind: *kind },
            None => Cell::MISSING,
        }));
        true
    }

    fn lines<R: Read>(&mut self, mut text: Decoded<R>) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        let (mut number, mut unread, mut first_unread) = (0, 0, 0);
        // Objects over several lines, as the first one is.
        let mut is_indented = None;
        let mut line = String::new();
        loop {
            line.clear();
            let first = number + 1;
            loop {
                let read = text.read_line(&mut line);
                if read.map_err(|error| self.guard.unreadable(&error))? == 0 {
                    break;
                }
                number += 1;
                let is_cut = line.len() < MAX_OBJECT_BYTES && is_cut_short(&line);
                if line.trim().is_empty() || !*is_indented.get_or_insert(is_cut) || !is_cut {
                    break;
                }
            }
            let json = line.trim();
            if json.is_empty() {
                if line.is_empty() {
                    break;
                }
                continue;
            }
            if !self.push(json) {
                unread += 1;
                if unread == 1 {
                    first_unread = first;
                }
                let place = self.columns.place(UNREAD);
                let missing = std::iter::repeat_n(Cell::MISSING, place);
                self.cells.push(missing.chain([Cell::text(json)]));
            }
            if !self.guard.allows(self.cells)? {
                break;
            }
        }
        if unread > 0 {
            notes.push(Note::NotJson(unread, first_unread));
        }
        if text.has_replaced() {
            notes.push(Note::OtherEncoding);
        }
        Ok(notes)
    }

    fn array<R: Read>(&mut self, mut text: Decoded<R>) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        let mut stopped = None;
        let mut deserializer = serde_json::Deserializer::from_reader(&mut text);
        let items = Items {
            rows: self,
            stopped: &mut stopped,
        };
        let read = deserializer.deserialize_seq(items);
        match (read, stopped) {
            (_, Some(Err(error))) => return Err(error),
            (Err(error), None) if error.is_io() => return Err(self.guard.unreadable(&error)),
            (Err(error), None) if self.cells.is_empty() => {
                return Err(self.guard.refuse(format!("it is not JSON: {error}")));
            }
            (Err(error), None) => notes.push(Note::BrokenOff(error.line())),
            _ => {}
        }
        if text.has_replaced() {
            notes.push(Note::OtherEncoding);
        }
        Ok(notes)
    }
}

/// Whether a value may go on in the next line.
fn is_cut_short(json: &str) -> bool {
    // Parsed only where the last line may be the end: else the time would grow with the square of the lines.
    let may_be_end = json.trim_end().ends_with(['}', ']', '"']);
    !may_be_end || serde_json::from_str::<&RawValue>(json).is_err_and(|error| error.is_eof())
}

/// An object, in the order of its keys.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Keys)
    }
}

/// The items of an array, which are rows as soon as they are read.
struct Items<'r, 'a, 'g> {
    rows: &'r mut Rows<'a, 'g>,
    /// Why reading ended before the array did.
    stopped: &'r mut Option<std::result::Result<(), Error>>,
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            if !self.rows.push(item.get()) {
                return Err(A::Error::custom("a value that is not JSON"));
            }
            match self.rows.guard.allows(self.rows.cells) {
                Ok(true) => {}
                Ok(false) => {
                    *self.stopped = Some(Ok(()));
                    return Err(A::Error::custom("enough"));
                }
                Err(error) => {
                    *self.stopped = Some(Err(error));
                    return Err(A::Error::custom("too much"));
                }
            }
        }
        Ok(())
    }
}
