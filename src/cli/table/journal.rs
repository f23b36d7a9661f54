//! What was read of a table before the program was stopped: a line for each text, beside the file that is to be saved.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::{Result, Stop, json};
use crate::document::ContentHash;
use crate::table::Table;
use crate::table::job::{Job, TextId, text};
use crate::types::ModelInfo;

/// The first line: answers of another model are of no use.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    model: String,
    labels: Vec<String>,
    bytes: u64,
}

/// How a text reads. Texts are named by their content, so that a file that has changed meanwhile is no other case.
#[derive(Serialize, Deserialize)]
struct Entry {
    text: ContentHash,
    scores: Vec<f32>,
    truncated: bool,
}

/// A journal that is open.
pub(super) struct Journal {
    path: PathBuf,
    to: BufWriter<File>,
}

impl Journal {
    /// Gives `job` what an earlier run has read, and goes on with its journal, or begins one.
    pub(super) fn open(
        out: &Path,
        model: &ModelInfo,
        table: &Table,
        column: usize,
        job: &mut Job,
    ) -> Result<Self> {
        let path = beside(out, "part");
        let head = Head {
            model: model.name.clone(),
            labels: model.labels.clone(),
            bytes: model.file_size,
        };
        let known = entries(&path, &head);
        if let Some(known) = &known {
            for id in (0..job.text_count() as u32).map(TextId) {
                let text = text(table.row(job.first_row(id)), column);
                if let Some(entry) = known.get(&ContentHash::of("", text)) {
                    job.answer(id, &entry.scores, entry.truncated);
                }
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .append(known.is_some())
            .write(true)
            .truncate(known.is_none())
            .open(&path);
        let mut journal = Self {
            to: BufWriter::new(file.map_err(|error| unwritable(&path, &error))?),
            path,
        };
        if known.is_none() {
            journal.line(&head)?;
        } else {
            // Behind a line that was cut when the program was stopped.
            journal.write("\n")?;
        }
        Ok(journal)
    }

    /// A text was read.
    pub(super) fn note(&mut self, text: &str, scores: &[f32], truncated: bool) -> Result {
        self.line(&Entry {
            text: ContentHash::of("", text),
            scores: scores.to_vec(),
            truncated,
        })
    }

    pub(super) fn flush(&mut self) -> Result {
        let flushed = self.to.flush();
        flushed.map_err(|error| unwritable(&self.path, &error))
    }

    fn line(&mut self, value: &impl Serialize) -> Result {
        let line = json(value)? + "\n";
        self.write(&line)
    }

    fn write(&mut self, text: &str) -> Result {
        let written = self.to.write_all(text.as_bytes());
        written.map_err(|error| unwritable(&self.path, &error))
    }
}

/// What a journal of the same model holds.
fn entries(path: &Path, head: &Head) -> Option<HashMap<ContentHash, Entry>> {
    let mut lines = BufReader::new(File::open(path).ok()?).lines();
    let first: Head = serde_json::from_str(&lines.next()?.ok()?).ok()?;
    if first != *head {
        return None;
    }
    let entries = lines
        .map_while(io::Result::ok)
        .filter_map(|line| serde_json::from_str::<Entry>(&line).ok());
    Some(entries.map(|entry| (entry.text, entry)).collect())
}

/// The table is saved: its journal is of no more use.
pub(super) fn remove(out: &Path) {
    // What cannot be removed is written over by the next run.
    _ = fs::remove_file(beside(out, "part"));
}

/// A file beside `out`, by the end of its name.
pub(super) fn beside(out: &Path, end: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::failed(format!("{} could not be written: {error}.", path.display()))
}
