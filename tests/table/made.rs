//! Files as programs write them.

use std::io::{Cursor, Write};

use live_sentiment::table::encoding::{byte_order_mark, encode};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a survey holds, in some languages.
pub(crate) const COMMENTS: [&str; 12] = [
    "The delivery took two weeks, and nobody could say where it was.",
    "Great service; I would order again!",
    "It works as described | no complaints so far.",
    "She said \"never again\", and I agree.",
    "Broken on arrival.\nThe replacement was broken as well.",
    "Fine.",
    "Whoever answered my call on Sunday deserves a raise, honestly.",
    "Too expensive for what it is: 3,50 for a cup of coffee.",
    "The café was lovely and the crème brûlée even better.",
    "I have no opinion about the new layout of the page.",
    "Don’t buy this, it’s a waste of money and time.",
    "The room was clean, the breakfast poor, the staff friendly.",
];
const GERMAN: [&str; 6] = [
    "Die Lieferung dauerte zwei Wochen, niemand wusste, wo sie war.",
    "Sehr guter Service; ich würde jederzeit wieder bestellen!",
    "Für das Geld ist die Qualität leider zu schlecht, schade.",
    "Das Frühstück war hervorragend und die Zimmer schön groß.",
    "Es hat 3,50 € gekostet, das ist mir zu viel für einen Kaffee.",
    "Über die neue Oberfläche habe ich keine Meinung, ehrlich gesagt.",
];
const JAPANESE: [&str; 6] = [
    "配達に二週間かかりました。とても残念です。",
    "サービスは最高でした。また注文します。",
    "部屋はきれいでしたが、朝食はよくなかったです。",
    "値段が高すぎると思います。",
    "スタッフの皆さんがとても親切でした。",
    "特に意見はありません。",
];
const CHINESE: [&str; 6] = [
    "送货花了两个星期，没有人知道包裹在哪里。",
    "服务非常好，我会再次订购的！",
    "房间很干净，但是早餐很差。",
    "价格太贵了，不值得这个钱。",
    "工作人员非常友好，谢谢你们。",
    "我对新页面没有什么意见。",
];

/// A file, and what sniffing should find.
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// `,`, `;`, a tab or `|`; `l` for lines, `j` for JSON, `w` for workbooks.
    pub(crate) kind: u8,
    pub(crate) encoding: &'static str,
    pub(crate) has_header: bool,
    pub(crate) text: usize,
}

fn field(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// A table as text.
pub(crate) fn delimited(rows: &[Vec<String>], delimiter: char, end: &str) -> String {
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().map(|cell| field(cell, delimiter)).collect();
        cells.join(&delimiter.to_string()) + end
    };
    rows.iter().map(line).collect()
}

/// Columns of a survey: where its texts stand, what is beside them.
fn survey(
    texts: &[&str],
    shape: usize,
    rows: usize,
) -> (Vec<Vec<String>>, Vec<&'static str>, usize) {
    let departments = ["Support", "Delivery", "Product"];
    let row = |n: usize| {
        let text = texts[n % texts.len()].to_owned();
        let date = format!("2026-10-{:02}", n % 28 + 1);
        let score = format!("{}", n % 5 + 1);
        match shape {
            0 => vec![
                format!("{}", 1000 + n),
                text,
                departments[n % 3].to_owned(),
                date,
            ],
            1 => vec![text, score],
            2 => vec![
                format!("user{n}@example.org"),
                format!("{:02}.{:02}.2026 10:1{}", n % 28 + 1, n % 12 + 1, n % 10),
                departments[n % 3].to_owned(),
                score,
                text,
            ],
            _ => vec![format!("{}", n + 1), format!("{},{}", n % 9, n % 10), text],
        }
    };
    let (names, text) = match shape {
        0 => (vec!["id", "comment", "department", "date"], 1),
        1 => (vec!["Was hat Ihnen gefallen?", "Note"], 0),
        2 => (
            vec![
                "email",
                "created at",
                "team",
                "stars",
                "What would you tell a friend",
            ],
            4,
        ),
        _ => (vec!["nr", "price", "review_body"], 2),
    };
    ((0..rows).map(row).collect(), names, text)
}

/// Sixty files of the kinds that people have.
pub(crate) fn sixty() -> Vec<Made> {
    let mut all = Vec::new();
    let encodings: [(&str, &[&str]); 8] = [
        ("UTF-8", &COMMENTS),
        ("windows-1252", &GERMAN),
        ("UTF-8", &GERMAN),
        ("UTF-16LE", &COMMENTS),
        ("UTF-16BE", &GERMAN),
        ("Shift_JIS", &JAPANESE),
        ("gb18030", &CHINESE),
        ("UTF-8", &JAPANESE),
    ];
    for (index, (encoding, texts)) in encodings.into_iter().enumerate() {
        for (at, delimiter) in [',', ';', '\t', '|'].into_iter().enumerate() {
            // Each shape, header or not, with each delimiter and encoding once.
            let shape = (index + at) % 4;
            let has_header = (index + at) % 3 != 2;
            let (mut rows, names, text) = survey(texts, shape, 20 + 7 * at);
            if has_header {
                rows.insert(0, names.into_iter().map(str::to_owned).collect());
            }
            let end = if index % 2 == 0 { "\n" } else { "\r\n" };
            let as_text = delimited(&rows, delimiter, end);
            let with = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap();
            let mut bytes = Vec::new();
            // Windows writes the mark, others do not; UTF-16 both.
            if index % 2 == 1 && at < 2 {
                bytes.extend_from_slice(byte_order_mark(with));
            }
            encode(&as_text, with, &mut bytes);
            all.push(Made {
                name: format!("{encoding} {delimiter:?} shape {shape}, header {has_header}"),
                bytes,
                kind: delimiter as u8,
                encoding,
                has_header,
                text,
            });
        }
    }
    // Few rows.
    for (at, delimiter) in [',', ';', '\t', '|'].into_iter().enumerate() {
        let (mut rows, names, text) = survey(&COMMENTS, at, 2);
        rows.insert(0, names.into_iter().map(str::to_owned).collect());
        all.push(Made {
            name: format!("two rows {delimiter:?} shape {at}"),
            bytes: delimited(&rows, delimiter, "\n").into(),
            kind: delimiter as u8,
            encoding: "UTF-8",
            has_header: true,
            text,
        });
    }
    // Texts alone.
    for (at, texts) in [&COMMENTS[..], &GERMAN[..], &JAPANESE[..], &CHINESE[..]]
        .into_iter()
        .enumerate()
    {
        let lines: Vec<_> = texts
            .iter()
            .cycle()
            .take(12 + at)
            .map(|text| text.replace('\n', " "))
            .collect();
        all.push(Made {
            name: format!("lines {at}"),
            bytes: (lines.join("\n") + "\n").into(),
            kind: b'l',
            encoding: "UTF-8",
            has_header: false,
            text: 0,
        });
        let mut quoted: Vec<_> = texts.iter().map(|text| vec![(*text).to_owned()]).collect();
        quoted.insert(0, vec!["comment".to_owned()]);
        let quoted: String = quoted
            .iter()
            .map(|row| format!("\"{}\"\n", row[0].replace('"', "\"\"")))
            .collect();
        all.push(Made {
            name: format!("one quoted column {at}"),
            bytes: quoted.into(),
            kind: b',',
            encoding: "UTF-8",
            has_header: true,
            text: 0,
        });
    }
    for shape in 0..4 {
        let (rows, names, text) = survey(&COMMENTS, shape, 9);
        let objects: Vec<_> = rows
            .iter()
            .map(|row| {
                let fields: Vec<_> = names
                    .iter()
                    .zip(row)
                    .map(|(name, cell)| format!("{}: {}", json(name), json(cell)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            })
            .collect();
        all.push(Made {
            name: format!("JSON Lines {shape}"),
            bytes: objects.join("\n").into(),
            kind: b'j',
            encoding: "UTF-8",
            has_header: false,
            text,
        });
        all.push(Made {
            name: format!("JSON array {shape}"),
            bytes: format!("[{}]", objects.join(",\n ")).into(),
            kind: b'j',
            encoding: "UTF-8",
            has_header: false,
            text,
        });
        let has_header = shape != 3;
        let mut rows = rows;
        if has_header {
            rows.insert(0, names.into_iter().map(str::to_owned).collect());
        }
        all.push(Made {
            name: format!("workbook {shape}"),
            bytes: workbook(&rows),
            kind: b'w',
            encoding: "UTF-8",
            has_header,
            text,
        });
    }
    // What a spreadsheet puts on the clipboard, Excel's first line, a decimal comma in each row.
    let (mut rows, names, text) = survey(&GERMAN, 3, 14);
    rows.insert(0, names.into_iter().map(str::to_owned).collect());
    for (name, bytes, kind) in [
        ("clipboard", delimited(&rows, '\t', "\r\n"), b'\t'),
        (
            "sep=;",
            format!("sep=;\r\n{}", delimited(&rows, ';', "\r\n")),
            b';',
        ),
        ("decimal commas", delimited(&rows, ';', "\n"), b';'),
        ("quotes everywhere", quoted_everywhere(&rows), b','),
    ] {
        all.push(Made {
            name: name.to_owned(),
            bytes: bytes.into(),
            kind,
            encoding: "UTF-8",
            has_header: true,
            text,
        });
    }
    all
}

fn quoted_everywhere(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        cells.join(",") + "\r\n"
    };
    rows.iter().map(line).collect()
}

pub(crate) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A workbook with one sheet of texts and numbers.
pub(crate) fn workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let (at, column) = (at as u32, column as u16);
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(at, column, number).unwrap(),
                Err(_) => sheet.write_string(at, column, cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

/// A workbook with each kind of cell, a merged range, a formula with its value, and a hidden first sheet.
pub(crate) fn motley_workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("Lists")
        .unwrap()
        .set_hidden(true)
        .write_string(0, 0, "internal")
        .unwrap();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let time = Format::new().set_num_format("dd.mm.yyyy hh:mm");
    let sheet = book.add_worksheet().set_name("Answers").unwrap();
    sheet.set_active(true);
    for (column, name) in ["comment", "when", "at", "price", "done", "sum", "empty"]
        .into_iter()
        .enumerate()
    {
        sheet.write_string(0, column as u16, name).unwrap();
    }
    for row in 1..=3 {
        sheet.write_string(row, 0, COMMENTS[row as usize]).unwrap();
        let date = ExcelDateTime::from_ymd(2026, 10, row as u8).unwrap();
        sheet
            .write_datetime_with_format(row, 1, &date, &day)
            .unwrap();
        let date = date.and_hms(8, 15, 30).unwrap();
        sheet
            .write_datetime_with_format(row, 2, &date, &time)
            .unwrap();
        sheet.write_number(row, 3, 0.1 + f64::from(row)).unwrap();
        sheet.write_boolean(row, 4, row == 1).unwrap();
        sheet
            .write_formula(
                row,
                5,
                rust_xlsxwriter::Formula::new("=D2*2").set_result("7"),
            )
            .unwrap();
    }
    sheet
        .merge_range(5, 0, 5, 2, "merged", &Format::new())
        .unwrap();
    book.save_to_buffer().unwrap()
}

/// A workbook that a program has written which computes no formulas.
pub(crate) fn uncomputed_workbook() -> Vec<u8> {
    let sheet = "<worksheet><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>comment</t></is></c></row>\
        <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>I like it very much.</t></is></c><c r=\"B2\"><f>1+1</f></c></row>\
        </sheetData></worksheet>";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns:r=\"{relation}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let main = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    archive(&[
        ("_rels/.rels", main.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A ZIP archive of these files.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
