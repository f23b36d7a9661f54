//! Files that are no tables, or bad ones: a clear sentence, and nothing lost.

use std::sync::OnceLock;

use live_sentiment::table::{MAX_COLUMNS, Note};
use proptest::prelude::*;
use proptest::sample::Index;

use super::made::{archive, motley_workbook, sixty};
use super::{cells, table};

#[track_caller]
fn refused(bytes: impl Into<Vec<u8>>, because: &str) {
    let error = table(bytes)
        .map(|table| cells(&table))
        .unwrap_err()
        .to_string();
    assert!(error.contains(because), "{because:?} is not in: {error}");
    assert!(
        error.ends_with('.') && error.starts_with("file "),
        "{error}"
    );
}

#[test]
fn files_that_are_no_tables() {
    refused("", "it is empty");
    refused("\u{feff}", "it is empty");
    refused(" \n\r\n\t\n", "it is empty");
    refused("%PDF-1.7\n…", "it is a PDF");
    refused(*b"\x89PNG\r\n\x1a\n\0\0", "it is a picture");
    refused(*b"\xff\xd8\xff\xe0", "it is a picture");
    refused(*b"\x1f\x8b\x08\0\0", "gzip");
    refused(*b"SQLite format 3\0", "a database");
    let noise: Vec<u8> = (0..4_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1)
        .map(|b| b % 32)
        .collect();
    refused(noise, "it is not text");
    refused(
        archive(&[("readme.txt", b"hello")]),
        "a ZIP archive without a workbook",
    );
    refused("[{\"text\": \"a", "it is not JSON");
}

#[test]
fn workbooks_that_cannot_be_read() {
    refused(
        archive(&[("xl/workbook.xml", b"<workbook")]),
        "the workbook is damaged",
    );
    refused(*b"PK\x03\x04 and no more of it", "ZIP archive is damaged");
    // An encrypted workbook is an OLE file with a stream of this name.
    let mut ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    ole.resize(2_000, 0);
    ole.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    ole.resize(4_000, 0);
    refused(ole.clone(), "protected by a password");
    ole.truncate(1_500);
    refused(ole, "the workbook is damaged");
}

#[test]
fn a_zip_bomb_does_not_unpack() {
    // 1.1 GB of zeros in a megabyte, as the first sheet.
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    writer.start_file("xl/workbook.xml", options).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..1_100 {
        std::io::Write::write_all(&mut writer, &zeros).unwrap();
    }
    let bomb = writer.finish().unwrap().into_inner();
    assert!(bomb.len() < 4 << 20);
    refused(bomb, "unpacks to more than 1024 MB");
}

#[test]
fn a_header_alone_has_no_rows() {
    let read = table("id,comment\n").unwrap();
    assert_eq!(
        (read.columns(), read.len()),
        (&["id".to_owned(), "comment".to_owned()][..], 0)
    );
}

#[test]
fn headers_that_repeat_or_are_empty() {
    let read = table("comment,,comment,\nI like it so much.,1,I do not like it.,2\n").unwrap();
    assert_eq!(
        read.columns(),
        ["comment", "Column 2", "comment", "Column 4"]
    );
}

#[test]
fn zero_bytes_stay() {
    let read = table("id,comment\n1,a\0b and some more words\n2,c\n").unwrap();
    assert_eq!(read.row(0).text(1), "a\0b and some more words");
}

#[test]
fn mixed_encodings_are_said() {
    for at in [1, 5] {
        mixed(at);
    }
}

fn mixed(at: usize) {
    let mut bytes = "id,comment\n1,café with a long text\n"
        .repeat(20_000)
        .into_bytes();
    // Where no part is looked at, and where one is.
    let at = bytes.len() * at / 9;
    let line_end = at + bytes[at..].iter().position(|&b| b == b'\n').unwrap() + 1;
    bytes.splice(line_end..line_end, *b"3,caf\xe9\n");
    let read = table(bytes).unwrap();
    assert_eq!(read.layout().encoding, "UTF-8");
    assert_eq!(read.notes, [Note::OtherEncoding]);
    assert!(read.rows().any(|row| row.text(1) == "caf\u{fffd}"));
}

#[test]
fn ten_megabytes_in_one_cell() {
    let long = "word ".repeat(2 << 20);
    let read = table(format!("id,comment\n1,{long}\n2,short\n")).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read.row(0).text(1), long);
    assert_eq!(read.row(1).text(1), "short");
}

#[test]
fn sixteen_thousand_columns() {
    let wide = ("x,".repeat(15_999) + "y\n").repeat(3);
    let read = table(wide).unwrap();
    assert_eq!(read.columns().len(), 16_000);
    const { assert!(MAX_COLUMNS >= 16_000) };
}

#[test]
fn a_table_without_texts_says_so_by_having_no_column_of_them() {
    assert_eq!(table("id,n\n1,2\n3,4\n").unwrap().roles().text, None);
}

/// A file that changes, or is taken away, while it is read.
struct Vanishing(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Vanishing {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.0.position() > 300_000 {
            return Err(std::io::Error::other("the file has changed"));
        }
        self.0.read(to)
    }
}

impl std::io::Seek for Vanishing {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_file_that_goes_away_meanwhile() {
    use live_sentiment::table::{read, sniff};
    use live_sentiment::types::table::Layout;
    let text = "id,comment\n1,I like it.\n".repeat(50_000).into_bytes();
    let layout: Layout = sniff(&mut std::io::Cursor::new(text.clone()), "file").unwrap();
    let mut file = Vanishing(std::io::Cursor::new(text));
    let error = read(&mut file, "file", &layout, |_| true)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "file could not be read: the file has changed.");
}

proptest! {
    /// Files with some bytes changed, or cut: read, or refused in a sentence.
    #[test]
    fn damaged_files_do_no_harm(file in 0..61usize, changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..8), cut in any::<Index>(), is_cut in any::<bool>()) {
        static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let files = FILES.get_or_init(|| sixty().into_iter().map(|file| file.bytes).chain([motley_workbook()]).collect());
        let mut bytes = files[file].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match table(bytes) {
            Ok(table) => prop_assert!(table.rows().count() == table.len()),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
    }
}
