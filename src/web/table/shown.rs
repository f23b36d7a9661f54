//! What is shown of a table: the rows that are selected, and what stands in them.

use super::protocol::{Only, Outcome, Row, Selection, Sort};
use crate::present::labels::CONFIDENCE_THRESHOLD;
use crate::table::job::{self, Job, text};
use crate::table::{Table, cells};
use crate::types::table::Roles;

/// Characters of a text that are listed, and of a cell beside it.
const MAX_LISTED: usize = 400;
const MAX_CELL: usize = 60;

/// The rows that `selection` asks for, by their numbers.
pub(super) fn select(table: &Table, job: &Job, roles: Roles, selection: &Selection) -> Vec<u32> {
    let words = selection.words.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    let is_kind = |row: usize| match selection.only {
        Only::All => true,
        Only::Label(label) => job.label(row) == Some(label),
        Only::NotSure => is_not_sure(job, row),
        Only::Corrected => job.correction(row).is_some(),
        Only::Unread => matches!(
            job.outcome(row),
            job::Outcome::Failed(_) | job::Outcome::Empty
        ),
    };
    let in_group = |row: cells::Row<'_>| match (&selection.group, roles.group) {
        (Some(group), Some(column)) => row.text(column).trim() == group,
        _ => true,
    };
    let has_words = |row: cells::Row<'_>| {
        words.is_empty() || {
            let text = text(row, roles.text.unwrap_or(0)).to_lowercase();
            words.iter().all(|word| text.contains(word))
        }
    };
    let is_wanted = |&row: &u32| {
        let cells = table.row(row as usize);
        is_kind(row as usize) && in_group(cells) && has_words(cells)
    };
    let mut rows: Vec<u32> = (0..table.len() as u32).filter(is_wanted).collect();
    // What was not read comes last.
    let confidence = |row: &u32| match job.outcome(*row as usize) {
        job::Outcome::Read(reading) => Some(reading.confidence()),
        _ => None,
    };
    match selection.sort {
        Sort::File => {}
        Sort::Surest => rows.sort_by(|one, other| {
            let (one, other) = (confidence(one), confidence(other));
            other.unwrap_or(-1.0).total_cmp(&one.unwrap_or(-1.0))
        }),
        Sort::LeastSure => rows.sort_by(|one, other| {
            let (one, other) = (confidence(one), confidence(other));
            one.unwrap_or(2.0).total_cmp(&other.unwrap_or(2.0))
        }),
    }
    rows
}

fn is_not_sure(job: &Job, row: usize) -> bool {
    job.correction(row).is_none()
        && matches!(job.outcome(row), job::Outcome::Read(reading) if reading.confidence() < CONFIDENCE_THRESHOLD)
}

/// A row as it is listed.
pub(super) fn row(table: &Table, job: &Job, roles: Roles, row: usize) -> Row {
    let cells = table.row(row);
    let others = [roles.group, roles.date, roles.label];
    let beginning = |text: &str, most: usize| text.chars().take(most).collect();
    Row {
        row,
        text: beginning(text(cells, roles.text.unwrap_or(0)), MAX_LISTED),
        others: others
            .into_iter()
            .flatten()
            .map(|column| beginning(cells.text(column), MAX_CELL))
            .collect(),
        outcome: match job.outcome(row) {
            job::Outcome::Empty => Outcome::Empty,
            job::Outcome::Waiting => Outcome::Waiting,
            job::Outcome::Failed(reason) => Outcome::Failed {
                reason: reason.to_owned(),
            },
            job::Outcome::Read(reading) => Outcome::Read {
                label: reading.label,
                score: reading.confidence(),
                truncated: reading.is_truncated,
            },
        },
        corrected: job.correction(row),
    }
}

/// The cells of a row beside its text, by the names of their columns.
pub(super) fn others(table: &Table, column: usize, row: usize) -> Vec<(String, String)> {
    let cells = table.row(row);
    let names = table.columns().iter().enumerate();
    let others = names.filter(|&(at, _)| at != column);
    others
        .map(|(at, name)| (name.clone(), cells.text(at).to_owned()))
        .collect()
}
