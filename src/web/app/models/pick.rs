//! From what is dropped on the page, or picked, to `File`s and what to call them.

use js_sys::{Array, Date, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, Window};

use crate::model::folder::{is_common, is_weights};
use crate::types::table::is_table;

#[wasm_bindgen]
extern "C" {
    /// A DragEvent.
    #[wasm_bindgen(extends = web_sys::Event)]
    type Drag;
    #[wasm_bindgen(method, getter, structural, js_name = dataTransfer)]
    fn data(this: &Drag) -> Option<Data>;

    /// A DataTransfer.
    type Data;
    #[wasm_bindgen(method, getter, structural)]
    fn types(this: &Data) -> Array;
    #[wasm_bindgen(method, getter, structural)]
    fn items(this: &Data) -> JsValue;

    /// A DataTransferItem.
    type Item;
    #[wasm_bindgen(method, structural, js_name = webkitGetAsEntry)]
    fn entry(this: &Item) -> Option<Entry>;
    #[wasm_bindgen(method, structural, js_name = getAsFile)]
    fn file_alone(this: &Item) -> Option<File>;

    /// A FileSystemEntry, be it of a file or a folder.
    #[derive(Clone)]
    type Entry;
    #[wasm_bindgen(method, getter, structural)]
    fn name(this: &Entry) -> String;
    #[wasm_bindgen(method, getter, structural, js_name = isFile)]
    fn is_file(this: &Entry) -> bool;
    #[wasm_bindgen(method, structural)]
    fn file(this: &Entry, found: &Function, failed: &Function);
    #[wasm_bindgen(method, structural, js_name = createReader)]
    fn reader(this: &Entry) -> Reader;

    /// A FileSystemDirectoryReader.
    #[derive(Clone)]
    type Reader;
    #[wasm_bindgen(method, structural, js_name = readEntries)]
    fn read(this: &Reader, found: &Function, failed: &Function);
}

/// The table among files that were dropped: one alone that is no part of a model.
pub(super) fn table(files: &Array) -> Option<File> {
    let file: File = files.get(0).dyn_into().ok()?;
    let is_alone = files.length() == 1 && !is_common(&file.name());
    (is_alone && is_table(&file.name())).then_some(file)
}

/// Calls `on_files` with an array of `File`s and what to call them whenever some are dropped, or a folder of them.
pub(super) fn on_drop(window: &Window, on_files: impl Fn(Array, String) + Clone + 'static) {
    let listener = Closure::<dyn Fn(Drag)>::new(move |event: Drag| {
        let Some(data) = event.data().filter(has_files) else {
            return;
        };
        // Or the browser would open them.
        event.prevent_default();
        if event.type_() == "drop" {
            // They can be asked for now only, not in a later task.
            let (files, mut entries) = (Array::new(), Vec::new());
            for item in Array::from(&data.items()).iter() {
                let item: Item = item.unchecked_into();
                match item.entry() {
                    Some(entry) => entries.push(entry),
                    // Such as what another program made up.
                    None => _ = item.file_alone().map(|file| files.push(&file)),
                }
            }
            let on_files = on_files.clone();
            spawn_local(async move {
                let folder = entries
                    .iter()
                    .find(|entry| !entry.is_file())
                    .map(Entry::name);
                add_files(&files, entries).await;
                let name = folder.unwrap_or_else(|| name(&files));
                on_files(files, name);
            });
        }
    });
    for event in ["dragover", "drop"] {
        _ = window.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    }
    listener.forget();
}

fn has_files(data: &Data) -> bool {
    data.types().includes(&"Files".into(), 0)
}

/// Adds the files among these entries, and those right in the folders among them.
async fn add_files(files: &Array, mut entries: Vec<Entry>) {
    let dropped = entries.len();
    let mut index = 0;
    while let Some(entry) = entries.get(index).cloned() {
        if entry.is_file() {
            let file = Promise::new(&mut |found, failed| entry.file(&found, &failed));
            if let Ok(file) = JsFuture::from(file).await {
                files.push(&file);
            }
        } else if index < dropped {
            add_entries(&mut entries, &entry.reader()).await;
        }
        index += 1;
    }
}

/// Adds what a folder holds. Chromium hands out at most a hundred entries at a time, and none once all were given.
async fn add_entries(entries: &mut Vec<Entry>, reader: &Reader) {
    loop {
        let read = Promise::new(&mut |found, failed| reader.read(&found, &failed));
        let Ok(read) = JsFuture::from(read).await else {
            return;
        };
        let read: Array = read.unchecked_into();
        if read.length() == 0 {
            return;
        }
        entries.extend(read.iter().map(JsCast::unchecked_into));
    }
}

/// What to call the model that these files are: as the weights, or where those have the name that all have, by their time.
pub(super) fn name(files: &Array) -> String {
    let mut files = files.iter().map(JsCast::unchecked_into::<File>);
    let Some(weights) = files.find(|file| is_weights(&file.name())) else {
        return String::new();
    };
    let name = weights.name();
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    if stem != "model" {
        return stem.to_owned();
    }
    let written = Date::new(&weights.last_modified().into()).to_iso_string();
    // To the second: 2026-11-24 09:30:00
    let written = String::from(written).replace('T', " ");
    format!("model of {}", written.get(..19).unwrap_or(&written))
}
