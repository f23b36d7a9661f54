//! The rows of a table: of any number only those in sight are elements. One is the active one: keys move it, correct its label,
//! and show all of it.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Dialog, Div, H3};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

use super::session::{TableSession, Window};
use crate::present::format::{Amount, Share, count};
use crate::present::labels::{CONFIDENCE_THRESHOLD, Polarity, heading};
use crate::web::app::numbers::local;
use crate::web::app::route::Route;
use crate::web::app::table_state::tone;
use crate::web::table::protocol::{Only, Outcome, Row, Sort, Table};

/// The height of a row, in CSS pixels of the usual font size; style/table.css has the same, in rem.
const ROW: f64 = 44.0;

/// Browsers draw nothing that is further down than some ten million pixels: the place of more rows than fit is scaled.
const MAX_HEIGHT: f64 = 8e6;

/// Rows above and below those in sight that are elements as well.
const AROUND: usize = 15;

/// The search, the filters and the order.
#[component]
pub(super) fn Filters(tables: TableSession) -> impl IntoView {
    let only = move || tables.selection.with(|selection| selection.only);
    let button = move |kind: Only, name: String| {
        let tone = match kind {
            Only::Label(_) => Polarity::of(&name).name(),
            _ => "",
        };
        view! {
            <button
                type="button"
                data-tone=tone
                aria-pressed=move || if only() == kind { "true" } else { "false" }
                on:click=move |_| tables.select(|selection| selection.only = kind)
            >
                {name}
            </button>
        }
    };
    let labels = move || {
        let labels = tables.labels.get().into_iter().enumerate().take(6);
        labels
            .map(|(label, name)| button(Only::Label(label), heading(&name)))
            .collect_view()
    };
    let groups = move || {
        let groups = tables.summary.with(|summary| summary.groups.clone());
        let chosen = tables.selection.with(|selection| selection.group.clone());
        let option = |name: String| {
            let is_it = chosen.as_ref() == Some(&name);
            let value = name.clone();
            view! { <option value=value selected=is_it>{name}</option> }
        };
        let names = groups.into_iter().filter_map(|group| group.name);
        view! {
            <option value="" selected=chosen.is_none()>"All groups"</option>
            {names.filter(|name| !name.is_empty()).map(option).collect_view()}
        }
    };
    let has_groups = move || tables.roles.with(|roles| roles.group.is_some());
    view! {
        <div class="line filters">
            <label>
                <span class="visually-hidden">"Find in the texts"</span>
                <input
                    type="search"
                    id="table-find"
                    placeholder="Find in the texts"
                    autocomplete="off"
                    spellcheck="false"
                    on:input=move |event| {
                        let words = event_target_value(&event);
                        tables.select(|selection| selection.words = words);
                    }
                />
            </label>
            <div class="line" role="group" aria-label="Which rows">
                {button(Only::All, "All".to_owned())}
                {labels}
                {button(Only::NotSure, "Not sure".to_owned())}
                {button(Only::Corrected, "Corrected".to_owned())}
                {button(Only::Unread, "Not read".to_owned())}
            </div>
            <label hidden=move || !has_groups()>
                <span class="visually-hidden">"Group"</span>
                <select on:change=move |event| {
                    let name = event_target_value(&event);
                    tables.select(|selection| selection.group = (!name.is_empty()).then_some(name));
                }>{groups}</select>
            </label>
            <label>
                <span class="visually-hidden">"Order"</span>
                <select
                    id="table-sort"
                    on:change=move |event| {
                        let sort = match event_target_value(&event).as_str() {
                            "surest" => Sort::Surest,
                            "least" => Sort::LeastSure,
                            _ => Sort::File,
                        };
                        tables.select(|selection| selection.sort = sort);
                    }
                >
                    <option value="file">"In the order of the file"</option>
                    <option value="surest">"Surest first"</option>
                    <option value="least">"Least sure first"</option>
                </select>
            </label>
            <span role="status" prop:textContent=move || count(tables.selected.get(), "row", local)></span>
        </div>
    }
}

/// Where the rows are.
#[derive(Clone, Copy)]
struct Place {
    tables: TableSession,
    grid: NodeRef<Div>,
    /// Which of the selected rows is the active one.
    active: RwSignal<usize>,
}

impl Place {
    fn height(self) -> f64 {
        (self.tables.selected.get_untracked() as f64 * ROW).min(MAX_HEIGHT)
    }

    /// The first row in sight, and how many are.
    fn in_sight(self) -> (usize, usize) {
        let Some(grid) = self.grid.get_untracked() else {
            return (0, 0);
        };
        let rows = self.tables.selected.get_untracked();
        let shown = (f64::from(grid.client_height()) / ROW).ceil() as usize;
        let top = f64::from(grid.scroll_top());
        let first = if rows as f64 * ROW <= MAX_HEIGHT {
            top / ROW
        } else {
            top / self.height() * rows as f64
        };
        ((first as usize).min(rows.saturating_sub(shown)), shown)
    }

    /// Asks for the rows in sight, if they are not at hand.
    fn follow_scroll(self) {
        let (first, shown) = self.in_sight();
        let rows = self.tables.selected.get_untracked();
        let is_here = |window: &Window| {
            window.start <= first && (first + shown).min(rows) <= window.start + window.rows.len()
        };
        if !self.tables.window.with_untracked(is_here) {
            let start = first.saturating_sub(AROUND);
            self.tables.show_rows(start, shown + 2 * AROUND);
        }
    }

    fn go_to(self, row: usize) {
        let rows = self.tables.selected.get_untracked();
        let row = row.min(rows.saturating_sub(1));
        self.active.set(row);
        let (first, shown) = self.in_sight();
        let is_in_sight = row > first && row + 1 < first + shown.saturating_sub(1);
        if let Some(grid) = self.grid.get_untracked().filter(|_| !is_in_sight) {
            let middle = row.saturating_sub(shown / 2) as f64;
            let top = if rows as f64 * ROW <= MAX_HEIGHT {
                middle * ROW
            } else {
                middle / rows as f64 * self.height()
            };
            grid.set_scroll_top(top as i32);
        }
    }

    fn active_row(self) -> Option<Row> {
        let at = self.active.get_untracked();
        let row = |window: &Window| {
            let at = at.checked_sub(window.start)?;
            window.rows.get(at).cloned()
        };
        self.tables.window.with_untracked(row)
    }
}

/// The rows that are selected.
#[component]
pub(super) fn Rows(tables: TableSession) -> impl IntoView {
    let grid = NodeRef::<Div>::new();
    let place = Place {
        tables,
        grid,
        active: RwSignal::new(0),
    };
    let active = place.active;
    Effect::new(move |_| {
        tables.selected.track();
        place.follow_scroll();
    });
    let on_key = move |event: KeyboardEvent| {
        let at = active.get_untracked();
        let page = place.in_sight().1.saturating_sub(2).max(1);
        let key = event.key();
        match key.as_str() {
            "ArrowDown" => place.go_to(at + 1),
            "ArrowUp" => place.go_to(at.saturating_sub(1)),
            "PageDown" => place.go_to(at + page),
            "PageUp" => place.go_to(at.saturating_sub(page)),
            "Home" => place.go_to(0),
            "End" => place.go_to(usize::MAX),
            "Enter" | " " => {
                if let Some(row) = place.active_row() {
                    tables.show_whole(row.row);
                }
            }
            "0" | "Delete" | "Backspace" => {
                if let Some(row) = place.active_row() {
                    tables.correct(row.row, None);
                }
            }
            _ => {
                let label = key.parse::<usize>().ok().and_then(|key| key.checked_sub(1));
                let labels = tables.labels.with_untracked(Vec::len);
                match label
                    .filter(|&label| label < labels)
                    .zip(place.active_row())
                {
                    Some((label, row)) => tables.correct(row.row, Some(label)),
                    None => return,
                }
            }
        }
        event.prevent_default();
    };
    let row_of = |event: &MouseEvent| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let row = target.and_then(|target| target.closest("[data-at]").ok().flatten());
        row.and_then(|row| row.get_attribute("data-at")?.parse::<usize>().ok())
    };
    let on_click = move |event: MouseEvent| {
        if let Some(at) = row_of(&event) {
            active.set(at);
        }
    };
    let on_double_click = move |event: MouseEvent| {
        if let Some(at) = row_of(&event) {
            active.set(at);
            if let Some(row) = place.active_row() {
                tables.show_whole(row.row);
            }
        }
    };
    let before = move || {
        let rows = tables.selected.get();
        let start = tables.window.with(|window| window.start);
        if rows as f64 * ROW <= MAX_HEIGHT {
            start as f64 * ROW
        } else {
            start as f64 / rows.max(1) as f64 * MAX_HEIGHT
        }
    };
    let behind = move || {
        let height = (tables.selected.get() as f64 * ROW).min(MAX_HEIGHT);
        let shown = tables.window.with(|window| window.rows.len()) as f64 * ROW;
        (height - before() - shown).max(0.0)
    };
    let pixels = |height: f64| format!("{height}px");
    let rows = move || {
        let Window { start, rows } = tables.window.get();
        rows.into_iter()
            .enumerate()
            .map(|(at, row)| (start + at, row))
            .collect::<Vec<_>>()
    };
    let other_names = move || {
        let roles = tables.roles.get();
        let names = tables
            .table
            .with(|table| table.as_ref().map(|table| table.columns.clone()))
            .unwrap_or_default();
        let others = [roles.group, roles.date, roles.label].into_iter().flatten();
        let others = others.filter_map(|column| names.get(column).cloned());
        others
            .map(|name| view! { <span role="columnheader">{name}</span> })
            .collect_view()
    };
    let text_name = move || {
        let column = tables.roles.get().text.unwrap_or(0);
        let name = |table: &Table| table.columns.get(column).cloned();
        tables
            .table
            .with(|table| table.as_ref().and_then(name))
            .unwrap_or_default()
    };
    view! {
        <p class="quiet" id="table-keys" prop:textContent=move || keys(&tables.labels.get())></p>
        <div
            class="rows"
            role="grid"
            tabindex="0"
            aria-label="Rows"
            aria-describedby="table-keys"
            aria-rowcount=move || (tables.selected.get() + 1).to_string()
            aria-activedescendant=move || format!("row-{}", active.get())
            node_ref=grid
            on:scroll=move |_| place.follow_scroll()
            on:keydown=on_key
            on:click=on_click
            on:dblclick=on_double_click
        >
            <div role="row" class="row head" aria-rowindex="1">
                <span role="columnheader">"Sentiment"</span>
                <span role="columnheader">"Sure"</span>
                <span role="columnheader" prop:textContent=text_name></span>
                {other_names}
            </div>
            <div role="presentation" style=("height", move || pixels(before()))></div>
            <For each=rows key=|(at, row)| (*at, key(row)) let((at, row))>
                <RowItem tables place at row />
            </For>
            <div role="presentation" style=("height", move || pixels(behind()))></div>
        </div>
    }
}

/// What distinguishes a row from what stood in its place before.
fn key(row: &Row) -> String {
    format!("{} {:?} {:?}", row.row, row.corrected, row.outcome)
}

/// `Arrow keys move from row to row; 1 says negative, 2 neutral, 3 positive; …`.
fn keys(labels: &[String]) -> String {
    let names: Vec<_> = labels
        .iter()
        .take(9)
        .enumerate()
        .map(|(at, name)| format!("{} for {}", at + 1, name.to_lowercase()))
        .collect();
    "Arrow keys move from row to row. Correct a row by its key: ".to_owned()
        + &names.join(", ")
        + "; 0 takes that back. Enter shows all of a row."
}

#[component]
fn RowItem(tables: TableSession, place: Place, at: usize, row: Row) -> impl IntoView {
    let labels = tables.labels.get_untracked();
    let name = |label: usize| {
        labels
            .get(label)
            .map(|name| heading(name))
            .unwrap_or_default()
    };
    let tone = |label: usize| tone(&labels, label);
    let (word, tone, sure) = match (&row.outcome, row.corrected) {
        (Outcome::Read { label, .. }, Some(corrected)) if *label != corrected => (
            name(*label) + " → " + &name(corrected),
            tone(corrected),
            "yours".to_owned(),
        ),
        (_, Some(corrected)) => (name(corrected), tone(corrected), "yours".to_owned()),
        (Outcome::Read { label, score, .. }, None) => {
            let share = local(Amount::percent(Share::nearest(*score)));
            if *score < CONFIDENCE_THRESHOLD {
                ("Not sure".to_owned(), "", share)
            } else {
                (name(*label), tone(*label), share)
            }
        }
        (Outcome::Empty, None) => ("No text".to_owned(), "", String::new()),
        (Outcome::Waiting, None) => ("Waiting".to_owned(), "", String::new()),
        (Outcome::Failed { .. }, None) => ("Not read".to_owned(), "", String::new()),
    };
    let note = match &row.outcome {
        Outcome::Failed { reason } => reason.clone(),
        Outcome::Read {
            truncated: true, ..
        } => "Too long for the model: only its beginning was read.".to_owned(),
        _ => String::new(),
    };
    let others = row.others.into_iter();
    let others = others
        .map(|cell| view! { <span role="gridcell" class="other">{cell}</span> })
        .collect_view();
    let is_active = move || place.active.get() == at;
    view! {
        <div
            role="row"
            class="row"
            id=format!("row-{at}")
            data-at=at.to_string()
            aria-rowindex=(at + 2).to_string()
            aria-selected=move || if is_active() { "true" } else { "false" }
            title=note
        >
            <span role="gridcell" class="chip" data-tone=tone>
                {word}
            </span>
            <span role="gridcell" class="sure">
                {sure}
            </span>
            <span role="gridcell" class="text" dir="auto" translate="no">
                {row.text}
            </span>
            {others}
        </div>
    }
}

/// All of a row, over the page.
#[component]
pub(super) fn WholeRow(tables: TableSession) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let heading = NodeRef::<H3>::new();
    Effect::new(move |_| {
        let is_open = tables.whole.with(Option::is_some);
        if let Some(dialog) = dialog.get_untracked() {
            if is_open && !dialog.open() {
                _ = dialog.show_modal();
                if let Some(heading) = heading.get_untracked() {
                    _ = heading.focus();
                }
            } else if !is_open && dialog.open() {
                dialog.close();
            }
        }
    });
    let of = move |piece: fn(&super::session::Whole) -> String| {
        tables
            .whole
            .with(|whole| whole.as_ref().map(piece).unwrap_or_default())
    };
    let number = move || of(|whole| local(Amount::number(whole.row as u64 + 1)));
    let text = move || of(|whole| whole.text.clone());
    let cells = move || {
        let cells = tables
            .whole
            .with(|whole| whole.as_ref().map(|whole| whole.cells.clone()));
        let cell = |(name, cell): (String, String)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd dir="auto">{cell}</dd>
                </div>
            }
        };
        cells
            .unwrap_or_default()
            .into_iter()
            .map(cell)
            .collect_view()
    };
    let on_read = move |_| {
        let text = of(|whole| whole.text.clone());
        tables.whole.set(None);
        tables.session.route.set(Route::Text);
        tables.session.write(&text);
    };
    view! {
        <dialog class="whole" node_ref=dialog on:close=move |_| tables.whole.set(None)>
            <h3 tabindex="-1" node_ref=heading prop:textContent=move || "Row ".to_owned() + &number()></h3>
            <p class="quote" dir="auto" translate="no" prop:textContent=text></p>
            <dl>{cells}</dl>
            <p class="line">
                <button type="button" on:click=on_read>
                    "Show its sentences and reasons"
                </button>
                <button type="button" class="go" on:click=move |_| tables.whole.set(None)>
                    "Close"
                </button>
            </p>
        </dialog>
    }
}
