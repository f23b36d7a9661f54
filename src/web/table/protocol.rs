//! What the page and the worker that holds a table say to each other; each request that has an answer is answered in order.
//!
//! A message is an array of two: what is said, and the file that belongs to it, if there is one. Unlike what is said to the
//! [model's worker](crate::web::protocol), its kind is its only key, as serde writes enums by default: to read others takes many
//! times as much code, and no page but ours speaks to this worker.

use serde::{Deserialize, Serialize};

use crate::types::Failure;
use crate::types::table::{Layout, Progress, Roles, SaveAs, Sheet, Summary};

/// So many rows of a file are shown before it is read.
pub const PREVIEW_ROWS: usize = 20;

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// Look at the file in the same message, a `File` or a `Blob`. Answered by [`Response::Opened`] or
    /// [`Response::Refused`].
    Open {
        /// Its name.
        name: String,
    },
    /// Look at the same file in another way. Answered as [`Request::Open`].
    Preview {
        /// How.
        layout: Layout,
    },
    /// Read all rows. Answered by [`Response::Counted`]s, then [`Response::Begun`] or [`Response::Refused`].
    Read {
        /// How the file is to be read.
        layout: Layout,
        /// What its columns are.
        roles: Roles,
        /// The model that is to classify.
        model: Model,
    },
    /// Open what is kept on this device, if `model` read it. Answered by [`Response::Begun`], or [`Response::Opened`] with
    /// what another model has read, or [`Response::Nothing`].
    Resume {
        /// The model that is to classify.
        model: Model,
    },
    /// Texts to classify. Answered by [`Response::Texts`].
    Next,
    /// What became of texts. Not answered.
    Answer {
        /// Those that were read.
        read: Vec<Answer>,
        /// Those that could not be read together: each is read alone next.
        failed: Vec<u32>,
        /// Why.
        reason: String,
    },
    /// These were sent, and will not be answered. Not answered.
    PutBack {
        /// The numbers of the texts.
        ids: Vec<u32>,
    },
    /// Which rows to show, and in which order. Answered by [`Response::Selected`].
    Select(Selection),
    /// Some of the rows that are selected. Answered by [`Response::Rows`].
    Rows {
        /// The first of them.
        start: usize,
        /// How many.
        count: usize,
    },
    /// All of a row. Answered by [`Response::Whole`].
    Whole {
        /// Its number in the table.
        row: usize,
    },
    /// A person says what a row is, or takes it back. Not answered.
    Correct {
        /// Its number in the table.
        row: usize,
        /// Class id of the label.
        label: Option<usize>,
    },
    /// What the table says in all. Answered by [`Response::Summed`].
    Sum,
    /// Write the table with the results. Answered by [`Response::Saved`] or [`Response::Refused`].
    Save {
        /// As what.
        format: SaveAs,
        /// Whether cells that a spreadsheet program would run are made harmless.
        disarm_formulas: bool,
    },
    /// Forget the table, and what of it is on this device. Answered by [`Response::Nothing`].
    Close,
}

/// Which model classifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Its address.
    pub address: String,
    /// The size of its weights, by which another model at the address is known.
    pub bytes: u64,
    /// Its labels.
    pub labels: Vec<String>,
}

/// How a text reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The number of the text.
    pub id: u32,
    /// One probability for each label.
    pub scores: Vec<f32>,
    /// Whether only its beginning was read.
    pub truncated: bool,
}

/// A text to classify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its number.
    pub id: u32,
    /// The text.
    pub text: String,
}

/// Which rows to show, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Selection {
    /// Only these.
    pub only: Only,
    /// Only those of this group.
    pub group: Option<String>,
    /// Only those whose text contains all of these words, whatever their case.
    pub words: String,
    /// How they are sorted.
    pub sort: Sort,
}

/// A kind of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// All of them.
    #[default]
    All,
    /// Those with this label.
    Label(usize),
    /// Those that the model is not sure of.
    NotSure,
    /// Those that a person corrected.
    Corrected,
    /// Those that could not be read, or have no text.
    Unread,
}

/// An order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// As in the file.
    #[default]
    File,
    /// The surest first.
    Surest,
    /// The least sure first.
    LeastSure,
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// The worker listens. What is posted before this is lost.
    Listening,
    /// How the file looks.
    Opened(Preview),
    /// So many rows have been read of it.
    Counted {
        /// Rows.
        rows: usize,
    },
    /// All rows have been read; texts can be asked for.
    Begun(Table),
    /// There is no table.
    Nothing,
    /// Texts to classify; none if all are sent.
    Texts {
        /// The texts.
        texts: Vec<Text>,
    },
    /// How many rows are selected.
    Selected {
        /// Rows.
        rows: usize,
    },
    /// Rows that are selected.
    Rows {
        /// The first of them.
        start: usize,
        /// The rows.
        rows: Vec<Row>,
    },
    /// All of a row.
    Whole {
        /// Its number in the table.
        row: usize,
        /// Its text.
        text: String,
        /// The other columns, by name.
        cells: Vec<(String, String)>,
    },
    /// What the table says in all.
    Summed {
        /// How far reading is.
        progress: Progress,
        /// What has been read.
        summary: Summary,
    },
    /// The table is written; the file is in the same message.
    Saved {
        /// What it may be called.
        name: String,
    },
    /// What is read is not kept on this device.
    NotKept {
        /// Why, without a full stop.
        reason: String,
    },
    /// What was asked for cannot be done.
    Refused {
        /// Why.
        failure: Failure,
    },
}

/// A file that is not read yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Its name.
    pub name: String,
    /// How it looks.
    pub layout: Layout,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// What they are taken for.
    pub roles: Roles,
    /// The first rows, without the header.
    pub rows: Vec<Vec<String>>,
    /// The sheets of a workbook.
    pub sheets: Vec<Sheet>,
    /// What is odd about it, in sentences.
    pub notes: Vec<String>,
}

/// A table that is being classified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// The name of the file.
    pub name: String,
    /// How it was read.
    pub layout: Layout,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// What they are.
    pub roles: Roles,
    /// How far it is.
    pub progress: Progress,
    /// What is odd about it, in sentences.
    pub notes: Vec<String>,
}

/// A row as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its number in the table, from 0.
    pub row: usize,
    /// The beginning of its text.
    pub text: String,
    /// Its group and its date, as far as there are such columns.
    pub others: Vec<String>,
    /// What has become of it.
    pub outcome: Outcome,
    /// What a person has said that it is: class id.
    pub corrected: Option<usize>,
}

/// What has become of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It has no text.
    Empty,
    /// It has yet to be read.
    Waiting,
    /// It could not be read.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was read.
    Read {
        /// Class id.
        label: usize,
        /// The probability of that.
        score: f32,
        /// Whether only its beginning was read.
        truncated: bool,
    },
}
