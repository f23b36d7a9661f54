//! The texts of standard input: one per line, or in JSON.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};

use super::input::{Lines, array_items, is_cut_short};
use super::{Result, Stop};

/// Options that say what standard input is.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Input {
    /// Format of the input
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// Copy the input to each line of the output, as `input`: the text, or the whole JSON object
    #[arg(long)]
    echo: bool,
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
        self.each_line(lines, io::stdout().lock(), answer)
    }

    fn each_line(
        self,
        mut lines: Lines<impl BufRead>,
        mut output: impl Write,
        mut answer: impl FnMut(&str) -> Result<String>,
    ) -> Result {
        let mut write = |text: &str, input: &dyn Fn() -> String| -> Result {
            let mut json = answer(text)?;
            if self.echo {
                // Copied verbatim: parsing and serializing it would lose digits of long numbers and the order of keys.
                json.truncate(json.len() - 1);
                json += ",\"input\":";
                json += &input();
                json.push('}');
            }
            json.push('\n');
            output
                .write_all(json.as_bytes())
                .and_then(|()| output.flush())
                .map_err(|error| Stop::output(&error))
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
