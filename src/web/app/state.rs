//! The page's state and how events change it. No browser here, so that it is tested natively.

use crate::ErrorKind;
use crate::present::failures::{FailureMessage, trouble};
use crate::present::format::{is_distribution, percent, percents};
use crate::present::labels::{self, CONFIDENCE_THRESHOLD, MAX_STACKED_LABELS, Polarity, Verdict};
use crate::present::notes::{Notes, notes};
use crate::types::{Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage};
use crate::web::library::Kept;

/// Everything the page shows but the text itself, which the field holds.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// How far the model is.
    pub model: Model,
    /// The model, once it was loaded; it stays known while a crashed worker restarts.
    pub info: Option<ModelInfo>,
    /// The worker crashed and is being started again.
    pub restarting: bool,
    /// Nothing is written, or only blanks.
    pub is_blank: bool,
    /// The answer on show.
    pub answer: Option<Answer>,
    /// Why the newest text could not be read.
    pub refused: Option<Failure>,
    /// The address of the model in use.
    pub address: String,
    /// What the worker said of the device when it had the model.
    pub storage: Option<Storage>,
    /// What is on the device; `None` where the browser keeps nothing.
    pub kept: Option<Kept>,
    /// Whether the page itself, without the model, is on the device.
    pub is_page_kept: bool,
    /// Every request so far, in the order in which they were told.
    pub requests: Vec<NetworkRequest>,
    /// What the browser said of its network when the model failed.
    is_online: bool,
    /// The number of the newest text, and when it was handed over, in milliseconds.
    asked: Asked,
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

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Asked {
    seq: u64,
    at: f64,
    /// A clearing of the field wants no answer up to this number.
    ignored: u64,
}

/// An answer as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The number of the text it is for.
    pub seq: u64,
    /// How the text reads.
    pub prediction: Prediction,
    /// What else there is to say. While typing goes on it may be that of a slightly older text.
    pub notes: Notes,
    /// From the last keystroke to its answer, in milliseconds.
    pub latency: Option<f64>,
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

impl Default for State {
    fn default() -> Self {
        Self {
            model: Model::Loading(None),
            info: None,
            restarting: false,
            is_blank: true,
            answer: None,
            refused: None,
            address: String::new(),
            storage: None,
            kept: None,
            is_page_kept: false,
            requests: Vec::new(),
            is_online: true,
            asked: Asked::default(),
        }
    }
}

impl State {
    /// The field was emptied: no answer is wanted any more.
    pub fn clear(&mut self) {
        self.is_blank = true;
        self.answer = None;
        self.refused = None;
        self.asked.ignored = self.asked.seq;
    }

    /// A text was handed over as number `seq` at the time `at`, in milliseconds.
    pub fn ask(&mut self, seq: u64, at: f64) {
        self.is_blank = false;
        self.asked.seq = seq;
        self.asked.at = at;
    }

    /// The page as it opens, with the model at `address`.
    pub fn new(address: String) -> Self {
        Self {
            address,
            ..Self::default()
        }
    }

    /// Another model takes over; the next text is the first that it is asked about.
    pub fn switch(&mut self, address: String) {
        *self = Self {
            address,
            is_blank: self.is_blank,
            kept: self.kept.take(),
            is_page_kept: self.is_page_kept,
            requests: std::mem::take(&mut self.requests),
            ..Self::default()
        };
    }

    /// The number of the newest text.
    pub fn asked(&self) -> u64 {
        self.asked.seq
    }

    /// Bytes have arrived.
    pub fn progress(&mut self, progress: Progress) {
        self.model = Model::Loading(Some(progress));
    }

    /// The model answers from now on. What was written while it loaded counts as written now.
    pub fn ready(&mut self, info: ModelInfo, at: f64) {
        self.model = Model::Ready;
        self.info = Some(info);
        self.restarting = false;
        self.asked.at = at;
    }

    /// Requests were made.
    pub fn requested(&mut self, requests: Vec<NetworkRequest>) {
        self.requests.extend(requests);
    }

    /// Whether the model failed to come because of the network, so that the network's return may mend it.
    pub fn waits_for_network(&self) -> bool {
        matches!(&self.model, Model::Failed(failure) if failure.kind == ErrorKind::Network)
    }

    /// The worker crashed and starts again; the model loads anew.
    pub fn restart(&mut self) {
        self.model = Model::Loading(None);
        self.restarting = true;
    }

    /// An answer arrived at the time `at`; `text` is what the field holds now. Older answers than the one on show
    /// are dropped.
    pub fn classified(&mut self, seq: u64, prediction: Prediction, text: &str, at: f64) {
        if seq <= self.asked.ignored || self.answer.as_ref().is_some_and(|shown| seq < shown.seq) {
            return;
        }
        self.refused = None;
        let before = self.answer.take();
        self.answer = Some(if seq == self.asked.seq {
            Answer {
                seq,
                notes: notes(text, &prediction),
                latency: Some(at - self.asked.at),
                prediction,
            }
        } else {
            // The text it is for is gone, so that its indices mean nothing any more.
            let (notes, latency) = before
                .map(|shown| (shown.notes, shown.latency))
                .unwrap_or_default();
            Answer {
                seq,
                prediction,
                notes,
                latency,
            }
        });
    }

    /// Somebody wants to try again.
    pub fn start_again(&mut self) {
        self.model = Model::Loading(None);
    }

    /// One text (`seq`) or the model failed. `is_online` is what the browser says of its network.
    pub fn failed(&mut self, seq: Option<u64>, failure: Failure, is_online: bool) {
        match seq {
            None => {
                self.is_online = is_online;
                self.model = Model::Failed(failure);
                self.restarting = false;
            }
            // What failed on an older text is of no interest: the newer one is under way.
            Some(seq) if seq == self.asked.seq && seq > self.asked.ignored => {
                self.refused = Some(failure);
            }
            Some(_) => {}
        }
    }

    /// Which face the verdict shows.
    pub fn face(&self) -> VerdictState {
        match &self.model {
            Model::Loading(_) => VerdictState::Loading,
            Model::Failed(_) => VerdictState::Error,
            Model::Ready if self.is_blank => VerdictState::Empty,
            Model::Ready if self.refused.is_some() => VerdictState::Error,
            Model::Ready => match &self.answer {
                Some(answer) if answer.seq == self.asked.seq => VerdictState::Ready,
                _ => VerdictState::Stale,
            },
        }
    }

    /// The failure to speak of.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.model {
            Model::Failed(failure) => Some(failure),
            Model::Ready if !self.is_blank => self.refused.as_ref(),
            _ => None,
        }
    }

    /// The answer, if the page is in a state to show one.
    pub fn shown(&self) -> Option<&Answer> {
        match self.face() {
            VerdictState::Ready | VerdictState::Stale => self.answer.as_ref(),
            _ => None,
        }
    }

    /// The words for the failure.
    pub fn trouble(&self) -> Option<FailureMessage> {
        Some(trouble(self.failure()?.kind, self.is_online))
    }

    /// What the one button offers.
    pub fn action(&self) -> Option<&'static str> {
        match &self.model {
            Model::Loading(_) => Some("Cancel"),
            Model::Failed(_) => self.trouble()?.action,
            Model::Ready => None,
        }
    }

    /// The name of the likeliest label on show.
    pub fn label(&self) -> Option<&str> {
        let prediction = &self.shown()?.prediction;
        let labels = &self.info.as_ref()?.labels;
        labels.get(prediction.label).map(String::as_str)
    }

    /// The verdict on show, in words.
    pub fn verdict(&self) -> Option<Verdict> {
        let (answer, label) = self.shown().zip(self.label())?;
        let share = self.share(answer.prediction.label);
        Some(labels::verdict(label, &share, answer.is_sure()))
    }

    /// The verdict as one sentence for a screen session; empty without one.
    pub fn spoken(&self) -> String {
        let Some((Verdict { word, figure }, answer)) = self.verdict().zip(self.shown()) else {
            return String::new();
        };
        let sentence = word + ", " + &figure + ".";
        match &answer.notes.cut {
            Some(cut) => sentence + " " + &cut.sentence + ".",
            None => sentence,
        }
    }

    /// The colour of the verdict, if it has one.
    pub fn tone(&self) -> Option<&'static str> {
        let is_sure = self.shown()?.is_sure();
        self.label()
            .filter(|_| is_sure)
            .map(|label| Polarity::of(label).name())
    }

    /// The probability of one class; zero without a verdict.
    pub fn score(&self, class: usize) -> f32 {
        let answer = self.shown();
        answer
            .and_then(|answer| answer.prediction.scores.get(class).copied())
            .unwrap_or(0.0)
    }

    /// The probability of one class in whole percents; empty without a verdict.
    pub fn share(&self, class: usize) -> String {
        let whole = self
            .shown()
            .and_then(|answer| percents(&answer.prediction.scores).get(class).copied());
        whole.map_or_else(String::new, |whole| percent(whole, self.score(class)))
    }

    /// How many classes are likelier than this one, ties in the model's order.
    pub fn rank(&self, class: usize) -> usize {
        let Some(answer) = self.shown() else {
            return class;
        };
        let scores = &answer.prediction.scores;
        let own = self.score(class);
        let before =
            |(other, &score): (usize, &f32)| score > own || (score == own && other < class);
        scores
            .iter()
            .enumerate()
            .filter(|&other| before(other))
            .count()
    }

    /// Whether all labels share one bar.
    pub fn is_one_bar(&self) -> bool {
        let labels = self.info.as_ref().map_or(0, |info| info.labels.len());
        let scores = self.answer.as_ref().map(|answer| &answer.prediction.scores);
        labels <= MAX_STACKED_LABELS && scores.is_none_or(|scores| is_distribution(scores))
    }
}

impl Answer {
    /// Whether the likeliest label is likely enough to say so.
    pub fn is_sure(&self) -> bool {
        let scores = &self.prediction.scores;
        scores
            .get(self.prediction.label)
            .is_some_and(|&top| top >= CONFIDENCE_THRESHOLD)
    }
}
