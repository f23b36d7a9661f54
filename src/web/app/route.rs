//! What the page's own address asks for behind its `#`, which no server sees: a view, as in `#models`; a model and a text, as in
//! `#model=ADDRESS&text=TEXT`; or both, as in `#models&model=ADDRESS`.

#[cfg(feature = "page")]
use wasm_bindgen::JsValue;
#[cfg(feature = "page")]
use web_sys::{UrlSearchParams, Window};

#[cfg(feature = "page")]
use crate::web::address::DROPPED;

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// The field and its verdict.
    #[default]
    Text,
    /// The models that can be used.
    Models,
}

impl Route {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Text, Self::Models];

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Models => "models",
        }
    }
}

/// The view that a fragment (without its `#`) names, and the parameters beside it.
pub fn split(fragment: &str) -> (Route, String) {
    let mut view = Route::default();
    let mut parameters = Vec::new();
    for part in fragment.split('&') {
        match Route::ALL.into_iter().find(|view| view.name() == part) {
            Some(named) => view = named,
            None => parameters.push(part),
        }
    }
    (view, parameters.join("&"))
}

/// What a link asks for; empty for what it leaves open.
#[cfg(feature = "page")]
#[derive(Clone, Default)]
pub struct Link {
    /// What to show.
    pub view: Route,
    /// A model's address.
    pub model: String,
    /// What to read.
    pub text: String,
}

#[cfg(feature = "page")]
impl Link {
    /// Of the address as it is now.
    pub fn read(window: &Window) -> Self {
        let fragment = window.location().hash().unwrap_or_default();
        let (view, parameters) = split(fragment.strip_prefix('#').unwrap_or_default());
        let asked = UrlSearchParams::new_with_str(&parameters).ok();
        let asked = |name| {
            asked
                .as_ref()
                .and_then(|asked| asked.get(name))
                .unwrap_or_default()
        };
        Self {
            view,
            model: asked("model"),
            text: asked("text"),
        }
    }

    /// As an address with the view's name in it.
    pub fn href(&self) -> String {
        let parameters = self.parameters();
        let separator = if parameters.is_empty() { "" } else { "&" };
        "#".to_owned() + self.view.name() + separator + &parameters
    }

    /// As an address to show: the text is the view that needs no name.
    fn short(&self) -> String {
        match self.view {
            Route::Text => "#".to_owned() + &self.parameters(),
            Route::Models => self.href(),
        }
    }

    fn parameters(&self) -> String {
        let Ok(asked) = UrlSearchParams::new() else {
            return String::new();
        };
        for (name, value) in [("model", &self.model), ("text", &self.text)] {
            if !value.is_empty() {
                asked.set(name, value);
            }
        }
        asked.to_string().into()
    }

    /// Puts it into the address, without a step in the browser's history.
    pub fn replace(&self, window: &Window) {
        if let Ok(history) = window.history() {
            _ = history.replace_state_with_url(&FOLLOWED, "", Some(&self.short()));
        }
    }

    /// The same with a step, so that the browser's Back leads to what was shown before.
    pub fn push(&self, window: &Window) {
        if let Ok(history) = window.history() {
            _ = history.push_state_with_url(&FOLLOWED, "", Some(&self.short()));
        }
    }
}

/// The state of an entry of the browser's history that the page has followed. Coming back to it must not put its text in the
/// place of what has been typed since.
#[cfg(feature = "page")]
const FOLLOWED: JsValue = JsValue::TRUE;

/// Marks the entry at which the browser is as followed; returns whether it was so before.
#[cfg(feature = "page")]
pub fn mark_followed(window: &Window) -> bool {
    let Ok(history) = window.history() else {
        return false;
    };
    let was_followed = history.state().is_ok_and(|state| state == FOLLOWED);
    if !was_followed {
        _ = history.replace_state_with_url(&FOLLOWED, "", None);
    }
    was_followed
}

/// Whether a model is of this site, or was dropped on this page.
#[cfg(feature = "page")]
pub fn is_trusted_origin(window: &Window, address: &str) -> bool {
    let origin = window.location().origin().unwrap_or_default() + "/";
    address.starts_with(&origin) || address.starts_with(DROPPED)
}
