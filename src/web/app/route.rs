//! What the page's own address asks for behind its `#`, which no server sees: a view, as in `#models`; a model and a text, as in
//! `#model=ADDRESS&text=TEXT`; or both, as in `#models&model=ADDRESS`.

#[cfg(feature = "page")]
use wasm_bindgen::JsValue;
#[cfg(feature = "page")]
use web_sys::{History, UrlSearchParams, Window};

#[cfg(feature = "page")]
use crate::web::address::DROPPED;

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// The field and its verdict.
    #[default]
    Text,
    /// A file of texts.
    Table,
    /// The models that can be used.
    Models,
}

impl Route {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Text, Self::Table, Self::Models];

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Table => "table",
            Self::Models => "models",
        }
    }
}

/// The view that a fragment (without its `#`) names, and the parameters beside it.
pub fn split(fragment: &str) -> (Route, String) {
    let mut route = Route::default();
    let mut parameters = Vec::new();
    for part in fragment.split('&') {
        match Route::ALL.into_iter().find(|route| route.name() == part) {
            Some(named) => route = named,
            None => parameters.push(part),
        }
    }
    (route, parameters.join("&"))
}

/// How long a link may be behind the page's own address, in characters. Chromium opens no address of more than 2 MiB;
/// Firefox takes none of more than 1 MiB, and says so.
#[cfg(feature = "page")]
const MAX_LINK: usize = 2_000_000;

/// What a link asks for; empty for what it leaves open.
#[cfg(feature = "page")]
#[derive(Clone, Default)]
pub struct Link {
    /// What to show.
    pub route: Route,
    /// A model's address.
    pub model: String,
    /// What to read.
    pub text: String,
}

/// How the history takes an address.
#[cfg(feature = "page")]
type Put = fn(&History, &JsValue, &str, Option<&str>) -> Result<(), JsValue>;

#[cfg(feature = "page")]
impl Link {
    /// Of the address as it is now.
    pub fn read(window: &Window) -> Self {
        let fragment = window.location().hash().unwrap_or_default();
        let (route, parameters) = split(fragment.strip_prefix('#').unwrap_or_default());
        let asked = UrlSearchParams::new_with_str(&parameters).ok();
        let asked = |name| {
            asked
                .as_ref()
                .and_then(|asked| asked.get(name))
                .unwrap_or_default()
        };
        Self {
            route,
            model: asked("model"),
            text: asked("text"),
        }
    }

    /// As an address with the view's name in it.
    pub fn href(&self) -> String {
        let parameters = self.parameters();
        let separator = if parameters.is_empty() { "" } else { "&" };
        "#".to_owned() + self.route.name() + separator + &parameters
    }

    /// As an address to show: the text is the view that needs no name.
    fn short(&self) -> String {
        match self.route {
            Route::Text => "#".to_owned() + &self.parameters(),
            Route::Table | Route::Models => self.href(),
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

    /// Puts it into the address, without a step in the browser's history. Returns whether the browser can open it.
    pub fn replace(&self, window: &Window) -> bool {
        self.put(window, History::replace_state_with_url)
    }

    /// The same with a step, so that the browser's Back leads to what was shown before.
    pub fn push(&self, window: &Window) -> bool {
        self.put(window, History::push_state_with_url)
    }

    fn put(&self, window: &Window, put: Put) -> bool {
        let address = self.short();
        let history = window.history().ok().filter(|_| address.len() <= MAX_LINK);
        history.is_some_and(|history| put(&history, &FOLLOWED, "", Some(&address)).is_ok())
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
