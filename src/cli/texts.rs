//! The texts of standard input: one per line, or in JSON.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::input::{Line, Lines, array_items, is_cut_short};
use super::{Result, Stop, json};

/// Options that say what standard input is.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Input {
    /// Format of the input
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// Copy the input to each line of the output, as `input`: the text, or the whole JSON object
    #[arg(long)]
    echo: bool,
    /// What to do about a line that cannot be read
    #[arg(long, value_enum, default_value_t = OnError::Stop, value_name = "WHAT")]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// Stop, and say why
    Stop,
    /// Write {"error": "…"} in its place: then each line of the input is one of the output, in order. JSON is one value
    /// a line, and a blank line an error among them
    Record,
}

/// What stands in the place of a line that cannot be read. The name is part of the command's interface.
#[derive(Serialize)]
struct Unread<'a> {
    error: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Detect by the first line that is not blank: `jsonl` if it starts with {, a JSON array of objects or strings if it
    /// starts like one, else `text`
    Auto,
    /// One plain text per line
    Text,
    /// One JSON object with a string `text` per line; blank lines are skipped
    Jsonl,
}

impl Input {
    /// Writes a line of standard output for each text of standard input, as soon as `answer` has it: a JSON object.
    pub(super) fn each(self, answer: impl FnMut(&str) -> Result<String>) -> Result {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            // Without this hint the program would seem to hang if the input was forgotten.
            let _ = writeln!(io::stderr(), "Type a text and press Enter. Ctrl+D ends.");
        }
        let lines = Lines::new(stdin.lock(), "standard input");
        let stdout = io::stdout().lock();
        match self.on_error {
            OnError::Stop => self.each_line(lines, stdout, answer),
            OnError::Record => self.record_each_line(lines, stdout, answer),
        }
    }

    /// A line of output for each line of input, whatever it holds.
    fn record_each_line(
        self,
        mut lines: Lines<impl BufRead>,
        mut output: impl Write,
        mut answer: impl FnMut(&str) -> Result<String>,
    ) -> Result {
        let mut format = self.format;
        // Blank lines before the format is known.
        let mut blank = 0;
        let mut write = |answered: Result<String>, input: &str| -> Result {
            let line = match answered {
                Err(Stop::Failed(message)) => json(&Unread { error: &message })?,
                answered => answered?,
            };
            self.write(&mut output, line, &|| input.to_owned())
        };
        loop {
            let (answered, input) = match lines.next_line_or_fault()? {
                None => break,
                Some(Err(stop)) => (Err(stop), "null".to_owned()),
                Some(Ok(line)) if format == Format::Auto && line.is_blank() => {
                    blank += 1;
                    continue;
                }
                Some(Ok(line)) => {
                    if format == Format::Auto {
                        let is_json = line.text.trim_start().starts_with('{');
                        format = if is_json { Format::Jsonl } else { Format::Text };
                    }
                    for _ in 0..std::mem::take(&mut blank) {
                        let text = blank_line(format);
                        write(text.and_then(&mut answer), "\"\"")?;
                    }
                    let input = match format {
                        Format::Jsonl if line.object().is_ok() => line.raw(),
                        _ => quoted(line.text),
                    };
                    let text = text(&line, format);
                    (text.and_then(|text| answer(&text)), input)
                }
            };
            write(answered, &input)?;
        }
        for _ in 0..blank {
            write(answer(""), "\"\"")?;
        }
        Ok(())
    }

    /// Writes a line, with the input if that is asked for.
    fn write(
        self,
        output: &mut impl Write,
        mut json: String,
        input: &dyn Fn() -> String,
    ) -> Result {
        if self.echo {
            // Copied verbatim: parsing and serializing it would lose digits of long numbers and the order of keys.
            json.truncate(json.len() - 1);
            json += ",\"input\":";
            json += &input();
            json.push('}');
        }
        json.push('\n');
        let written = output.write_all(json.as_bytes());
        written
            .and_then(|()| output.flush())
            .map_err(|error| Stop::output(&error))
    }

    fn each_line(
        self,
        mut lines: Lines<impl BufRead>,
        mut output: impl Write,
        mut answer: impl FnMut(&str) -> Result<String>,
    ) -> Result {
        let mut write = |text: &str, input: &dyn Fn() -> String| -> Result {
            self.write(&mut output, answer(text)?, input)
        };
        let mut format = self.format;
        // Whether JSON objects span several lines, like the first one. Never with `--format jsonl`.
        let mut is_indented = false;
        // Blank lines before the format is known. They are classified if it turns out to be text.
        let mut blank: Vec<String> = vec![];
        while let Some(line) = lines.next_line()? {
            let guessed = format == Format::Auto;
            if guessed {
                if line.is_blank() {
                    blank.push(line.text.to_owned());
                    continue;
                }
                if line.begins_array() {
                    let mut array = "\n".repeat(blank.len()) + line.text;
                    while let Some(line) = lines.next_line()? {
                        array.push('\n');
                        array.push_str(line.text);
                    }
                    let items = array_items(&array, lines.name());
                    for item in items.map_err(|stop| explain_guess(stop, '['))? {
                        write(&item.text_of_item()?, &|| item.raw())?;
                    }
                    return Ok(());
                }
                format = if line.text.trim_start().starts_with('{') {
                    is_indented = is_cut_short(line.text);
                    blank.clear();
                    Format::Jsonl
                } else {
                    Format::Text
                };
            }
            if format == Format::Jsonl {
                if line.is_blank() {
                    continue;
                }
                // Objects that span several lines, as `jq .` writes them.
                let (first, mut object) = (line.number(), line.text.to_owned());
                while is_indented && is_cut_short(&object) {
                    let Some(line) = lines.next_line()? else {
                        break;
                    };
                    object.push('\n');
                    object.push_str(line.text);
                }
                let line = lines.line_of(first, &object);
                let fields = line.object().map_err(|stop| match guessed {
                    true => explain_guess(stop, '{'),
                    false => stop,
                })?;
                write(line.text_field(&fields)?, &|| line.raw())?;
            } else {
                for text in blank.drain(..) {
                    write(&text, &|| quoted(&text))?;
                }
                write(line.text, &|| quoted(line.text))?;
            }
        }
        for text in blank {
            write(&text, &|| quoted(&text))?;
        }
        Ok(())
    }
}

/// The text of a line, which has one in JSON.
fn text(line: &Line<'_>, format: Format) -> Result<String> {
    match format {
        Format::Jsonl if line.is_blank() => blank_line(format).map(str::to_owned),
        Format::Jsonl => Ok(line.text_field(&line.object()?)?.to_owned()),
        _ => Ok(line.text.to_owned()),
    }
}

/// The text of a blank line.
fn blank_line(format: Format) -> Result<&'static str> {
    match format {
        Format::Jsonl => Err(Stop::failed("The line is blank.")),
        _ => Ok(""),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Adds advice in case plain text was detected as JSON.
fn explain_guess(stop: Stop, first: char) -> Stop {
    match stop {
        Stop::Failed(message) => Stop::Failed(format!(
            "{message} The input was detected as JSON because it starts with {first}: pass --format text if it is plain text."
        )),
        other => other,
    }
}
