//! What has changed since a version of the text was pinned; and the switch for tints.

use leptos::prelude::*;

use super::sentence::excerpt;
use crate::present::format::{Amount, Share, count};
use crate::present::labels::heading;
use crate::web::app::numbers::local;
use crate::web::app::pinned::{Changed, Version};
use crate::web::app::reading::{Answer, Rating};
use crate::web::app::session::Session;

/// Pins the text, and shows what has become of it since.
#[component]
pub(super) fn Compare(session: Session) -> impl IntoView {
    let state = session.state;
    let is_pinned = move || state.pinned.with(Option::is_some);
    let changes = Memo::new(move |_| session.changes());
    let whole = move || {
        let before = state
            .pinned
            .with(|pinned| Some(in_words(pinned.as_ref()?.answer.as_ref()?)));
        let after = state.view(|view| view.shown().map(in_words));
        match (before, after) {
            (Some(before), Some(after)) => {
                "The whole text: ".to_owned() + &before + " then, " + &after + " now."
            }
            _ => String::new(),
        }
    };
    let rest = move || {
        changes.with(|(listed, more)| match (listed.is_empty(), *more) {
            (true, _) => "Nothing has changed since.".to_owned(),
            (false, 0) => String::new(),
            (false, more) => "And ".to_owned() + &count(more, "more change", local) + ".",
        })
    };
    let is_document = move || state.sentences.with(|sentences| sentences.len() > 1);
    let is_too_long = move || is_document() && session.is_long();
    view! {
        <section class="card" id="changes" hidden=move || !is_pinned()>
            <h2>"Since the pinned version"</h2>
            <p prop:textContent=whole></p>
            <ol>
                <For each=move || changes.get().0 key=key children=move |changed| view! { <Item session changed /> } />
            </ol>
            <p prop:textContent=rest></p>
        </section>
        <div class="tools">
            <button
                type="button"
                class="plain"
                on:click=move |_| session.pin_or_unpin()
                prop:textContent=move || if is_pinned() { "Unpin" } else { "Pin this version" }
            ></button>
            <label hidden=move || !is_document() || is_too_long()>
                <input
                    type="checkbox"
                    role="switch"
                    id="tints"
                    prop:checked=move || state.has_tints.get()
                    on:change=move |event| session.set_tints(event_target_checked(&event))
                />
                " Tint sentences in the text"
            </label>
            <p class="quiet" id="untinted" hidden=move || !is_too_long()>
                "This text is too long to tint its sentences."
            </p>
        </div>
    }
}

/// A text, and the bits of its score.
type VersionKey = (String, u32);

/// The text of both versions, and what is known of them.
fn key(changed: &Changed) -> (Option<VersionKey>, Option<VersionKey>) {
    let key = |version: &Version| {
        let score = version
            .rating
            .map_or(u32::MAX, |rating| rating.score.to_bits());
        (version.text.clone(), score)
    };
    (
        changed.before.as_ref().map(key),
        changed.after.as_ref().map(key),
    )
}

#[component]
fn Item(session: Session, changed: Changed) -> impl IntoView {
    let verdict = move |version: &Option<Version>| -> String {
        let rating = version.as_ref().and_then(|version| version.rating);
        rating
            .map(|rating| rated(session, rating))
            .unwrap_or_default()
    };
    let line = |version: &Option<Version>| version.as_ref().map(|version| excerpt(&version.text));
    let (before, after) = (line(&changed.before), line(&changed.after));
    let (was, is) = (verdict(&changed.before), verdict(&changed.after));
    let kind = match (&before, &after) {
        (Some(_), Some(_)) => "Changed: ",
        (Some(_), None) => "Removed: ",
        _ => "Added: ",
    };
    view! {
        <li>
            <span class="visually-hidden">{kind}</span>
            {before.map(|text| view! { <del dir="auto" translate="no">{text}</del> " " <span class="quiet">{was}</span> })}
            " "
            {after.map(|text| view! { <ins dir="auto" translate="no">{text}</ins> " " <span class="quiet">{is}</span> })}
        </li>
    }
}

fn rated(session: Session, rating: Rating) -> String {
    let label = session.state.model.with_untracked(|model| {
        let label = model
            .info
            .as_ref()
            .and_then(|info| info.labels.get(rating.label).cloned());
        label.unwrap_or_default()
    });
    let share = Share::nearest(rating.score);
    heading(&label) + ", " + &local(Amount::percent(share))
}

fn in_words(answer: &Answer) -> String {
    if answer.is_mixed {
        return "mixed".to_owned();
    }
    let verdict = answer.meter.verdict(local);
    verdict
        .map(|verdict| verdict.word.to_lowercase() + ", " + &verdict.figure)
        .unwrap_or_default()
}
