//! What every view works with: all that is known, the field, and the line to the worker.

use js_sys::Array;
use leptos::html::{Button, Textarea};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::offline;
use super::route::{Link, Route};
use super::signals::Signals;
use super::state::{ModelState, Reading, View};
use super::textarea;
use crate::web::client::{Client, Event, Options};
use crate::web::library;

/// What every component works with.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// All that is known of the model and the text.
    pub(super) state: Signals,
    /// What is shown.
    pub(super) view: RwSignal<Route>,
    /// The models on this device.
    pub(super) kept: RwSignal<Vec<library::Model>>,
    /// A model of another site that the page's address asks for: the visitor decides about it.
    pub(super) suggested: RwSignal<Option<String>>,
    /// The field, whose value is the text.
    pub(super) field: NodeRef<Textarea>,
    /// The one button of the verdict.
    pub(super) action: NodeRef<Button>,
    own: StoredValue<String>,
    client: StoredValue<Client, LocalStorage>,
}

impl Session {
    /// Starts to read with the model at `address`; `own` is the page's own one.
    pub(super) fn new(own: String, address: String, view: Route) -> Self {
        let state = Signals::new(address.clone());
        let field = NodeRef::<Textarea>::new();
        let action = NodeRef::<Button>::new();
        let client = start_client(state, field, action, address, None);
        Self {
            state,
            view: RwSignal::new(view),
            kept: RwSignal::new(Vec::new()),
            suggested: RwSignal::new(None),
            field,
            action,
            own: StoredValue::new(own),
            client: StoredValue::new_local(client),
        }
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
        text_of(self.field)
    }

    /// The text changed: asks how it reads.
    pub(super) fn read(self) {
        let text = text_of(self.field);
        textarea::follow(self.field, &text);
        if text.trim().is_empty() {
            let asked = self.state.reading.with_untracked(Reading::asked);
            self.client
                .with_value(|client| client.cancel_request(asked));
            self.state.reading.update(Reading::clear);
        } else {
            let at = now();
            let seq = self.client.with_value(|client| client.submit(text));
            self.state.reading.update(|reading| reading.ask(seq, at));
        }
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
        let client = start_client(self.state, self.field, self.action, address, files);
        self.client.set_value(client);
        self.focus();
        self.read();
    }

    /// Shows the text, with the model in use and perhaps the text in the page's address.
    pub(super) fn show_text(self, text: String) {
        let link = Link {
            view: Route::Text,
            model: untrack(|| self.foreign()),
            text,
        };
        if self.view.get_untracked() == Route::Text {
            link.replace(&window());
        } else {
            link.push(&window());
            self.view.set(Route::Text);
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
        if self.state.model.with_untracked(ModelState::is_loading) {
            self.client.with_value(Client::cancel);
        } else {
            self.state.model.update(ModelState::start_again);
            self.client.with_value(Client::retry);
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

/// The worker with a model, whose events change the state.
fn start_client(
    state: Signals,
    field: NodeRef<Textarea>,
    action: NodeRef<Button>,
    model: String,
    files: Option<Array>,
) -> Client {
    let options = Options {
        model,
        files,
        backend: None,
        start_worker: None,
    };
    Client::start(options, move |event| {
        match event {
            Event::Progress(progress) => state.model.update(|model| model.progress(progress)),
            Event::Ready(info) => state.ready(info, now()),
            Event::Classified { seq, prediction } => {
                state.classified(seq, &prediction, || textarea::beginning(field), now());
            }
            Event::Failed { seq, failure } => {
                state.failed(seq, failure, window().navigator().on_line());
            }
            Event::Restarted(_) => state.model.update(ModelState::restart),
            Event::Stored(storage) => state.stored(storage),
            Event::Requested(requests) => state.requested(requests),
            // The page never asks for tokens alone.
            Event::Tokenized { .. } => {}
        }
        // A button that is about to hide would take the focus with it.
        if state.view_untracked(|view| view.action().is_none())
            && let Some((action, field)) = action.get_untracked().zip(field.get_untracked())
            && document().active_element().as_ref() == Some(action.as_ref())
        {
            _ = field.focus();
        }
    })
}

fn text_of(field: NodeRef<Textarea>) -> String {
    field
        .get_untracked()
        .map(|field| field.value())
        .unwrap_or_default()
}

/// Milliseconds since the page was opened.
fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
