//! What was read of a table, a line for each text, so that nothing that was read is lost when a program is stopped.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Table;
use super::job::{Job, TextId, text};
use crate::document::ContentHash;

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// How a text reads. It is named by its content, so that a file that has changed meanwhile is no other case.
    Read {
        /// The text.
        text: ContentHash,
        /// One probability for each label.
        scores: Vec<f32>,
        /// Whether only its beginning was read.
        truncated: bool,
    },
    /// What a person said that a row is.
    Corrected {
        /// Its number, from 0.
        row: usize,
        /// Class id of the label; `None` if it was taken back.
        label: Option<usize>,
    },
}

impl Line {
    /// The line of a text.
    pub fn read(text: &str, scores: &[f32], truncated: bool) -> Self {
        Self::Read {
            text: ContentHash::of("", text),
            scores: scores.to_vec(),
            truncated,
        }
    }

    /// As JSON, without a line break.
    pub fn to_json(&self) -> String {
        // Numbers and their names: nothing of it cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `None` for a line that was cut when the program was stopped.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// Gives `job`, which is of the texts in `column`, what was read before.
pub fn restore(table: &Table, column: usize, job: &mut Job, lines: impl IntoIterator<Item = Line>) {
    let mut known = HashMap::new();
    for line in lines {
        match line {
            Line::Read {
                text,
                scores,
                truncated,
            } => _ = known.insert(text, (scores, truncated)),
            Line::Corrected { row, label } => job.correct(row, label),
        }
    }
    for id in (0..job.text_count() as u32).map(TextId) {
        let text = text(table.row(job.first_row(id)), column);
        if let Some((scores, truncated)) = known.get(&ContentHash::of("", text)) {
            job.answer(id, scores, *truncated);
        }
    }
}
