//! Saving the table, and why cells that are formulas can be made harmless.

use leptos::html::{Input, Select};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlAnchorElement, Url};

use super::session::TableSession;
use crate::types::table::{Format, Layout, SaveAs};
use crate::web::table::protocol::Table;

/// How long the browser may take to begin, in milliseconds.
const MILLIS: i32 = 60_000;

/// What a table can be saved as, and what that is called.
const KINDS: [(SaveAs, &str, &str); 5] = [
    (SaveAs::Same, "same", "As it came"),
    (SaveAs::Csv, "csv", "CSV for Excel (UTF-8)"),
    (SaveAs::Xlsx, "xlsx", "Excel workbook (XLSX)"),
    (SaveAs::JsonLines, "jsonl", "JSON Lines"),
    (SaveAs::Tsv, "tsv", "Tab-separated (TSV)"),
];

/// The kind, the switch and the button.
#[component]
pub(super) fn Save(tables: TableSession) -> impl IntoView {
    let (kind, disarms) = (NodeRef::<Select>::new(), NodeRef::<Input>::new());
    let is_workbook = move || {
        let is_workbook =
            |layout: &Layout| matches!(layout.format, Format::Workbook { .. } | Format::Lines);
        let of = |table: &Table| is_workbook(&table.layout);
        tables.table.with(|table| table.as_ref().is_some_and(of))
    };
    let options = move || {
        let kinds = KINDS.into_iter();
        // Neither lines nor a workbook can take more columns as they are.
        let kinds = kinds.filter(|(kind, ..)| *kind != SaveAs::Same || !is_workbook());
        kinds
            .map(|(_, value, name)| view! { <option value=value>{name}</option> })
            .collect_view()
    };
    let on_save = move |_| {
        let value = kind
            .get_untracked()
            .map(|it| it.value())
            .unwrap_or_default();
        let named = KINDS.into_iter().find(|(_, name, _)| *name == value);
        let format = named.map_or(SaveAs::Csv, |(kind, ..)| kind);
        let disarms = disarms.get_untracked().is_some_and(|it| it.checked());
        tables.save(format, disarms);
    };
    view! {
        <details class="save">
            <summary>"Save with the results"</summary>
            <p class="line">
                <label>
                    "Save as "
                    <select node_ref=kind>{options}</select>
                </label>
                <button type="button" class="go" on:click=on_save>
                    "Save"
                </button>
            </p>
            <p>
                "Your columns stay as they are, in their order. Behind them come the label, its probability, one probability for each \
                 label, your corrections, and whether a text was too long or could not be read."
            </p>
            <p class="line">
                <label>
                    <input type="checkbox" node_ref=disarms />
                    " Make cells harmless that a spreadsheet would run as a formula"
                </label>
            </p>
            <p class="quiet">
                "A comment may begin with “=”, and a spreadsheet program would compute it, or even send it somewhere, when the file is \
                 opened. With this switch an apostrophe goes before such cells in text files. It is off by default, for then the cells \
                 are no longer as they came."
            </p>
        </details>
    }
}

/// Has the browser save a file.
pub(super) fn download(name: &str, file: &Blob) {
    let Ok(address) = Url::create_object_url_with_blob(file) else {
        return;
    };
    let link = document().create_element("a").ok();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    let forget = move || _ = Url::revoke_object_url(&address);
    set_timeout(forget, std::time::Duration::from_millis(MILLIS as u64));
}
