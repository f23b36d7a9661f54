//! The whole page, and the line between its parts and the worker.

use js_sys::Array;
use leptos::html::{Button, Textarea};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::about::About;
use super::announce::Announcer;
use super::examples::Examples;
use super::field::{self, Draft, Field};
use super::route::{Link, is_trusted_origin};
use super::signals::Signals;
use super::state::{Model, ModelState, Reading, View};
use super::verdict::Verdict;
use super::{models, offline};
use crate::web::client::launch;
use crate::web::client::{Client, Event, Options};
use crate::web::network_log;

/// The model's folder, relative to the page.
pub(super) const MODEL: &str = "models/minilm-sentiment/";

/// Puts the page in place of the still one in `index.html`, and starts the worker.
pub fn start() {
    let Some(page) = document().get_element_by_id("page") else {
        leptos::logging::error!("index.html has no element with the id “page”.");
        return;
    };
    // Whoever was quicker than the download has written something already.
    let link = Link::read(&window());
    let draft = Draft::of_still_page(&link.text);
    page.set_text_content(None);
    leptos::mount::mount_to(page.unchecked_into(), move || view! { <App draft link /> }).forget();
}

/// What every component works with.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// All that is known.
    pub(super) state: Signals,
    /// The field, whose value is the text.
    pub(super) field: NodeRef<Textarea>,
    /// The one button of the verdict.
    pub(super) action: NodeRef<Button>,
    client: StoredValue<Client, LocalStorage>,
}

impl Session {
    /// Starts to read with the model at `address`.
    fn new(address: String) -> Self {
        let state = Signals::new(address.clone());
        let field = NodeRef::<Textarea>::new();
        let action = NodeRef::<Button>::new();
        let client = start_client(state, field, action, address, None);
        let session = Self {
            state,
            field,
            action,
            client: StoredValue::new_local(client),
        };
        network_log::observe(move |requests| state.requested(requests));
        offline::on_network(move || {
            if state.model.with_untracked(ModelState::waits_for_network) {
                session.stop_or_start();
            }
        });
        Effect::new(move |was_loading: Option<bool>| {
            let is_loading = state.model.with(ModelState::is_loading);
            if was_loading == Some(true) && !is_loading {
                // What could not be run should not be kept.
                let is_ready = |model: &ModelState| model.model == Model::Ready;
                if state.model.with_untracked(is_ready) {
                    offline::keep_page(session);
                    offline::look(session);
                }
                models::start_or_refresh();
            }
            is_loading
        });
        session
    }

    /// A piece of the page that follows model and text. That `piece` is a function pointer makes all pieces one type, and
    /// leptos' code for them one copy.
    pub(super) fn show<T: 'static>(
        self,
        piece: fn(View) -> T,
    ) -> impl Fn() -> T + Copy + Send + 'static {
        move || self.state.view(piece)
    }

    /// The text changed: asks for its label.
    pub(super) fn read(self) {
        let text = text_of(self.field);
        field::follow(self.field, &text);
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

    /// Reads with another model from now on; `files` are what it consists of, if they were dropped on the page.
    pub(super) fn use_model(self, address: String, files: Option<Array>) {
        self.state.switch(address.clone());
        let client = start_client(self.state, self.field, self.action, address, files);
        self.client.set_value(client);
        self.focus();
        self.read();
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
                state.classified(seq, &prediction, || field::beginning(field), now());
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

/// The page's own model, and the one to begin with: a link may ask for another one of this site, or one that was dropped on this
/// page. It must not make the page ask another site for anything by itself; see `src/web/models.rs` for those.
fn addresses(link: &Link) -> (String, String) {
    let own = launch::model(MODEL).unwrap_or_else(|_| MODEL.to_owned());
    let asked = launch::model(&link.model)
        .ok()
        .filter(|address| !link.model.is_empty() && is_trusted_origin(&window(), address));
    let first = asked.unwrap_or_else(|| own.clone());
    (own, first)
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

#[component]
fn App(draft: Draft, link: Link) -> impl IntoView {
    let (own, first) = addresses(&link);
    let session = Session::new(first);
    view! {
        <header class="masthead">
            <h1>"Is it positive or negative?"</h1>
            <p>"Write something, and see how likely it is negative, neutral or positive."</p>
        </header>
        <main>
            <Field session draft />
            <Verdict session />
            <Announcer session />
            <Examples session />
        </main>
        <footer>
            <About session own />
        </footer>
    }
}
