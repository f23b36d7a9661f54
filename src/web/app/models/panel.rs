//! What the view of models does: one look at a model at a time, and what follows from it.

use js_sys::Array;
use leptos::html::{Button, Input, P, Ul};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal, FileList, HtmlElement};

use super::pick;
use crate::types::{Failure, NetworkRequest};
use crate::web::address::DROPPED;
use crate::web::app::session::Session;
use crate::web::app::table::TableSession;
use crate::web::client::{launch, one_shot};
use crate::web::protocol::{Request, Response};

/// A model that may be used next.
#[derive(Clone, Default)]
struct Candidate {
    address: String,
    /// Where they are what was given: picked, or dropped on the page.
    files: Option<Array>,
}

/// What is known of it.
#[derive(Clone, Default)]
pub(super) struct Finding {
    /// What is said first.
    pub(super) sentence: String,
    /// As term and description.
    pub(super) facts: Vec<(String, String)>,
    /// Whether it will run here.
    pub(super) is_usable: bool,
    /// Whether it is still being looked at.
    pub(super) is_pending: bool,
}

impl Finding {
    fn says(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            ..Self::default()
        }
    }
}

/// The view's state, and its elements that are acted on.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) session: Session,
    /// Whether it is open below the text.
    pub(super) is_open: RwSignal<bool>,
    pub(super) found: RwSignal<Finding>,
    pub(super) address: NodeRef<Input>,
    pub(super) said: NodeRef<P>,
    pub(super) stop: NodeRef<Button>,
    pub(super) list: NodeRef<Ul>,
    candidate: StoredValue<Candidate, LocalStorage>,
    /// Of the look that is under way.
    looking: StoredValue<Option<AbortController>, LocalStorage>,
    is_removing: StoredValue<bool>,
}

impl Panel {
    /// Follows what is dropped on the page, unless that is a table, and what its address suggests.
    pub(super) fn new(session: Session, tables: TableSession) -> Self {
        let panel = Self {
            session,
            is_open: RwSignal::new(false),
            found: RwSignal::new(Finding::default()),
            address: NodeRef::new(),
            said: NodeRef::new(),
            stop: NodeRef::new(),
            list: NodeRef::new(),
            candidate: StoredValue::new_local(Candidate::default()),
            looking: StoredValue::new_local(None),
            is_removing: StoredValue::new(false),
        };
        pick::on_drop(&window(), move |files, name| match pick::table(&files) {
            Some(file) => tables.show(&file),
            None => panel.inspect_files(files, &name),
        });
        Effect::new(move |_| {
            if let (Some(address), Some(input)) = (session.suggested.get(), panel.address.get()) {
                input.set_value(&address);
                panel.say(Finding::says(
                    "The link that led here asks for this model of another site.",
                ));
            }
        });
        panel
    }

    /// Looks at the model at an address as it was typed.
    pub(super) fn inspect_address(self, typed: &str) {
        self.inspect(launch::model(typed.trim()).map(|address| Candidate {
            address,
            files: None,
        }));
    }

    /// Looks at files that were picked.
    pub(super) fn inspect_picked(self, files: &FileList) {
        let files = Array::from(files);
        let name = pick::name(&files);
        self.inspect_files(files, &name);
    }

    /// Looks at files, which are called by the name of their folder or of the weights.
    fn inspect_files(self, files: Array, name: &str) {
        let name: String = js_sys::encode_uri_component(name).into();
        let address = launch::model(&(DROPPED.to_owned() + &name + "/"));
        self.inspect(address.map(|address| Candidate {
            address,
            files: Some(files),
        }));
    }

    /// Looks at a model, in place of one that is being looked at.
    fn inspect(self, candidate: crate::Result<Candidate>) {
        self.end_look();
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(error) => return self.say(Finding::says(Failure::from(&error).message)),
        };
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        let request = Request::Inspect {
            model: candidate.address.clone(),
        };
        let files = candidate.files.clone();
        self.candidate.set_value(candidate);
        self.looking.set_value(Some(controller));
        self.say(Finding {
            is_pending: true,
            ..Finding::says("Looking at it …")
        });
        spawn_local(async move {
            let answer = one_shot::request(request, files, &signal, self.on_requests()).await;
            // The visitor has stopped it, or asked for another one meanwhile.
            if signal.aborted() {
                return;
            }
            self.looking.set_value(None);
            // The button hides.
            if is_focused(self.stop.get_untracked()) {
                self.focus_address();
            }
            self.say(match answer {
                Ok(Response::Inspected(found)) => {
                    // Picked files get an address that no other model has.
                    self.candidate
                        .update_value(|candidate| candidate.address.clone_from(&found.address));
                    Finding {
                        sentence: match &found.refusal {
                            Some(refusal) => refusal.message.clone(),
                            None => "This model will run here.".to_owned(),
                        },
                        is_usable: found.refusal.is_none(),
                        facts: found.facts,
                        is_pending: false,
                    }
                }
                Ok(_) => Finding::default(),
                Err(failure) => Finding::says(failure.message),
            });
        });
    }

    /// The visitor does not want to wait.
    pub(super) fn stop_looking(self) {
        self.end_look();
        self.focus_address();
        self.say(Finding::says("Stopped. Nothing was changed."));
    }

    fn end_look(self) {
        if let Some(Some(controller)) = self.looking.try_update_value(Option::take) {
            controller.abort();
        }
    }

    /// Says it where it is seen.
    fn say(self, finding: Finding) {
        self.is_open.set(true);
        self.found.set(finding);
        request_animation_frame(move || {
            if let Some(said) = self.said.get_untracked() {
                said.scroll_into_view();
            }
        });
    }

    /// Uses the model that was looked at.
    pub(super) fn use_candidate(self) {
        self.use_model(self.candidate.get_value());
    }

    /// Uses one by its address.
    pub(super) fn use_address(self, address: String) {
        self.use_model(Candidate {
            address,
            files: None,
        });
    }

    fn use_model(self, candidate: Candidate) {
        self.end_look();
        self.found.set(Finding::default());
        self.session.use_model(candidate.address, candidate.files);
        _ = self.session.show_text(String::new());
    }

    /// Removes a model from this device. One that is in use goes on until the page is closed.
    pub(super) fn remove(self, model: String) {
        let Ok(controller) = AbortController::new() else {
            return;
        };
        if self.is_removing.get_value() {
            return;
        }
        self.is_removing.set_value(true);
        spawn_local(async move {
            let signal: AbortSignal = controller.signal();
            let forget = Request::Forget { model };
            let answer = one_shot::request(forget, None, &signal, self.on_requests()).await;
            self.is_removing.set_value(false);
            let sentence = match answer {
                Ok(_) => "It is not on this device any more.".to_owned(),
                Err(failure) => failure.message,
            };
            self.end_look();
            self.say(Finding::says(sentence));
            self.session.refresh_device().await;
            // Once the list is made.
            request_animation_frame(move || self.focus_list());
        });
    }

    /// Where the button with the focus went with its model, another one near gets it.
    fn focus_list(self) {
        let is_lost = document()
            .active_element()
            .is_none_or(|element| element.tag_name() == "BODY");
        let Some(list) = self.list.get_untracked().filter(|_| is_lost) else {
            return;
        };
        match list.query_selector("button:not([hidden])") {
            Ok(Some(button)) => _ = button.unchecked_into::<HtmlElement>().focus(),
            _ => self.focus_address(),
        }
    }

    fn focus_address(self) {
        if let Some(address) = self.address.get_untracked() {
            _ = address.focus();
        }
    }

    fn on_requests(self) -> impl Fn(Vec<NetworkRequest>) + 'static {
        let state = self.session.state;
        move |requests| state.requested(requests)
    }
}

fn is_focused(button: Option<web_sys::HtmlButtonElement>) -> bool {
    button.is_some_and(|button| document().active_element().as_ref() == Some(button.as_ref()))
}
