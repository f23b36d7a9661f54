//! What the view of tables works with: what is known of the table, and the lines to the worker that holds it and to the
//! workers that classify its texts.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, FileSystemFileHandle, MessageEvent};

use crate::types::ModelInfo;
use crate::types::table::{Layout, Progress, Roles, SaveAs, Summary};
use crate::web::app::route::{Link, Route};
use crate::web::app::session::{Session, now};
use crate::web::app::table_state::{Run, Speed, Stage};
use crate::web::client::launch::{self, Running};
use crate::web::client::pool::{Pool, workers};
use crate::web::client::{Client, Event, Options};
use crate::web::exception;
use crate::web::table::protocol::{
    Answer, Model, Preview, Request, Response, Row, Selection, Table,
};

#[wasm_bindgen]
extern "C" {
    type LaunchQueue;
    #[wasm_bindgen(method, structural, js_name = setConsumer)]
    fn set_consumer(this: &LaunchQueue, consumer: &Function);
    /// LaunchParams.
    type Launch;
    #[wasm_bindgen(method, getter, structural)]
    fn files(this: &Launch) -> Array;
}

/// The summary follows what was read so much later, and the rows with it.
const BETWEEN_SUMS: Duration = Duration::from_millis(700);

/// The program of the worker that holds the table.
const PROGRAM: &str = "table_worker";

/// Some of the rows that are selected.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) rows: Vec<Row>,
}

/// All of a row.
#[derive(Clone, PartialEq)]
pub(super) struct Whole {
    pub(super) row: usize,
    pub(super) text: String,
    pub(super) cells: Vec<(String, String)>,
}

/// See the [module](self).
#[derive(Clone, Copy)]
pub(in crate::web::app) struct TableSession {
    pub(super) session: Session,
    pub(super) stage: RwSignal<Stage>,
    pub(super) preview: RwSignal<Option<Preview>>,
    /// What the columns are, as the visitor has it.
    pub(super) roles: RwSignal<Roles>,
    pub(super) table: RwSignal<Option<Table>>,
    /// The labels of the model that reads the table.
    pub(super) labels: RwSignal<Vec<String>>,
    /// Rows that have been read of the file.
    pub(super) counted: RwSignal<usize>,
    pub(super) run: RwSignal<Run>,
    pub(super) progress: RwSignal<Progress>,
    pub(super) summary: RwSignal<Summary>,
    pub(super) speed: RwSignal<Speed>,
    pub(super) selection: RwSignal<Selection>,
    /// How many rows that selects.
    pub(super) selected: RwSignal<usize>,
    pub(super) window: RwSignal<Window>,
    pub(super) whole: RwSignal<Option<Whole>>,
    /// Why something could not be done.
    pub(super) trouble: RwSignal<String>,
    /// Why nothing is kept; empty if it is.
    pub(super) unkept: RwSignal<String>,
    lines: StoredValue<Rc<Lines>, LocalStorage>,
}

#[derive(Default)]
struct Lines {
    worker: RefCell<Option<Running>>,
    /// What is to be posted once the worker listens.
    waiting: RefCell<Vec<JsValue>>,
    is_listening: Cell<bool>,
    /// The model that reads the table, whatever the text is read with meanwhile.
    model: RefCell<Option<Model>>,
    pool: RefCell<Pool<Client>>,
    /// Rises with each pool: what an older one tells is dropped.
    pools: Cell<usize>,
    /// Texts have been asked for, and have not come yet.
    is_asked: Cell<bool>,
    /// The last time there were none.
    is_exhausted: Cell<bool>,
    is_sum_due: Cell<bool>,
    /// What was told, to be handled one after the other.
    told: RefCell<VecDeque<Told>>,
    is_handling: Cell<bool>,
}

enum Told {
    Table(Response, Option<Blob>),
    Crash(String),
    Pool(usize, usize, Event),
}

impl TableSession {
    pub(in crate::web::app) fn new(session: Session) -> Self {
        Self {
            session,
            stage: RwSignal::default(),
            preview: RwSignal::new(None),
            roles: RwSignal::default(),
            table: RwSignal::new(None),
            labels: RwSignal::default(),
            counted: RwSignal::default(),
            run: RwSignal::default(),
            progress: RwSignal::default(),
            summary: RwSignal::default(),
            speed: RwSignal::default(),
            selection: RwSignal::default(),
            selected: RwSignal::default(),
            window: RwSignal::default(),
            whole: RwSignal::new(None),
            trouble: RwSignal::default(),
            unkept: RwSignal::default(),
            lines: StoredValue::new_local(Rc::default()),
        }
    }

    /// Looks at a file.
    pub(super) fn open(self, name: String, file: &Blob) {
        self.end_pool();
        self.clear();
        self.stage.set(Stage::Opening);
        self.post(&Request::Open { name }, Some(file));
    }

    /// Looks at a file, and shows the view.
    pub(in crate::web::app) fn show(self, file: &File) {
        self.session.route.set(Route::Table);
        _ = Link {
            route: Route::Table,
            ..Link::default()
        }
        .push(&window());
        self.open(file.name(), file);
    }

    /// Opens the file that the installed app was started with.
    pub(in crate::web::app) fn follow_launches(self) {
        let queue = Reflect::get(&window(), &"launchQueue".into()).unwrap_or_default();
        if queue.is_undefined() {
            return;
        }
        let on_launch = Closure::<dyn Fn(Launch)>::new(move |launch: Launch| {
            let Ok(file) = launch.files().get(0).dyn_into::<FileSystemFileHandle>() else {
                return;
            };
            spawn_local(async move {
                if let Ok(file) = JsFuture::from(file.get_file()).await
                    && let Ok(file) = file.dyn_into::<File>()
                {
                    self.show(&file);
                }
            });
        });
        queue
            .unchecked_into::<LaunchQueue>()
            .set_consumer(on_launch.as_ref().unchecked_ref());
        on_launch.forget();
    }

    /// Looks at the same file in another way.
    pub(super) fn look_again(self, layout: Layout) {
        self.trouble.set(String::new());
        self.post(&Request::Preview { layout }, None);
    }

    /// Opens what is kept on this device, unless there is a table. Does nothing before the model is there.
    pub(super) fn resume(self) {
        if self.stage.get_untracked() != Stage::Empty {
            return;
        }
        if let Some(info) = self.info() {
            self.stage.set(Stage::Opening);
            let model = self.model(&info);
            self.labels.set(info.labels);
            self.post(&Request::Resume { model }, None);
        }
    }

    /// Reads all of the file, and has its texts classified by the model in use.
    pub(super) fn read(self) {
        let (Some(info), Some(preview)) = (self.info(), self.preview.get_untracked()) else {
            return;
        };
        self.trouble.set(String::new());
        self.unkept.set(String::new());
        self.counted.set(0);
        self.stage.set(Stage::Reading);
        let model = self.model(&info);
        self.labels.set(info.labels);
        let request = Request::Read {
            layout: preview.layout,
            roles: self.roles.get_untracked(),
            model,
        };
        self.post(&request, None);
    }

    /// Begins no further texts.
    pub(super) fn pause(self) {
        self.run.set(Run::Paused);
    }

    /// Goes on after a pause or a stop.
    pub(super) fn go_on(self) {
        self.run.set(Run::Going);
        self.speed.update(Speed::forget);
        let lines = self.lines.get_value();
        lines.is_exhausted.set(false);
        if lines.pool.borrow().is_empty() {
            self.start_pool();
        }
        self.pump();
    }

    /// Forgets the table, and what of it is on this device.
    pub(super) fn close(self) {
        self.end_pool();
        self.clear();
        self.stage.set(Stage::Empty);
        self.post(&Request::Close, None);
    }

    /// Shows other rows.
    pub(super) fn select(self, change: impl FnOnce(&mut Selection)) {
        self.selection.update(change);
        self.post(&Request::Select(self.selection.get_untracked()), None);
    }

    /// Has these rows at hand.
    pub(super) fn show_rows(self, start: usize, count: usize) {
        self.post(&Request::Rows { start, count }, None);
    }

    /// Shows all of a row.
    pub(super) fn show_whole(self, row: usize) {
        self.post(&Request::Whole { row }, None);
    }

    /// A row is what the visitor says; `None` takes that back.
    pub(super) fn correct(self, row: usize, label: Option<usize>) {
        self.post(&Request::Correct { row, label }, None);
        self.window.update(|window| {
            for shown in window.rows.iter_mut().filter(|shown| shown.row == row) {
                shown.corrected = label;
            }
        });
        self.sum_later();
    }

    /// Writes the table with the results, which the browser then saves.
    pub(super) fn save(self, format: SaveAs, disarm_formulas: bool) {
        self.trouble.set(String::new());
        let request = Request::Save {
            format,
            disarm_formulas,
        };
        self.post(&request, None);
    }

    /// How many workers classify.
    pub(super) fn workers(self) -> usize {
        self.lines.get_value().pool.borrow().len()
    }

    fn info(self) -> Option<ModelInfo> {
        self.session.state.model.with_untracked(|model| {
            let info = model.info.clone();
            info.filter(|_| !model.is_loading())
        })
    }

    /// The model in use, which reads the table from now on.
    fn model(self, info: &ModelInfo) -> Model {
        let address = |model: &crate::web::app::state::ModelState| model.address.clone();
        let model = Model {
            address: self.session.state.model.with_untracked(address),
            bytes: info.file_size,
            labels: info.labels.clone(),
        };
        self.lines.get_value().model.replace(Some(model.clone()));
        model
    }

    fn clear(self) {
        self.preview.set(None);
        self.table.set(None);
        self.counted.set(0);
        self.run.set(Run::Going);
        self.progress.set(Progress::default());
        self.summary.set(Summary::default());
        self.speed.update(Speed::forget);
        self.selection.set(Selection::default());
        self.selected.set(0);
        self.window.set(Window::default());
        self.whole.set(None);
        self.trouble.set(String::new());
        self.unkept.set(String::new());
    }

    fn post(self, request: &Request, file: Option<&Blob>) {
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
            launch::start(&script)
                .map_err(|error| crate::Error::Browser(exception::message(&error)))
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
            let message = event.dyn_ref::<web_sys::ErrorEvent>();
            let message = message
                .map(web_sys::ErrorEvent::message)
                .unwrap_or_default();
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
            Response::Nothing => self.stage.set(Stage::Empty),
            Response::Texts { texts } => {
                lines.is_asked.set(false);
                lines.is_exhausted.set(texts.is_empty());
                if !texts.is_empty() {
                    let (ids, texts) = texts.into_iter().map(|it| (it.id, it.text)).unzip();
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
                    super::save::download(&name, &file);
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
                // Of a file that could be looked at in another way.
                if self.preview.with_untracked(Option::is_some)
                    && self.stage.get_untracked() == Stage::Empty
                {
                    self.stage.set(Stage::Preview);
                }
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
                let answer = |(id, brief): (u32, crate::types::Brief)| Answer {
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
    fn pump(self) {
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

    fn start_pool(self) {
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

    fn end_pool(self) {
        let lines = self.lines.get_value();
        lines.pools.set(lines.pools.get() + 1);
        lines.is_asked.set(false);
        let pool = lines.pool.take();
        // Outside of the borrow, for its end may be told of.
        drop(pool);
    }

    fn sum(self) {
        self.post(&Request::Sum, None);
    }

    fn sum_later(self) {
        if !self.lines.get_value().is_sum_due.replace(true) {
            let sum = move || {
                self.lines.get_value().is_sum_due.set(false);
                if self.stage.get_untracked() == Stage::Open {
                    self.sum();
                }
            };
            set_timeout(sum, BETWEEN_SUMS);
        }
    }
}
