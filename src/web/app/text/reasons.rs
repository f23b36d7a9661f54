//! Why the sentence at the caret has its verdict, and what it would be without some of its words.

use leptos::prelude::*;

use crate::present::format::Amount;
use crate::present::meter::Meter;
use crate::web::app::current::{Current, Outcome, Word};
use crate::web::app::numbers::local;
use crate::web::app::session::Session;

/// The words on show.
#[derive(Clone, PartialEq, Default)]
struct Listing {
    /// Strongest first.
    words: Vec<Word>,
    /// Whether they are those of an earlier version of the sentence: while somebody types they stay until the new ones are
    /// known, so that what stands below does not jump with each key.
    is_stale: bool,
    /// Which sentence it is.
    index: usize,
}

impl Listing {
    fn of(current: &Current, before: Option<&Self>) -> Self {
        let index = current.index;
        let stays = |before: &&Self| before.index == index && !current.is_failed;
        match (&current.reasons, before.filter(stays)) {
            (None, Some(before)) => Self {
                is_stale: true,
                ..before.clone()
            },
            _ => Self {
                words: current.strongest().into_iter().cloned().collect(),
                is_stale: false,
                index,
            },
        }
    }
}

/// The words that carry the verdict, each a button that leaves it out.
#[component]
pub(super) fn Reasons(session: Session) -> impl IntoView {
    let listing = Memo::new(move |before: Option<&Listing>| {
        let current = session.state.current;
        current
            .with(|current| Some(Listing::of(current.as_ref()?, before)))
            .unwrap_or_default()
    });
    let is_stale = move || listing.with(|listing| listing.is_stale);
    let said = RwSignal::new(String::new());
    Effect::new(move |_| {
        listing.track();
        said.set(String::new());
    });
    let read_out = move |_| {
        said.set(String::new());
        // A live region says only what is new in it.
        request_animation_frame(move || {
            said.set(listing.with_untracked(|listing| sentence(&listing.words)));
        });
    };
    let without = move || {
        session
            .state
            .trial
            .with(|trial| trial.as_ref().map(outcome).unwrap_or_default())
    };
    view! {
        <section
            class="card"
            id="reasons"
            hidden=move || listing.with(|listing| listing.words.is_empty())
            data-state=move || if is_stale() { "stale" } else { "ready" }
        >
            <h2>"What carries it"</h2>
            <ul>
                <For
                    each=move || listing.get().words
                    key=|word| (word.start, word.end, word.text.clone(), word.points(), word.polarity.name())
                    children=move |word| view! { <Listed session word listing /> }
                />
            </ul>
            <p class="quiet">
                "Points of probability that the verdict loses when the word is left out. Press a word to leave it out."
            </p>
            <p class="outcome" role="status" prop:textContent=without></p>
            <button type="button" class="plain" disabled=is_stale on:click=read_out>
                "Say the reasons"
            </button>
            <p class="visually-hidden" role="status" prop:textContent=said></p>
        </section>
    }
}

#[component]
fn Listed(session: Session, word: Word, listing: Memo<Listing>) -> impl IntoView {
    let place = (word.start, word.end);
    let is_left_out = move || {
        session
            .state
            .left_out
            .with(|left_out| left_out.contains(&place))
    };
    let name = "Leave out “".to_owned() + &word.text + "”";
    let points = word.points();
    let width = move || {
        let largest = listing.with(|listing| listing.words.first().map(Word::points));
        points.abs() * 100 / largest.map_or(1, |largest| largest.abs().max(1))
    };
    view! {
        <li data-tone=word.polarity.name()>
            <button
                type="button"
                translate="no"
                disabled=move || listing.with(|listing| listing.is_stale)
                aria-pressed=move || if is_left_out() { "true" } else { "false" }
                aria-label=name
                on:click=move |_| session.leave_out(place)
            >
                <bdi>{word.text.clone()}</bdi>
            </button>
            <span class="bar" aria-hidden="true">
                <span class="part" data-tone=word.polarity.name() style=("--width", move || width().to_string() + "%")></span>
            </span>
            <span class="points">{signed(points)}</span>
        </li>
    }
}

/// Points as what the verdict loses: a word for it counts down.
fn signed(points: i32) -> String {
    let number = local(Amount::number(u64::from(points.unsigned_abs())));
    (if points > 0 { "−" } else { "+" }).to_owned() + &number
}

/// The reasons as sentences.
fn sentence(words: &[Word]) -> String {
    let mut said = String::new();
    for word in words {
        let points = word.points();
        let number = local(Amount::number(u64::from(points.unsigned_abs())));
        let change = if points > 0 { " loses " } else { " gains " };
        let unit = if points.abs() == 1 {
            " point. "
        } else {
            " points. "
        };
        said += &("Without “".to_owned() + &word.text + "” the verdict" + change + &number + unit);
    }
    said.trim_end().to_owned()
}

/// `Without “cold”: Positive, 61% (Negative, 96% with it).`
fn outcome(outcome: &Outcome) -> String {
    let words: Vec<_> = outcome
        .left_out
        .iter()
        .map(|word| "“".to_owned() + word + "”")
        .collect();
    let after = match &outcome.after {
        Some(meter) => verdict(meter),
        None => "…".to_owned(),
    };
    let them = if words.len() == 1 { "it" } else { "them" };
    "Without ".to_owned()
        + &words.join(" and ")
        + ": "
        + &after
        + " ("
        + &verdict(&outcome.before)
        + " with "
        + them
        + ")."
}

fn verdict(meter: &Meter) -> String {
    let verdict = meter.verdict(local);
    verdict
        .map(|verdict| verdict.word + ", " + &verdict.figure)
        .unwrap_or_default()
}
