//! What every view works with: all that is known, the field, and the line to the worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use leptos::html::{Button, Div, Textarea};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use super::current::{Current, Outcome, sentence_at};
use super::offline;
use super::pinned::{Changed, Pinned};
use super::reading::{Reading, Sentence};
use super::route::{Link, Route};
use super::signals::Signals;
use super::state::{ModelState, View};
use super::text::textarea;
use super::text::tints::{MAX_TINTED, Tints};
use crate::present::meter::Meter;
use crate::web::client::reader::Reader;
use crate::web::client::{Client, Driver, Event, Options};
use crate::web::library;

/// While more sentences wait to be read, a text is not shown after each answer, which would keep the worker waiting, ...
const MANY_WAITING: usize = 16;
/// ... but so much later.
const BETWEEN_SHOWS: Duration = Duration::from_millis(100);

/// To show a text of more sentences takes long, ...
const MANY: usize = 1_000;
/// ... and is not done more often.
const BETWEEN_SHOWS_OF_MANY: Duration = Duration::from_millis(500);

/// Reasons are asked for when nothing was typed for so long.
const PAUSE: Duration = Duration::from_millis(120);

/// Windows are read so much later: each takes the worker longer than a sentence, and people pause between words.
const LONG_PAUSE: Duration = Duration::from_millis(280);

/// The name under which the browser keeps the switch for tints.
const TINTS: &str = "live-sentiment tints";

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
    /// The copy of the text behind the field.
    pub(super) mirror: NodeRef<Div>,
    /// The one button of the verdict.
    pub(super) action: NodeRef<Button>,
    own: StoredValue<String>,
    worker: StoredValue<Rc<Worker>, LocalStorage>,
}

/// The worker, and the document that it reads.
struct Worker {
    driver: Driver,
    /// Whether the page will show soon what has changed.
    is_due: Cell<bool>,
    tints: RefCell<Tints>,
    /// Runs out when nothing was typed for a moment.
    pause: Cell<Option<TimeoutHandle>>,
    /// Whether it has run out.
    is_pausing: Cell<bool>,
}

impl Session {
    /// Starts to read with the model at `address`; `own` is the page's own one.
    pub(super) fn new(own: String, address: String, route: Route) -> Self {
        let state = Signals::new(address.clone());
        let field = NodeRef::<Textarea>::new();
        let mirror = NodeRef::<Div>::new();
        let action = NodeRef::<Button>::new();
        state.has_tints.set(reads_tints());
        let worker = Worker {
            driver: Driver::new(Rc::default(), new_reader(&address)),
            is_due: Cell::new(false),
            tints: RefCell::default(),
            pause: Cell::new(None),
            is_pausing: Cell::new(false),
        };
        let session = Self {
            state,
            route: RwSignal::new(route),
            kept: RwSignal::new(Vec::new()),
            suggested: RwSignal::new(None),
            field,
            mirror,
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
            self.worker.get_value().driver.push(event);
            self.handle_events();
        });
        self.worker.get_value().driver.set_client(client);
    }

    /// Lets the reader work on the document.
    fn with_reader(self, work: impl FnOnce(&mut Reader, &Client)) {
        self.worker.get_value().driver.with(work);
        self.handle_events();
    }

    fn handle_events(self) {
        let worker = self.worker.get_value();
        while let Some((event, has_changed)) = worker.driver.next() {
            self.handle(event, has_changed);
        }
    }

    fn handle(self, event: Event, has_changed: bool) {
        let state = self.state;
        match event {
            Event::Progress(progress) => state.model.update(|model| model.progress(progress)),
            Event::Ready(info) => state.ready(info, now()),
            Event::Failed {
                seq: Some(_),
                failure,
            } if has_changed => state.reading.update(|reading| reading.failed(failure)),
            Event::Failed { seq: None, failure } => {
                let is_online = window().navigator().on_line();
                state.model.update(|model| model.failed(failure, is_online));
            }
            Event::Restarted(_) => state.model.update(ModelState::restart),
            Event::Stored(storage) => state.stored(storage),
            Event::Requested(requests) => state.requested(requests),
            // Of the text; or of batches and tokens, which are asked for elsewhere.
            Event::Classified { .. }
            | Event::ClassifiedBatch { .. }
            | Event::Failed { .. }
            | Event::Tokenized { .. } => {}
        }
        if has_changed {
            self.refresh();
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

    /// Shows what has become of the text: at once, or where that is much, a few times a second.
    fn refresh(self) {
        let worker = self.worker.get_value();
        let (done, total) = worker.driver.reader().document().progress();
        let delay = match total - done {
            _ if total > MANY => BETWEEN_SHOWS_OF_MANY,
            waiting if waiting > MANY_WAITING => BETWEEN_SHOWS,
            _ => return self.show_text_state(),
        };
        if !worker.is_due.replace(true) {
            let show = move || {
                self.worker.get_value().is_due.set(false);
                self.show_text_state();
            };
            set_timeout(show, delay);
        }
    }

    fn show_text_state(self) {
        let worker = self.worker.get_value();
        let reader = worker.driver.reader();
        let document = reader.document();
        self.state.model.with_untracked(|model| {
            let Some(info) = &model.info else {
                return;
            };
            let sentences = Sentence::all(document, info);
            let show = |reading: &mut Reading| reading.show(document, &sentences, info, now());
            self.state.reading.update(show);
            self.state.sentences.set(sentences);
        });
        drop(reader);
        self.show_current();
    }

    /// Shows the sentence at the caret, and asks for its reasons if nothing is being typed.
    fn show_current(self) {
        let (state, worker) = (self.state, self.worker.get_value());
        let reader = worker.driver.reader();
        let document = reader.document();
        let index = state
            .sentences
            .with_untracked(|all| sentence_at(all, state.caret.get_untracked()));
        let current = state.model.with_untracked(|model| {
            let reasons = |hash| reader.reasons(hash).map(<[_]>::to_vec);
            Current::new(document, index?, model.info.as_ref()?, reasons)
        });
        let hash = |current: &Option<Current>| current.as_ref().map(|current| current.hash);
        if state.current.with_untracked(hash) != hash(&current) {
            state.left_out.set(Vec::new());
            state.trial.set(None);
        }
        if !state.has_tints.get_untracked() || document.text().len() > MAX_TINTED {
            self.clear_tints();
        } else if let Some(mirror) = self.mirror.get_untracked() {
            let mut tints = worker.tints.borrow_mut();
            let update =
                |all: &Vec<Sentence>| tints.update(&mirror, document, all, current.as_ref());
            state.sentences.with_untracked(update);
        }
        if let Some(current) = &current {
            let text = state
                .left_out
                .with_untracked(|left_out| current.without(left_out));
            if let (Some(verdict), Some(info)) =
                (reader.tried(&text), state.model.get_untracked().info)
            {
                let meter = Meter::new(
                    &info.labels,
                    info.multi_label,
                    &verdict.scores,
                    verdict.label,
                );
                state.trial.update(|trial| {
                    if let Some(trial) = trial {
                        trial.after = Some(meter);
                    }
                });
            }
        }
        drop(reader);
        let wanted = current
            .as_ref()
            .filter(|it| !it.is_stale && it.reasons.is_none());
        let wanted = wanted
            .map(|current| current.hash)
            .filter(|_| worker.is_pausing.get());
        if state.current.with_untracked(|before| *before != current) {
            state.current.set(current);
        }
        if let Some(hash) = wanted {
            self.with_reader(|reader, client| reader.explain(client, hash));
        }
    }

    fn clear_tints(self) {
        if let Some(mirror) = self.mirror.get_untracked() {
            self.worker.get_value().tints.borrow_mut().clear(&mirror);
        }
    }

    /// Whether the text is so long that it has no tints, and nothing is animated beside it; runs again when its sentences
    /// change.
    pub(super) fn is_long(self) -> bool {
        self.state.sentences.track();
        let worker = self.worker.get_value();
        worker.driver.reader().document().text().len() > MAX_TINTED
    }

    /// Waits until nothing was typed for a moment.
    fn begin_pause(self) {
        let worker = self.worker.get_value();
        worker.is_pausing.set(false);
        self.after_pause(PAUSE, move || {
            self.worker.get_value().is_pausing.set(true);
            self.show_current();
            self.after_pause(LONG_PAUSE, move || {
                self.with_reader(|reader, client| reader.pause(client));
            });
        });
    }

    /// Does something later, unless something is typed before.
    fn after_pause(self, pause: Duration, act: impl FnOnce() + 'static) {
        let handle = set_timeout_with_handle(act, pause).ok();
        if let Some(before) = self.worker.get_value().pause.replace(handle) {
            before.clear();
        }
    }

    /// The caret may have moved.
    pub(super) fn follow_caret(self) {
        let Some(field) = self.field.get_untracked() else {
            return;
        };
        let caret = field.selection_start().ok().flatten().unwrap_or(0) as usize;
        if self.state.caret.get_untracked() != caret {
            self.state.caret.set(caret);
            self.begin_pause();
            self.show_current();
        }
    }

    /// Puts the caret before a sentence, and has the field show it.
    pub(super) fn go_to(self, index: usize) {
        let start = self
            .state
            .sentences
            .with_untracked(|all| all.get(index).map(|it| it.start));
        let Some((start, field)) = start.zip(self.field.get_untracked()) else {
            return;
        };
        _ = field.set_selection_range(start as u32, start as u32);
        let worker = self.worker.get_value();
        let top = {
            let tints = worker.tints.borrow();
            tints
                .span(index)
                .and_then(|span| span.dyn_ref::<HtmlElement>().map(HtmlElement::offset_top))
        };
        // Without a copy of the text only its proportions are known.
        let length = field.text_length().max(1);
        let top = top.unwrap_or_else(|| {
            (f64::from(field.scroll_height()) * start as f64 / f64::from(length)) as i32
        });
        let (shown, height) = (field.scroll_top(), field.client_height());
        if top < shown || top > shown + height - height / 4 {
            field.set_scroll_top((top - height / 3).max(0));
        }
        self.follow_caret();
    }

    /// Has the copy of the text scroll with the field.
    pub(super) fn scroll_mirror(self) {
        if let Some((field, mirror)) = self.field.get_untracked().zip(self.mirror.get_untracked()) {
            mirror.set_scroll_top(field.scroll_top());
            mirror.set_scroll_left(field.scroll_left());
        }
    }

    /// Leaves a word of the sentence at the caret out, a UTF-16 range of it, or takes it in again.
    pub(super) fn leave_out(self, place: (usize, usize)) {
        let state = self.state;
        state
            .left_out
            .update(|left_out| match left_out.binary_search(&place) {
                Ok(at) => _ = left_out.remove(at),
                Err(at) => left_out.insert(at, place),
            });
        let left_out = state.left_out.get_untracked();
        let Some(current) = state
            .current
            .get_untracked()
            .filter(|_| !left_out.is_empty())
        else {
            state.trial.set(None);
            return self.with_reader(|reader, client| reader.stop_trial(client));
        };
        let words = current.reasons.iter().flatten();
        let words = words.filter(|word| left_out.contains(&(word.start, word.end)));
        state.trial.set(Some(Outcome {
            left_out: words.map(|word| word.text.clone()).collect(),
            before: current.meter.clone(),
            after: None,
        }));
        let text = current.without(&left_out);
        self.with_reader(|reader, client| reader.try_text(client, &text));
    }

    /// Pins the text as it stands, or forgets what was pinned.
    pub(super) fn pin_or_unpin(self) {
        let worker = self.worker.get_value();
        let reader = worker.driver.reader();
        let pinned = self.state.pinned.with_untracked(Option::is_some);
        self.state.pinned.set((!pinned).then(|| {
            let answer = self
                .state
                .reading
                .with_untracked(|reading| reading.answer.clone());
            let pin = |all: &Vec<Sentence>| Pinned::new(reader.document(), all, answer);
            self.state.sentences.with_untracked(pin)
        }));
    }

    /// What has changed since the text was pinned, and how many changes are not listed; runs again when either changes.
    pub(super) fn changes(self) -> (Vec<Changed>, usize) {
        let worker = self.worker.get_value();
        self.state.pinned.with(|pinned| {
            let changes = |all: &Vec<Sentence>| {
                let pinned = pinned.as_ref()?;
                Some(pinned.changes(worker.driver.reader().document(), all))
            };
            self.state.sentences.with(changes).unwrap_or_default()
        })
    }

    /// Turns tints on or off, for the next visit too.
    pub(super) fn set_tints(self, are_on: bool) {
        self.state.has_tints.set(are_on);
        if let Ok(Some(storage)) = window().local_storage() {
            _ = storage.set_item(TINTS, if are_on { "on" } else { "off" });
        }
        self.show_current();
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
        self.begin_pause();
        let caret = self
            .field
            .get_untracked()
            .and_then(|field| field.selection_start().ok()?);
        self.state.caret.set(caret.unwrap_or(0) as usize);
        self.with_reader(|reader, client| reader.edit(client, &text));
        // At once, or the tints would lie beside their words.
        if text.len() <= MAX_TINTED {
            self.show_text_state();
        } else {
            self.clear_tints();
            self.refresh();
        }
        // Not now, for that would have the text laid out before the page has changed.
        request_animation_frame(move || self.scroll_mirror());
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
        worker.driver.start_over(new_reader(&address));
        self.start_worker(address, files);
        self.focus();
        self.read();
    }

    /// Shows the text, with the model in use and perhaps the text in the page's address. Returns whether that could be put
    /// there: with a long text it cannot.
    pub(super) fn show_text(self, text: String) -> bool {
        let link = Link {
            route: Route::Text,
            model: untrack(|| self.foreign()),
            text,
        };
        let is_shown = self.route.get_untracked() == Route::Text;
        let is_put = if is_shown {
            link.replace(&window())
        } else {
            link.push(&window())
        };
        // The reason why it could not be put there stands beside the button.
        if !is_shown && (is_put || link.text.is_empty()) {
            self.route.set(Route::Text);
        }
        is_put
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
        let client = self.worker.get_value().driver.client();
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

/// Reads what is typed, with the model at `address`.
fn new_reader(address: &str) -> Reader {
    Reader::new(address, true).holding_windows()
}

/// Whether sentences are to be tinted.
fn reads_tints() -> bool {
    let storage = window().local_storage().ok().flatten();
    storage
        .and_then(|storage| storage.get_item(TINTS).ok()?)
        .as_deref()
        != Some("off")
}

/// Milliseconds since the page was opened.
pub(super) fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
