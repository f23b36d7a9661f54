//! The probabilities as bars and in words.

use leptos::prelude::*;

use super::numbers::local;
use super::session::Session;
use crate::present::format::{Amount, Share, count};
use crate::present::labels::{MAX_LISTED_LABELS, MAX_STACKED_LABELS};
use crate::present::meter::{self, Row};

/// One bar whose parts are as wide as the probabilities, and below each of them in words. Where labels do not exclude
/// each other, or are too many for one bar, each has a bar of its own; style/main.css goes by `data-bars`.
///
/// There are as many elements as can be listed, whatever the number of labels, and they stay: so widths ease from one answer to
/// the next.
#[component]
pub(super) fn Meter(session: Session) -> impl IntoView {
    let meter = Memo::new(move |_| session.state.view(|view| view.meter()));
    let rows = (0..MAX_LISTED_LABELS)
        .map(|place| view! { <Listed meter place /> })
        .collect_view();
    let bars = move || {
        if meter.with(|meter| meter.is_stacked) {
            "one"
        } else {
            "many"
        }
    };
    let rest = move || meter.with(|meter| meter.rest);
    let others = move || meter.with(|meter| count(meter.others, "other label", local));
    view! {
        <div class="meter" data-bars=bars>
            <Stacked meter />
            <ul aria-label="Probabilities">
                {rows} <li hidden=move || rest().is_none()>
                    <span class="name" prop:textContent=others></span>
                    <span class="bar" aria-hidden="true">
                        <span class="part" style=("--thousandths", move || thousandths(rest()))></span>
                    </span>
                    <span class="share" prop:textContent=move || percent(rest())></span>
                </li>
            </ul>
        </div>
    }
}

/// The probabilities of labels that exclude each other, as parts of one bar.
#[component]
pub(super) fn Stacked(meter: Memo<meter::Meter>) -> impl IntoView {
    let parts = (0..MAX_STACKED_LABELS)
        .map(|place| view! { <Part meter place /> })
        .collect_view();
    view! {
        <div class="bar" aria-hidden="true">
            {parts}
        </div>
    }
}

/// One label in words, and its own bar.
#[component]
fn Listed(meter: Memo<meter::Meter>, place: usize) -> impl IntoView {
    let name = move || of_row(meter, place, |row| row.name.clone()).unwrap_or_default();
    view! {
        <li
            data-tone=move || of_row(meter, place, |row| row.polarity.name())
            hidden=move || of_row(meter, place, |_| ()).is_none()
        >
            <span class="name" prop:textContent=name></span>
            <span class="bar" aria-hidden="true">
                <Part meter place />
            </span>
            <span
                class="share"
                prop:textContent=move || percent(of_row(meter, place, |row| row.share).flatten())
            ></span>
        </li>
    }
}

/// A part of a bar, as wide as its probability. The style sheet makes a width of the number.
#[component]
fn Part(meter: Memo<meter::Meter>, place: usize) -> impl IntoView {
    let thousandths = move || thousandths(of_row(meter, place, |row| row.share).flatten());
    view! {
        <span
            class="part"
            data-tone=move || of_row(meter, place, |row| row.polarity.name())
            style=("--thousandths", thousandths)
        ></span>
    }
}

fn of_row<T>(meter: Memo<meter::Meter>, place: usize, piece: fn(&Row) -> T) -> Option<T> {
    meter.with(|meter| meter.rows.get(place).map(piece))
}

fn percent(share: Option<Share>) -> String {
    share.map_or_else(String::new, |share| local(Amount::percent(share)))
}

fn thousandths(share: Option<Share>) -> String {
    let score = share.map_or(0.0, |share| share.score);
    ((score * 1000.0 + 0.5) as u32).to_string()
}
