//! Models other than the page's own: looked at by their address or their files, used, listed, and removed from this device.
//!
//! A view of its own, and below the text a part that opens: there another model classifies the same text at once.

mod panel;
mod pick;

use leptos::ev::SubmitEvent;
use leptos::html::{Details, H2, Input};
use leptos::prelude::*;
use web_sys::Event;

use self::panel::Panel;
use super::nav::focus_on_arrival;
use super::numbers::local;
use super::route::Route;
use super::session::Session;
use super::table::TableSession;
use crate::present::format::Amount;
use crate::web::address::{decoded, name};
use crate::web::library::Model;

const TOO_LONG: &str =
    "This text is too long for an address, of which browsers take one or two megabytes.";

/// The view.
#[component]
pub(super) fn Models(session: Session, tables: TableSession) -> impl IntoView {
    let panel = Panel::new(session, tables);
    let details = NodeRef::<Details>::new();
    let heading = NodeRef::<H2>::new();
    let is_linked = RwSignal::new(true);
    let is_view = move || session.route.get() == Route::Models;
    focus_on_arrival(session, Route::Models, heading);
    let on_toggle = move |_| {
        if let Some(details) = details.get_untracked()
            && session.route.get_untracked() != Route::Models
        {
            panel.is_open.set(details.open());
        }
    };
    view! {
        <details
            class="models"
            id="models"
            node_ref=details
            hidden=move || session.route.get() == Route::Table
            prop:open=move || is_view() || panel.is_open.get()
            on:toggle=on_toggle
        >
            <summary hidden=is_view>"Use another model"</summary>
            <h2 tabindex="-1" node_ref=heading hidden=move || !is_view()>
                "Models"
            </h2>
            <p>
                "Any BERT, MiniLM or DistilBERT that sorts texts into classes, in the files that Hugging Face has: config.json, \
                 tokenizer.json, and model.gguf or model.safetensors. Your text stays here with every model."
            </p>
            <Finder panel />
            <Found panel />
            <Kept panel />
            <p class="choice">
                <button
                    type="button"
                    id="link"
                    on:click=move |_| is_linked.set(session.show_text(session.text()))
                >
                    "Put the text into the page’s address"
                </button>
                <span>"It then leads to this model and this text. What stands behind its # is sent to no server."</span>
                <span
                    role="status"
                    prop:textContent=move || if is_linked.get() { "" } else { TOO_LONG }
                ></span>
            </p>
        </details>
    }
}

/// Where a model is given: by its address, or by its files.
#[component]
fn Finder(panel: Panel) -> impl IntoView {
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = panel.address.get_untracked() {
            panel.inspect_address(&input.value());
        }
    };
    let picker = NodeRef::<Input>::new();
    let on_pick = move |_: Event| {
        if let Some(files) = picker.get_untracked().and_then(|picker| picker.files()) {
            panel.inspect_picked(&files);
        }
    };
    view! {
        <form on:submit=on_submit>
            <label for="address">"Address of the model’s folder; its site must let other sites read it (CORS)"</label>
            <input
                id="address"
                inputmode="url"
                autocomplete="off"
                spellcheck="false"
                required
                node_ref=panel.address
            />
            <button>"Look at it"</button>
        </form>
        <p class="pick">
            <label for="files">"Or its files; they, or their folder, may be dropped on this page, too"</label>
            <input id="files" type="file" multiple node_ref=picker on:change=on_pick />
        </p>
    }
}

/// What was found out about the model that is looked at, and what can be done with it.
#[component]
fn Found(panel: Panel) -> impl IntoView {
    let session = panel.session;
    let facts = move || {
        let facts = panel.found.with(|found| found.facts.clone());
        facts
            .into_iter()
            .map(|(term, said)| {
                view! {
                    <div>
                        <dt prop:textContent=term></dt>
                        <dd prop:textContent=said></dd>
                    </div>
                }
            })
            .collect_view()
    };
    let is_own_used = Memo::new(move |_| session.foreign().is_empty());
    view! {
        <div role="status">
            <p
                id="said"
                node_ref=panel.said
                prop:textContent=move || panel.found.with(|found| found.sentence.clone())
            ></p>
            <dl>{facts}</dl>
        </div>
        <p class="choice">
            <button
                type="button"
                node_ref=panel.stop
                hidden=move || !panel.found.with(|found| found.is_pending)
                on:click=move |_| panel.stop_looking()
            >
                "Stop looking"
            </button>
            <button
                type="button"
                id="use"
                hidden=move || !panel.found.with(|found| found.is_usable)
                on:click=move |_| panel.use_candidate()
            >
                "Use this model"
            </button>
            <button
                type="button"
                id="own"
                hidden=is_own_used
                on:click=move |_| panel.use_address(session.own())
            >
                "Use the page’s own model"
            </button>
        </p>
    }
}

/// The models on this device. Each stays the same element when the list is made again, and so keeps the focus.
#[component]
fn Kept(panel: Panel) -> impl IntoView {
    let session = panel.session;
    view! {
        <ul class="kept" aria-label="Models on this device" node_ref=panel.list>
            <For each=move || session.kept.get() key=|model| (model.address.clone(), model.bytes) let:model>
                <KeptItem panel model />
            </For>
        </ul>
    }
}

#[component]
fn KeptItem(panel: Panel, model: Model) -> impl IntoView {
    let Model { address, bytes } = model;
    let label = name(&decoded(&address));
    let is_used = Memo::new({
        let address = address.clone();
        move |_| {
            panel
                .session
                .state
                .model
                .with(|model| model.address == address)
        }
    });
    let said = label.clone() + ", " + &local(Amount::size(bytes));
    let used = address.clone();
    view! {
        <li>
            <span prop:textContent=move || said.clone() + if is_used.get() { ", in use" } else { "" }></span>
            <button
                type="button"
                hidden=is_used
                aria-label="Use ".to_owned() + &label
                on:click=move |_| panel.use_address(used.clone())
            >
                "Use"
            </button>
            <button
                type="button"
                aria-label="Remove ".to_owned() + &label
                on:click=move |_| panel.remove(address.clone())
            >
                "Remove"
            </button>
        </li>
    }
}
