//! Reads a document through the request queue: sends what an edit changed, withdraws what it replaced, and takes the
//! answers. The same for page, API and element; no browser here.

use std::collections::HashMap;

use super::queue::{Lane, Payload};
use crate::document::{ContentHash, Document, Job, Verdict};
use crate::explain::{Occlusion, Reason};
use crate::types::Prediction;

/// An edit that changes so many sentences at most is a key, and goes before everything else; more are a paste, and are
/// read in order.
const MAX_TYPED: usize = 2;

/// How many sentences' reasons are cached.
const MAX_REASONS: usize = 256;

/// Where requests go: the client.
pub trait Line {
    /// Queues a request. Returns its number.
    fn submit(&self, lane: Lane, payload: Payload) -> u64;
    /// The request's text has changed: see [`RequestQueue::withdraw`](super::queue::RequestQueue::withdraw). Returns whether
    /// it may still be answered.
    fn withdraw(&self, seq: u64) -> bool;
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A piece of the document.
    Piece(ContentHash),
    /// The sentence that is being explained, without one of its words.
    Variant(usize),
    /// A variation that somebody tries.
    Trial,
}

/// A sentence that is being explained.
#[derive(Debug)]
struct Explaining {
    hash: ContentHash,
    occlusion: Occlusion,
}

/// A document, and what has been sent of it.
#[derive(Debug)]
pub struct Reader {
    document: Document,
    /// Whether somebody is typing it.
    is_live: bool,
    /// Whether windows wait for a pause in that.
    holds_windows: bool,
    /// Windows that wait for it.
    held: Vec<Job>,
    sent: HashMap<u64, Purpose>,
    /// The client has stopped, and not worked since.
    is_stopped: bool,
    explaining: Option<Explaining>,
    reasons: HashMap<ContentHash, Vec<Reason>>,
    trial: Option<Trial>,
}

/// A variation of a sentence, and its verdict once that is known.
#[derive(Debug)]
struct Trial {
    text: String,
    verdict: Option<Verdict>,
}

impl Reader {
    /// A reader for the model that `model` identifies. One that `is_live` sends what is typed ahead of everything else.
    pub fn new(model: &str, is_live: bool) -> Self {
        Self {
            document: Document::new(model),
            is_live,
            holds_windows: false,
            held: Vec::new(),
            sent: HashMap::new(),
            is_stopped: false,
            explaining: None,
            reasons: HashMap::new(),
            trial: None,
        }
    }

    /// The same, but where there are several windows, those that a key changed wait for [`Self::pause`]: one takes the worker
    /// longer than a sentence, and would hold up the next key.
    pub fn holding_windows(mut self) -> Self {
        self.holds_windows = true;
        self
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Replaces the text.
    pub fn edit(&mut self, line: &impl Line, text: &str) {
        self.stop_explaining(line);
        self.stop_trial(line);
        let jobs = self.document.edit(text);
        let document = &self.document;
        self.sent.retain(|&seq, purpose| match purpose {
            Purpose::Piece(hash) if !document.is_wanted(*hash) => line.withdraw(seq),
            _ => true,
        });
        let typed = jobs.iter().filter(|job| !job.is_window).count();
        let lane = if typed <= MAX_TYPED {
            self.lane()
        } else {
            Lane::Bulk
        };
        // Of those that are held some may still be in the text; the document asks for none twice.
        self.held.retain(|job| document.is_wanted(job.hash));
        if self.holds_windows && typed <= MAX_TYPED && document.window_count() > 1 {
            let (windows, sentences) = jobs.into_iter().partition(|job| job.is_window);
            self.held.extend::<Vec<Job>>(windows);
            self.send(line, lane, sentences);
        } else {
            self.send(line, lane, jobs);
        }
    }

    /// Nothing has been typed for a moment: reads the windows that were held.
    pub fn pause(&mut self, line: &impl Line) {
        let held = std::mem::take(&mut self.held);
        self.send(line, self.lane(), held);
    }

    /// Takes an answer. Returns whether it changed anything.
    pub fn classified(&mut self, line: &impl Line, seq: u64, prediction: &Prediction) -> bool {
        match self.sent.remove(&seq) {
            Some(Purpose::Piece(hash)) => {
                let jobs = self.document.resolve(hash, prediction);
                self.send(line, Lane::Bulk, jobs);
                true
            }
            Some(Purpose::Variant(index)) => self.answer_variant(index, prediction),
            Some(Purpose::Trial) => {
                if let Some(trial) = &mut self.trial {
                    trial.verdict = Some(Verdict::from(prediction));
                }
                true
            }
            None => false,
        }
    }

    /// A request failed. Returns whether that changed anything.
    pub fn failed(&mut self, line: &impl Line, seq: u64) -> bool {
        match self.sent.remove(&seq) {
            Some(Purpose::Piece(hash)) => self.document.fail(hash),
            Some(Purpose::Variant(_)) => {
                // There are no reasons then, which is known from now on: nobody waits for them.
                if let Some(hash) = self.explaining.as_ref().map(|it| it.hash) {
                    self.keep_reasons(hash, Vec::new());
                }
                self.stop_explaining(line);
                true
            }
            Some(Purpose::Trial) | None => false,
        }
    }

    /// The client has stopped, so that nothing sent will be answered.
    pub fn stopped(&mut self) {
        self.sent.clear();
        self.held.clear();
        self.explaining = None;
        self.trial = None;
        self.is_stopped = true;
    }

    /// The worker is ready. After a stop, sends what was not answered, and again what failed; after a restart the queue
    /// does that.
    pub fn resume(&mut self, line: &impl Line) {
        if !std::mem::take(&mut self.is_stopped) {
            return;
        }
        let mut jobs = self.document.pending();
        self.held.clear();
        jobs.retain(|job| {
            !self
                .sent
                .values()
                .any(|&sent| sent == Purpose::Piece(job.hash))
        });
        self.send(line, Lane::Bulk, jobs);
    }

    /// Withdraws everything.
    pub fn abandon(&mut self, line: &impl Line) {
        for (seq, _) in self.sent.drain() {
            line.withdraw(seq);
        }
        self.held.clear();
        self.explaining = None;
    }

    /// Asks for the reasons of a sentence's verdict. The next edit, or another sentence, cancels it.
    pub fn explain(&mut self, line: &impl Line, hash: ContentHash) {
        let is_under_way = |explaining: &Explaining| explaining.hash == hash;
        if self.explaining.as_ref().is_some_and(is_under_way) || self.reasons.contains_key(&hash) {
            return;
        }
        self.stop_explaining(line);
        let sentence = self.document.view().find(|sentence| sentence.hash == hash);
        let Some((text, verdict)) = sentence
            .filter(|sentence| !sentence.is_stale)
            .and_then(|sentence| Some((sentence.text, sentence.verdict?)))
        else {
            return;
        };
        let score = verdict.scores.get(verdict.label).copied();
        let occlusion = Occlusion::new(text, verdict.label, score.unwrap_or_default());
        let variants = occlusion.variants().to_vec();
        self.explaining = Some(Explaining { hash, occlusion });
        for (index, variant) in variants.into_iter().enumerate() {
            let seq = line.submit(self.lane(), Payload::Text(variant));
            self.sent.insert(seq, Purpose::Variant(index));
        }
        self.finish_explaining();
    }

    /// Cancels an explanation in progress.
    pub fn stop_explaining(&mut self, line: &impl Line) {
        if self.explaining.take().is_some() {
            self.withdraw(line, |purpose| matches!(purpose, Purpose::Variant(_)));
        }
    }

    /// Asks for the verdict on a variation of a sentence. The next one, or the next edit, cancels it.
    pub fn try_text(&mut self, line: &impl Line, text: &str) {
        self.stop_trial(line);
        self.trial = Some(Trial {
            text: text.to_owned(),
            verdict: None,
        });
        let seq = line.submit(self.lane(), Payload::Text(text.to_owned()));
        self.sent.insert(seq, Purpose::Trial);
    }

    /// Forgets the variation that was tried.
    pub fn stop_trial(&mut self, line: &impl Line) {
        if self.trial.take().is_some() {
            self.withdraw(line, |purpose| purpose == Purpose::Trial);
        }
    }

    /// The verdict on the variation `text`, once it is known.
    pub fn tried(&self, text: &str) -> Option<&Verdict> {
        let trial = self.trial.as_ref().filter(|trial| trial.text == text)?;
        trial.verdict.as_ref()
    }

    fn withdraw(&mut self, line: &impl Line, is_unwanted: impl Fn(Purpose) -> bool) {
        self.sent.retain(|&seq, &mut purpose| {
            let goes = is_unwanted(purpose);
            if goes {
                line.withdraw(seq);
            }
            !goes
        });
    }

    /// For what somebody looks at.
    fn lane(&self) -> Lane {
        if self.is_live { Lane::Live } else { Lane::Bulk }
    }

    /// The reasons of a sentence's verdict, once they are known.
    pub fn reasons(&self, hash: ContentHash) -> Option<&[Reason]> {
        self.reasons.get(&hash).map(Vec::as_slice)
    }

    fn answer_variant(&mut self, index: usize, prediction: &Prediction) -> bool {
        if let Some(explaining) = &mut self.explaining {
            explaining.occlusion.answer(index, &prediction.scores);
        }
        self.finish_explaining()
    }

    fn finish_explaining(&mut self) -> bool {
        let Some(explaining) = self.explaining.take_if(|it| it.occlusion.is_done()) else {
            return false;
        };
        let reasons = explaining.occlusion.reasons().unwrap_or_default();
        self.keep_reasons(explaining.hash, reasons);
        true
    }

    fn keep_reasons(&mut self, hash: ContentHash, reasons: Vec<Reason>) {
        if self.reasons.len() >= MAX_REASONS {
            self.reasons.clear();
        }
        self.reasons.insert(hash, reasons);
    }

    fn send(&mut self, line: &impl Line, lane: Lane, jobs: Vec<Job>) {
        for job in jobs {
            let seq = line.submit(lane, Payload::Text(job.text));
            self.sent.insert(seq, Purpose::Piece(job.hash));
        }
    }
}
