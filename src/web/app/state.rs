//! The page's state by concern, and how events change it. No browser here, so that it is tested natively; `signals` puts each
//! concern into a signal of its own.

use crate::ErrorKind;
use crate::present::failures::{self, FailureMessage};
use crate::present::format::Write;
use crate::present::labels::{self, Verdict};
use crate::present::meter::Meter;
use crate::types::{Failure, ModelInfo, Progress, Storage};
use crate::web::library::Kept;

use super::reading::{Answer, Counts, Reading};

/// The model in use.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelState {
    /// The address of the model in use.
    pub address: String,
    /// How far it is.
    pub model: Model,
    /// What it is, once it was loaded; it stays known while a crashed worker restarts.
    pub info: Option<ModelInfo>,
    /// The worker crashed and is being started again.
    pub restarting: bool,
    /// What the browser said of its network when the model failed.
    is_online: bool,
}

/// How far the model is.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// On its way; the number of bytes once some have arrived.
    Loading(Option<Progress>),
    /// It answers.
    Ready,
    /// It will not come without help.
    Failed(Failure),
}

/// What the page leaves on this device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Device {
    /// What the worker said when it had the model.
    pub storage: Option<Storage>,
    /// What is kept; `None` where the browser keeps nothing.
    pub kept: Option<Kept>,
    /// Whether the page itself, without the model, is kept.
    pub is_page_kept: bool,
}

/// Which face the verdict shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerdictState {
    /// The model is on its way.
    Loading,
    /// There is nothing to read.
    Empty,
    /// The verdict on the text as it is.
    Ready,
    /// The verdict on an older text; the newer one is being read.
    Stale,
    /// Something failed.
    Error,
}

impl VerdictState {
    /// Its name in `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Empty => "empty",
            Self::Ready => "ready",
            Self::Stale => "stale",
            Self::Error => "error",
        }
    }
}

impl ModelState {
    /// A model that is on its way from `address`.
    pub fn new(address: String) -> Self {
        Self {
            address,
            model: Model::Loading(None),
            info: None,
            restarting: false,
            is_online: true,
        }
    }

    /// Whether it is on its way.
    pub fn is_loading(&self) -> bool {
        matches!(self.model, Model::Loading(_))
    }

    /// Bytes have arrived.
    pub fn progress(&mut self, progress: Progress) {
        self.model = Model::Loading(Some(progress));
    }

    /// It answers from now on.
    pub fn ready(&mut self, info: ModelInfo) {
        self.model = Model::Ready;
        self.info = Some(info);
        self.restarting = false;
    }

    /// The worker crashed and starts again; the model is loaded again.
    pub fn restart(&mut self) {
        self.model = Model::Loading(None);
        self.restarting = true;
    }

    /// Somebody wants to try again.
    pub fn start_again(&mut self) {
        self.model = Model::Loading(None);
    }

    /// It failed. `is_online` is what the browser says of its network.
    pub fn failed(&mut self, failure: Failure, is_online: bool) {
        self.is_online = is_online;
        self.model = Model::Failed(failure);
        self.restarting = false;
    }

    /// Whether it failed because of the network, so that the network's return may help.
    pub fn waits_for_network(&self) -> bool {
        matches!(&self.model, Model::Failed(failure) if failure.kind == ErrorKind::Network)
    }
}

/// What the verdict shows: of the model and of the text.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The model in use.
    pub model: &'a ModelState,
    /// The text.
    pub reading: &'a Reading,
}

impl<'a> View<'a> {
    /// Which face the verdict shows.
    pub fn face(self) -> VerdictState {
        match &self.model.model {
            Model::Loading(_) => VerdictState::Loading,
            Model::Failed(_) => VerdictState::Error,
            Model::Ready if self.reading.is_blank => VerdictState::Empty,
            Model::Ready if self.reading.refused.is_some() => VerdictState::Error,
            Model::Ready => match &self.reading.answer {
                Some(answer)
                    if answer.is_complete && answer.revision == self.reading.revision() =>
                {
                    VerdictState::Ready
                }
                _ => VerdictState::Stale,
            },
        }
    }

    /// The failure to speak of.
    pub fn failure(self) -> Option<&'a Failure> {
        match &self.model.model {
            Model::Failed(failure) => Some(failure),
            Model::Ready if !self.reading.is_blank => self.reading.refused.as_ref(),
            _ => None,
        }
    }

    /// The answer, if the page is in a state to show one.
    pub fn shown(self) -> Option<&'a Answer> {
        match self.face() {
            VerdictState::Ready | VerdictState::Stale => self.reading.answer.as_ref(),
            _ => None,
        }
    }

    /// What the meter shows: the answer, or the labels that there will be.
    pub fn meter(self) -> Meter {
        match (self.shown(), &self.model.info) {
            (Some(answer), _) => answer.meter.clone(),
            (None, Some(info)) => Meter::without_scores(&info.labels, info.multi_label),
            (None, None) => Meter::default(),
        }
    }

    /// The words for the failure.
    pub fn trouble(self) -> Option<FailureMessage> {
        let kind = match (&self.model.model, self.failure()?.kind) {
            // The worker is there again; this text alone cannot be read.
            (Model::Ready, ErrorKind::Crashed) => ErrorKind::Input,
            (_, kind) => kind,
        };
        Some(failures::message(kind, self.model.is_online))
    }

    /// What the one button offers.
    pub fn action(self) -> Option<&'static str> {
        match &self.model.model {
            Model::Loading(_) => Some("Cancel"),
            Model::Failed(_) => self.trouble()?.action,
            Model::Ready => None,
        }
    }

    /// The name of the most likely label on show.
    pub fn label(self) -> Option<&'a str> {
        self.shown()?.label()
    }

    /// The verdict on show, in words.
    pub fn verdict(self, write: Write) -> Option<Verdict> {
        let answer = self.shown()?;
        if answer.is_mixed {
            let Counts {
                negative, positive, ..
            } = answer.counts;
            return Some(labels::mixed(negative, positive, write));
        }
        answer.meter.verdict(write)
    }

    /// The verdict as one sentence for a screen reader; empty without one.
    pub fn spoken(self, write: Write) -> String {
        match self.verdict(write) {
            Some(Verdict { word, figure }) => word + ", " + &figure + ".",
            None => String::new(),
        }
    }

    /// The colour of the verdict, if it has one.
    pub fn tone(self) -> Option<&'static str> {
        let answer = self.shown().filter(|answer| answer.is_sure())?;
        if answer.is_mixed {
            return Some("mixed");
        }
        Some(answer.meter.top()?.polarity.name())
    }
}
