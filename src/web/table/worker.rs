//! The worker that holds the table: reads a file, hands out its texts, takes the answers, and lists, sums up and saves what it
//! has. It does one thing after the other.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use super::file::BlobFile;
use super::kept::{self, Found, Head, Kept};
use super::protocol::{self, Model, PREVIEW_ROWS, Preview, Request, Response};
use super::shown;
use crate::table::job::{Job, TextId, text};
use crate::table::journal::{Line, restore};
use crate::table::save::{Options, save};
use crate::table::summary::summarize;
use crate::table::{SAMPLE_ROWS, Table, read, sniff};
use crate::types::Failure;
use crate::types::table::{Format, Layout, Roles, SaveAs};
use crate::web::exception;
use crate::{Error, Result};

/// Texts that are handed out at once: a worker of the model is busy with them for some tenths of a second.
const BATCH: usize = 32;
const BATCH_BYTES: usize = 8 << 10;

/// After so many rows the page hears how many were read.
const COUNTED: usize = 20_000;

/// Starts to listen. To be called once, by `main`.
pub fn run() {
    console_error_panic_hook::set_once();
    let holder = Rc::new(Holder::default());
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let message: Array = event.data().unchecked_into();
        let file = message.get(1).dyn_into::<Blob>().ok();
        match serde_wasm_bindgen::from_value(message.get(0)) {
            Ok(request) => holder.queue.borrow_mut().push_back((request, file)),
            Err(error) => return refuse(&Error::Input(format!("Not a request: {error}"))),
        }
        if !holder.is_busy.replace(true) {
            let holder = Rc::clone(&holder);
            spawn_local(async move {
                loop {
                    let next = holder.queue.borrow_mut().pop_front();
                    let Some((request, file)) = next else {
                        break;
                    };
                    holder.handle(request, file).await;
                }
                holder.is_busy.set(false);
            });
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker listens for as long as it lives.
    on_message.forget();
    post(&Response::Listening);
}

#[derive(Default)]
struct Holder {
    queue: RefCell<VecDeque<(Request, Option<Blob>)>>,
    is_busy: Cell<bool>,
    file: RefCell<Option<(String, Blob)>>,
    open: RefCell<Option<Open>>,
}

/// A table that is being classified.
struct Open {
    table: Table,
    job: Job,
    roles: Roles,
    column: usize,
    labels: Vec<String>,
    selected: Vec<u32>,
    /// `None` if it is not kept.
    kept: Option<Kept>,
}

impl Holder {
    async fn handle(&self, request: Request, file: Option<Blob>) {
        match request {
            Request::Open { name } => {
                if let Some(file) = file {
                    self.open.take();
                    self.file.replace(Some((name, file)));
                }
                answer(self.sniff());
            }
            Request::Preview { layout } => answer(self.preview(layout).map(Response::Opened)),
            Request::Read {
                layout,
                roles,
                model,
            } => {
                let found = self.file.borrow().clone();
                if let Some((name, file)) = found {
                    let head = Head {
                        name,
                        layout,
                        roles,
                        model,
                    };
                    self.begin(head, file).await;
                }
            }
            Request::Resume { model } => match Kept::resume().await {
                Some(found) => self.resume(found, &model),
                None => post(&Response::Nothing),
            },
            Request::Close => {
                self.open.take();
                self.file.take();
                // A table of another tab stays.
                _ = kept::forget().await;
                post(&Response::Nothing);
            }
            request => {
                if let Some(open) = &mut *self.open.borrow_mut() {
                    open.handle(request);
                }
            }
        }
    }

    fn with_file<T>(&self, work: impl FnOnce(&mut BlobFile, &str) -> Result<T>) -> Result<T> {
        let found = self.file.borrow().clone();
        let (name, blob) = found.ok_or_else(|| Error::Input("No file is open".into()))?;
        let mut file = BlobFile::new(blob).map_err(|error| Error::Unreachable {
            file: name.clone(),
            reason: error.to_string(),
        })?;
        work(&mut file, &name)
    }

    fn sniff(&self) -> Result<Response> {
        let layout = self.with_file(sniff)?;
        self.preview(layout).map(Response::Opened)
    }

    fn preview(&self, layout: Layout) -> Result<Preview> {
        let sample = |file: &mut BlobFile, name: &str| {
            read(file, name, &layout, |cells| cells.len() < SAMPLE_ROWS)
        };
        let sample = self.with_file(sample)?;
        let cells = |row: usize| {
            let row = sample.row(row);
            row.iter().map(|cell| cell.text.to_owned()).collect()
        };
        Ok(Preview {
            name: sample.name().to_owned(),
            layout,
            columns: sample.columns().to_vec(),
            roles: sample.roles(),
            rows: (0..sample.len().min(PREVIEW_ROWS)).map(cells).collect(),
            sheets: sample.sheets.clone(),
            notes: sample.notes.iter().map(ToString::to_string).collect(),
        })
    }

    async fn begin(&self, head: Head, file: Blob) {
        if let Err(error) = self.read(&head) {
            return refuse(&error);
        }
        match Kept::begin(&head, &file).await {
            Ok(kept) => {
                if let Some(open) = &mut *self.open.borrow_mut() {
                    open.kept = Some(kept);
                }
            }
            Err(reason) => post(&Response::NotKept { reason }),
        }
        self.tell();
    }

    fn resume(&self, found: Found, model: &Model) {
        let Found {
            head,
            file,
            lines,
            kept,
        } = found;
        self.file.replace(Some((head.name.clone(), file)));
        if head.model != *model {
            // Its answers are of no use to this one, which reads the same file again.
            drop(kept);
            return answer(self.preview(head.layout).map(|preview| {
                Response::Opened(Preview {
                    roles: head.roles,
                    ..preview
                })
            }));
        }
        if let Err(error) = self.read(&head) {
            return refuse(&error);
        }
        if let Some(open) = &mut *self.open.borrow_mut() {
            restore(&open.table, open.column, &mut open.job, lines);
            open.kept = Some(kept);
        }
        self.tell();
    }

    /// Reads all rows of the file.
    fn read(&self, head: &Head) -> Result<()> {
        let counted = Cell::new(0);
        let table = self.with_file(|file, name| {
            read(file, name, &head.layout, |cells| {
                let rows = cells.len();
                if rows >= counted.get() + COUNTED {
                    counted.set(rows);
                    post(&Response::Counted { rows });
                }
                true
            })
        })?;
        let column = head.roles.text.ok_or_else(|| Error::Table {
            file: head.name.clone(),
            reason: "no column of texts was chosen".into(),
        })?;
        if table.is_empty() {
            return Err(Error::Table {
                file: head.name.clone(),
                reason: "it has no rows".into(),
            });
        }
        let job = Job::new(&table, column, head.model.labels.len());
        self.open.replace(Some(Open {
            selected: (0..table.len() as u32).collect(),
            table,
            job,
            roles: head.roles,
            column,
            labels: head.model.labels.clone(),
            kept: None,
        }));
        Ok(())
    }

    fn tell(&self) {
        if let Some(open) = &*self.open.borrow() {
            post(&Response::Begun(protocol::Table {
                name: open.table.name().to_owned(),
                layout: open.table.layout().clone(),
                columns: open.table.columns().to_vec(),
                roles: open.roles,
                progress: open.job.progress(),
                notes: open.table.notes.iter().map(ToString::to_string).collect(),
            }));
        }
    }
}

impl Open {
    fn handle(&mut self, request: Request) {
        match request {
            Request::Next => {
                let texts = self.next();
                post(&Response::Texts { texts });
            }
            Request::Answer {
                read,
                failed,
                reason,
            } => self.answered(&read, &failed, &reason),
            Request::PutBack { ids } => {
                let ids: Vec<_> = ids.into_iter().map(TextId).collect();
                self.job.put_back(&ids);
            }
            Request::Select(selection) => {
                self.selected = shown::select(&self.table, &self.job, self.roles, &selection);
                post(&Response::Selected {
                    rows: self.selected.len(),
                });
            }
            Request::Rows { start, count } => {
                let rows = self.selected.iter().skip(start).take(count);
                let row = |&row: &u32| shown::row(&self.table, &self.job, self.roles, row as usize);
                let rows = rows.map(row).collect();
                post(&Response::Rows { start, rows });
            }
            Request::Whole { row } => post(&Response::Whole {
                row,
                text: text(self.table.row(row), self.column).to_owned(),
                cells: shown::others(&self.table, self.column, row),
            }),
            Request::Correct { row, label } => {
                self.job.correct(row, label);
                self.note(&[Line::Corrected { row, label }]);
            }
            Request::Sum => post(&Response::Summed {
                progress: self.job.progress(),
                summary: summarize(&self.table, &self.job, self.roles, &self.labels),
            }),
            Request::Save {
                format,
                disarm_formulas,
            } => self.save(Options {
                format,
                disarm_formulas,
            }),
            // Those of the holder.
            Request::Open { .. }
            | Request::Preview { .. }
            | Request::Read { .. }
            | Request::Resume { .. }
            | Request::Close => {}
        }
    }

    fn next(&mut self) -> Vec<protocol::Text> {
        let (table, column) = (&self.table, self.column);
        let length = |row: usize| text(table.row(row), column).len();
        let ids = self.job.next(BATCH, BATCH_BYTES, length);
        let text = |id: TextId| protocol::Text {
            id: id.0,
            text: text(table.row(self.job.first_row(id)), column).to_owned(),
        };
        ids.into_iter().map(text).collect()
    }

    fn answered(&mut self, read: &[protocol::Answer], failed: &[u32], reason: &str) {
        let mut lines = Vec::with_capacity(read.len());
        for answer in read {
            let id = TextId(answer.id);
            self.job.answer(id, &answer.scores, answer.truncated);
            let text = text(self.table.row(self.job.first_row(id)), self.column);
            lines.push(Line::read(text, &answer.scores, answer.truncated));
        }
        let failed: Vec<_> = failed.iter().copied().map(TextId).collect();
        if !failed.is_empty() {
            self.job.failed(&failed, reason);
        }
        self.note(&lines);
    }

    fn note(&mut self, lines: &[Line]) {
        if let Some(kept) = &mut self.kept
            && let Err(reason) = kept.note(lines)
        {
            self.kept = None;
            post(&Response::NotKept { reason });
        }
    }

    fn save(&self, options: Options) {
        let name = saved_name(
            self.table.name(),
            &self.table.layout().format,
            options.format,
        );
        let mut parts = Parts::default();
        let saved = save(
            &self.table,
            &self.job,
            &self.labels,
            options,
            &name,
            &mut parts,
        );
        let made = saved.and_then(|()| {
            parts.blob().map_err(|error| Error::Unwritable {
                file: name.clone(),
                reason: exception::message(&error),
            })
        });
        match made {
            Ok(file) => post_with(&Response::Saved { name }, Some(&file)),
            Err(error) => refuse(&error),
        }
    }
}

/// `survey.csv` becomes `survey-sentiment.csv`.
fn saved_name(name: &str, format: &Format, save_as: SaveAs) -> String {
    let (stem, own) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension = match (save_as, format) {
        (SaveAs::Same, Format::Lines | Format::Workbook { .. }) | (SaveAs::Csv, _) => "csv",
        (SaveAs::Same, _) if !own.is_empty() => own,
        (SaveAs::Same, Format::JsonLines) | (SaveAs::JsonLines, _) => "jsonl",
        (SaveAs::Same, Format::JsonArray) | (SaveAs::Json, _) => "json",
        (SaveAs::Same, _) => "csv",
        (SaveAs::Tsv, _) => "tsv",
        (SaveAs::Xlsx, _) => "xlsx",
    };
    format!("{stem}-sentiment.{extension}")
}

/// What is written, in parts that a browser may keep on the disk.
#[derive(Default)]
struct Parts {
    blobs: Vec<Blob>,
    bytes: Vec<u8>,
}

impl Parts {
    const SIZE: usize = 4 << 20;

    fn flush(&mut self) -> std::result::Result<(), JsValue> {
        if !self.bytes.is_empty() {
            let parts = Array::of1(&Uint8Array::from(self.bytes.as_slice()));
            self.blobs.push(Blob::new_with_u8_array_sequence(&parts)?);
            self.bytes.clear();
        }
        Ok(())
    }

    fn blob(mut self) -> std::result::Result<Blob, JsValue> {
        self.flush()?;
        Blob::new_with_blob_sequence(&self.blobs.iter().collect::<Array>())
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= Self::SIZE {
            let flushed = self.flush();
            flushed.map_err(|error| io::Error::other(exception::message(&error)))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn answer(response: Result<Response>) {
    match response {
        Ok(response) => post(&response),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &Error) {
    post(&Response::Refused {
        failure: Failure::from(error),
    });
}

fn post(response: &Response) {
    post_with(response, None);
}

fn post_with(response: &Response, file: Option<&Blob>) {
    let posted = serde_wasm_bindgen::to_value(response)
        .map_err(JsValue::from)
        .and_then(|message| {
            let file = file.cloned().map_or(JsValue::UNDEFINED, JsValue::from);
            scope().post_message(&Array::of2(&message, &file))
        });
    if let Err(reason) = posted {
        // Numbers and strings can always be cloned; what is left is a page that is going away.
        web_sys::console::error_1(&reason);
    }
}
