//! What is saved is what was read, with our columns behind.

use std::io::Cursor;

use live_sentiment::table::encoding::{byte_order_mark, encode};
use live_sentiment::table::job::{Job, TextId};
use live_sentiment::table::save::{Options, save};
use live_sentiment::table::{Table, read};
use live_sentiment::types::table::{Dialect, Format, Layout, SaveAs};
use proptest::prelude::*;

use super::made::{delimited, motley_workbook, sixty};
use super::{cells, table};

const LABELS: [&str; 3] = ["negative", "neutral", "positive"];
/// sentiment, confidence, three labels, corrected, truncated, note
const ADDED: usize = 8;

fn labels() -> Vec<String> {
    LABELS.map(String::from).into()
}

/// A table whose texts are all read, saved.
pub(crate) fn saved(table: &Table, format: SaveAs) -> Vec<u8> {
    let column = table.roles().text.unwrap_or(0);
    let mut job = Job::new(table, column, 3);
    for id in (0..job.text_count() as u32).map(TextId) {
        job.answer(id, &[0.1, 0.2, 0.7], false);
    }
    let mut bytes = Vec::new();
    let options = Options {
        format,
        disarm_formulas: false,
    };
    save(table, &job, &labels(), options, "file", &mut bytes).unwrap();
    bytes
}

/// Rows padded to the width of the widest, less the columns at the end.
fn without(rows: Vec<Vec<String>>, last: usize) -> Vec<Vec<String>> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    rows.into_iter()
        .map(|mut row| {
            row.resize(width, String::new());
            row.truncate(width - last);
            row
        })
        .collect()
}

/// Saves a table as it came, and reads it again in the layout that it was read in.
fn again(first: &Table) -> Vec<Vec<String>> {
    let bytes = saved(first, SaveAs::Same);
    let mut file = Cursor::new(bytes);
    let second = read(&mut file, "file", first.layout(), |_| true).unwrap();
    cells(&second)
}

/// The kinds of files of csv-spectrum, and others that are known to trip readers.
const SPECTRUM: [(&str, &str); 14] = [
    ("simple", "a,b,c\n1,2,3\n"),
    ("simple, \\r\\n", "a,b,c\r\n1,2,3\r\n"),
    (
        "a comma in quotes",
        "first,last,address,city,zip\nJohn,Doe,120 any st.,\"Anytown, WW\",08123\n",
    ),
    ("empty cells", "a,b,c\n1,\"\",\"\"\n2,3,4\n"),
    ("empty cells, \\r\\n", "a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n"),
    ("doubled quotes", "a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n"),
    (
        "JSON in a cell",
        "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [102.0, 0.5]}\"\n",
    ),
    (
        "line breaks",
        "a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n",
    ),
    (
        "line breaks, \\r\\n",
        "a,b,c\r\n1,2,3\r\n\"Once upon \r\na time\",5,6\r\n7,8,9\r\n",
    ),
    (
        "quotes and line breaks",
        "a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n",
    ),
    ("UTF-8", "a,b,c\n1,2,3\n4,5,ʤ\n"),
    ("no line break at the end", "id,comment\n1,good\n2,bad"),
    (
        "a blank in a quoted cell",
        "id,comment\n1,\" good \"\n2,\" \"\n",
    ),
    (
        "rows of other lengths",
        "id,comment\n1\n2,good,more\n3,bad\n",
    ),
];

#[test]
fn csv_of_every_kind_is_saved_as_it_came() {
    for (name, text) in SPECTRUM {
        let read = table(text).unwrap();
        assert!(
            matches!(read.layout().format, Format::Delimited(_)),
            "{name}: {:?}",
            read.layout()
        );
        assert_eq!(
            without(again(&read), ADDED),
            without(cells(&read), 0),
            "{name}"
        );
        let ends = text.contains("\r\n");
        let bytes = saved(&read, SaveAs::Same);
        assert_eq!(bytes.ends_with(b"\r\n"), ends, "{name}");
    }
}

#[test]
fn sixty_files_are_saved_as_they_came() {
    for file in sixty() {
        let read = table(file.bytes.clone()).unwrap();
        let bytes = saved(&read, SaveAs::Same);
        match read.layout().format {
            Format::Delimited(_) => {
                assert_eq!(
                    without(again(&read), ADDED),
                    without(cells(&read), 0),
                    "{}",
                    file.name
                );
                let mark = byte_order_mark(read.layout().encoding());
                let has_bom = |bytes: &[u8]| !mark.is_empty() && bytes.starts_with(mark);
                assert_eq!(has_bom(&bytes), has_bom(&file.bytes), "{}", file.name);
            }
            Format::Lines | Format::Workbook { .. } => {
                let second = table(bytes).unwrap();
                assert_eq!(second.len(), read.len(), "{}", file.name);
                assert_eq!(second.layout().encoding, "UTF-8");
            }
            Format::JsonLines | Format::JsonArray => {
                let second = table(bytes).unwrap();
                assert_eq!(
                    without(cells(&second), ADDED),
                    cells(&read),
                    "{}",
                    file.name
                );
                assert_eq!(second.columns().len(), read.columns().len() + ADDED);
            }
        }
    }
}

#[test]
fn workbooks_keep_the_values_of_their_cells() {
    let read = table(motley_workbook()).unwrap();
    let second = table(saved(&read, SaveAs::Xlsx)).unwrap();
    assert_eq!(second.columns()[..7], *read.columns());
    assert_eq!(
        second.columns()[7..],
        [
            "sentiment",
            "confidence",
            "negative",
            "neutral",
            "positive",
            "corrected",
            "truncated",
            "note"
        ]
    );
    for (before, after) in read.rows().zip(second.rows()) {
        for column in 0..7 {
            let cell = |row: live_sentiment::table::cells::Row<'_>| {
                row.get(column)
                    .filter(|cell| !cell.text.is_empty())
                    .map(|cell| (cell.text.to_owned(), cell.kind))
            };
            assert_eq!(cell(after), cell(before));
        }
    }
    assert_eq!(second.row(0).text(7), "positive");
    assert_eq!(second.row(0).text(8), "0.7");
}

#[test]
fn json_keeps_numbers_digit_by_digit() {
    let read = table("{\"id\": 12345678901234567890, \"text\": \"fine\", \"x\": 1.50}\n").unwrap();
    let text = String::from_utf8(saved(&read, SaveAs::Same)).unwrap();
    assert!(text.starts_with("{\"id\":12345678901234567890,\"text\":\"fine\",\"x\":1.50,\"sentiment\":\"positive\",\"confidence\":0.7"), "{text}");
}

#[test]
fn our_columns_take_names_that_are_free() {
    let read = table(
        "comment,sentiment,note\nI like it so much.,positive,x\nI like it no more.,negative,y\n",
    )
    .unwrap();
    let text = String::from_utf8(saved(&read, SaveAs::Same)).unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        "comment,sentiment,note,sentiment 2,confidence,negative,neutral,positive,corrected,truncated,note 2"
    );
}

#[test]
fn formulas_stay_as_they_came_or_are_disarmed() {
    let read = table(
        "comment,n\n\"=HYPERLINK(\"\"x\"\",\"\"y\"\")\",-3\n@SUM(A1),+4\nI like it as it is.,5\n",
    )
    .unwrap();
    let job = Job::new(&read, 0, 3);
    let written = |disarm_formulas| {
        let mut bytes = Vec::new();
        let options = Options {
            format: SaveAs::Same,
            disarm_formulas,
        };
        save(&read, &job, &labels(), options, "file", &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(written(false).contains("\n@SUM(A1),+4,"));
    assert!(written(true).contains("\n'@SUM(A1),+4,"));
    assert!(written(true).contains("\n\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",-3,"));
}

#[test]
fn lines_get_a_header_once_they_are_a_table() {
    let read = table("I like it very much.\nI do not like it at all.\n").unwrap();
    let text = String::from_utf8(saved(&read, SaveAs::Same)).unwrap();
    assert!(
        text.starts_with("\u{feff}text,sentiment,confidence,"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn keys_are_told_apart() {
    let read = table("note,comment,note,note 2\n1,I like it very much.,2,3\n").unwrap();
    let text = String::from_utf8(saved(&read, SaveAs::JsonLines)).unwrap();
    let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(row.len(), 4 + ADDED);
    assert_eq!(
        (&row["note"], &row["note 2"], &row["note 4"]),
        (&"1".into(), &"3".into(), &"2".into())
    );
}

#[test]
fn what_a_workbook_cannot_hold_is_said() {
    let long = "word ".repeat(7_000);
    let read = table(format!(
        "{{\"id\": 12345678901234567890, \"n\": 1.5, \"text\": \"{long}\"}}\n"
    ))
    .unwrap();
    let second = table(saved(&read, SaveAs::Xlsx)).unwrap();
    let row = second.row(0);
    assert_eq!((row.text(0), row.text(1)), ("12345678901234567890", "1.5"));
    assert_eq!(row.text(2).len(), 32_767);
    assert!(
        row.text(2 + ADDED)
            .starts_with("cut to the 32,767 characters"),
        "{}",
        row.text(2 + ADDED)
    );
}

#[test]
fn a_workbook_cannot_hold_everything() {
    let wide = format!(
        "{}comment\n{}I like it.\n",
        "x,".repeat(16_383),
        "1,".repeat(16_383)
    );
    let read = table(wide).unwrap();
    assert_eq!(read.columns().len(), 16_384);
    let job = Job::new(&read, 0, 3);
    let options = Options {
        format: SaveAs::Xlsx,
        disarm_formulas: false,
    };
    let error = save(&read, &job, &labels(), options, "file", &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "file could not be written: a workbook holds no more than 16384 columns, so save it as CSV."
    );
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = prop_oneof![
        "[a-z ,;|\t\"'\\\\\n\r=éü€好🙂-]{0,12}",
        "[0-9]{1,5}",
        Just("It was a fine day, and we were happy.".to_owned()),
    ];
    (2..6usize).prop_flat_map(move |width| {
        prop::collection::vec(prop::collection::vec(cell.clone(), width), 1..12)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A hundred files with every delimiter and encoding.
    #[test]
    fn what_is_read_is_saved(rows in any_rows(), delimiter in 0..4usize, encoding in 0..4usize) {
        let delimiter = [',', ';', '\t', '|'][delimiter];
        let encoding = [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE, encoding_rs::GB18030][encoding];
        let mut rows = rows;
        let names = (0..rows[0].len()).map(|n| format!("name{n}")).collect();
        rows.insert(0, names);
        let mut bytes = byte_order_mark(encoding).to_vec();
        encode(&delimited(&rows, delimiter, "\r\n"), encoding, &mut bytes);
        let layout = Layout {
            format: Format::Delimited(Dialect { delimiter: delimiter as u8, is_crlf: true, ..Dialect::default() }),
            encoding: encoding.name().to_owned(),
            has_bom: true,
            has_header: true,
        };
        let first = read(&mut Cursor::new(bytes), "file", &layout, |_| true).unwrap();
        prop_assert_eq!(cells(&first), rows);
        prop_assert_eq!(without(again(&first), ADDED), cells(&first));
    }
}
