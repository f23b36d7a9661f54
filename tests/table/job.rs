//! Which texts are read, in which order, and what becomes of them.

use std::collections::HashSet;

use live_sentiment::table::Table;
use live_sentiment::table::job::{Job, Outcome, TextId, text};
use proptest::prelude::*;

use super::table;

fn with_texts(texts: &[&str]) -> Table {
    let rows: String = texts.iter().map(|text| format!("x,\"{text}\"\n")).collect();
    table(format!("id,comment\n{rows}")).unwrap()
}

fn next(job: &mut Job, table: &Table, most: usize, bytes: usize) -> Vec<TextId> {
    job.next(most, bytes, |row| text(table.row(row), 1).len())
}

#[test]
fn identical_texts_are_read_once_and_empty_ones_never() {
    let table = with_texts(&["good", "bad", " good ", "", "good", "  "]);
    let mut job = Job::new(&table, 1, 2);
    assert_eq!(job.text_count(), 2);
    let progress = job.progress();
    assert_eq!(
        (
            progress.rows,
            progress.empty,
            progress.repeated,
            progress.waiting()
        ),
        (6, 2, 2, 4)
    );
    let ids = next(&mut job, &table, 10, 1_000);
    assert_eq!(ids.len(), 2);
    job.answer(TextId(0), &[0.2, 0.8], true);
    assert_eq!(job.progress().read, 3);
    for row in [0, 2, 4] {
        let Outcome::Read(reading) = job.outcome(row) else {
            panic!("{row} is read");
        };
        assert_eq!(
            (reading.label, reading.confidence(), reading.is_truncated),
            (1, 0.8, true)
        );
    }
    assert_eq!(
        (job.outcome(1), job.outcome(3)),
        (Outcome::Waiting, Outcome::Empty)
    );
    // A second answer changes nothing.
    job.answer(TextId(0), &[0.9, 0.1], false);
    assert_eq!(job.progress().read, 3);
    assert_eq!(job.label(0), Some(1));
    job.correct(0, Some(0));
    assert_eq!(
        (job.label(0), job.correction(0), job.label(2)),
        (Some(0), Some(0), Some(1))
    );
    job.correct(0, None);
    assert_eq!(job.label(0), Some(1));
}

#[test]
fn a_text_that_crashes_what_reads_it_fails_alone() {
    let table = with_texts(&["one", "two", "six", "ten"]);
    let mut job = Job::new(&table, 1, 2);
    let ids = next(&mut job, &table, 10, 1_000);
    assert_eq!(ids.len(), 4);
    job.failed(&ids, "It stopped.");
    let mut alone = Vec::new();
    loop {
        let ids = next(&mut job, &table, 10, 1_000);
        let [id] = ids[..] else {
            assert!(ids.is_empty());
            break;
        };
        alone.push(id);
        if id == TextId(2) {
            job.failed(&ids, "It stopped.");
        } else {
            job.answer(id, &[1.0, 0.0], false);
        }
    }
    assert_eq!(alone.len(), 4);
    assert_eq!(job.outcome(2), Outcome::Failed("It stopped."));
    let progress = job.progress();
    assert_eq!(
        (progress.read, progress.failed, progress.waiting()),
        (3, 1, 0)
    );
}

#[test]
fn batches_hold_texts_of_a_like_length_within_their_bounds() {
    let long = "a long text ".repeat(20);
    let texts: Vec<String> = (0..100)
        .map(|n| {
            if n % 2 == 0 {
                format!("text {n}")
            } else {
                format!("{long}{n}")
            }
        })
        .collect();
    let table = with_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut job = Job::new(&table, 1, 2);
    let lengths = |ids: &[TextId], job: &Job| -> Vec<usize> {
        ids.iter()
            .map(|&id| text(table.row(job.first_row(id)), 1).len())
            .collect()
    };
    let ids = next(&mut job, &table, 30, 10_000);
    assert_eq!(ids.len(), 30);
    assert!(lengths(&ids, &job).iter().all(|&length| length < 10));
    next(&mut job, &table, 20, 10_000);
    let ids = next(&mut job, &table, 30, 1_000);
    assert_eq!(ids.len(), 1_000 / (long.len() + 2));
    // One that is longer than all may be is read too.
    assert_eq!(next(&mut job, &table, 30, 1).len(), 1);
}

proptest! {
    /// Whatever happens to batches, each text is read once in the end.
    #[test]
    fn every_text_is_read(
        texts in prop::collection::vec("[a-e]{0,3}", 1..80),
        fates in prop::collection::vec(0..4u8, 0..200),
        most in 1..9usize,
    ) {
        let rows: Vec<&str> = texts.iter().map(String::as_str).collect();
        let table = with_texts(&rows);
        let mut job = Job::new(&table, 1, 2);
        let mut fates = fates.into_iter();
        let mut answered = HashSet::new();
        loop {
            let ids = next(&mut job, &table, most, 1_000);
            if ids.is_empty() {
                break;
            }
            prop_assert!(ids.len() <= most);
            match fates.next() {
                Some(0) => job.put_back(&ids),
                Some(1) if ids.len() > 1 => job.failed(&ids, "It stopped."),
                _ => {
                    for id in ids {
                        prop_assert!(answered.insert(id), "{:?} is read twice", id);
                        job.answer(id, &[0.5, 0.5], false);
                    }
                }
            }
        }
        prop_assert_eq!(answered.len(), job.text_count());
        prop_assert_eq!(job.progress().waiting(), 0);
    }
}
