//! `live-sentiment table`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{assert_fails, run, scratch, stderr};

const MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/public/models/minilm-sentiment"
);

const SURVEY: &str = "id;team;comment;said\n\
    1;Blue;I love this wonderful place.;positive\n\
    2;Red;\"I hate it; it is awful.\";negative\n\
    3;Blue;;\n\
    4;Red;I love this wonderful place.;negative\n";

/// A folder with this file, and its path.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> (PathBuf, String) {
    let folder = scratch();
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

fn table(args: &[&str]) -> std::process::Output {
    let mut all = vec!["table", "--model", MODEL];
    all.extend(args);
    run(all, "")
}

fn standard_output(output: &std::process::Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn a_table_is_written_with_the_results_behind_its_columns() {
    let (_, path) = file("survey.csv", SURVEY);
    let output = table(&[&path]);
    let lines: Vec<_> = standard_output(&output).lines().collect();
    assert_eq!(
        lines[0],
        "id;team;comment;said;sentiment;confidence;negative;neutral;positive;corrected;truncated;note"
    );
    assert!(
        lines[1].starts_with("1;Blue;I love this wonderful place.;positive;positive;0.9"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with("2;Red;\"I hate it; it is awful.\";negative;negative;0.9"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "3;Blue;;;;;;;;;;no text");
    assert_eq!(lines.len(), 5);
    assert_eq!(
        stderr(&output),
        "survey.csv: 4 rows, UTF-8, semicolons, with a header, texts in the column comment\n"
    );
}

#[test]
fn a_summary_in_words_and_numbers() {
    let (_, path) = file("survey.csv", SURVEY);
    let output = table(&[&path, "--summary", "--group", "team", "--label", "said"]);
    let said = standard_output(&output);
    assert_eq!(
        said,
        "33% negative, 0% neutral, 67% positive\n\
         3 of 4 rows read, 1 says the same as an earlier one, 1 is empty\n\
         \n\
         group  negative   neutral  positive\n\
         Red           1         0         1\n\
         Blue          0         0         1\n\
         \n\
         Of 3 labelled rows 66.7 % are as labelled; macro-F1 66.7 %.\n\
         labelled  negative   neutral  positive\n\
         negative         1         0         1\n\
         neutral          0         0         0\n\
         positive         0         0         1\n"
    );
}

#[test]
fn formats_by_the_name_of_the_output() {
    let (folder, path) = file("survey.csv", SURVEY);
    for name in ["out.csv", "out.tsv", "out.jsonl", "out.xlsx"] {
        let out = folder.join(name);
        let output = table(&[&path, "--out", out.to_str().unwrap()]);
        assert_eq!(standard_output(&output), "");
        let bytes = fs::read(&out).unwrap();
        let begin: &[u8] = match name {
            "out.csv" => b"id;team;comment",
            "out.tsv" => b"id\tteam\tcomment",
            "out.jsonl" => b"{\"id\":\"1\",\"team\":\"Blue\"",
            _ => b"PK\x03\x04",
        };
        assert!(bytes.starts_with(begin), "{name}");
        // What was saved can be read again.
        let again = table(&[out.to_str().unwrap(), "--column", "comment", "--summary"]);
        assert!(standard_output(&again).starts_with("33% negative, 0% neutral, 67% positive"));
    }
    let left: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");
    assert_fails(
        &table(&[&path, "--out", "out.pdf"]),
        ".csv, .tsv, .jsonl, .json or .xlsx",
    );
}

#[test]
fn what_is_saved_is_what_its_name_says() {
    let (folder, path) = file(
        "survey.jsonl",
        "{\"n\": 1, \"text\": \"I love it so much.\"}\n",
    );
    let saved = |from: &str, name: &str| {
        let out = folder.join(name);
        standard_output(&table(&[from, "--out", out.to_str().unwrap()]));
        fs::read_to_string(out).unwrap()
    };
    assert!(saved(&path, "out.csv").starts_with("\u{feff}n,text,sentiment,"));
    assert!(saved(&path, "out.json").starts_with("[\n{\"n\":1,\"text\":"));
    let csv = folder.join("out.csv");
    assert!(saved(csv.to_str().unwrap(), "again.json").starts_with("[\n{\"n\":\"1\",\"text\":"));
    let tabs = saved(csv.to_str().unwrap(), "out.tsv");
    assert!(tabs.starts_with("n\ttext\tsentiment\t"));
    let tsv = folder.join("out.tsv");
    assert!(saved(tsv.to_str().unwrap(), "commas.csv").starts_with("\u{feff}n,text,sentiment,"));
}

#[test]
fn what_was_read_before_a_stop_is_not_read_again() {
    let (folder, path) = file("survey.csv", SURVEY);
    let out = folder.join("out.csv");
    let part = folder.join("out.csv.part");
    let whole = || fs::read_to_string(&out).unwrap();
    standard_output(&table(&[&path, "--out", out.to_str().unwrap()]));
    let first = whole();
    // A run that is stopped cannot save.
    fs::remove_file(&out).unwrap();
    fs::create_dir(&out).unwrap();
    let failed = table(&[&path, "--out", out.to_str().unwrap()]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(stderr(&failed).contains("could not be written"));
    let journal = fs::read_to_string(&part).unwrap();
    assert_eq!(journal.lines().count(), 3, "{journal}");
    fs::remove_dir(&out).unwrap();
    // A line that was cut, and one with scores that no model gave: they show that it is read.
    let mut lines: Vec<String> = journal.lines().map(str::to_owned).collect();
    let begin = lines[1].find("\"scores\":[").unwrap();
    lines[1].replace_range(begin.., "\"scores\":[0.0,1.0,0.0],\"truncated\":true}");
    let cut = lines[2].len() / 2;
    lines[2].truncate(cut);
    fs::write(&part, lines.join("\n")).unwrap();
    standard_output(&table(&[&path, "--out", out.to_str().unwrap()]));
    let second = whole();
    assert!(!part.exists());
    // The shortest text is read first; one row has it.
    assert_eq!(
        second.matches(";neutral;1;0;1;0;;true;").count(),
        1,
        "{second}"
    );
    // Another model's answers are none.
    fs::write(
        &part,
        journal.replacen("\"labels\":[", "\"labels\":[\"other\",", 1),
    )
    .unwrap();
    standard_output(&table(&[&path, "--out", out.to_str().unwrap()]));
    assert_eq!(whole(), first);
}

#[test]
fn what_is_guessed_can_be_said() {
    let (_, path) = file("data.txt", "a*I love it so much.\nb*I hate it so much.\n");
    let output = table(&[&path, "--delimiter", "*", "--column", "2", "--no-header"]);
    let text = standard_output(&output);
    assert!(text.starts_with("a*I love it so much.*positive*"), "{text}");
    let (_, path) = file(
        "data.csv",
        b"id,comment\n1,caf\xc3\xa9 is a fine place to be\n",
    );
    let output = table(&[&path, "--encoding", "windows-1252"]);
    assert!(stderr(&output).contains("windows-1252"));
    for (option, value, because) in [
        ("--encoding", "klingon", "klingon is no encoding"),
        ("--delimiter", "ab", "name one ASCII character"),
        ("--column", "nothing", "Its columns are id, comment."),
        ("--group", "9", "has no column 9"),
        ("--sheet", "S", "is no workbook"),
    ] {
        assert_fails(&table(&[&path, option, value]), because);
    }
}

#[test]
fn files_that_are_no_tables() {
    for (name, bytes, because) in [
        ("empty.csv", &b""[..], "it is empty"),
        ("a.pdf", b"%PDF-1.4", "it is a PDF"),
        ("header.csv", b"id,comment\n", "has no rows but its header"),
        (
            "numbers.csv",
            b"a,b\n1,2\n3,4\n",
            "has no column of texts. Its columns are a, b: name one with --column.",
        ),
    ] {
        let (_, path) = file(name, bytes);
        assert_fails(&table(&[&path]), because);
    }
    assert_fails(&table(&["nowhere.csv"]), "nowhere.csv was not found");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_fails(&table(&[folder.to_str().unwrap()]), "is a folder");
}
