//! How far a table is, and what is said of that. No browser here, so that it is tested natively.

use std::collections::VecDeque;

use crate::present::format::{Amount, Share, Write, apportion, count};
use crate::present::labels::Polarity;
use crate::types::table::{Counts, Progress, Summary};

/// Where the visitor is with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// There is none.
    #[default]
    Empty,
    /// A file is being looked at.
    Opening,
    /// Its first rows are shown, and how it is read can be corrected.
    Preview,
    /// All of it is being read.
    Reading,
    /// Its texts are being classified, or are.
    Open,
}

/// Whether texts are being classified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Run {
    /// They are.
    #[default]
    Going,
    /// The visitor has paused it.
    Paused,
    /// All of them are.
    Done,
    /// It cannot go on, for this reason.
    Stopped(String),
}

/// How many rows a second are read, over the last seconds.
#[derive(Debug, Clone, Default)]
pub struct Speed {
    /// When, in milliseconds, and how many rows had been read then.
    samples: VecDeque<(f64, usize)>,
}

impl Speed {
    const MILLIS: f64 = 8_000.0;

    /// Notes how many rows have been read at the time `at`, in milliseconds.
    pub fn note(&mut self, at: f64, rows: usize) {
        self.samples.push_back((at, rows));
        while self.samples.len() > 2 && self.samples[1].0 < at - Self::MILLIS {
            self.samples.pop_front();
        }
    }

    /// After a pause what was before says nothing.
    pub fn forget(&mut self) {
        self.samples.clear();
    }

    /// Rows a second; `None` before there are two samples.
    pub fn rows_a_second(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let seconds = (last.0 - first.0) / 1e3;
        (seconds > 0.0 && last.1 > first.1).then(|| (last.1 - first.1) as f64 / seconds)
    }
}

/// How far it is: `11,650 of 18,204 rows read · 312 rows a second · 21 s left · 3 rows have no text`.
pub fn progress(progress: &Progress, speed: &Speed, run: &Run, write: Write) -> String {
    let number = |n: usize| write(Amount::number(n as u64));
    let all = progress.rows - progress.empty;
    let mut said = vec![number(progress.read) + " of " + &count(all, "row", write) + " read"];
    if *run == Run::Going
        && let Some(speed) = speed.rows_a_second()
    {
        said.push(count(speed.round() as usize, "row", write) + " a second");
        said.push(left(progress.waiting() as f64 / speed, write) + " left");
    }
    if *run == Run::Paused {
        said.push("paused".to_owned());
    }
    let mut fact = |rows: usize, one: &str, many: &str| {
        if rows > 0 {
            said.push(number(rows) + if rows == 1 { one } else { many });
        }
    };
    fact(
        progress.repeated,
        " says the same as an earlier one",
        " say the same as an earlier one",
    );
    fact(progress.empty, " has no text", " have no text");
    fact(progress.failed, " could not be read", " could not be read");
    said.join(" · ")
}

fn left(seconds: f64, write: Write) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    if minutes >= 2 {
        return write(Amount::number(minutes)) + " minutes";
    }
    write(Amount::number(seconds.ceil() as u64)) + " s"
}

/// The share of each label, largest first: `48% positive, 31% negative, 21% neutral`.
pub fn headline(labels: &[String], counts: &Counts, write: Write) -> String {
    const MOST: usize = 3;
    let total: usize = counts.iter().sum();
    if total == 0 {
        return "Nothing read yet".to_owned();
    }
    let scores: Vec<f32> = counts
        .iter()
        .map(|&rows| rows as f32 / total as f32)
        .collect();
    let mut order: Vec<_> = labels.iter().zip(&scores).zip(apportion(&scores)).collect();
    order.sort_by(|one, other| other.0.1.total_cmp(one.0.1));
    let shares = order.into_iter().filter(|((_, score), _)| **score > 0.0);
    let shares: Vec<_> = shares
        .take(MOST)
        .map(|((label, &score), percent)| {
            write(Amount::percent(Share { percent, score })) + " " + &label.to_lowercase()
        })
        .collect();
    shares.join(", ")
}

/// What a label means, by the name that the style sheet knows.
pub fn tone(labels: &[String], label: usize) -> &'static str {
    let polarity = labels.get(label).map(|name| Polarity::of(name));
    polarity.unwrap_or(Polarity::Other).name()
}

/// A number of rows as a share of all.
pub fn percent(rows: usize, total: usize, write: Write) -> String {
    write(Amount::percent(Share::nearest(
        rows as f32 / total.max(1) as f32,
    )))
}

/// What else there is to say of a summary, in one sentence; empty if there is nothing.
pub fn remarks(summary: &Summary, write: Write) -> String {
    let number = |n: usize| write(Amount::number(n as u64));
    let total = summary.total();
    let mut said = Vec::new();
    if summary.not_sure > 0 {
        said.push(percent(summary.not_sure, total, write) + " not sure");
    }
    if summary.corrected > 0 {
        said.push(number(summary.corrected) + " corrected by you");
    }
    if summary.truncated > 0 {
        said.push(number(summary.truncated) + " too long to be read whole");
    }
    said.join(", ")
}
