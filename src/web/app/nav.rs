//! From view to view: the links, and what the page's address asks for.

use leptos::html::H2;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::Event;

use super::route::{Link, Route, is_trusted_origin, mark_followed};
use super::session::Session;
use crate::web::client::launch;
use crate::web::library;

/// The views, as links.
#[component]
pub(super) fn Nav(session: Session) -> impl IntoView {
    let model = Memo::new(move |_| session.foreign());
    let links = Route::ALL
        .map(|route| {
            let href = move || {
                let link = Link {
                    route,
                    model: model.get(),
                    text: String::new(),
                };
                link.href()
            };
            let is_current = move || (session.route.get() == route).then_some("page");
            let name = match route {
                Route::Text => "Text",
                Route::Table => "Table",
                Route::Models => "Models",
            };
            view! {
                <li>
                    <a href=href aria-current=is_current>
                        {name}
                    </a>
                </li>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <nav class="views" aria-label="Views">
            <ul>{links}</ul>
        </nav>
    }
}

/// Gives the focus to the heading of a view that is changed to.
pub(super) fn focus_on_arrival(session: Session, route: Route, heading: NodeRef<H2>) {
    Effect::new(move |was_shown: Option<bool>| {
        let is_shown = session.route.get() == route;
        if is_shown && was_shown == Some(false) {
            // Once it is visible.
            request_animation_frame(move || {
                if let Some(heading) = heading.get_untracked() {
                    _ = heading.focus();
                }
            });
        }
        is_shown
    });
}

/// Does what the page's address asks for, `first` now and then whenever it changes, as far as the page has not: it reads the
/// first text itself, and starts with a model of its own site.
pub(super) fn follow(session: Session, first: Link) {
    mark_followed(&window());
    follow_model(session, first.model, false);
    let on_change = Closure::<dyn Fn(Event)>::new(move |_| {
        let link = Link::read(&window());
        session.route.set(link.route);
        // Coming back to an address must not undo what was typed since.
        if !mark_followed(&window()) && !link.text.is_empty() {
            session.write(&link.text);
        }
        follow_model(session, link.model, true);
    });
    _ = window().add_event_listener_with_callback("hashchange", on_change.as_ref().unchecked_ref());
    on_change.forget();
}

/// Uses a model of another site only if it is on this device; else the visitor decides.
fn follow_model(session: Session, model: String, has_changed: bool) {
    let used = session
        .state
        .model
        .with_untracked(|model| model.address.clone());
    let address = match launch::model(&model) {
        Ok(address) if !model.is_empty() && address != used => address,
        _ => return,
    };
    if is_trusted_origin(&window(), &address) {
        if has_changed {
            session.use_model(address, None);
        }
        return;
    }
    spawn_local(async move {
        let kept = library::models(&window()).await;
        if kept.iter().any(|model| model.address == address) {
            session.use_model(address, None);
        } else {
            session.suggested.set(Some(address));
        }
    });
}
