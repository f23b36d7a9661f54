//! What the page leaves on this device, and what it asks of the network: for visitors who want to see for themselves.

use leptos::prelude::*;

use super::numbers::local;
use super::offline;
use super::session::Session;
use super::state::Device;
use crate::present::format::{Amount, count};

/// What is stored, and the two things to do about it.
#[component]
pub(super) fn Stored(session: Session) -> impl IntoView {
    let device = session.state.device;
    let is_empty = |device: &Device| device.kept.as_ref().is_none_or(|kept| kept.bytes == 0);
    let is_safe = |device: &Device| {
        device
            .kept
            .as_ref()
            .is_none_or(|kept| kept.is_safe || kept.bytes == 0)
    };
    view! {
        <section class="stored" aria-label="Stored on this device">
            <p prop:textContent=move || device.with(stored)></p>
            <button
                type="button"
                hidden=move || device.with(is_empty)
                on:click=move |_| session.clear_device()
            >
                "Clear"
            </button>
            <button
                type="button"
                hidden=move || device.with(is_safe)
                on:click=move |_| session.protect_device()
            >
                "Ask the browser to keep it"
            </button>
        </section>
    }
}

fn stored(device: &Device) -> String {
    let kept = device.kept.as_ref().filter(|kept| kept.bytes > 0);
    let mut said = match kept {
        Some(kept) => {
            let mut what = vec![local(Amount::megabytes(kept.bytes))];
            what.extend_from_slice(&kept.names);
            "Stored on this device: ".to_owned() + &what.join(", ") + "."
        }
        None => "No model is stored on this device.".to_owned(),
    };
    let Some(storage) = &device.storage else {
        return said;
    };
    if let Some(reason) = &storage.reason {
        // Some of the sentences that browsers throw end with a full stop.
        let reason = reason.trim_end_matches('.');
        said = said + " The model has to be downloaded at every visit: " + reason + ".";
    } else if storage.kept && device.is_page_kept && kept.is_some() {
        said += " This page works without the network from now on.";
    }
    said
}

/// Every request, as the browser tells of it.
#[component]
pub(super) fn Requests(session: Session) -> impl IntoView {
    let (opened_at, home) = offline::page();
    let requests = session.state.requests;
    let lines = move || {
        requests.with(|requests| {
            let mut lines = Vec::new();
            for request in requests {
                let (path, without) = match request.url.strip_prefix(&home) {
                    Some("") => ("the page itself", "from this device"),
                    Some(path) => (path, "from this device"),
                    // Other sites hide what they sent, unless they say otherwise.
                    None => (request.url.as_str(), "size not told"),
                };
                let from = match request.bytes {
                    0 => without.to_owned(),
                    bytes => local(Amount::size(bytes)),
                };
                let after = local(Amount::duration(request.at - opened_at));
                lines.push(path.to_owned() + ", " + &from + ", after " + &after);
            }
            lines
        })
    };
    let number = move || count(requests.with(Vec::len), "request", local);
    view! {
        <details class="requests">
            <summary prop:textContent=move || number() + " since this page was opened"></summary>
            <p>
                "All that this page, its worker and its service worker have asked for, as the browser itself counts. They
                fetch the program and the model. None is made while you write, and none carries a word of it."
            </p>
            // It scrolls, so the keyboard must reach it.
            <ol tabindex="0" aria-label="Requests">
                {move || {
                    lines().into_iter().map(|line| view! { <li prop:textContent=line></li> }).collect_view()
                }}
            </ol>
        </details>
    }
}
