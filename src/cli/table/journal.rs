//! What was read of a table before the program was stopped: a line for each text, beside the file that is to be saved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::{Result, Stop, json};
use crate::table::Table;
use crate::table::job::Job;
use crate::table::journal::{Line, restore};
use crate::types::ModelInfo;

/// The first line: answers of another model are of no use.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    model: String,
    labels: Vec<String>,
    bytes: u64,
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
        let known = lines(&path, &head);
        let is_known = known.is_some();
        restore(table, column, job, known.unwrap_or_default());
        let file = OpenOptions::new()
            .create(true)
            .append(is_known)
            .write(true)
            .truncate(!is_known)
            .open(&path);
        let mut journal = Self {
            to: BufWriter::new(file.map_err(|error| unwritable(&path, &error))?),
            path,
        };
        if !is_known {
            let head = json(&head)? + "\n";
            journal.write(&head)?;
        } else {
            // Behind a line that was cut when the program was stopped.
            journal.write("\n")?;
        }
        Ok(journal)
    }

    /// A text was read.
    pub(super) fn note(&mut self, text: &str, scores: &[f32], truncated: bool) -> Result {
        let line = Line::read(text, scores, truncated).to_json() + "\n";
        self.write(&line)
    }

    pub(super) fn flush(&mut self) -> Result {
        let flushed = self.to.flush();
        flushed.map_err(|error| unwritable(&self.path, &error))
    }

    fn write(&mut self, text: &str) -> Result {
        let written = self.to.write_all(text.as_bytes());
        written.map_err(|error| unwritable(&self.path, &error))
    }
}

/// What a journal of the same model holds.
fn lines(path: &Path, head: &Head) -> Option<Vec<Line>> {
    let mut lines = BufReader::new(File::open(path).ok()?).lines();
    let first: Head = serde_json::from_str(&lines.next()?.ok()?).ok()?;
    if first != *head {
        return None;
    }
    let lines = lines.map_while(io::Result::ok);
    Some(lines.filter_map(|line| Line::parse(&line)).collect())
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
