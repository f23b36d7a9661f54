//! What files are taken for.

use std::io::Cursor;

use live_sentiment::table::columns::has_header;
use live_sentiment::table::dates::{Order, day};
use live_sentiment::table::sniff;
use live_sentiment::types::table::{Format, Roles};

use super::made::sixty;
use super::table;

#[test]
fn of_sixty_files_at_least_57_are_taken_for_what_they_are() {
    let files = sixty();
    assert_eq!(files.len(), 60);
    let mut wrong = Vec::new();
    for file in &files {
        let mut reader = Cursor::new(&file.bytes);
        let layout = match sniff(&mut reader, &file.name) {
            Ok(layout) => layout,
            Err(error) => {
                wrong.push(format!("{}: {error}", file.name));
                continue;
            }
        };
        let kind = match layout.format {
            Format::Delimited(dialect) => dialect.delimiter,
            Format::Lines => b'l',
            Format::JsonLines | Format::JsonArray => b'j',
            Format::Workbook { .. } => b'w',
        };
        let text = table(file.bytes.clone()).unwrap().roles().text;
        let found = (
            char::from(kind),
            layout.encoding.as_str(),
            layout.has_header,
            text,
        );
        let wanted = (
            char::from(file.kind),
            file.encoding,
            file.has_header,
            Some(file.text),
        );
        if found != wanted {
            wrong.push(format!("{}: {found:?} rather than {wanted:?}", file.name));
        }
    }
    assert!(wrong.len() <= 3, "{} are wrong: {wrong:#?}", wrong.len());
    println!("{} of {} wrong: {wrong:#?}", wrong.len(), files.len());
}

fn kind(text: &str) -> Format {
    sniff(&mut Cursor::new(text.as_bytes()), "file")
        .unwrap()
        .format
}

fn delimiter(text: &str) -> Option<char> {
    match kind(text) {
        Format::Delimited(dialect) => Some(dialect.delimiter.into()),
        _ => None,
    }
}

#[test]
fn sentences_with_commas_are_lines() {
    assert_eq!(
        delimiter("Good, but late.\nLate, but good.\nBad, and late.\n"),
        None
    );
    assert_eq!(delimiter("I like it.\n"), None);
    assert_eq!(delimiter("word\n"), None);
}

#[test]
fn quotes_of_other_programs() {
    let Format::Delimited(escaped) =
        kind("a,\"say \\\"hi\\\", he said\"\nb,\"and \\\"bye\\\", too\"\n")
    else {
        panic!("delimited");
    };
    assert!(escaped.has_escapes);
    let Format::Delimited(stray) = kind("1\t\"Wow\" he said\n2\t\"Oh\" she said\n") else {
        panic!("delimited");
    };
    assert_eq!((stray.delimiter, stray.quote), (b'\t', None));
    let Format::Delimited(single) = kind("'a;b';'one'\n'c;d';'two'\n") else {
        panic!("delimited");
    };
    assert_eq!((single.delimiter, single.quote), (b';', Some(b'\'')));
}

#[test]
fn json_is_known_by_its_first_value() {
    assert_eq!(
        kind("{\"text\": \"a\"}\n{\"text\": \"b\"}\n"),
        Format::JsonLines
    );
    assert_eq!(
        kind("{\n  \"text\": \"a\"\n}\n{\n  \"text\": \"b\"\n}\n"),
        Format::JsonLines
    );
    assert_eq!(kind("  [\n  {\"text\": \"a\"}]"), Format::JsonArray);
    assert_eq!(kind("[\"a\", \"b\"]"), Format::JsonArray);
    assert_eq!(kind("[sigh] good\n[cough] bad\n"), Format::Lines);
    assert_eq!(kind("{sigh} good\n{cough} bad\n"), Format::Lines);
}

#[test]
fn headers() {
    let rows = |rows: &[&[&str]]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|&cell| cell.into()).collect())
            .collect()
    };
    assert!(has_header(&rows(&[&["id", "n"], &["1", "2"], &["3", "4"]])));
    assert!(!has_header(&rows(&[&["5", "2"], &["1", "2"], &["3", "4"]])));
    assert!(has_header(&rows(&[
        &["Antwort"],
        &["Sehr gut, gerne wieder."]
    ])));
    assert!(!has_header(&rows(&[
        &["I love it."],
        &["I hate this so much, really."]
    ])));
    assert!(!has_header(&rows(&[])));
}

#[test]
fn columns_by_what_they_hold() {
    let text = "id,team,created,opinion,label\n".to_owned()
        + &"1,Blue,2026-01-02,I would not buy that again.,negative\n2,Red,2026-01-03,A fine thing to have at home.,positive\n".repeat(5);
    assert_eq!(
        table(text).unwrap().roles(),
        Roles {
            text: Some(3),
            group: Some(1),
            date: Some(2),
            label: Some(4)
        }
    );
    assert_eq!(table("a,b\n1,2\n3,4\n").unwrap().roles().text, None);
}

#[test]
fn orders_of_days() {
    assert_eq!(Order::of(["1/13/2026", "2/3/2026"]), Order::MonthFirst);
    assert_eq!(Order::of(["13/1/2026", "2/3/2026"]), Order::DayFirst);
    assert_eq!(Order::of(["1.2.2026", "2.3.2026"]), Order::DayFirst);
    for none in [
        "",
        "2026",
        "1/2",
        "2026-13-01",
        "2026-02-30",
        "12:30",
        "1.2.3.4",
        "v1.2.2026x",
    ] {
        assert_eq!(day(none, Order::DayFirst), None, "{none}");
    }
    assert!(day("29.2.2024", Order::DayFirst).is_some());
    assert!(day("29.2.2026", Order::DayFirst).is_none());
}
