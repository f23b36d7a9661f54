//! What the workers tell the view of tables, the one that holds the table and those that classify its texts: it is handled one
//! after the other.

use std::rc::Rc;

use js_sys::{Array, Reflect};
use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;
use web_sys::{Blob, ErrorEvent, MessageEvent};

use super::save::download;
use super::session::{Lines, TableSession, Told, Whole, Window};
use crate::Error;
use crate::types::Brief;
use crate::web::app::session::now;
use crate::web::app::table_state::{Run, Stage};
use crate::web::client::launch;
use crate::web::client::pool::workers;
use crate::web::client::{Client, Event, Options};
use crate::web::exception;
use crate::web::table::protocol::{Answer, Request, Response, Selection};

/// The program of the worker that holds the table.
const PROGRAM: &str = "table_worker";

impl TableSession {
    pub(super) fn post(self, request: &Request, file: Option<&Blob>) {
        let Ok(message) = serde_wasm_bindgen::to_value(request) else {
            return;
        };
        let file = file.cloned().map_or(JsValue::UNDEFINED, JsValue::from);
        let message = Array::of2(&message, &file).into();
        let lines = self.lines.get_value();
        if lines.worker.borrow().is_none() {
            self.start_worker(&lines);
        }
        if !lines.is_listening.get() {
            lines.waiting.borrow_mut().push(message);
        } else if let Some(worker) = &*lines.worker.borrow() {
            _ = worker.post_message(&message);
        }
    }

    fn start_worker(self, lines: &Rc<Lines>) {
        let started = launch::script(PROGRAM).and_then(|script| {
            launch::start(&script).map_err(|error| Error::Browser(exception::message(&error)))
        });
        let worker = match started {
            Ok(worker) => worker,
            Err(error) => return self.tell(Told::Crash(error.to_string())),
        };
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let message: Array = event.data().unchecked_into();
            let file = message.get(1).dyn_into::<Blob>().ok();
            if let Ok(response) = serde_wasm_bindgen::from_value(message.get(0)) {
                self.tell(Told::Table(response, file));
            }
        });
        let on_error = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            let message = event.dyn_ref::<ErrorEvent>();
            let message = message.map(ErrorEvent::message).unwrap_or_default();
            self.tell(Told::Crash(message));
        });
        worker.listen(
            on_message.as_ref().unchecked_ref(),
            on_error.as_ref().unchecked_ref(),
        );
        // The view lives as long as the page.
        on_message.forget();
        on_error.forget();
        lines.worker.replace(Some(worker));
    }

    /// Handles what was told, one after the other, even if handling it makes somebody tell more.
    fn tell(self, told: Told) {
        let lines = self.lines.get_value();
        lines.told.borrow_mut().push_back(told);
        if lines.is_handling.replace(true) {
            return;
        }
        loop {
            let next = lines.told.borrow_mut().pop_front();
            match next {
                Some(Told::Table(response, file)) => self.answered(response, file),
                Some(Told::Crash(reason)) => self.crashed(&reason),
                Some(Told::Pool(pool, member, event)) if pool == lines.pools.get() => {
                    self.classified(member, event);
                }
                Some(Told::Pool(..)) => {}
                None => break,
            }
        }
        lines.is_handling.set(false);
    }

    fn answered(self, response: Response, file: Option<Blob>) {
        let lines = self.lines.get_value();
        match response {
            Response::Listening => {
                lines.is_listening.set(true);
                for message in lines.waiting.take() {
                    if let Some(worker) = &*lines.worker.borrow() {
                        _ = worker.post_message(&message);
                    }
                }
            }
            Response::Opened(preview) => {
                self.roles.set(preview.roles);
                self.preview.set(Some(preview));
                self.stage.set(Stage::Preview);
            }
            Response::Counted { rows } => self.counted.set(rows),
            Response::Begun(table) => {
                self.progress.set(table.progress);
                self.roles.set(table.roles);
                self.table.set(Some(table));
                self.stage.set(Stage::Open);
                self.select(|selection| *selection = Selection::default());
                self.go_on();
                self.sum();
            }
            Response::Nothing => {}
            Response::Texts { texts } => {
                lines.is_asked.set(false);
                lines.is_exhausted.set(texts.is_empty());
                let (ids, texts): (Vec<_>, Vec<_>) =
                    texts.into_iter().map(|it| (it.id, it.text)).unzip();
                if lines.pool.borrow().is_empty() {
                    // The last worker has stopped meanwhile.
                    self.post(&Request::PutBack { ids }, None);
                } else if !ids.is_empty() {
                    lines.pool.borrow_mut().submit(ids, texts);
                }
                self.pump();
            }
            Response::Selected { rows } => {
                self.selected.set(rows);
                let window = self.window.with_untracked(|it| (it.start, it.rows.len()));
                self.show_rows(window.0.min(rows), window.1.max(60));
            }
            Response::Rows { start, rows } => self.window.set(Window { start, rows }),
            Response::Whole { row, text, cells } => {
                self.whole.set(Some(Whole { row, text, cells }));
            }
            Response::Summed { progress, summary } => {
                let done = progress.read + progress.failed;
                self.speed.update(|speed| speed.note(now(), done));
                self.progress.set(progress);
                self.summary.set(summary);
                // What is listed has changed as well.
                self.post(&Request::Select(self.selection.get_untracked()), None);
            }
            Response::Saved { name } => {
                if let Some(file) = file {
                    download(&name, &file);
                }
            }
            Response::NotKept { reason } => self.unkept.set(reason),
            Response::Refused { failure } => {
                self.trouble.set(failure.message);
                self.stage.update(|stage| {
                    *stage = match *stage {
                        Stage::Opening => Stage::Empty,
                        Stage::Reading => Stage::Preview,
                        stage => stage,
                    };
                });
            }
        }
    }

    /// The worker that holds the table is gone, and the table with it; what was read is on the device.
    fn crashed(self, reason: &str) {
        let lines = self.lines.get_value();
        self.end_pool();
        lines.worker.replace(None);
        lines.is_listening.set(false);
        lines.waiting.take();
        let is_kept = self.stage.get_untracked() == Stage::Open
            && self.unkept.with_untracked(String::is_empty);
        self.clear();
        self.stage.set(Stage::Empty);
        let what = "The part of the page that holds the table stopped";
        let what = if reason.is_empty() {
            what.to_owned() + "."
        } else {
            what.to_owned() + ": " + reason + "."
        };
        self.trouble.set(if is_kept {
            what + " What was read of the table is on this device: reload the page to go on."
        } else {
            what + " Open the file again."
        });
    }

    fn classified(self, member: usize, event: Event) {
        let lines = self.lines.get_value();
        match event {
            Event::Ready(_) => lines.pool.borrow_mut().ready(member),
            Event::ClassifiedBatch { seq, briefs } => {
                let ids = lines.pool.borrow_mut().take(member, seq);
                let answers = ids.unwrap_or_default().into_iter().zip(briefs);
                let answer = |(id, brief): (u32, Brief)| Answer {
                    id,
                    scores: brief.scores,
                    truncated: brief.truncated,
                };
                let request = Request::Answer {
                    read: answers.map(answer).collect(),
                    failed: Vec::new(),
                    reason: String::new(),
                };
                self.post(&request, None);
                self.sum_later();
            }
            Event::Failed {
                seq: Some(seq),
                failure,
            } => {
                let ids = lines.pool.borrow_mut().take(member, seq);
                let request = Request::Answer {
                    read: Vec::new(),
                    failed: ids.unwrap_or_default(),
                    reason: failure.message,
                };
                self.post(&request, None);
                lines.is_exhausted.set(false);
                self.sum_later();
            }
            Event::Failed { seq: None, failure } => {
                let ids = lines.pool.borrow_mut().stopped(member);
                self.post(&Request::PutBack { ids }, None);
                lines.is_exhausted.set(false);
                if lines.pool.borrow().is_empty() {
                    self.end_pool();
                    self.run.set(Run::Stopped(failure.message));
                }
            }
            Event::Requested(requests) => self.session.state.requested(requests),
            _ => {}
        }
        self.pump();
    }

    /// Asks for texts while a worker can be given some; ends the workers once all is read.
    pub(super) fn pump(self) {
        let lines = self.lines.get_value();
        if self.run.get_untracked() != Run::Going || lines.is_asked.get() {
            return;
        }
        if !lines.is_exhausted.get() {
            if lines.pool.borrow().has_room() {
                lines.is_asked.set(true);
                self.post(&Request::Next, None);
            }
        } else if lines.pool.borrow().is_idle() {
            self.end_pool();
            self.run.set(Run::Done);
            self.sum();
        }
    }

    pub(super) fn start_pool(self) {
        let lines = self.lines.get_value();
        let Some(model) = lines.model.borrow().clone() else {
            return;
        };
        let pool = lines.pools.get() + 1;
        lines.pools.set(pool);
        let is_kept = self
            .session
            .state
            .device
            .with_untracked(|device| device.storage.as_ref().is_some_and(|it| it.kept));
        let navigator = window().navigator();
        let memory = Reflect::get(&navigator, &"deviceMemory".into());
        let most = workers(
            navigator.hardware_concurrency() as usize,
            memory.ok().and_then(|memory| memory.as_f64()),
            model.bytes,
        );
        // Others would each fetch the model again.
        let count = if is_kept { most } else { 1 };
        for member in 0..count {
            let options = Options {
                model: model.address.clone(),
                files: None,
                backend: None,
                start_worker: None,
            };
            let client = Client::start(options, move |event| {
                self.tell(Told::Pool(pool, member, event));
            });
            lines.pool.borrow_mut().add(client);
        }
    }

    pub(super) fn end_pool(self) {
        let lines = self.lines.get_value();
        lines.pools.set(lines.pools.get() + 1);
        lines.is_asked.set(false);
        let pool = lines.pool.take();
        // Outside of the borrow, for its end may be told of.
        drop(pool);
    }
}
