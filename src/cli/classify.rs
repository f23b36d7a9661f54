//! `live-sentiment classify`: classifies texts from standard input, writes JSON Lines to standard output.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::input::{Lines, array_items, is_cut_short};
use super::{Loaded, Model, Result, Stop};

/// Classify texts from standard input, one per line
///
/// Writes one JSON object per text, as soon as it is classified, in the order of the input:
///
///   {"label": "positive", "scores": [0.01, 0.04, 0.95], "logits": [-2.5, -0.9, 2.1], "tokens": 9, "truncated": false}
///
/// `scores` (probabilities) and `logits` are in the order of the model's labels, which `live-sentiment inspect` shows.
/// `tokens` is the number of tokens given to the model, special tokens included. `truncated` is true if the text
/// exceeded the model's maximum length and its end was ignored. For a blank text `label` is null, and the scores are
/// meaningless.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
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

/// One line of the output. The names are part of the command's interface.
#[derive(Debug, Serialize)]
struct Classified<'a> {
    label: Option<&'a str>,
    scores: &'a [f32],
    logits: &'a [f32],
    tokens: usize,
    truncated: bool,
}

pub(super) fn run(options: &Options) -> Result {
    let model = options.model.load()?;
    let stdin = io::stdin();
    if stdin.is_terminal() {
        // Without this hint the program would seem to hang if the input was forgotten.
        let _ = writeln!(io::stderr(), "Type a text and press Enter. Ctrl+D ends.");
    }
    let lines = Lines::new(stdin.lock(), "standard input");
    classify(&model, options, lines, io::stdout().lock())
}

fn classify(
    model: &Loaded<'_>,
    options: &Options,
    mut lines: Lines<impl BufRead>,
    mut output: impl Write,
) -> Result {
    let mut write = |text: &str, input: &dyn Fn() -> String| -> Result {
        let input = options.echo.then(input);
        output
            .write_all(answer(model, text, input)?.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|error| Stop::output(&error))
    };
    let mut format = options.format;
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

/// The output for one text, with a newline. `input` is JSON, which is copied verbatim: parsing and serializing it would
/// lose digits of long numbers and the order of keys.
fn answer(model: &Loaded<'_>, text: &str, input: Option<String>) -> Result<String> {
    let prediction = model.classify(text)?;
    let label = model.info().labels.get(prediction.label);
    let classified = Classified {
        label: label
            .filter(|_| !prediction.tokens.is_empty())
            .map(String::as_str),
        scores: &prediction.scores,
        logits: &prediction.logits,
        tokens: prediction.token_count,
        truncated: prediction.truncated_at.is_some(),
    };
    let mut json = serde_json::to_string(&classified)
        .map_err(|error| Stop::failed(format!("A result could not be written: {error}.")))?;
    if let Some(input) = input {
        json.truncate(json.len() - 1);
        json.push_str(",\"input\":");
        json.push_str(&input);
        json.push('}');
    }
    json.push('\n');
    Ok(json)
}
