//! The field's element: its text, and the direction and height that follow it.

use js_sys::{JsString, Reflect};
use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

use crate::present::direction::direction;

/// What the field holds.
pub(in crate::web::app) fn text(field: NodeRef<Textarea>) -> String {
    field
        .get_untracked()
        .map(|field| field.value())
        .unwrap_or_default()
}

/// How much of the text decides on the field's height, in UTF-16 code units: more than fits into any window.
const MAX_SIZED: u32 = 10_000;

/// The value as JavaScript has it, of which a part can be taken without a copy of the whole.
fn value(field: &HtmlTextAreaElement) -> Option<JsString> {
    Reflect::get(field, &"value".into()).ok()?.dyn_into().ok()
}

/// Direction and height follow the text. What is done here does not grow with it.
pub(in crate::web::app) fn follow(field: NodeRef<Textarea>, text: &str) {
    let Some(field) = field.get_untracked() else {
        return;
    };
    let direction = direction(text);
    let parent = field.parent_element();
    if field.dir() != direction {
        field.set_dir(direction);
        if let Some(parent) = &parent {
            _ = parent.set_attribute("dir", direction);
        }
    }
    // Where the style sheet cannot size a field by its text, a hidden copy of it beside the field does so.
    if let Some(parent) = parent
        && !web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false)
        && let Some(value) = value(&field)
    {
        let copy = String::from(value.slice(0, MAX_SIZED));
        _ = parent.set_attribute("data-text", &copy);
    }
}
