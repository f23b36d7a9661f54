//! What a table says in all, as charts: each with its numbers as a table, and saved as SVG or PNG.

use js_sys::Array;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::{Blob, BlobPropertyBag};

use super::picture::{drawn, paint};
use super::save::download;
use super::session::TableSession;
use crate::present::format::{Amount, count};
use crate::present::labels::heading;
use crate::types::table::{Agreement, BINS, Counts, Group, Period};
use crate::web::app::numbers::local;
use crate::web::app::table_state::{headline, percent, remarks, tone};

/// Of a chart, in its own units.
const WIDTH: f64 = 600.0;
const BAR: f64 = 26.0;
const NAMES: f64 = 170.0;
const HEIGHT: f64 = 160.0;

/// A row of a chart: its name, and how many rows of the table have each label.
#[derive(Clone, PartialEq)]
struct Bar {
    name: String,
    counts: Counts,
}

/// Headline, split and charts.
#[component]
pub(super) fn Charts(tables: TableSession) -> impl IntoView {
    let said = move || {
        let labels = tables.labels.get();
        tables
            .summary
            .with(|it| headline(&labels, &it.labels, local))
    };
    let rest = move || tables.summary.with(|summary| remarks(summary, local));
    let split = Memo::new(move |_| {
        vec![Bar {
            name: "All rows".to_owned(),
            counts: tables.summary.with(|summary| summary.labels.clone()),
        }]
    });
    let groups = Memo::new(move |_| {
        let name = |name: &Option<String>| match name.as_deref() {
            None => "All others".to_owned(),
            Some("") => "No group".to_owned(),
            Some(name) => name.to_owned(),
        };
        tables.summary.with(|summary| {
            let bar = |group: &Group| Bar {
                name: name(&group.name),
                counts: group.labels.clone(),
            };
            summary.groups.iter().map(bar).collect::<Vec<_>>()
        })
    });
    let periods = Memo::new(move |_| {
        tables.summary.with(|summary| {
            let bar = |period: &Period| Bar {
                name: period.name.clone(),
                counts: period.labels.clone(),
            };
            summary.periods.iter().map(bar).collect::<Vec<_>>()
        })
    });
    let confidence = Memo::new(move |_| {
        tables.summary.with(|summary| {
            let bar = |(bin, &rows): (usize, &usize)| Bar {
                name: format!("{}–{}%", bin * 100 / BINS, (bin + 1) * 100 / BINS),
                counts: vec![rows],
            };
            let bars = summary.confidence.iter().enumerate().map(bar);
            // No label of two can have less than half, and so on: empty bins in front say nothing.
            bars.skip_while(|bar| bar.counts[0] == 0)
                .collect::<Vec<_>>()
        })
    });
    let undated = move || match tables.summary.with(|summary| summary.undated) {
        0 => String::new(),
        rows => count(rows, "row", local) + " without a date.",
    };
    view! {
        <h3 class="headline" prop:textContent=said></h3>
        <p class="quiet" prop:textContent=rest></p>
        <Across tables title="Split" bars=split is_named=false />
        <div class="charts">
            <Across tables title="By group" bars=groups is_named=true />
            <div hidden=move || periods.with(Vec::is_empty)>
                <Columns tables title="Over time" bars=periods />
                <p class="quiet" prop:textContent=undated></p>
            </div>
            <Columns tables title="How sure" bars=confidence />
            <Agreed tables />
        </div>
    }
}

/// As much of a name as there is room for.
fn short(name: &str) -> String {
    const MOST: usize = 14;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => name[..end].trim_end().to_owned() + "…",
        None => name.to_owned(),
    }
}

/// A bar across for each row, its parts as wide as their shares.
#[component]
fn Across(
    tables: TableSession,
    title: &'static str,
    bars: Memo<Vec<Bar>>,
    is_named: bool,
) -> impl IntoView {
    let left = if is_named { NAMES } else { 0.0 };
    let right = if is_named { 60.0 } else { 0.0 };
    let height = move || bars.with(Vec::len).max(1) as f64 * (BAR + 8.0);
    let rows = move || {
        let labels = tables.labels.get();
        let row = |(at, bar): (usize, Bar)| {
            let total: usize = bar.counts.iter().sum();
            let y = at as f64 * (BAR + 8.0) + 4.0;
            let scale = (WIDTH - left - right) / total.max(1) as f64;
            let mut x = left;
            let mut parts = Vec::new();
            for (label, &rows) in bar.counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
                let width = rows as f64 * scale;
                parts.push(view! {
                    <rect
                        x=x.to_string()
                        y=y.to_string()
                        width=(width - 2.0).max(0.5).to_string()
                        height=BAR.to_string()
                        data-tone=tone(&labels, label)
                    ></rect>
                });
                x += width;
            }
            let name = short(&bar.name);
            let middle = (y + BAR / 2.0 + 5.0).to_string();
            let names = is_named.then(|| {
                view! {
                    <text x="0" y=middle.clone()>
                        {name}
                    </text>
                    <text x=WIDTH.to_string() y=middle text-anchor="end" class="quiet">
                        {local(Amount::number(total as u64))}
                    </text>
                }
            });
            view! { <g>{parts} {names}</g> }
        };
        bars.get().into_iter().enumerate().map(row).collect_view()
    };
    let drawing = NodeRef::<Div>::new();
    view! {
        <figure hidden=move || bars.with(|bars| bars.iter().all(|bar| bar.counts.iter().all(|&rows| rows == 0)))>
            <figcaption>{title}</figcaption>
            <div node_ref=drawing>
                <svg
                    role="img"
                    aria-label=move || spoken(title, &bars.get(), &tables.labels.get())
                    viewBox=move || format!("0 0 {WIDTH} {}", height())
                >
                    {rows}
                </svg>
            </div>
            <Numbers tables title bars drawing has_labels=true />
        </figure>
    }
}

/// A column for each row, its parts as high as their numbers.
#[component]
fn Columns(tables: TableSession, title: &'static str, bars: Memo<Vec<Bar>>) -> impl IntoView {
    let has_labels = move || bars.with(|bars| bars.iter().any(|bar| bar.counts.len() > 1));
    let columns = move || {
        let labels = tables.labels.get();
        let bars = bars.get();
        let sum = |bar: &Bar| bar.counts.iter().sum::<usize>();
        let most = bars.iter().map(sum).max().unwrap_or(1).max(1);
        let width = WIDTH / bars.len().max(1) as f64;
        // Names that have room.
        let every = bars.len().div_ceil(4).max(1);
        let column = |(at, bar): (usize, Bar)| {
            let mut y = HEIGHT;
            let x = at as f64 * width;
            let mut parts = Vec::new();
            let is_plain = bar.counts.len() == 1;
            for (label, &rows) in bar.counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
                let height = rows as f64 / most as f64 * (HEIGHT - 4.0);
                y -= height;
                parts.push(view! {
                    <rect
                        x=(x + 1.0).to_string()
                        y=y.to_string()
                        width=(width - 2.0).max(1.0).to_string()
                        height=height.to_string()
                        data-tone=if is_plain { "neutral" } else { tone(&labels, label) }
                    ></rect>
                });
            }
            let name = (at % every == 0).then(|| {
                view! {
                    <text x=(x + 1.0).to_string() y=(HEIGHT + 18.0).to_string() class="quiet">
                        {bar.name.clone()}
                    </text>
                }
            });
            view! { <g>{parts} {name}</g> }
        };
        bars.into_iter().enumerate().map(column).collect_view()
    };
    let drawing = NodeRef::<Div>::new();
    view! {
        <figure hidden=move || bars.with(Vec::is_empty)>
            <figcaption>{title}</figcaption>
            <div node_ref=drawing>
                <svg
                    role="img"
                    aria-label=move || {
                        let labels = if has_labels() { tables.labels.get() } else { Vec::new() };
                        spoken(title, &bars.get(), &labels)
                    }
                    viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 26.0)
                >
                    {columns}
                </svg>
            </div>
            {move || view! { <Numbers tables title bars drawing has_labels=has_labels() /> }}
        </figure>
    }
}

/// A chart in words: `By group: Support 38% negative, 62% positive; …`.
fn spoken(title: &str, bars: &[Bar], labels: &[String]) -> String {
    const MOST: usize = 8;
    let bar = |bar: &Bar| {
        let said = if labels.is_empty() {
            count(bar.counts.iter().sum(), "row", local)
        } else {
            headline(labels, &bar.counts, local)
        };
        bar.name.clone() + ": " + &said
    };
    let said: Vec<_> = bars.iter().take(MOST).map(bar).collect();
    title.to_owned() + ". " + &said.join("; ") + "."
}

/// The numbers of a chart, and the buttons that save it.
#[component]
fn Numbers(
    tables: TableSession,
    title: &'static str,
    bars: Memo<Vec<Bar>>,
    drawing: NodeRef<Div>,
    has_labels: bool,
) -> impl IntoView {
    let heads = move || {
        if has_labels {
            let labels = tables.labels.get();
            labels.iter().map(|name| heading(name)).collect()
        } else {
            vec!["Rows".to_owned()]
        }
    };
    let svg = move || {
        let drawing = drawing.get_untracked()?;
        drawing.query_selector("svg").ok()?
    };
    let file = move |extension: &str| title.to_lowercase().replace(' ', "-") + extension;
    let on_svg = move |_| {
        if let Some(image) = svg().and_then(|svg| drawn(&svg)) {
            let kind = BlobPropertyBag::new();
            kind.set_type("image/svg+xml");
            let parts = Array::of1(&image.into());
            if let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &kind) {
                download(&file(".svg"), &blob);
            }
        }
    };
    let on_png = move |_| {
        if let Some(image) = svg().and_then(|svg| drawn(&svg)) {
            let name = file(".png");
            paint(&image, move |blob| download(&name, &blob));
        }
    };
    view! {
        <details class="numbers">
            <summary>"Numbers"</summary>
            <CountTable
                name=title.to_owned() + ": numbers"
                corner=title
                heads=Signal::derive(heads)
                bars=Signal::from(bars)
            />
            <p class="line">
                <button type="button" on:click=on_svg>
                    "Save as SVG"
                </button>
                <button type="button" on:click=on_png>
                    "Save as PNG"
                </button>
            </p>
        </details>
    }
}

/// Numbers of rows as a table: a column for each of `heads`, and `corner` over the names.
#[component]
fn CountTable(
    name: String,
    corner: &'static str,
    heads: Signal<Vec<String>>,
    bars: Signal<Vec<Bar>>,
) -> impl IntoView {
    let heads = move || {
        let heads = heads.get().into_iter();
        heads
            .map(|head| view! { <th scope="col">{head}</th> })
            .collect_view()
    };
    let rows = move || {
        let row = |bar: Bar| {
            let cells = bar.counts.into_iter();
            let cells = cells
                .map(|rows| view! { <td>{local(Amount::number(rows as u64))}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{bar.name}</th>
                    {cells}
                </tr>
            }
        };
        bars.get().into_iter().map(row).collect_view()
    };
    view! {
        <div class="cells" tabindex="0" role="region" aria-label=name>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{corner}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// How far the model agrees with the labels that people gave.
#[component]
fn Agreed(tables: TableSession) -> impl IntoView {
    let agreement = Memo::new(move |_| tables.summary.with(|it| it.agreement.clone()));
    let said =
        move || agreement.with(|agreement| agreement.as_ref().map(in_words).unwrap_or_default());
    let heads = move || {
        let labels = tables.labels.get().into_iter();
        let head = |name: String| "Read as ".to_owned() + &name.to_lowercase();
        labels.map(head).collect()
    };
    let bars = move || {
        let confusion = agreement.with(|it| it.as_ref().map(|it| it.confusion.clone()));
        let rows = tables
            .labels
            .get()
            .into_iter()
            .zip(confusion.unwrap_or_default());
        let bar = |(name, counts): (String, Counts)| Bar {
            name: "Labelled ".to_owned() + &name.to_lowercase(),
            counts,
        };
        rows.map(bar).collect()
    };
    view! {
        <figure hidden=move || agreement.with(Option::is_none)>
            <figcaption>"Beside your labels"</figcaption>
            <p prop:textContent=said></p>
            <CountTable
                name="Beside your labels".to_owned()
                corner="Your label"
                heads=Signal::derive(heads)
                bars=Signal::derive(bars)
            />
        </figure>
    }
}

/// `83% of 412 labelled rows are read as labelled; macro-F1 79%.`
fn in_words(agreement: &Agreement) -> String {
    let share = |share: f64| percent((share * 1000.0).round() as usize, 1000, local);
    let mut said = share(agreement.accuracy)
        + " of "
        + &count(agreement.rows, "labelled row", local)
        + " are read as labelled; macro-F1 "
        + &share(agreement.macro_f1)
        + ".";
    if agreement.unknown > 0 {
        said = said
            + " "
            + &count(agreement.unknown, "more row", local)
            + " have a label that the model does not have.";
    }
    said
}
