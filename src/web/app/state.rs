//! The page's state by concern, and how events change it. No browser here, so that it is tested natively; `signals` puts each
//! concern into a signal of its own.

use crate::ErrorKind;
use crate::present::failures::{self, FailureMessage};
use crate::present::format::{Amount, Write};
use crate::present::labels::{self, CONFIDENCE_THRESHOLD, Verdict};
use crate::present::meter::Meter;
use crate::present::notes::{Beginning, Notes, needs_text, notes};
use crate::types::{Failure, ModelInfo, Prediction, Progress, Storage};
use crate::web::library::Kept;

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

/// The text, as far as it was handed over, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Nothing is written, or only blanks.
    pub is_blank: bool,
    /// The answer on show.
    pub answer: Option<Answer>,
    /// Why the newest text could not be read.
    pub refused: Option<Failure>,
    /// The number of the newest text.
    seq: u64,
    /// When it was handed over, in milliseconds.
    at: f64,
    /// The field was cleared: answers up to this number are dropped.
    discard_up_to: u64,
}

/// An answer as it is shown. Its size does not grow with the number of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The number of the text it is for.
    pub seq: u64,
    /// The most likely labels.
    pub meter: Meter,
    /// How many tokens were read.
    pub tokens: usize,
    /// What else there is to say. While typing goes on it may be that of a slightly older text.
    pub notes: Notes,
    /// From the last keystroke to its answer, in milliseconds.
    pub latency: Option<f64>,
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

impl Default for Reading {
    fn default() -> Self {
        Self {
            is_blank: true,
            answer: None,
            refused: None,
            seq: 0,
            at: 0.0,
            discard_up_to: 0,
        }
    }
}

impl Reading {
    /// The number of the newest text.
    pub fn asked(&self) -> u64 {
        self.seq
    }

    /// The field was emptied: no answer is wanted any more.
    pub fn clear(&mut self) {
        self.is_blank = true;
        self.answer = None;
        self.refused = None;
        self.discard_up_to = self.seq;
    }

    /// A text was handed over as number `seq` at the time `at`, in milliseconds.
    pub fn ask(&mut self, seq: u64, at: f64) {
        self.is_blank = false;
        self.seq = seq;
        self.at = at;
    }

    /// Another model takes over, whose numbers begin again.
    pub fn switch(&mut self) {
        *self = Self {
            is_blank: self.is_blank,
            ..Self::default()
        };
    }

    /// What was written while the model loaded counts as written now.
    pub fn ready(&mut self, at: f64) {
        self.at = at;
    }

    /// An answer of the model `info` arrived at the time `at`. Answers older than the one on show are dropped. `beginning` gives
    /// that of the text in the field; it is called only where it is needed.
    pub fn classified(
        &mut self,
        seq: u64,
        prediction: &Prediction,
        info: &ModelInfo,
        beginning: impl FnOnce() -> Beginning,
        at: f64,
    ) {
        let is_older = |shown: &Answer| seq < shown.seq;
        if seq <= self.discard_up_to || self.answer.as_ref().is_some_and(is_older) {
            return;
        }
        self.refused = None;
        let (notes, latency) = if seq != self.seq {
            // The text it is for is gone, so that its indices mean nothing any more.
            let before = self.answer.take();
            before
                .map(|shown| (shown.notes, shown.latency))
                .unwrap_or_default()
        } else if needs_text(prediction) {
            (notes(&beginning(), prediction), Some(at - self.at))
        } else {
            (Notes::default(), Some(at - self.at))
        };
        let Prediction { scores, label, .. } = prediction;
        self.answer = Some(Answer {
            seq,
            meter: Meter::new(&info.labels, info.multi_label, scores, *label),
            tokens: prediction.tokens.len(),
            notes,
            latency,
        });
    }

    /// The text number `seq` could not be read.
    pub fn failed(&mut self, seq: u64, failure: Failure) {
        // What failed on an older text is of no interest: the newer one is under way.
        if seq == self.seq && seq > self.discard_up_to {
            self.refused = Some(failure);
        }
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
                Some(answer) if answer.seq == self.reading.seq => VerdictState::Ready,
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
        let top = answer.meter.top()?;
        let share = write(Amount::percent(top.share?));
        Some(labels::verdict(&top.label, &share, answer.is_sure()))
    }

    /// The verdict as one sentence for a screen reader; empty without one.
    pub fn spoken(self, write: Write) -> String {
        let Some((Verdict { word, figure }, answer)) = self.verdict(write).zip(self.shown()) else {
            return String::new();
        };
        let sentence = word + ", " + &figure + ".";
        match &answer.notes.cut {
            Some(cut) => sentence + " " + &cut.sentence(write) + ".",
            None => sentence,
        }
    }

    /// The colour of the verdict, if it has one.
    pub fn tone(self) -> Option<&'static str> {
        let answer = self.shown().filter(|answer| answer.is_sure())?;
        Some(answer.meter.top()?.polarity.name())
    }
}

impl Answer {
    /// The most likely label.
    pub fn label(&self) -> Option<&str> {
        Some(self.meter.top()?.label.as_str())
    }

    /// Whether it is likely enough to say so.
    pub fn is_sure(&self) -> bool {
        let share = self.meter.top().and_then(|top| top.share);
        share.is_some_and(|share| share.score >= CONFIDENCE_THRESHOLD)
    }
}
