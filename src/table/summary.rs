//! What a table says in all: by label, by group, over time, and how far it agrees with labels that people gave.

use std::collections::{BTreeMap, HashMap};

use super::dates::{self, Day, Order};
use super::job::{Job, Outcome};
use super::{SAMPLE_ROWS, Table};
use crate::eval::metrics::{self, Report};
use crate::present::labels::{CONFIDENCE_THRESHOLD, Polarity};
use crate::types::table::{Agreement, BINS, Counts, Group, Period, Roles, Summary};

/// So many groups are told apart, the largest; the others are one.
pub const MAX_GROUPS: usize = 30;

/// Time is in days, unless there would be more of them than this; then in months, then in years.
const MAX_PERIODS: usize = 62;

/// What a table says, of what has been read of it so far, for a model with these labels.
pub fn summarize(table: &Table, job: &Job, roles: Roles, labels: &[String]) -> Summary {
    let classes = labels.len();
    let mut summary = Summary {
        labels: vec![0; classes],
        ..Summary::default()
    };
    let mut groups: HashMap<&str, Counts> = HashMap::new();
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    let sample = table.rows().take(SAMPLE_ROWS);
    let order = roles
        .date
        .map(|date| Order::of(sample.map(|row| row.text(date))));
    let mut outcomes = Vec::new();
    let mut confusion = vec![vec![0; classes]; classes];
    let mut unknown = 0;
    for (number, row) in table.rows().enumerate() {
        let outcome = job.outcome(number);
        if let Outcome::Read(reading) = outcome {
            summary.truncated += usize::from(reading.is_truncated);
            let bin = (reading.confidence() * BINS as f32) as usize;
            summary.confidence[bin.min(BINS - 1)] += 1;
            let is_sure =
                reading.confidence() >= CONFIDENCE_THRESHOLD || job.correction(number).is_some();
            summary.not_sure += usize::from(!is_sure);
            if let Some(cell) = roles.label.map(|label| row.text(label).trim())
                && !cell.is_empty()
            {
                match class_of(cell, labels) {
                    Some(expected) => {
                        confusion[expected][reading.label] += 1;
                        outcomes.push(metrics::Outcome {
                            expected,
                            predicted: reading.label,
                            confidence: reading.confidence().into(),
                        });
                    }
                    None => unknown += 1,
                }
            }
        }
        summary.corrected += usize::from(job.correction(number).is_some());
        let Some(label) = job.label(number) else {
            continue;
        };
        summary.labels[label] += 1;
        if let Some(group) = roles.group {
            let group = groups.entry(row.text(group).trim());
            group.or_insert_with(|| vec![0; classes])[label] += 1;
        }
        if let Some((date, order)) = roles.date.zip(order) {
            match dates::day(row.text(date), order) {
                Some(day) => days.entry(day).or_insert_with(|| vec![0; classes])[label] += 1,
                None => summary.undated += 1,
            }
        }
    }
    summary.groups = largest(groups);
    summary.periods = periods(days);
    let all: Vec<usize> = (0..classes).collect();
    let report = Report::new(&all, &outcomes);
    summary.agreement = report.map(|report| Agreement {
        rows: report.texts,
        accuracy: report.accuracy,
        macro_f1: report.macro_f1,
        confusion,
        unknown,
    });
    summary
}

/// The class that a person's label names: by its name, by the number that begins a name or that of the class, or by its
/// polarity if one class has that.
///
/// ```
/// use live_sentiment::table::summary::class_of;
///
/// let labels = ["negative", "neutral", "positive"].map(String::from);
/// assert_eq!(class_of("Positive", &labels), Some(2));
/// assert_eq!(class_of("neg", &labels), Some(0));
/// assert_eq!(class_of("1", &labels), Some(1));
/// assert_eq!(class_of("happy", &labels), None);
/// let stars = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"].map(String::from);
/// assert_eq!(class_of("1", &stars), Some(0));
/// ```
pub fn class_of(cell: &str, labels: &[String]) -> Option<usize> {
    let cell = cell.trim();
    let named = labels
        .iter()
        .position(|label| label.eq_ignore_ascii_case(cell));
    let is_begun = |label: &String| label.split([' ', '_', '-']).next() == Some(cell);
    let is_number = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    let begun = || labels.iter().position(is_begun).filter(|_| is_number);
    let numbered = || {
        cell.parse()
            .ok()
            .filter(|&class: &usize| class < labels.len())
    };
    let toned = || {
        let tone = Polarity::of(cell);
        let mut same = (0..labels.len()).filter(|&class| Polarity::of(&labels[class]) == tone);
        same.next()
            .filter(|_| tone != Polarity::Other && same.next().is_none())
    };
    named.or_else(begun).or_else(numbered).or_else(toned)
}

fn add(to: &mut Counts, more: &Counts) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

fn largest(groups: HashMap<&str, Counts>) -> Vec<Group> {
    let mut groups: Vec<_> = groups.into_iter().collect();
    let size = |counts: &Counts| counts.iter().sum::<usize>();
    groups.sort_by(|a, b| size(&b.1).cmp(&size(&a.1)).then(a.0.cmp(b.0)));
    let others = groups.split_off(groups.len().min(MAX_GROUPS));
    let named = |(name, labels): (&str, Counts)| Group {
        name: Some(name.to_owned()),
        labels,
    };
    let mut all: Vec<_> = groups.into_iter().map(named).collect();
    let mut others = others.into_iter().map(|(_, labels)| labels);
    if let Some(first) = others.next() {
        let labels = others.fold(first, |mut sum, more| {
            add(&mut sum, &more);
            sum
        });
        all.push(Group { name: None, labels });
    }
    all
}

fn periods(days: BTreeMap<Day, Counts>) -> Vec<Period> {
    // "2026-10-02", "2026-10", "2026".
    for length in [10, 7, 4] {
        let mut periods: Vec<Period> = Vec::new();
        for (day, labels) in &days {
            let name = &day.to_string()[..length];
            match periods.last_mut() {
                Some(last) if last.name == name => add(&mut last.labels, labels),
                _ => periods.push(Period {
                    name: name.to_owned(),
                    labels: labels.clone(),
                }),
            }
        }
        if periods.len() <= MAX_PERIODS || length == 4 {
            return periods;
        }
    }
    Vec::new()
}
