//! The memory that a table of a million rows takes, with a verdict on each. A single test, because parallel tests would
//! count each other's memory.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use live_sentiment::table::job::{Job, TextId};
use live_sentiment::table::{read, sniff};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ROWS: usize = 1_000_000;

#[test]
fn a_million_rows_take_less_than_three_times_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comments.csv");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    writeln!(file, "id,department,comment,date").unwrap();
    for n in 0..ROWS {
        let day = n % 28 + 1;
        let team = n % 7;
        writeln!(file, "{n},Team {team},\"Order {n} came late, and nobody could say why; the second one came at once.\",2026-10-{day:02}").unwrap();
    }
    file.into_inner().unwrap();
    let size = std::fs::metadata(&path).unwrap().len() as usize;
    assert!(size > 100_000_000, "{size}");

    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let began = Instant::now();
    let mut file = File::open(&path).unwrap();
    let layout = sniff(&mut file, "comments.csv").unwrap();
    let table = read(&mut file, "comments.csv", &layout, |_| true).unwrap();
    let took = began.elapsed().as_secs_f64();
    assert_eq!((table.len(), table.roles().text), (ROWS, Some(2)));
    let taken = MEMORY.peak_usage() - before;

    let mut job = Job::new(&table, 2, 3);
    assert_eq!(job.text_count(), ROWS);
    for id in (0..ROWS as u32).map(TextId) {
        job.answer(id, &[0.7, 0.2, 0.1], false);
    }
    let with_results = MEMORY.peak_usage() - before;
    let times = |bytes: usize| bytes as f64 / size as f64;
    println!(
        "{:.0} MB read in {took:.1} s: {:.2} times the file, {:.2} with a verdict on each row",
        size as f64 / 1e6,
        times(taken),
        times(with_results)
    );
    assert!(times(taken) <= 1.3, "{taken} bytes for {size}");
    assert!(
        times(with_results) <= 2.0,
        "{with_results} bytes for {size}"
    );
}
