//! The summary of a table in words and numbers, for a terminal.

use std::fmt::Write as _;

use crate::types::table::{Counts, Progress, Summary};

/// The whole summary, with a line break at its end.
pub(super) fn in_words(summary: &Summary, progress: &Progress, labels: &[String]) -> String {
    let mut said = String::new();
    let total = summary.total();
    // Writing to a string does not fail.
    let out = &mut said;
    _ = writeln!(out, "{}", shares(&summary.labels, labels));
    let mut facts = vec![format!("{total} of {} rows read", progress.rows)];
    let mut fact = |count: usize, one: &str, many: &str| {
        if count > 0 {
            facts.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    };
    fact(summary.not_sure, "is not sure", "are not sure");
    fact(
        progress.repeated,
        "says the same as an earlier one",
        "say the same as an earlier one",
    );
    fact(progress.empty, "is empty", "are empty");
    fact(progress.failed, "could not be read", "could not be read");
    fact(
        summary.truncated,
        "was read only in part",
        "were read only in part",
    );
    _ = writeln!(out, "{}", facts.join(", "));
    if !summary.groups.is_empty() {
        _ = writeln!(out);
        let rows = summary.groups.iter().map(|group| {
            let name = match group.name.as_deref() {
                None => "all others",
                Some("") => "no group",
                Some(name) => name,
            };
            (name, &group.labels)
        });
        counts(out, "group", rows, labels);
    }
    if !summary.periods.is_empty() {
        _ = writeln!(out);
        let rows = summary
            .periods
            .iter()
            .map(|it| (it.name.as_str(), &it.labels));
        counts(out, "time", rows, labels);
        if summary.undated > 0 {
            _ = writeln!(out, "{} rows have no date.", summary.undated);
        }
    }
    if let Some(agreement) = &summary.agreement {
        _ = writeln!(
            out,
            "\nOf {} labelled rows {:.1} % are as labelled; macro-F1 {:.1} %.",
            agreement.rows,
            agreement.accuracy * 100.0,
            agreement.macro_f1 * 100.0
        );
        if agreement.unknown > 0 {
            let unknown = agreement.unknown;
            _ = writeln!(
                out,
                "{unknown} more rows have a label that the model does not know."
            );
        }
        let rows = labels.iter().map(String::as_str).zip(&agreement.confusion);
        counts(out, "labelled", rows, labels);
    }
    said
}

/// `38% negative, 21% neutral, 41% positive`.
fn shares(counts: &Counts, labels: &[String]) -> String {
    let total: usize = counts.iter().sum();
    if total == 0 {
        return "No row has a label.".to_owned();
    }
    let share = |(label, &count): (&String, &usize)| {
        let percent = count as f64 * 100.0 / total as f64;
        format!("{percent:.0}% {label}")
    };
    let shares: Vec<_> = labels.iter().zip(counts).map(share).collect();
    shares.join(", ")
}

/// A table of numbers, a column for each label.
fn counts<'a>(
    out: &mut String,
    heading: &str,
    rows: impl Iterator<Item = (&'a str, &'a Counts)>,
    labels: &[String],
) {
    let rows: Vec<_> = rows.collect();
    let names = rows.iter().map(|(name, _)| name.chars().count());
    let first = names.chain([heading.len()]).max().unwrap_or(0).min(40);
    let mut line = format!("{heading:first$}");
    for label in labels {
        _ = write!(line, "  {label:>8}");
    }
    _ = writeln!(out, "{line}");
    for (name, counts) in rows {
        let name: String = name.chars().take(40).collect();
        let mut line = format!("{name:first$}");
        for (label, count) in labels.iter().zip(counts) {
            let width = label.chars().count().max(8);
            _ = write!(line, "  {count:>width$}");
        }
        _ = writeln!(out, "{line}");
    }
}
