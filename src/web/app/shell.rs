//! The whole page: puts the views together, and has them follow the page's address, the network and the worker.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::about::About;
use super::announce::Announcer;
use super::examples::Examples;
use super::models::Models;
use super::nav::{self, Nav};
use super::offline;
use super::route::{Link, Route, is_trusted_origin};
use super::session::Session;
use super::state::{Model, ModelState};
use super::table::{TableSession, Tables};
use super::text::{Draft, Field, Sentences};
use super::verdict::Verdict;
use crate::web::client::launch;
use crate::web::network_log;

/// The model's folder, relative to the page. `public/startup.js` starts with the same.
const MODEL: &str = "models/minilm-sentiment/";

/// Puts the page in place of the still one in `index.html`, and starts the worker.
pub fn start() {
    let Some(page) = document().get_element_by_id("page") else {
        leptos::logging::error!("index.html has no element with the id “page”.");
        return;
    };
    // A fast typist has written something before the program arrived.
    let link = Link::read(&window());
    let draft = Draft::of_still_page(&link.text);
    page.set_text_content(None);
    leptos::mount::mount_to(page.unchecked_into(), move || view! { <App draft link /> }).forget();
}

/// The page's own model, and the one to begin with: a link may ask for another one of this site, or one that was dropped on this
/// page. It must not make the page ask another site for anything by itself; see [`nav::follow`] for those.
fn addresses(link: &Link) -> (String, String) {
    let own = launch::model(MODEL).unwrap_or_else(|_| MODEL.to_owned());
    let asked = launch::model(&link.model)
        .ok()
        .filter(|address| !link.model.is_empty() && is_trusted_origin(&window(), address));
    let first = asked.unwrap_or_else(|| own.clone());
    (own, first)
}

#[component]
fn App(draft: Draft, link: Link) -> impl IntoView {
    let (own, first) = addresses(&link);
    let session = Session::new(own, first, link.route);
    let tables = TableSession::new(session);
    watch_network(session);
    watch_model(session);
    watch_route(session);
    nav::follow(session, link);
    tables.follow_launches();
    view! {
        <header class="masthead">
            <h1>"Is it positive or negative?"</h1>
            <p>"Write something, and see how likely it is negative, neutral or positive."</p>
        </header>
        <main>
            <div
                class="view"
                hidden=move || session.route.get() != Route::Text
                data-long=move || session.is_long().then_some("")
            >
                <Field session draft />
                <Verdict session />
                <Announcer session />
                <Sentences session />
                <Examples session />
            </div>
            <Tables tables />
            <Models session tables />
        </main>
        // After the text in the document, for the first stop of the Tab key behind the field is what belongs to it.
        <Nav session />
        <footer>
            <About session />
        </footer>
    }
}

/// Adds to the page's list of requests, and retries what failed without a network.
fn watch_network(session: Session) {
    let on_requests = move |requests| session.state.requested(requests);
    network_log::observe(on_requests);
    offline::on_requests(on_requests);
    offline::on_network(move || {
        let model = session.state.model;
        if model.with_untracked(ModelState::waits_for_network) {
            session.stop_or_start();
        }
    });
}

/// Puts the focus into the field when it comes back.
fn watch_route(session: Session) {
    Effect::new(move |before: Option<Route>| {
        let route = session.route.get();
        if route == Route::Text && before.is_some_and(|before| before != Route::Text) {
            // Once it is visible.
            request_animation_frame(move || session.focus());
        }
        route
    });
}

/// Once the model is there, keeps the page on this device and looks at what is there: what the visitor waits for comes first.
fn watch_model(session: Session) {
    let is_page_asked_for = StoredValue::new(false);
    Effect::new(move |was_loading: Option<bool>| {
        let model = session.state.model;
        let is_loading = model.with(ModelState::is_loading);
        if was_loading != Some(true) || is_loading {
            return is_loading;
        }
        // What could not be run should not be kept.
        if model.with_untracked(|model| model.model == Model::Ready) {
            if !is_page_asked_for.get_value() {
                is_page_asked_for.set_value(true);
                spawn_local(async move {
                    let is_kept = offline::keep_page().await;
                    is_page_asked_for.set_value(is_kept);
                    let device = session.state.device;
                    device.update(|device| device.is_page_kept = is_kept);
                });
            }
            spawn_local(session.refresh_device());
        } else {
            spawn_local(session.refresh_models());
        }
        is_loading
    });
}
