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
                        <span class="part" style=("--share", move || thousandths(rest()).to_string())></span>
                    </span>
                    <span class="share" prop:textContent=move || percent(rest())></span>
                </li>
            </ul>
        </div>
    }
}

/// The probabilities of labels that exclude each other, as parts of one bar. Each part reaches to the end of the bar and lies
/// over the one before, so that only places change: browsers move what is there without laying out the page again.
#[component]
pub(super) fn Stacked(meter: Memo<meter::Meter>) -> impl IntoView {
    let part = |place| {
        view! {
            <span
                class="part"
                data-tone=move || of_row(meter, place, |row| row.polarity.name())
                style=("--before", move || meter.with(|meter| before(meter, place)).to_string())
            ></span>
        }
    };
    let parts = (0..MAX_STACKED_LABELS).map(part).collect_view();
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
    let share = move || of_row(meter, place, |row| row.share).flatten();
    view! {
        <li
            data-tone=move || of_row(meter, place, |row| row.polarity.name())
            hidden=move || of_row(meter, place, |_| ()).is_none()
        >
            <span class="name" prop:textContent=name></span>
            <span class="bar" aria-hidden="true">
                <span
                    class="part"
                    data-tone=move || of_row(meter, place, |row| row.polarity.name())
                    style=("--share", move || thousandths(share()).to_string())
                ></span>
            </span>
            <span
                class="share"
                prop:textContent=move || percent(share())
            ></span>
        </li>
    }
}

fn of_row<T>(meter: Memo<meter::Meter>, place: usize, piece: fn(&Row) -> T) -> Option<T> {
    meter.with(|meter| meter.rows.get(place).map(piece))
}

fn percent(share: Option<Share>) -> String {
    share.map_or_else(String::new, |share| local(Amount::percent(share)))
}

fn thousandths(share: Option<Share>) -> u32 {
    let score = share.map_or(0.0, |share| share.score);
    (score * 1000.0 + 0.5) as u32
}

/// Where the part of a row begins, in thousandths of the bar: behind its end, with the gap before it, where there is nothing
/// to show.
fn before(meter: &meter::Meter, place: usize) -> u32 {
    const OUTSIDE: u32 = 1050;
    if meter.rows.get(place).is_none_or(|row| row.share.is_none()) {
        return OUTSIDE;
    }
    let before = meter.rows[..place].iter().map(|row| row.share);
    let sum = before.map(thousandths).sum();
    if sum < 1000 { sum } else { OUTSIDE }
}
