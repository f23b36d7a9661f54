//! The field.

use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, closure::Closure};
use web_sys::HtmlTextAreaElement;

use crate::web::app::session::Session;

/// The name under which a tab keeps its text while it reloads.
const DRAFT: &str = "live-sentiment draft";

/// What was written before the program had arrived.
#[derive(Clone, Default)]
pub(in crate::web::app) struct Draft {
    text: String,
    selection: Option<(u32, u32)>,
}

impl Draft {
    /// Takes it from the field that `index.html` brings, else from what this tab kept; `linked` is the text that a link asks for.
    pub(in crate::web::app) fn of_still_page(linked: &str) -> Self {
        let Some(field) = document()
            .get_element_by_id("text")
            .and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
        else {
            return Self::default();
        };
        let start = field.selection_start().ok().flatten();
        let end = field.selection_end().ok().flatten();
        let kept = Self::take_kept();
        match field.value() {
            text if text.is_empty() => Self {
                text: kept.unwrap_or_else(|| linked.to_owned()),
                selection: None,
            },
            text => Self {
                text,
                selection: start.zip(end),
            },
        }
    }

    /// What the field held when this tab last left the page: a reload must not lose it. It stays in the browser, and goes with
    /// the tab.
    fn take_kept() -> Option<String> {
        let storage = window().session_storage().ok()??;
        let text = storage.get_item(DRAFT).ok()?;
        _ = storage.remove_item(DRAFT);
        text.filter(|text| !text.trim().is_empty())
    }

    fn keep(text: &str) {
        if let Ok(Some(storage)) = window().session_storage() {
            // An empty one replaces what was kept before.
            _ = storage.set_item(DRAFT, text);
        }
    }
}

/// The field, and behind it a copy of its text that carries the tints.
#[component]
pub(in crate::web::app) fn Field(session: Session, draft: Draft) -> impl IntoView {
    session.field.on_load(move |field| {
        field.set_value(&draft.text);
        // The focus went with the still page's field.
        _ = field.focus();
        if let Some((start, end)) = draft.selection {
            _ = field.set_selection_range(start, end);
        }
        if !draft.text.is_empty() {
            session.read();
        }
    });
    let leaving = Closure::<dyn Fn(web_sys::Event)>::new(move |_| {
        if let Some(field) = session.field.get_untracked() {
            Draft::keep(&field.value());
        }
    });
    _ = window().add_event_listener_with_callback("pagehide", leaving.as_ref().unchecked_ref());
    leaving.forget();
    let on_caret = Closure::<dyn Fn(web_sys::Event)>::new(move |_| session.follow_caret());
    _ = document()
        .add_event_listener_with_callback("selectionchange", on_caret.as_ref().unchecked_ref());
    on_caret.forget();
    view! {
        <div class="field">
            <label class="visually-hidden" for="text">
                "Your text"
            </label>
            <div class="mirror" aria-hidden="true" translate="no" node_ref=session.mirror></div>
            // Not spell-checked, for some browsers send the text to a service for that.
            <textarea
                id="text"
                node_ref=session.field
                spellcheck="false"
                autocomplete="off"
                placeholder="Write or paste something"
                on:input=move |_| session.read()
                on:select=move |_| session.follow_caret()
                on:scroll=move |_| session.scroll_mirror()
            ></textarea>
        </div>
    }
}
