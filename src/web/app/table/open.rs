//! Where a table comes from: a file that is picked or dropped, or cells that are pasted from a spreadsheet.

use js_sys::Array;
use leptos::ev::ClipboardEvent;
use leptos::html::Input;
use leptos::prelude::*;
use web_sys::{Blob, Event};

use super::session::TableSession;
use crate::types::table::EXTENSIONS;
use crate::web::app::table_state::Stage;

/// The view as long as there is no table.
#[component]
pub(super) fn Open(tables: TableSession) -> impl IntoView {
    let picker = NodeRef::<Input>::new();
    let on_pick = move |_: Event| {
        if let Some(input) = picker.get_untracked() {
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                tables.open(file.name(), &file);
            }
            // The same file can be picked again.
            input.set_value("");
        }
    };
    let on_paste = move |event: ClipboardEvent| {
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text/plain").ok())
            .unwrap_or_default();
        if text.trim().is_empty() {
            return;
        }
        event.prevent_default();
        let parts = Array::of1(&text.into());
        if let Ok(file) = Blob::new_with_str_sequence(&parts) {
            tables.open("pasted.tsv".to_owned(), &file);
        }
    };
    let kinds = EXTENSIONS
        .map(|extension| ".".to_owned() + extension)
        .join(",");
    let is_empty = move || tables.stage.get() == Stage::Empty;
    view! {
        <div class="open" hidden=move || !is_empty()>
            <p>
                "Open a file of comments, reviews or answers, and see how they read: each row, by group, and over time. The file stays \
                 on this device; nobody else sees it."
            </p>
            <p class="pick">
                <label for="table-file">
                    "CSV, TSV, JSON Lines, Excel (XLSX, XLS), OpenDocument (ODS), or a text on each line; it may be dropped on this page, too"
                </label>
                <input id="table-file" type="file" accept=kinds node_ref=picker on:change=on_pick />
            </p>
            <p class="pick">
                <label for="table-paste">"Or paste cells that were copied in a spreadsheet"</label>
                <textarea
                    id="table-paste"
                    rows="2"
                    spellcheck="false"
                    autocomplete="off"
                    placeholder="Paste here"
                    on:paste=on_paste
                ></textarea>
            </p>
        </div>
        <p role="status" hidden=move || tables.stage.get() != Stage::Opening>
            "Looking at it …"
        </p>
    }
}
