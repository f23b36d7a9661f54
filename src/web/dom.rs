//! The document, where there is one.

pub(in crate::web) fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}
