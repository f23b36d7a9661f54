//! What is read of files.

use std::io::Cursor;

use live_sentiment::table::cells::{Cell, Cells, Kind};
use live_sentiment::table::{Note, read, sniff};
use proptest::prelude::*;

use super::made::{motley_workbook, uncomputed_workbook};
use super::{cells, table};

#[test]
fn delimited_text() {
    let read = table("id,comment\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n2,\r\n3\r\n4,x,more\r\n")
        .unwrap();
    assert_eq!(
        cells(&read),
        [
            vec!["id", "comment"],
            vec!["1", "two\r\nlines, \"quoted\""],
            vec!["2", ""],
            vec!["3"],
            vec!["4", "x", "more"],
        ]
    );
    assert_eq!(read.columns(), ["id", "comment", "Column 3"]);
    assert_eq!(read.notes, []);
}

#[test]
fn lines_keep_blank_ones_and_end_in_any_way() {
    let read = table("I like it very much.\n\nYou do not, do you?\rNo.\r\n").unwrap();
    assert_eq!(
        cells(&read),
        [
            ["I like it very much."],
            [""],
            ["You do not, do you?"],
            ["No."]
        ]
    );
}

#[test]
fn json_keeps_its_values_as_they_stand() {
    let read = table(
        "{\"n\": 1.50, \"text\": \"a\\u00e9\"}\n\n{\"text\": null, \"more\": [1, {\"x\": 2}]}\n",
    )
    .unwrap();
    assert_eq!(read.columns(), ["n", "text", "more"]);
    let kinds: Vec<Vec<_>> = read
        .rows()
        .map(|row| row.iter().map(|cell| (cell.text, cell.kind)).collect())
        .collect();
    assert_eq!(
        kinds,
        [
            vec![("1.50", Kind::Json), ("aé", Kind::Text)],
            vec![
                ("", Kind::Missing),
                ("null", Kind::Json),
                ("[1, {\"x\": 2}]", Kind::Json)
            ],
        ]
    );
    let strings = table("[\"one\", \"two\"]").unwrap();
    assert_eq!(
        (strings.columns(), cells(&strings)),
        (
            &["text".to_owned()][..],
            vec![vec!["one".to_owned()], vec!["two".to_owned()]]
        )
    );
}

#[test]
fn a_line_that_is_no_json_stands_in_a_column_of_its_own() {
    let read =
        table("{\"text\": \"a\"}\n{\"text\": \n{\"text\": \"b\"}\n{\"text\": \"cut off").unwrap();
    assert_eq!(read.columns(), ["text", "unread"]);
    assert_eq!(
        cells(&read),
        [
            vec!["a"],
            vec!["", "{\"text\":"],
            vec!["b"],
            vec!["", "{\"text\": \"cut off"]
        ]
    );
    assert_eq!(read.notes, [Note::NotJson(2, 2)]);
}

#[test]
fn an_array_that_breaks_off_is_read_up_to_there() {
    let read = table("[{\"text\": \"a\"},\n{\"text\": \"b\"},\n{\"te").unwrap();
    assert_eq!(cells(&read), [["a"], ["b"]]);
    assert_eq!(read.notes, [Note::BrokenOff(3)]);
}

#[test]
fn workbooks_keep_numbers_dates_and_booleans() {
    let read = table(motley_workbook()).unwrap();
    assert_eq!(
        read.columns(),
        ["comment", "when", "at", "price", "done", "sum", "empty"]
    );
    let first: Vec<_> = read
        .row(0)
        .iter()
        .skip(1)
        .map(|cell| (cell.text, cell.kind))
        .collect();
    assert_eq!(
        first,
        [
            ("2026-10-01", Kind::Date),
            ("2026-10-01T08:15:30", Kind::Date),
            ("1.1", Kind::Number),
            ("true", Kind::Bool),
            ("7", Kind::Number),
        ]
    );
    assert_eq!(read.row(4).text(0), "merged");
    assert_eq!(read.notes, [Note::HiddenSheets(1)]);
    let sheets: Vec<_> = read
        .sheets
        .iter()
        .map(|sheet| (sheet.name.as_str(), sheet.is_hidden))
        .collect();
    assert_eq!(sheets, [("Lists", true), ("Answers", false)]);
}

#[test]
fn formulas_that_nobody_has_computed_are_said() {
    let read = table(uncomputed_workbook()).unwrap();
    assert_eq!(cells(&read), [["comment"], ["I like it very much."]]);
    assert_eq!(read.notes, [Note::NoValues(1)]);
}

#[test]
fn a_quote_that_never_closes_takes_no_rows_with_it() {
    let text = "id,comment\n1,\"good, really\"\n2,\"bad\n3,fine, really\n4,late\n";
    let read = table(text).unwrap();
    assert_eq!(
        cells(&read)[1..],
        [
            vec!["1", "good, really"],
            vec!["2", "\"bad"],
            vec!["3", "fine", " really"],
            vec!["4", "late"]
        ]
    );
    assert_eq!(read.notes, [Note::UnclosedQuote(2)]);
}

#[test]
fn reading_ends_when_it_is_told_to() {
    let mut file = Cursor::new("a,b\n".repeat(1_000));
    let layout = sniff(&mut file, "file").unwrap();
    let read = read(&mut file, "file", &layout, |cells| cells.len() < 10).unwrap();
    assert_eq!(read.len(), 10);
}

proptest! {
    /// Cells beside a plain vector of vectors, over several blocks.
    #[test]
    fn cells_are_what_was_pushed(rows in prop::collection::vec(prop::collection::vec((0..4usize, ".{0,12}"), 0..5), 0..60)) {
        let kinds = [Kind::Text, Kind::Number, Kind::Json, Kind::Missing];
        // Some so long that a block is full.
        let rows: Vec<Vec<(Kind, String)>> = rows
            .into_iter()
            .enumerate()
            .map(|(n, row)| row.into_iter().map(|(kind, text)| (kinds[kind], text.repeat(if n % 7 == 6 { 40_000 } else { 1 }))).collect())
            .collect();
        let mut cells = Cells::default();
        for row in &rows {
            cells.push(row.iter().map(|(kind, text)| Cell { text, kind: *kind }));
            cells.push([Cell::text("taken away")]);
            cells.pop();
        }
        prop_assert_eq!(cells.len(), rows.len());
        prop_assert_eq!(cells.count(), rows.iter().map(Vec::len).sum::<usize>());
        for (row, expected) in cells.rows().zip(&rows) {
            let found: Vec<_> = row.iter().map(|cell| (cell.kind, cell.text.to_owned())).collect();
            prop_assert_eq!(&found, expected);
        }
        prop_assert!(cells.row(rows.len()).is_empty());
    }
}
