//! How the text reads, or why that cannot be said yet.

use leptos::prelude::*;

use super::meter::Meter;
use super::session::Session;
use super::state::{Model, State, VerdictState};
use crate::ErrorKind;
use crate::present::failures::FailureMessage;
use crate::present::format::{count, downloaded, duration};

/// The verdict, in one of five faces. All of them live in the same rows, so that nothing moves when one follows
/// another; style/main.css goes by `data-state`.
#[component]
pub(super) fn Verdict(session: Session) -> impl IntoView {
    // Only when the model is another one does the meter begin anew.
    let labels = Memo::new(move |_| {
        let labels = session
            .state
            .with(|state| state.info.as_ref().map(|info| info.labels.clone()));
        labels.unwrap_or_default()
    });
    view! {
        <section
            id="verdict"
            aria-label="Verdict"
            aria-busy=session.show(|state| if state.face() == VerdictState::Loading { "true" } else { "false" })
            data-state=session.show(|state| state.face().name())
            data-label=session.show(|state| state.label().map(str::to_owned))
            data-seq=session.show(|state| state.shown().map(|answer| answer.seq.to_string()))
        >
            <p class="word" id="word" data-tone=session.show(State::tone)>
                {session.show(word)}
            </p>
            <p class="figure">{session.show(figure)}</p>
            <progress
                aria-labelledby="word"
                max=session.show(|state| received(state).1)
                value=session.show(|state| received(state).0)
            ></progress>
            {move || view! { <Meter session labels=labels.get() /> }}
            <p class="hint">"You can write already. Your text never leaves this device."</p>
            <div class="trouble" role="alert">
                <p class="what">{session.show(|state| said_of_trouble(state, |trouble| trouble.what))}</p>
                <p class="advice">{session.show(|state| said_of_trouble(state, |trouble| trouble.hint))}</p>
                <p class="cause">{session.show(cause)}</p>
            </div>
            <Action session />
            <div class="notes">
                <p class="measured">{session.show(measured)}</p>
                <p class="unknown">{session.show(unknown)}</p>
                <p class="cut">{session.show(cut)}</p>
            </div>
        </section>
    }
}

/// The headline.
fn word(state: &State) -> String {
    match &state.model {
        Model::Loading(_) if state.restarting => "The session stopped and is starting again".into(),
        Model::Loading(Some(progress)) if progress.total == Some(progress.received) => {
            "Getting the model ready".into()
        }
        Model::Loading(_) => "Loading the model".into(),
        Model::Ready if state.is_blank => "Nothing to read yet".into(),
        _ => state
            .verdict()
            .map(|verdict| verdict.word)
            .unwrap_or_default(),
    }
}

/// What stands across from the headline: how likely, or how many bytes.
fn figure(state: &State) -> String {
    match state.model {
        Model::Loading(Some(progress)) => downloaded(progress),
        _ => state
            .verdict()
            .map(|verdict| verdict.figure)
            .unwrap_or_default(),
    }
}

/// Value and maximum of the progress. Without a value a browser shows that something is going on, nobody knows how far.
fn received(state: &State) -> (Option<String>, Option<String>) {
    match state.model {
        Model::Loading(Some(progress)) => match progress.total {
            Some(total) => (Some(progress.received.to_string()), Some(total.to_string())),
            None => (None, None),
        },
        _ => (Some("0".to_owned()), None),
    }
}

fn said_of_trouble(state: &State, part: fn(FailureMessage) -> &'static str) -> &'static str {
    state.trouble().map_or("", part)
}

/// The failure's own words, for whoever can mend it. Who cancelled knows why.
fn cause(state: &State) -> String {
    match state.failure() {
        Some(failure) if failure.kind != ErrorKind::Cancelled => failure.message.clone(),
        _ => String::new(),
    }
}

/// How many tokens, how fast.
fn measured(state: &State) -> String {
    let Some(answer) = state.shown() else {
        return String::new();
    };
    let tokens = count(answer.prediction.tokens.len(), "token");
    match answer.latency {
        Some(latency) => tokens + " · " + &duration(latency) + " from key to verdict",
        None => tokens,
    }
}

fn unknown(state: &State) -> String {
    let unknown = state
        .shown()
        .and_then(|answer| answer.notes.unknown.clone());
    unknown.unwrap_or_default()
}

fn cut(state: &State) -> String {
    let cut = state.shown().and_then(|answer| answer.notes.cut.as_ref());
    cut.map_or_else(String::new, |cut| {
        let end = if cut.excerpt.ends_with(['.', '!', '?']) {
            "”"
        } else {
            "”."
        };
        cut.sentence.clone() + ", up to “…" + &cut.excerpt + end + " The rest is marked."
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
            hidden=session.show(|state| state.action().is_none())
            on:click=move |_| session.stop_or_start()
        >
            {session.show(|state| state.action().unwrap_or_default())}
        </button>
    }
}
