//! What JavaScript throws, as a sentence.

use wasm_bindgen::{JsCast, JsValue};

/// The message of a thrown value: an `Error`'s own, or the value itself as text.
pub(in crate::web) fn message(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    }
}

/// [`message`], after the name of the error, as in `QuotaExceededError: …`.
#[cfg(feature = "worker")]
pub(in crate::web) fn named(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => format!("{}: {}", String::from(error.name()), message(thrown)),
        None => message(thrown),
    }
}
