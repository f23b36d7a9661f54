//! A signal for each concern of [`state`](super::state), so that a change of one does not make the others' views run again.

use leptos::prelude::*;

use super::current::{Current, Outcome};
use super::pinned::Pinned;
use super::reading::{Reading, Sentence};
use super::state::{Device, ModelState, View};
use crate::types::{ModelInfo, NetworkRequest, Storage};

/// All that is known, but the text itself, which the field holds.
#[derive(Clone, Copy)]
pub(super) struct Signals {
    /// The model in use.
    pub(super) model: RwSignal<ModelState>,
    /// The text and its answer.
    pub(super) reading: RwSignal<Reading>,
    /// The sentences of the text, in order.
    pub(super) sentences: RwSignal<Vec<Sentence>>,
    /// The caret of the field, as a UTF-16 index.
    pub(super) caret: RwSignal<usize>,
    /// The sentence at the caret.
    pub(super) current: RwSignal<Option<Current>>,
    /// Words of it that are left out, as UTF-16 ranges in rising order.
    pub(super) left_out: RwSignal<Vec<(usize, usize)>>,
    /// What becomes of it without them.
    pub(super) trial: RwSignal<Option<Outcome>>,
    /// The version of the text that was pinned.
    pub(super) pinned: RwSignal<Option<Pinned>>,
    /// Whether sentences are tinted in the field.
    pub(super) has_tints: RwSignal<bool>,
    /// What is on this device.
    pub(super) device: RwSignal<Device>,
    /// Every request so far, in the order in which they were told.
    pub(super) requests: RwSignal<Vec<NetworkRequest>>,
}

impl Signals {
    /// The page as it opens, with the model at `address`.
    pub(super) fn new(address: String) -> Self {
        Self {
            model: RwSignal::new(ModelState::new(address)),
            reading: RwSignal::default(),
            sentences: RwSignal::default(),
            caret: RwSignal::default(),
            current: RwSignal::default(),
            left_out: RwSignal::default(),
            trial: RwSignal::default(),
            pinned: RwSignal::default(),
            has_tints: RwSignal::new(true),
            device: RwSignal::default(),
            requests: RwSignal::default(),
        }
    }

    /// Looks at model and text; runs again when either changes.
    pub(super) fn view<T>(self, look: impl FnOnce(View) -> T) -> T {
        self.model.with(|model| {
            let look = |reading: &Reading| look(View { model, reading });
            self.reading.with(look)
        })
    }

    /// Looks at model and text once.
    pub(super) fn view_untracked<T>(self, look: impl FnOnce(View) -> T) -> T {
        untrack(|| self.view(look))
    }

    /// Another model takes over; the next text is the first that it is asked about.
    pub(super) fn switch(self, address: String) {
        self.model.set(ModelState::new(address));
        self.reading.update(Reading::switch);
        self.sentences.set(Vec::new());
        self.current.set(None);
        self.pinned.set(None);
        self.device.update(|device| device.storage = None);
    }

    /// The model answers from now on.
    pub(super) fn ready(self, info: ModelInfo, at: f64) {
        self.model.update(|model| model.ready(info));
        self.reading.update(|reading| reading.ready(at));
    }

    /// What the worker said of this device.
    pub(super) fn stored(self, storage: Storage) {
        self.device.update(|device| device.storage = Some(storage));
    }

    /// Requests were made.
    pub(super) fn requested(self, requests: Vec<NetworkRequest>) {
        self.requests.update(|all| all.extend(requests));
    }
}
