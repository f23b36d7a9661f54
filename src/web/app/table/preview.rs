//! How a file looks before it is read, and what of that can be corrected.

use leptos::prelude::*;

use super::session::TableSession;
use crate::present::format::count;
use crate::types::table::{Dialect, Format, Layout, Roles, Sheet};
use crate::web::app::numbers::local;
use crate::web::app::state::ModelState;
use crate::web::app::table_state::Stage;
use crate::web::table::protocol::Preview;

/// Encodings that are offered beside the one that was found.
const ENCODINGS: [&str; 10] = [
    "UTF-8",
    "UTF-16LE",
    "UTF-16BE",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "Shift_JIS",
    "gb18030",
    "Big5",
    "EUC-KR",
];

/// Ways to tell cells apart.
const FORMATS: [(&str, &str); 7] = [
    ("comma", "commas between cells"),
    ("semicolon", "semicolons between cells"),
    ("tab", "tabs between cells"),
    ("pipe", "pipes between cells"),
    ("lines", "a text on each line"),
    ("json-lines", "JSON Lines"),
    ("json", "a JSON array"),
];

/// A role that a column can have beside that of the text: the element's id, its name, and how it is had and set.
type Role = (
    &'static str,
    &'static str,
    fn(&Roles) -> Option<usize>,
    fn(&mut Roles, Option<usize>),
);

const OTHERS: [Role; 3] = [
    (
        "table-group",
        "Sum up by",
        |roles| roles.group,
        |roles, column| roles.group = column,
    ),
    (
        "table-date",
        "Date",
        |roles| roles.date,
        |roles, column| roles.date = column,
    ),
    (
        "table-label",
        "True label",
        |roles| roles.label,
        |roles, column| roles.label = column,
    ),
];

/// The view while a file is looked at.
#[component]
pub(super) fn PreviewOfFile(tables: TableSession) -> impl IntoView {
    let is_shown = move || matches!(tables.stage.get(), Stage::Preview | Stage::Reading);
    let is_reading = move || tables.stage.get() == Stage::Reading;
    let name = move || of(tables, |preview| preview.name.clone());
    let model = tables.session.state.model;
    let is_loading = move || model.with(ModelState::is_loading);
    let is_missing = move || model.with(|model| model.info.is_none());
    let cannot_begin = move || {
        is_reading()
            || is_loading()
            || is_missing()
            || tables.roles.with(|roles| roles.text.is_none())
    };
    let said = move || match tables.stage.get() {
        Stage::Reading => count(tables.counted.get(), "row", local) + " so far",
        _ if tables.roles.with(|roles| roles.text.is_none()) => {
            "Say which column has the texts.".to_owned()
        }
        _ if is_loading() => "The model is still loading.".to_owned(),
        _ if is_missing() => "There is no model: the view “Text” says why.".to_owned(),
        _ => String::new(),
    };
    view! {
        <div class="preview" hidden=move || !is_shown()>
            <h3 prop:textContent=name></h3>
            <ul class="notes" hidden=move || of(tables, |it| it.notes.is_empty())>
                {move || {
                    let notes = of(tables, |preview| preview.notes.clone());
                    notes.into_iter().map(|note| view! { <li>{note}</li> }).collect_view()
                }}
            </ul>
            <div class="line">
                <LayoutChoices tables />
            </div>
            <div class="line">
                <Columns tables />
            </div>
            <FirstRows tables />
            <p class="line">
                <button type="button" id="table-read" class="go" disabled=cannot_begin on:click=move |_| tables.read()>
                    "Read all rows"
                </button>
                <button type="button" on:click=move |_| tables.close()>
                    "Another file"
                </button>
                <span role="status" prop:textContent=said></span>
            </p>
        </div>
    }
}

fn of<T: Default>(tables: TableSession, piece: impl FnOnce(&Preview) -> T) -> T {
    tables
        .preview
        .with(|preview| preview.as_ref().map(piece).unwrap_or_default())
}

/// Which of [`FORMATS`] a layout has; none for a workbook.
fn format_name(layout: &Layout) -> &'static str {
    match layout.format {
        Format::Delimited(dialect) => match dialect.delimiter {
            b';' => "semicolon",
            b'\t' => "tab",
            b'|' => "pipe",
            _ => "comma",
        },
        Format::Lines => "lines",
        Format::JsonLines => "json-lines",
        Format::JsonArray => "json",
        Format::Workbook { .. } => "",
    }
}

fn format(name: &str, before: Format) -> Format {
    let dialect = match before {
        Format::Delimited(dialect) => dialect,
        _ => Dialect::default(),
    };
    let delimited = |delimiter| {
        Format::Delimited(Dialect {
            delimiter,
            ..dialect
        })
    };
    match name {
        "comma" => delimited(b','),
        "semicolon" => delimited(b';'),
        "tab" => delimited(b'\t'),
        "pipe" => delimited(b'|'),
        "json-lines" => Format::JsonLines,
        "json" => Format::JsonArray,
        _ => Format::Lines,
    }
}

/// How the file is read: a change shows it anew.
#[component]
fn LayoutChoices(tables: TableSession) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Layout)| {
        if let Some(mut preview) = tables.preview.get_untracked() {
            change(&mut preview.layout);
            tables.look_again(preview.layout);
        }
    };
    let is_workbook = move || {
        of(tables, |it| {
            matches!(it.layout.format, Format::Workbook { .. })
        })
    };
    let is_json = move || {
        of(tables, |it| {
            matches!(it.layout.format, Format::JsonLines | Format::JsonArray)
        })
    };
    let encodings = move || {
        let found = of(tables, |preview| preview.layout.encoding.clone());
        let mut names: Vec<String> = ENCODINGS.map(str::to_owned).to_vec();
        if !names.iter().any(|name| name.eq_ignore_ascii_case(&found)) {
            names.insert(0, found.clone());
        }
        let option = |name: String| {
            let is_it = name.eq_ignore_ascii_case(&found);
            let value = name.clone();
            view! { <option value=value selected=is_it>{name}</option> }
        };
        names.into_iter().map(option).collect_view()
    };
    let formats = move || {
        let found = of(tables, |preview| format_name(&preview.layout));
        let option = |(value, name): (&'static str, &'static str)| {
            view! { <option value=value selected=value == found>{name}</option> }
        };
        FORMATS.into_iter().map(option).collect_view()
    };
    let sheets = move || {
        let found = of(tables, |it| match it.layout.format {
            Format::Workbook { sheet } => sheet,
            _ => 0,
        });
        let sheets = of(tables, |preview| preview.sheets.clone());
        let option = |(at, sheet): (usize, Sheet)| {
            let name = sheet.name + if sheet.is_hidden { " (hidden)" } else { "" };
            view! { <option value=at.to_string() selected=at == found>{name}</option> }
        };
        sheets.into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <label hidden=is_workbook>
            "Cells "
            <select
                id="table-format"
                on:change=move |event| {
                    let name = event_target_value(&event);
                    change(&|layout| layout.format = format(&name, layout.format));
                }
            >
                {formats}
            </select>
        </label>
        <label hidden=is_workbook>
            "Encoding "
            <select
                id="table-encoding"
                on:change=move |event| {
                    let name = event_target_value(&event);
                    change(&|layout| layout.encoding.clone_from(&name));
                }
            >
                {encodings}
            </select>
        </label>
        <label hidden=move || !is_workbook()>
            "Sheet "
            <select
                id="table-sheet"
                on:change=move |event| {
                    let sheet = event_target_value(&event).parse().unwrap_or(0);
                    change(&|layout| layout.format = Format::Workbook { sheet });
                }
            >
                {sheets}
            </select>
        </label>
        <label hidden=is_json>
            <input
                id="table-header"
                type="checkbox"
                prop:checked=move || of(tables, |it| it.layout.has_header)
                on:change=move |event| {
                    let has_header = event_target_checked(&event);
                    change(&|layout| layout.has_header = has_header);
                }
            />
            " The first row names the columns"
        </label>
    }
}

/// What the columns are.
#[component]
fn Columns(tables: TableSession) -> impl IntoView {
    let options = move |chosen: Option<usize>, none: &'static str| {
        let columns = of(tables, |preview| preview.columns.clone());
        let option = |(at, name): (usize, String)| {
            view! { <option value=at.to_string() selected=Some(at) == chosen>{name}</option> }
        };
        view! {
            <option value="" selected=chosen.is_none()>{none}</option>
            {columns.into_iter().enumerate().map(option).collect_view()}
        }
    };
    let others = OTHERS.map(|(id, name, get, set)| {
        view! {
            <label>
                {name}
                " "
                <select id=id on:change=move |event| {
                    let column = event_target_value(&event).parse().ok();
                    tables.roles.update(|roles| set(roles, column));
                }>{move || options(tables.roles.with(get), "–")}</select>
            </label>
        }
    });
    view! {
        <label>
            "Texts "
            <select
                id="table-text"
                on:change=move |event| {
                    let column = event_target_value(&event).parse().ok();
                    tables.roles.update(|roles| roles.text = column);
                }
            >
                {move || options(tables.roles.with(|roles| roles.text), "Choose a column")}
            </select>
        </label>
        {others.into_iter().collect_view()}
    }
}

/// The first rows, the column of texts marked.
#[component]
fn FirstRows(tables: TableSession) -> impl IntoView {
    /// Characters of a cell that are shown.
    const MOST: usize = 120;
    let is_text =
        move |column: usize| (tables.roles.with(|roles| roles.text) == Some(column)).then_some("");
    let columns = move || {
        let columns = of(tables, |preview| preview.columns.clone());
        let cell = |(at, name): (usize, String)| {
            view! { <th scope="col" data-text=move || is_text(at)>{name}</th> }
        };
        columns.into_iter().enumerate().map(cell).collect_view()
    };
    let rows = move || {
        let rows = of(tables, |preview| preview.rows.clone());
        let cell = |(at, cell): (usize, String)| {
            let beginning: String = cell.chars().take(MOST).collect();
            view! { <td data-text=move || is_text(at)>{beginning}</td> }
        };
        let row = |row: Vec<String>| {
            view! { <tr>{row.into_iter().enumerate().map(cell).collect_view()}</tr> }
        };
        rows.into_iter().map(row).collect_view()
    };
    view! {
        <div class="cells" tabindex="0" role="region" aria-label="The first rows">
            <table translate="no">
                <thead>
                    <tr>{columns}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
