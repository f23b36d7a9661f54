//! The probabilities as bars and in words.

use leptos::prelude::*;

use super::app::Reader;
use super::state::{MOST_LISTED, State};
use super::words::{Tone, heading, in_order};

/// One bar whose parts are as wide as the probabilities, and below each of them in words. Where labels do not exclude
/// each other, or are too many for one bar, each has a bar of its own; style/main.css goes by `data-bars`.
#[component]
pub(super) fn Meter(reader: Reader, labels: Vec<String>) -> impl IntoView {
    let order = in_order(&labels);
    let parts = order
        .iter()
        .map(|&class| {
            let tone = Tone::of(&labels[class]).name();
            view! { <Part reader class tone /> }
        })
        .collect_view();
    let shares = order
        .iter()
        .map(|&class| {
            let label = &labels[class];
            let tone = Tone::of(label).name();
            view! {
                <li
                    data-tone=tone
                    hidden=move || reader.state.with(|state| state.rank(class) >= MOST_LISTED)
                >
                    <span class="name">{heading(label)}</span>
                    <span class="bar" aria-hidden="true">
                        <Part reader class tone />
                    </span>
                    <span class="share">{move || reader.state.with(|state| state.share(class))}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="meter" data-bars=reader.show(|state| if state.is_one_bar() { "one" } else { "many" })>
            <div class="bar" aria-hidden="true">
                {parts}
            </div>
            <ul aria-label="Probabilities">{shares}</ul>
        </div>
    }
}

/// A part of a bar, as wide as its probability. The style sheet makes a width of the number.
#[component]
fn Part(reader: Reader, class: usize, tone: &'static str) -> impl IntoView {
    let thousandths = move || {
        let score = reader.state.with(|state: &State| state.score(class));
        ((score * 1000.0 + 0.5) as u32).to_string()
    };
    view! { <span class="part" data-tone=tone style=("--thousandths", thousandths)></span> }
}
