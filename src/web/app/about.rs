//! What the model is, one quiet step away.

use leptos::prelude::*;

use super::device::{Requests, Stored};
use super::numbers::local;
use super::session::Session;
use crate::present::format::{Amount, accuracy, count};
use crate::present::labels::backend;
use crate::types::ModelInfo;

/// What there is to know about a model: how it is called, and how it is said.
type Fact = (&'static str, fn(&ModelInfo) -> String);

const FACTS: [Fact; 11] = [
    ("Model", |info| info.name.clone()),
    ("Architecture", |info| info.architecture.clone()),
    ("Labels", |info| info.labels.join(", ")),
    ("Parameters", |info| {
        local(Amount::large_number(info.parameters))
    }),
    ("Size", |info| local(Amount::megabytes(info.file_size))),
    ("Format", |info| info.format.clone()),
    ("Reads at most", |info| {
        count(info.max_tokens, "token", local)
    }),
    ("Licence", |info| {
        info.license.clone().unwrap_or_else(|| "not stated".into())
    }),
    ("Right on", |info| accuracy(&info.measured, local)),
    ("Runs on", |info| backend(info.backend).into()),
    ("Loaded in", |info| {
        local(Amount::duration(info.load_millis))
    }),
];

/// The folder of a model, with a slash at its end, by the address of either it or its weights.
fn folder(address: &str) -> &str {
    address.rfind('/').map_or("", |slash| &address[..=slash])
}

#[component]
pub(super) fn About(session: Session) -> impl IntoView {
    let facts = FACTS
        .into_iter()
        .map(|(term, value)| {
            let value = move || {
                session.state.model.with(|model| {
                    let info = model.info.as_ref();
                    info.map_or_else(|| "not loaded yet".to_owned(), value)
                })
            };
            view! {
                <div>
                    <dt>{term}</dt>
                    <dd prop:textContent=value></dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <p class="privacy">"Your text stays on this device. The model runs in your browser, and nothing is sent."</p>
        <details>
            <summary>"About this model"</summary>
            <dl>{facts}</dl>
            <p>
                "A small BERT encoder reads the text again at every keystroke and says how likely each label is. "
                "It can be wrong: irony, quotations and mixed feelings are hard for it. "
                <a href=session.show(|view| folder(&view.model.address).to_owned() + "README.md")>"The model card"</a>
                " says how it was made, measured and licensed."
            </p>
        </details>
        <Requests session />
        <Stored session />
    }
}
