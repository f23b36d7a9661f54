//! What is said of a table. The page knows these too, which reads no file itself.

use serde::{Deserialize, Serialize};

/// What the names of tables end with.
pub const EXTENSIONS: [&str; 11] = [
    "csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson", "xlsx", "xlsb", "xls", "ods",
];

/// Whether a file is a table, by its name.
pub fn is_table(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What it is.
    pub format: Format,
    /// The name of its encoding, as the Encoding Standard has it. Workbooks have their own.
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub has_bom: bool,
    /// Whether the first row names the columns.
    pub has_header: bool,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CSV and its kin.
    Delimited(Dialect),
    /// A text on each line.
    Lines,
    /// A JSON value on each line, or one behind the other.
    JsonLines,
    /// A JSON array.
    JsonArray,
    /// XLSX, XLSB, XLS or ODS.
    Workbook {
        /// Which of its sheets, from 0.
        sheet: usize,
    },
}

/// How cells and rows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dialect {
    /// What stands between two cells.
    pub delimiter: u8,
    /// What a cell is enclosed in that holds delimiters or line breaks; `None` if nothing is.
    pub quote: Option<u8>,
    /// Whether a quote within a cell is written `\"` rather than `""`.
    pub has_escapes: bool,
    /// Whether lines end with `\r\n`.
    pub is_crlf: bool,
    /// Whether the first line is Excel's `sep=;`.
    pub names_delimiter: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            has_escapes: false,
            is_crlf: false,
            names_delimiter: false,
        }
    }
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
}

/// What columns are taken for, by their number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roles {
    /// The texts to classify.
    pub text: Option<usize>,
    /// What to sum up by.
    #[serde(default)]
    pub group: Option<usize>,
    /// When a text was written.
    #[serde(default)]
    pub date: Option<usize>,
    /// What a person has said that the text is.
    #[serde(default)]
    pub label: Option<usize>,
}

/// How far a job is, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// All rows.
    pub rows: usize,
    /// Rows without a text.
    pub empty: usize,
    /// Rows that are read.
    pub read: usize,
    /// Rows that could not be read.
    pub failed: usize,
    /// Rows whose text an earlier one has as well.
    pub repeated: usize,
}

impl Progress {
    /// Rows that wait.
    pub fn waiting(&self) -> usize {
        self.rows - self.empty - self.read - self.failed
    }
}

/// How many bins confidence is counted in, of equal width from 0 to 1.
pub const BINS: usize = 10;

/// Rows by label.
pub type Counts = Vec<usize>;

/// What a table says in all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Rows with a label, by label.
    pub labels: Counts,
    /// Rows whose label the model is not sure of, and nobody has corrected.
    pub not_sure: usize,
    /// Rows that a person has corrected.
    pub corrected: usize,
    /// Rows of which only the beginning was read.
    pub truncated: usize,
    /// Rows by the probability of their label.
    pub confidence: [usize; BINS],
    /// By group, the largest first.
    pub groups: Vec<Group>,
    /// By day, month or year, in order.
    pub periods: Vec<Period>,
    /// Rows whose date is none.
    pub undated: usize,
    /// Beside the labels that people gave.
    pub agreement: Option<Agreement>,
}

impl Summary {
    /// Rows with a label.
    pub fn total(&self) -> usize {
        self.labels.iter().sum()
    }
}

/// The rows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The cell that they have in common; `None` for those of all smaller groups.
    pub name: Option<String>,
    /// Rows by label.
    pub labels: Counts,
}

/// The rows of a day, a month or a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// As ISO 8601 writes it.
    pub name: String,
    /// Rows by label.
    pub labels: Counts,
}

/// How the model's labels agree with those that people gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Rows with a label that the model has.
    pub rows: usize,
    /// The share of them that are read as labelled, 0 to 1.
    pub accuracy: f64,
    /// The mean F1 of the classes, 0 to 1.
    pub macro_f1: f64,
    /// Rows by the label that a person gave, and in each by the model's.
    pub confusion: Vec<Counts>,
    /// Rows whose label the model does not have.
    pub unknown: usize,
}

/// A kind of file to save as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaveAs {
    /// As it came: the same delimiter and encoding, JSON as JSON. Lines of text and workbooks become CSV.
    Same,
    /// CSV in UTF-8 with a byte order mark, by which Excel knows the encoding.
    Csv,
    /// Tabs between cells, in UTF-8.
    Tsv,
    /// A workbook.
    Xlsx,
    /// An object on each line.
    JsonLines,
    /// An array of objects.
    Json,
}
