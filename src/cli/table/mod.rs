//! `live-sentiment table`: classifies a column of a file.

mod journal;
mod summary;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use encoding_rs::Encoding;

use super::input::open;
use super::{Loaded, Model, Result, Stop, progress_bar};
use crate::Error;
use crate::table::job::{Job, TextId, text};
use crate::table::save::{Options as SaveOptions, save};
use crate::table::summary::summarize;
use crate::table::{Table, read, sniff};
use crate::types::table::{Dialect, Format, Layout, Roles, SaveAs, Sheet};
use journal::Journal;

/// Texts that are read at once; what was read before a stop is kept.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 8 << 20;

/// Classify a column of a table: CSV, TSV, JSON Lines, XLSX, XLS, ODS, or a text per line
///
/// Writes the table as it came, with these columns behind its own: `sentiment`, `confidence`, one probability for each
/// label, `corrected` (empty: for a person), `truncated` and `note`. Without --out and --summary it goes to standard output.
///
/// Encoding, delimiter, header and the column of texts are guessed; what was guessed is written to standard error.
///
/// What was read is kept in OUT.part until the table is saved: the same command goes on where it was stopped.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    /// The file
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Column of the texts: its name or its number, from 1
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// Column to sum up by
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Column of dates
    #[arg(long, value_name = "COLUMN")]
    date: Option<String>,
    /// Column of labels that people gave, to measure the model by
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Where to save the table; the name ends in .csv, .tsv, .jsonl, .json or .xlsx
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Write a summary to standard output
    #[arg(long)]
    summary: bool,
    /// Encoding of the file, such as utf-8, windows-1252 or shift_jis
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// What stands between two cells: one character, or `tab`
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<String>,
    /// The first row is no header
    #[arg(long)]
    no_header: bool,
    /// Sheet of a workbook [default: the first one that is not hidden]
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Put an apostrophe before cells that a spreadsheet program would run as a formula
    #[arg(long)]
    disarm_formulas: bool,
}

pub(super) fn run(options: &Options) -> Result {
    let format = save_as(options.out.as_deref())?;
    let name = file_name(&options.input);
    let mut file = open(&options.input)?;
    let table = options.read(&mut file, &name)?;
    let roles = options.roles(&table)?;
    let Some(column) = roles.text else {
        return Err(Stop::failed(format!(
            "{name} has no column of texts. Its columns are {}: name one with --column.",
            listed(table.columns())
        )));
    };
    options.say_what_was_guessed(&table, roles);
    let model = options.model.load()?;
    let mut job = Job::new(&table, column, model.info().labels.len());
    classify(&model, &table, column, &mut job, options.out.as_deref())?;
    let labels = &model.info().labels;
    let format = match (format, &table.layout().format) {
        // In the delimiter and the encoding that it came in.
        (SaveAs::Csv, Format::Delimited(dialect)) if dialect.delimiter != b'\t' => SaveAs::Same,
        (SaveAs::Tsv, Format::Delimited(dialect)) if dialect.delimiter == b'\t' => SaveAs::Same,
        (format, _) => format,
    };
    let save_options = SaveOptions {
        format,
        disarm_formulas: options.disarm_formulas,
    };
    if let Some(out) = &options.out {
        let name = file_name(out);
        write_file(out, |to| {
            save(&table, &job, labels, save_options, &name, to)
        })?;
        journal::remove(out);
    } else if !options.summary {
        let name = "Standard output";
        write_stdout(|to| save(&table, &job, labels, save_options, name, to))?;
    }
    if options.summary {
        let summary = summarize(&table, &job, roles, labels);
        let words = summary::in_words(&summary, &job.progress(), labels);
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(words.as_bytes());
        written.map_err(|error| Stop::output(&error))?;
    }
    Ok(())
}

impl Options {
    fn read(&self, file: &mut BufReader<File>, name: &str) -> Result<Table> {
        let mut layout = sniff(file, name).map_err(|error| unusable(&error))?;
        self.correct(&mut layout, file, name)?;
        let table = read(file, name, &layout, |_| true).map_err(|error| unusable(&error))?;
        if table.is_empty() {
            return Err(Stop::failed(format!(
                "{name} has no rows{}.",
                if layout.has_header {
                    " but its header"
                } else {
                    ""
                }
            )));
        }
        Ok(table)
    }

    /// What the user says goes before what was guessed.
    fn correct(&self, layout: &mut Layout, file: &mut BufReader<File>, name: &str) -> Result {
        if let Some(label) = &self.encoding {
            let encoding = Encoding::for_label(label.trim().as_bytes());
            let encoding = encoding.ok_or_else(|| {
                Stop::failed(format!(
                    "{label} is no encoding: utf-8, utf-16le, windows-1252, shift_jis and gb18030 are some."
                ))
            })?;
            encoding.name().clone_into(&mut layout.encoding);
        }
        if let Some(delimiter) = &self.delimiter {
            let delimiter = match delimiter.as_str() {
                "tab" | "\\t" => b'\t',
                one if one.len() == 1 && !"\"\r\n".contains(one) => one.as_bytes()[0],
                other => {
                    return Err(Stop::failed(format!(
                        "{other} cannot be a delimiter: name one ASCII character that is no quotation mark, or tab."
                    )));
                }
            };
            let before = match layout.format {
                Format::Delimited(dialect) => dialect,
                _ => Dialect::default(),
            };
            layout.format = Format::Delimited(Dialect {
                delimiter,
                ..before
            });
        }
        if let Some(sheet) = &self.sheet {
            let sheets = read(file, name, layout, |_| false)
                .map_err(|error| unusable(&error))?
                .sheets;
            let Some(index) = sheets.iter().position(|it| it.name == *sheet) else {
                return Err(Stop::failed(no_sheet(name, sheet, &sheets)));
            };
            layout.format = Format::Workbook { sheet: index };
        }
        layout.has_header &= !self.no_header;
        Ok(())
    }

    fn roles(&self, table: &Table) -> Result<Roles> {
        let guessed = table.roles();
        let named = |name: &Option<String>| match name {
            Some(name) => column(table, name).map(Some),
            None => Ok(None),
        };
        Ok(Roles {
            text: named(&self.column)?.or(guessed.text),
            group: named(&self.group)?,
            date: named(&self.date)?,
            label: named(&self.label)?,
        })
    }

    fn say_what_was_guessed(&self, table: &Table, roles: Roles) {
        let mut said = describe(table.layout(), &table.sheets);
        if self.column.is_none()
            && let Some(name) = roles.text.and_then(|text| table.columns().get(text))
        {
            said += &format!(", texts in the column {name}");
        }
        let mut lines = vec![format!("{} rows, {said}", table.len())];
        lines.extend(table.notes.iter().map(ToString::to_string));
        for line in lines {
            let line = line.replace(char::is_control, "\u{fffd}");
            // If standard error is closed, nobody wants to know.
            _ = writeln!(io::stderr(), "{}: {line}", table.name());
        }
    }
}

/// A layout in words.
fn describe(layout: &Layout, sheets: &[Sheet]) -> String {
    let what = match layout.format {
        Format::Delimited(dialect) => match dialect.delimiter {
            b',' => "commas".to_owned(),
            b';' => "semicolons".to_owned(),
            b'\t' => "tabs".to_owned(),
            b'|' => "pipes".to_owned(),
            other => format!("“{}” between cells", char::from(other)),
        },
        Format::Lines => "a text on each line".to_owned(),
        Format::JsonLines => "JSON Lines".to_owned(),
        Format::JsonArray => "JSON".to_owned(),
        Format::Workbook { sheet } => {
            let name = sheets.get(sheet).map_or("", |sheet| sheet.name.as_str());
            return format!("sheet {name}{}", header(layout));
        }
    };
    let encoding = &layout.encoding;
    format!("{encoding}, {what}{}", header(layout))
}

fn header(layout: &Layout) -> &'static str {
    match layout.format {
        Format::JsonLines | Format::JsonArray => "",
        _ if layout.has_header => ", with a header",
        _ => ", without a header",
    }
}

fn no_sheet(name: &str, sheet: &str, sheets: &[Sheet]) -> String {
    if sheets.is_empty() {
        return format!("{name} is no workbook, so it has no sheet {sheet}.");
    }
    let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    format!(
        "{name} has no sheet {sheet}. Its sheets are {}.",
        listed(&names)
    )
}

/// The column of this name, or else of this number from 1.
fn column(table: &Table, name: &str) -> Result<usize> {
    let columns = table.columns();
    let named = columns.iter().position(|column| column == name);
    let like = || {
        columns
            .iter()
            .position(|column| column.to_lowercase() == name.to_lowercase())
    };
    let numbered = || {
        let number: usize = name.parse().ok()?;
        number.checked_sub(1).filter(|&at| at < columns.len())
    };
    named.or_else(like).or_else(numbered).ok_or_else(|| {
        Stop::failed(format!(
            "{} has no column {name}. Its columns are {}.",
            table.name(),
            listed(columns)
        ))
    })
}

/// Some names, separated by commas.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let mut list = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST {
        list += &format!(" and {} more", names.len() - MOST);
    }
    list
}

/// Reads all texts, and what an earlier run has read from its journal.
fn classify(
    model: &Loaded<'_>,
    table: &Table,
    column: usize,
    job: &mut Job,
    out: Option<&Path>,
) -> Result {
    let mut journal = match out {
        Some(out) => Some(Journal::open(out, model.info(), table, column, job)?),
        None => None,
    };
    let progress = job.progress();
    let bar = progress_bar(progress.rows - progress.empty, "rows");
    bar.set_position(progress.read as u64);
    bar.reset_eta();
    let text_of = |job: &Job, id: TextId| text(table.row(job.first_row(id)), column);
    loop {
        let length = |row: usize| text(table.row(row), column).len();
        let ids = job.next(BATCH, BATCH_BYTES, length);
        if ids.is_empty() {
            break;
        }
        let texts: Vec<&str> = ids.iter().map(|&id| text_of(job, id)).collect();
        match model.classifier.classify_all(&texts, || ()) {
            Ok(predictions) => {
                for ((&id, text), prediction) in ids.iter().zip(&texts).zip(&predictions) {
                    let is_truncated = prediction.truncated_at.is_some();
                    job.answer(id, &prediction.scores, is_truncated);
                    if let Some(journal) = &mut journal {
                        journal.note(text, &prediction.scores, is_truncated)?;
                    }
                }
            }
            Err(error) => job.failed(&ids, &error.to_string()),
        }
        if let Some(journal) = &mut journal {
            journal.flush()?;
        }
        let progress = job.progress();
        bar.set_position((progress.read + progress.failed) as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn unusable(error: &Error) -> Stop {
    Stop::failed(error.to_string())
}

fn save_as(out: Option<&Path>) -> Result<SaveAs> {
    let Some(out) = out else {
        return Ok(SaveAs::Same);
    };
    let extension = out.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str().unwrap_or_default() {
        "csv" | "txt" => Ok(SaveAs::Csv),
        "tsv" | "tab" => Ok(SaveAs::Tsv),
        "xlsx" => Ok(SaveAs::Xlsx),
        "jsonl" | "ndjson" => Ok(SaveAs::JsonLines),
        "json" => Ok(SaveAs::Json),
        _ => Err(Stop::failed(format!(
            "{} cannot be saved as: a name ends in .csv, .tsv, .jsonl, .json or .xlsx.",
            file_name(out)
        ))),
    }
}

/// Writes to standard output, whose reader may close it.
fn write_stdout(write: impl FnOnce(&mut Watched<'_>) -> crate::Result<()>) -> Result {
    let mut stdout = Watched {
        to: BufWriter::new(io::stdout().lock()),
        failure: None,
    };
    let written = write(&mut stdout).map_err(|error| unusable(&error));
    match stdout.failure {
        Some(error) => Err(Stop::output(&error)),
        None => written.and_then(|()| stdout.to.flush().map_err(|error| Stop::output(&error))),
    }
}

/// Standard output, and why it could not be written to.
struct Watched<'a> {
    to: BufWriter<io::StdoutLock<'a>>,
    failure: Option<io::Error>,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a file whole or not at all.
fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> crate::Result<()>,
) -> Result {
    let unwritable = |error: io::Error| {
        Stop::failed(format!("{} could not be written: {error}.", path.display()))
    };
    let whole = journal::beside(path, "whole");
    let mut to = BufWriter::new(File::create(&whole).map_err(unwritable)?);
    let written = write(&mut to)
        .map_err(|error| unusable(&error))
        .and_then(|()| to.flush().map_err(unwritable))
        .and_then(|()| std::fs::rename(&whole, path).map_err(unwritable));
    if written.is_err() {
        // The first failure is the one to report.
        _ = std::fs::remove_file(&whole);
    }
    written
}
