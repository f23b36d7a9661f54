//! What the page's own address asks for behind its `#`, which no server sees: `#model=ADDRESS&text=TEXT`.

#[cfg(feature = "models")]
use wasm_bindgen::JsValue;
use web_sys::{UrlSearchParams, Window};

use crate::web::address::DROPPED;

/// What a link asks for; empty for what it leaves open.
#[derive(Clone, Default)]
pub struct Link {
    /// A model's address.
    pub model: String,
    /// What to read.
    pub text: String,
}

impl Link {
    /// Of the address as it is now.
    pub fn read(window: &Window) -> Self {
        let fragment = window.location().hash().unwrap_or_default();
        let fragment = fragment.strip_prefix('#').unwrap_or_default();
        let asked = UrlSearchParams::new_with_str(fragment).ok();
        let asked = |name| {
            asked
                .as_ref()
                .and_then(|asked| asked.get(name))
                .unwrap_or_default()
        };
        Self {
            model: asked("model"),
            text: asked("text"),
        }
    }

    /// Puts it into the address, without a step in the browser's history.
    #[cfg(feature = "models")]
    pub fn show(&self, window: &Window) {
        let Ok(asked) = UrlSearchParams::new() else {
            return;
        };
        for (name, value) in [("model", &self.model), ("text", &self.text)] {
            if !value.is_empty() {
                asked.set(name, value);
            }
        }
        let address = "#".to_owned() + &String::from(asked.to_string());
        if let Ok(history) = window.history() {
            _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
        }
    }
}

/// Whether a model is of this site, or was dropped on this page.
pub fn is_trusted_origin(window: &Window, address: &str) -> bool {
    let origin = window.location().origin().unwrap_or_default() + "/";
    address.starts_with(&origin) || address.starts_with(DROPPED)
}
