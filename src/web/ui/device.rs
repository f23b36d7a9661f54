//! What the page leaves on this device, and what it asks of the network: for visitors who want to see for themselves.

use leptos::prelude::*;

use super::app::Reader;
use super::offline;
use super::state::State;
use super::words::{count, duration, megabytes, size};

/// What is stored, and the two things to do about it.
#[component]
pub(super) fn Stored(reader: Reader) -> impl IntoView {
    let is_empty = |state: &State| state.kept.as_ref().is_none_or(|kept| kept.bytes == 0);
    view! {
        <section class="stored" aria-label="Stored on this device">
            <p>{reader.show(stored)}</p>
            <button type="button" hidden=reader.show(is_empty) on:click=move |_| offline::clear(reader)>
                "Clear"
            </button>
            <button
                type="button"
                hidden=reader.show(|state| state.kept.as_ref().is_none_or(|kept| kept.is_safe || kept.bytes == 0))
                on:click=move |_| offline::protect(reader)
            >
                "Ask the browser to keep it"
            </button>
        </section>
    }
}

fn stored(state: &State) -> String {
    let mut said = match &state.kept {
        Some(kept) if kept.bytes > 0 => {
            let names = kept.names.join(", ");
            let what = if names.is_empty() { "" } else { ", " };
            "Stored on this device: ".to_owned()
                + &megabytes(kept.bytes)
                + " MB"
                + what
                + &names
                + "."
        }
        _ => "Nothing is stored on this device.".to_owned(),
    };
    let storage = state.storage.as_ref();
    if let Some(reason) = storage.and_then(|storage| storage.reason.as_deref()) {
        // Some of the sentences that browsers throw end with a full stop.
        let reason = reason.trim_end_matches('.');
        said = said + " The model has to be downloaded at every visit: " + reason + ".";
    } else if state.is_page_kept && storage.is_some_and(|storage| storage.kept) {
        said += if state.kept.as_ref().is_some_and(|kept| kept.bytes > 0) {
            " This page works without the network from now on."
        } else {
            ""
        };
    }
    said
}

/// Every request, as the browser tells of it.
#[component]
pub(super) fn Requests(reader: Reader) -> impl IntoView {
    let (opened_at, home) = offline::page();
    let lines = Memo::new(move |_| {
        reader.state.with(|state| {
            let mut lines = Vec::new();
            for request in &state.requests {
                let path = match request.url.strip_prefix(&home) {
                    Some("") => "the page itself",
                    Some(path) => path,
                    None => &request.url,
                };
                let from = match request.bytes {
                    0 => "from this device".to_owned(),
                    bytes => size(bytes),
                };
                let after = duration(request.at - opened_at);
                lines.push(path.to_owned() + ", " + &from + ", after " + &after);
            }
            lines
        })
    });
    view! {
        <details class="requests">
            <summary>{reader.show(|state| count(state.requests.len(), "request") + " since this page was opened")}</summary>
            <p>
                "All that this page, its worker and its service worker have asked for, as the browser itself counts. They
                fetch the program and the model. None is made while you write, and none carries a word of it."
            </p>
            <ol tabindex="0" aria-label="Requests">{move || lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ol>
        </details>
    }
}
