//! The label of the text, or why there is none yet.

use leptos::prelude::*;

use super::meter::Meter;
use super::numbers::local;
use super::session::Session;
use super::state::{Model, VerdictState, View};
use crate::ErrorKind;
use crate::present::failures::FailureMessage;
use crate::present::format::{Amount, count, downloaded};

/// The verdict, in one of five faces. All of them live in the same rows, so that nothing moves when one follows
/// another; style/main.css goes by `data-state`.
///
/// What changes is set as an element's whole text: a browser's translation puts elements of its own in place of the text nodes,
/// so that text written into those is no longer shown.
#[component]
pub(super) fn Verdict(session: Session) -> impl IntoView {
    view! {
        <section
            id="verdict"
            aria-label="Verdict"
            aria-busy=session.show(|view| if view.face() == VerdictState::Loading { "true" } else { "false" })
            data-state=session.show(|view| view.face().name())
            data-label=session.show(|view| view.label().map(str::to_owned))
            data-seq=session.show(|view| view.shown().map(|answer| answer.revision.to_string()))
        >
            <p class="word" id="word" data-tone=session.show(|view| view.tone()) prop:textContent=session.show(word)></p>
            <p class="figure" prop:textContent=session.show(figure)></p>
            <progress
                aria-labelledby="word"
                max=session.show(|view| received(view).1)
                value=session.show(|view| received(view).0)
            ></progress>
            <Meter session />
            <p class="hint">"You can write already. Your text never leaves this device."</p>
            <div class="trouble" role="alert">
                <p class="title" prop:textContent=session.show(|view| trouble(view, |trouble| trouble.title))></p>
                <p class="advice" prop:textContent=session.show(|view| trouble(view, |trouble| trouble.advice))></p>
                <p class="cause" prop:textContent=session.show(cause)></p>
            </div>
            <Action session />
            <div class="notes">
                <p class="measured" prop:textContent=session.show(measured)></p>
                <p class="unknown" hidden=session.show(|view| unknown(view).1.is_empty())>
                    <span prop:textContent=session.show(|view| unknown(view).0)></span>
                    " "
                    <bdi translate="no" prop:textContent=session.show(|view| unknown(view).1)></bdi>
                </p>
            </div>
        </section>
    }
}

/// The headline.
fn word(view: View) -> String {
    match &view.model.model {
        Model::Loading(_) if view.model.restarting => {
            "The model stopped and is starting again".into()
        }
        Model::Loading(Some(progress)) if progress.total == Some(progress.received) => {
            "Getting the model ready".into()
        }
        Model::Loading(_) => "Loading the model".into(),
        Model::Ready if view.reading.is_blank => "Nothing to read yet".into(),
        _ => view
            .verdict(local)
            .map(|verdict| verdict.word)
            .unwrap_or_default(),
    }
}

/// What stands across from the headline: how likely, or how many bytes.
fn figure(view: View) -> String {
    match view.model.model {
        Model::Loading(Some(progress)) => downloaded(progress, local),
        _ => view
            .verdict(local)
            .map(|verdict| verdict.figure)
            .unwrap_or_default(),
    }
}

/// Value and maximum of the progress. Without a value a browser shows an indeterminate bar.
fn received(view: View) -> (Option<String>, Option<String>) {
    match view.model.model {
        Model::Loading(Some(progress)) => match progress.total {
            Some(total) => (Some(progress.received.to_string()), Some(total.to_string())),
            None => (None, None),
        },
        _ => (Some("0".to_owned()), None),
    }
}

fn trouble(view: View, part: fn(FailureMessage) -> &'static str) -> &'static str {
    view.trouble().map_or("", part)
}

/// Technical detail; left out after a cancellation.
fn cause(view: View) -> String {
    match view.failure() {
        Some(failure) if failure.kind != ErrorKind::Cancelled => failure.message.clone(),
        _ => String::new(),
    }
}

/// How many tokens, how fast.
fn measured(view: View) -> String {
    let Some(answer) = view.shown() else {
        return String::new();
    };
    let tokens = count(answer.tokens, "token", local);
    match answer.latency {
        Some(latency) => {
            tokens + " · " + &local(Amount::duration(latency)) + " from key to verdict"
        }
        None => tokens,
    }
}

/// What the model did not know: the sentence and the symbols.
fn unknown(view: View) -> (String, String) {
    let unknown = view.shown().and_then(|answer| answer.unknown.as_ref());
    unknown.map_or_else(Default::default, |unknown| {
        (unknown.sentence(local), unknown.symbols().to_owned())
    })
}

/// The one button: stops what loads, starts what stopped. It stays the same element, so that it keeps the focus when
/// one becomes the other.
#[component]
fn Action(session: Session) -> impl IntoView {
    view! {
        <button
            type="button"
            class="action"
            node_ref=session.action
            hidden=session.show(|view| view.action().is_none())
            on:click=move |_| session.stop_or_start()
            prop:textContent=session.show(|view| view.action().unwrap_or_default())
        ></button>
    }
}
