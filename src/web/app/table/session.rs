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
use web_sys::{Blob, File, FileSystemFileHandle};

use crate::types::ModelInfo;
use crate::types::table::{Layout, Progress, Roles, SaveAs, Summary};
use crate::web::app::route::{Link, Route};
use crate::web::app::session::Session;
use crate::web::app::state::ModelState;
use crate::web::app::table_state::{Run, Speed, Stage};
use crate::web::client::launch::Running;
use crate::web::client::pool::Pool;
use crate::web::client::{Client, Event};
use crate::web::table::protocol::{Model, Preview, Request, Response, Row, Selection, Table};

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
    pub(super) lines: StoredValue<Rc<Lines>, LocalStorage>,
}

#[derive(Default)]
pub(super) struct Lines {
    pub(super) worker: RefCell<Option<Running>>,
    /// What is to be posted once the worker listens.
    pub(super) waiting: RefCell<Vec<JsValue>>,
    pub(super) is_listening: Cell<bool>,
    /// The model that reads the table, whatever the text is read with meanwhile.
    pub(super) model: RefCell<Option<Model>>,
    pub(super) pool: RefCell<Pool<Client>>,
    /// Rises with each pool: what an older one tells is dropped.
    pub(super) pools: Cell<usize>,
    /// Texts have been asked for, and have not come yet.
    pub(super) is_asked: Cell<bool>,
    /// The last time there were none.
    pub(super) is_exhausted: Cell<bool>,
    pub(super) is_sum_due: Cell<bool>,
    /// What was told, to be handled one after the other.
    pub(super) told: RefCell<VecDeque<Told>>,
    pub(super) is_handling: Cell<bool>,
}

pub(super) enum Told {
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

    pub(super) fn info(self) -> Option<ModelInfo> {
        self.session.state.model.with_untracked(|model| {
            let info = model.info.clone();
            info.filter(|_| !model.is_loading())
        })
    }

    /// The model in use, which reads the table from now on.
    pub(super) fn model(self, info: &ModelInfo) -> Model {
        let address = |model: &ModelState| model.address.clone();
        let model = Model {
            address: self.session.state.model.with_untracked(address),
            bytes: info.file_size,
            labels: info.labels.clone(),
        };
        self.lines.get_value().model.replace(Some(model.clone()));
        model
    }

    pub(super) fn clear(self) {
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

    pub(super) fn sum(self) {
        self.post(&Request::Sum, None);
    }

    pub(super) fn sum_later(self) {
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
