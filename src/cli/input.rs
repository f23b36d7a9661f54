//! Reads lines of text and JSON, with errors that name the line.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{Result, Stop};

/// The texts of a file, without blank lines: one per line, or the field `text` of each line if its name ends in `.jsonl`.
pub(super) fn read_texts(path: &Path) -> Result<Vec<String>> {
    let json = path
        .extension()
        .is_some_and(|extension| extension == "jsonl");
    let mut lines = Lines::open(path)?;
    let mut texts = vec![];
    while let Some(line) = lines.next_line()? {
        if line.is_blank() {
            continue;
        }
        texts.push(if json {
            line.text_field(&line.object()?)?.to_owned()
        } else {
            line.text.to_owned()
        });
    }
    if texts.is_empty() {
        return Err(Stop::failed(format!(
            "{} has no texts. It should have one per line.",
            path.display()
        )));
    }
    Ok(texts)
}

/// Reads a text file line by line. A byte order mark and the `\r` of Windows line endings are dropped.
pub(super) struct Lines<R> {
    reader: R,
    /// For messages: `Line 3 of {name}`.
    name: String,
    number: usize,
    bytes: Vec<u8>,
}

/// One line and its position, for messages.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// "Line", or "Item" of an array.
    unit: &'static str,
    number: usize,
    name: &'a str,
}

/// The items of a JSON array, each as it was written.
pub(super) fn array_items<'a>(array: &'a str, name: &'a str) -> Result<Vec<Line<'a>>> {
    serde_json::from_str::<IgnoredAny>(array)
        .map_err(|error| Stop::failed(format!("{name} is not a JSON array: {error}.")))?;
    let mut items = vec![];
    // It is valid JSON, so items are separated by one comma and whitespace.
    let mut rest = array.trim_start().get(1..).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if rest.is_empty() || rest.starts_with(']') {
            return Ok(items);
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        if !matches!(values.next(), Some(Ok(_))) {
            return Err(Stop::failed(format!("{name} is not a JSON array.")));
        }
        let (text, after) = rest.split_at(values.byte_offset());
        items.push(Line {
            text,
            unit: "Item",
            number: items.len() + 1,
            name,
        });
        rest = after;
    }
}

/// Longest JSON object that spans several lines, in bytes, so that an unclosed `{` does not consume the whole file.
const MAX_OBJECT_BYTES: usize = 1 << 20;

/// Whether a JSON object is incomplete, so that the next line may belong to it.
pub(super) fn is_cut_short(object: &str) -> bool {
    // Parse only when the last line can end the object; otherwise the cost would be quadratic in the number of lines.
    let may_end = |object: &str| object.trim_end().ends_with('}');
    object.len() < MAX_OBJECT_BYTES
        && (!may_end(object)
            || serde_json::from_str::<IgnoredAny>(object).is_err_and(|error| error.is_eof()))
        && !serde_json::from_str::<IgnoredAny>(object.lines().next().unwrap_or_default())
            .is_err_and(|error| !error.is_eof())
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<BufReader<File>> {
    let name = path.display();
    if path.is_dir() {
        return Err(Stop::failed(format!(
            "{name} could not be read: it is a folder."
        )));
    }
    match File::open(path) {
        Ok(file) => Ok(BufReader::new(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Stop::failed(format!(
            "{name} was not found. Check the path."
        ))),
        Err(error) => Err(Stop::failed(format!("{name} could not be read: {error}."))),
    }
}

impl Lines<BufReader<File>> {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Lines::new(open(path)?, path.display().to_string()))
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, name: impl Into<String>) -> Self {
        Self {
            reader,
            name: name.into(),
            number: 0,
            bytes: Vec::new(),
        }
    }

    /// The next line, or `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        self.next_line_or_fault()?.transpose()
    }

    /// The next line or what is wrong with it; there may be more behind it. `None` at the end.
    pub(super) fn next_line_or_fault(&mut self) -> Result<Option<Result<Line<'_>>>> {
        let Self {
            reader,
            name,
            number,
            bytes,
        } = self;
        bytes.clear();
        let read = reader
            .read_until(b'\n', bytes)
            .map_err(|error| Stop::failed(format!("{name} could not be read: {error}.")))?;
        if read == 0 {
            return Ok(None);
        }
        *number += 1;
        // UTF-16 with a byte order mark, or without one: then the first character has a zero byte.
        if *number == 1
            && (bytes.starts_with(b"\xff\xfe")
                || bytes.starts_with(b"\xfe\xff")
                || bytes.iter().take(2).any(|&byte| byte == 0))
        {
            return Err(Stop::failed(format!(
                "{name} is UTF-16, not UTF-8. Convert it first, for example with iconv."
            )));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                return Ok(Some(Err(Stop::failed(format!(
                    "Line {number} of {name} is not UTF-8 from byte {} on. Convert it first, for example with iconv.",
                    error.valid_up_to() + 1
                )))));
            }
        };
        let text = if *number == 1 {
            text.strip_prefix('\u{feff}').unwrap_or(text)
        } else {
            text
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Some(Ok(Line {
            text: text.strip_suffix('\r').unwrap_or(text),
            unit: "Line",
            number: *number,
            name,
        })))
    }

    /// `text`, which starts in line `number`.
    pub(super) fn line_of<'a>(&'a self, number: usize, text: &'a str) -> Line<'a> {
        Line {
            text,
            unit: "Line",
            number,
            name: &self.name,
        }
    }

    /// Name of the input, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Line<'_> {
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// An error about this line; `what` continues "Line 3 of standard input".
    pub(super) fn error(&self, what: impl std::fmt::Display) -> Stop {
        Stop::failed(format!(
            "{} {} of {} {what}",
            self.unit, self.number, self.name
        ))
    }

    /// Whether it starts an array of objects or strings, rather than a text such as `[sigh] good`.
    pub(super) fn begins_array(&self) -> bool {
        let Some(inside) = self.text.trim_start().strip_prefix('[') else {
            return false;
        };
        matches!(
            inside.trim_start().chars().next(),
            None | Some('{' | '"' | ']')
        )
    }

    /// The JSON verbatim, on one line: valid JSON has newlines only between its tokens.
    pub(super) fn raw(&self) -> String {
        self.text.trim().replace(['\n', '\r'], " ")
    }

    /// The text of an array item, which is a string or an object.
    pub(super) fn text_of_item(&self) -> Result<String> {
        if self.text.starts_with('"') {
            return serde_json::from_str(self.text)
                .map_err(|error| self.error(format!("is not JSON: {error}.")));
        }
        Ok(self.text_field(&self.object()?)?.to_owned())
    }

    /// The line as a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>> {
        match serde_json::from_str(self.text) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(self.error("is JSON, but not an object like {\"text\": \"…\"}.")),
            Err(error) => {
                // serde_json counts lines from the start of the object.
                let message = error.to_string();
                let reason = message.split(" at line ").next().unwrap_or_default();
                let line = Line {
                    number: self.number + error.line().saturating_sub(1),
                    ..*self
                };
                Err(line.error(format!(
                    "is not JSON: {reason} at column {}.",
                    error.column()
                )))
            }
        }
    }

    /// The field `text` of the line's object.
    pub(super) fn text_field<'f>(&self, fields: &'f Map<String, Value>) -> Result<&'f str> {
        match fields.get("text") {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.error("has a field \"text\" that is not a string.")),
            None => Err(self.error("has no field \"text\".")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> std::result::Result<Vec<String>, String> {
        let mut lines = Lines::new(bytes, "test");
        let mut found = vec![];
        loop {
            match lines.next_line() {
                Ok(Some(line)) => found.push(line.text.to_owned()),
                Ok(None) => return Ok(found),
                Err(Stop::Failed(message)) => return Err(message),
                Err(Stop::PipeClosed) => unreachable!(),
            }
        }
    }

    #[test]
    fn line_ends_of_every_kind() {
        assert_eq!(all(b"").unwrap(), [""; 0]);
        assert_eq!(all(b"a\nb").unwrap(), ["a", "b"]);
        assert_eq!(all(b"\xef\xbb\xbfa\r\n\r\nb\r\n").unwrap(), ["a", "", "b"]);
        assert_eq!(all(b"a\rb\n").unwrap(), ["a\rb"]);
    }

    #[test]
    fn bytes_that_are_not_text() {
        assert_eq!(
            all(b"fine\nca\xe9\n").unwrap_err(),
            "Line 2 of test is not UTF-8 from byte 3 on. Convert it first, for example with iconv."
        );
    }

    #[test]
    fn json_errors_name_line_and_column() {
        for (line, expected) in [
            (
                "{\"text\": \"a\"",
                "Line 1 of test is not JSON: EOF while parsing an object at column 12.",
            ),
            (
                "[1]",
                "Line 1 of test is JSON, but not an object like {\"text\": \"…\"}.",
            ),
            ("{}", "Line 1 of test has no field \"text\"."),
            (
                "{\"text\": 1}",
                "Line 1 of test has a field \"text\" that is not a string.",
            ),
        ] {
            let mut lines = Lines::new(line.as_bytes(), "test");
            let line = lines.next_line().unwrap().unwrap();
            let text = line
                .object()
                .and_then(|fields| Ok(line.text_field(&fields)?.to_owned()));
            match text {
                Err(Stop::Failed(message)) => assert_eq!(message, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
