//! What every view works with: all that is known, the field, and the line to the worker.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::Array;
use leptos::html::{Button, Textarea};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::reading::{Reading, Sentence};
use super::route::{Link, Route};
use super::signals::Signals;
use super::state::{ModelState, View};
use super::{offline, textarea};
use crate::web::client::reader::Reader;
use crate::web::client::{Client, Event, Options};
use crate::web::library;

/// The sentences of a text with more than so many are shown once a frame.
const MAX_SHOWN_AT_ONCE: usize = 500;

/// What every component works with.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// All that is known of the model and the text.
    pub(super) state: Signals,
    /// What is shown.
    pub(super) route: RwSignal<Route>,
    /// The models on this device.
    pub(super) kept: RwSignal<Vec<library::Model>>,
    /// A model of another site that the page's address asks for: the visitor decides about it.
    pub(super) suggested: RwSignal<Option<String>>,
    /// The field, whose value is the text.
    pub(super) field: NodeRef<Textarea>,
    /// The one button of the verdict.
    pub(super) action: NodeRef<Button>,
    own: StoredValue<String>,
    worker: StoredValue<Rc<Worker>, LocalStorage>,
}

/// The worker, and the document that it reads.
struct Worker {
    client: RefCell<Option<Client>>,
    reader: RefCell<Reader>,
    /// What the client told while the reader was at work.
    events: RefCell<VecDeque<Event>>,
    /// Whether the page will show what has changed at the next frame.
    is_due: Cell<bool>,
}

impl Session {
    /// Starts to read with the model at `address`; `own` is the page's own one.
    pub(super) fn new(own: String, address: String, route: Route) -> Self {
        let state = Signals::new(address.clone());
        let field = NodeRef::<Textarea>::new();
        let action = NodeRef::<Button>::new();
        let worker = Worker {
            client: RefCell::new(None),
            reader: RefCell::new(Reader::new(&address, true)),
            events: RefCell::default(),
            is_due: Cell::new(false),
        };
        let session = Self {
            state,
            route: RwSignal::new(route),
            kept: RwSignal::new(Vec::new()),
            suggested: RwSignal::new(None),
            field,
            action,
            own: StoredValue::new(own),
            worker: StoredValue::new_local(Rc::new(worker)),
        };
        session.start_worker(address, None);
        session
    }

    /// Starts a worker with a model, in the place of the one before.
    fn start_worker(self, model: String, files: Option<Array>) {
        let options = Options {
            model,
            files,
            backend: None,
            start_worker: None,
        };
        let client = Client::start(options, move |event| {
            self.worker.get_value().events.borrow_mut().push_back(event);
            self.handle_events();
        });
        let before = self.worker.get_value().client.replace(Some(client));
        // Outside of the borrow: to end it may take a while.
        drop(before);
    }

    /// Lets the reader work on the document. What the client tells meanwhile is handled afterwards.
    fn with_reader(self, work: impl FnOnce(&mut Reader, &Client)) {
        let worker = self.worker.get_value();
        let client = worker.client.borrow().clone();
        if let Some(client) = client {
            work(&mut worker.reader.borrow_mut(), &client);
        }
        self.handle_events();
    }

    fn handle_events(self) {
        let worker = self.worker.get_value();
        while worker.reader.try_borrow_mut().is_ok() {
            let Some(event) = worker.events.borrow_mut().pop_front() else {
                break;
            };
            self.handle(event);
        }
    }

    fn handle(self, event: Event) {
        let state = self.state;
        match event {
            Event::Progress(progress) => state.model.update(|model| model.progress(progress)),
            Event::Ready(info) => {
                state.ready(info, now());
                self.with_reader(|reader, client| reader.resume(client));
            }
            Event::Classified { seq, prediction } => {
                let mut has_changed = false;
                self.with_reader(|reader, client| {
                    has_changed = reader.classified(client, seq, &prediction);
                });
                if has_changed {
                    self.refresh();
                }
            }
            Event::Failed {
                seq: Some(seq),
                failure,
            } => {
                let mut was_waited_for = false;
                self.with_reader(|reader, client| was_waited_for = reader.failed(client, seq));
                if was_waited_for {
                    state.reading.update(|reading| reading.failed(failure));
                    self.refresh();
                }
            }
            Event::Failed { seq: None, failure } => {
                self.with_reader(|reader, _| reader.stopped());
                let is_online = window().navigator().on_line();
                state.model.update(|model| model.failed(failure, is_online));
            }
            Event::Restarted(_) => state.model.update(ModelState::restart),
            Event::Stored(storage) => state.stored(storage),
            Event::Requested(requests) => state.requested(requests),
            // The page never asks for tokens alone.
            Event::Tokenized { .. } => {}
        }
        self.keep_focus();
    }

    /// A button that is about to hide would take the focus with it.
    fn keep_focus(self) {
        if self.state.view_untracked(|view| view.action().is_none())
            && let Some(action) = self.action.get_untracked()
            && document().active_element().as_ref() == Some(action.as_ref())
        {
            self.focus();
        }
    }

    /// Shows what has become of the text: at once, or where that is much, with the next frame.
    fn refresh(self) {
        let worker = self.worker.get_value();
        if worker.reader.borrow().document().progress().1 <= MAX_SHOWN_AT_ONCE {
            self.show_text_state();
        } else if !worker.is_due.replace(true) {
            request_animation_frame(move || {
                self.worker.get_value().is_due.set(false);
                self.show_text_state();
            });
        }
    }

    fn show_text_state(self) {
        let worker = self.worker.get_value();
        let reader = worker.reader.borrow();
        let document = reader.document();
        self.state.model.with_untracked(|model| {
            let Some(info) = &model.info else {
                return;
            };
            let sentences: Vec<_> = document
                .view()
                .map(|view| Sentence::new(&view, info))
                .collect();
            let show = |reading: &mut Reading| reading.show(document, &sentences, info, now());
            self.state.reading.update(show);
            self.state.sentences.set(sentences);
        });
    }

    /// A piece of the page that follows model and text. That `piece` is a function pointer makes all pieces one type, and
    /// leptos' code for them one copy.
    pub(super) fn show<T: 'static>(
        self,
        piece: fn(View) -> T,
    ) -> impl Fn() -> T + Copy + Send + 'static {
        move || self.state.view(piece)
    }

    /// What the field holds.
    pub(super) fn text(self) -> String {
        textarea::text(self.field)
    }

    /// The text was edited: has the worker read what changed.
    pub(super) fn read(self) {
        let text = self.text();
        textarea::follow(self.field, &text);
        let is_blank = text.trim().is_empty();
        self.state
            .reading
            .update(|reading| reading.edit(is_blank, now()));
        self.with_reader(|reader, client| reader.edit(client, &text));
        self.show_text_state();
    }

    /// The page's own model.
    pub(super) fn own(self) -> String {
        self.own.get_value()
    }

    /// The address of the model in use, if it is not the page's own: what a link has to name.
    pub(super) fn foreign(self) -> String {
        let used = self.state.model.with(|model| model.address.clone());
        if used == self.own() {
            String::new()
        } else {
            used
        }
    }

    /// Reads with another model from now on; `files` are what it consists of, if they were dropped on the page.
    pub(super) fn use_model(self, address: String, files: Option<Array>) {
        self.state.switch(address.clone());
        let worker = self.worker.get_value();
        worker.reader.replace(Reader::new(&address, true));
        worker.events.borrow_mut().clear();
        self.start_worker(address, files);
        self.focus();
        self.read();
    }

    /// Shows the text, with the model in use and perhaps the text in the page's address.
    pub(super) fn show_text(self, text: String) {
        let link = Link {
            route: Route::Text,
            model: untrack(|| self.foreign()),
            text,
        };
        if self.route.get_untracked() == Route::Text {
            link.replace(&window());
        } else {
            link.push(&window());
            self.route.set(Route::Text);
        }
    }

    /// Puts the focus into the field, for a button that hides would lose it.
    pub(super) fn focus(self) {
        if let Some(field) = self.field.get_untracked() {
            _ = field.focus();
        }
    }

    /// Replaces the text, as if it had been typed.
    pub(super) fn write(self, text: &str) {
        if let Some(field) = self.field.get_untracked() {
            field.set_value(text);
            self.focus();
            self.read();
        }
    }

    /// The one button of the verdict: stops what loads, starts what stopped.
    pub(super) fn stop_or_start(self) {
        let client = self.worker.get_value().client.borrow().clone();
        let Some(client) = client else {
            return;
        };
        if self.state.model.with_untracked(ModelState::is_loading) {
            client.cancel();
        } else {
            self.state.model.update(ModelState::start_again);
            client.retry();
        }
    }

    /// Looks at what is kept on this device.
    pub(super) async fn refresh_device(self) {
        let kept = offline::kept().await;
        self.state.device.update(|device| device.kept = kept);
        self.refresh_models().await;
    }

    /// Lists the models on this device again.
    pub(super) async fn refresh_models(self) {
        self.kept.set(library::models(&window()).await);
    }

    /// Forgets all models on this device.
    pub(super) fn clear_device(self) {
        spawn_local(async move {
            offline::clear().await;
            self.focus();
            self.refresh_device().await;
        });
    }

    /// Asks the browser to keep them.
    pub(super) fn protect_device(self) {
        spawn_local(async move {
            offline::protect().await;
            self.focus();
            self.refresh_device().await;
        });
    }
}

/// Milliseconds since the page was opened.
fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
