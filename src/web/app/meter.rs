//! The probabilities as bars and in words.

use leptos::prelude::*;

use super::session::Session;
use super::state::State;
use crate::present::labels::{MAX_LISTED_LABELS, Polarity, heading, in_order};

/// One bar whose parts are as wide as the probabilities, and below each of them in words. Where labels do not exclude
/// each other, or are too many for one bar, each has a bar of its own; style/main.css goes by `data-bars`.
#[component]
pub(super) fn Meter(session: Session, labels: Vec<String>) -> impl IntoView {
    let order = in_order(&labels);
    let parts = order
        .iter()
        .map(|&class| {
            let tone = Polarity::of(&labels[class]).name();
            view! { <Part session class tone /> }
        })
        .collect_view();
    let shares = order
        .iter()
        .map(|&class| {
            let label = &labels[class];
            let tone = Polarity::of(label).name();
            view! {
                <li
                    data-tone=tone
                    hidden=move || session.state.with(|state| state.rank(class) >= MAX_LISTED_LABELS)
                >
                    <span class="name">{heading(label)}</span>
                    <span class="bar" aria-hidden="true">
                        <Part session class tone />
                    </span>
                    <span class="share">{move || session.state.with(|state| state.share(class))}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="meter" data-bars=session.show(|state| if state.is_one_bar() { "one" } else { "many" })>
            <div class="bar" aria-hidden="true">
                {parts}
            </div>
            <ul aria-label="Probabilities">{shares}</ul>
        </div>
    }
}

/// A part of a bar, as wide as its probability. The style sheet makes a width of the number.
#[component]
fn Part(session: Session, class: usize, tone: &'static str) -> impl IntoView {
    let thousandths = move || {
        let score = session.state.with(|state: &State| state.score(class));
        ((score * 1000.0 + 0.5) as u32).to_string()
    };
    view! { <span class="part" data-tone=tone style=("--thousandths", thousandths)></span> }
}
