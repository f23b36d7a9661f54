//! The page's client for JavaScript: a [`Client`] behind numbers and promises, and verdicts in the page's own words.
//!
//! `public/live-sentiment.js` makes of it what programs use: `create`, `classify`, and the element.
//!
//! Every promise is settled: with the answer, or with an `Error` whose `kind` is an [`ErrorKind`].
//!
//! [`ErrorKind`]: crate::ErrorKind

mod document;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use document::DocumentHandle;

use super::client::queue::{Lane, Payload};
use super::client::{Client, Event, Options};
use crate::present::format::{Amount, plain};
use crate::present::meter::Meter;
use crate::types::{Backend, Failure, Prediction, Token};
use crate::{Error, Result};

#[wasm_bindgen]
extern "C" {
    /// What [`create`] takes.
    pub type CreateOptions;

    #[wasm_bindgen(method, getter)]
    fn model(this: &CreateOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn backend(this: &CreateOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &CreateOptions) -> Option<AbortSignal>;
    #[wasm_bindgen(method, getter, js_name = onProgress)]
    fn on_progress(this: &CreateOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter, js_name = startWorker)]
    fn start_worker(this: &CreateOptions) -> Option<Function>;
}

/// Starts a worker and loads a model into it. Options:
/// - `model`: URL of its folder, relative to the document;
/// - `backend`: `"relaxed"`, `"simd128"` or `"candle"`; by default the fastest that this browser has;
/// - `signal`: an `AbortSignal` that cancels loading;
/// - `onProgress`: called with `{ received, total }`, in bytes; `total` is missing where it is not known;
/// - `startWorker`: see [`Options::start_worker`].
///
/// # Errors
/// Rejects with an `Error` that has a `kind`, or with the signal's reason.
#[wasm_bindgen]
pub async fn create(options: CreateOptions) -> Result<Sentiment, JsValue> {
    let model = options.model().ok_or_else(|| {
        thrown(&Error::Input(
            "create() needs the address of a model: create({ model: \"…/\" })".into(),
        ))
    })?;
    let backend = parse_backend(options.backend()).map_err(|error| thrown(&error))?;
    let signal = options.signal();
    if let Some(signal) = signal.as_ref().filter(|signal| signal.aborted()) {
        return Err(signal.reason());
    }

    let requests = Rc::new(PendingRequests {
        open: RefCell::default(),
        documents: RefCell::default(),
        labels: RefCell::default(),
        is_multi_label: Cell::new(false),
        on_progress: options.on_progress(),
    });
    let options = Options {
        model,
        files: None,
        backend,
        start_worker: options.start_worker(),
    };
    let client = {
        let requests = Rc::clone(&requests);
        Client::start(options.clone(), move |event| requests.on_event(event))
    };
    let ready = requests.promise(READY);

    let on_abort = {
        let client = client.clone();
        Closure::<dyn Fn()>::new(move || client.cancel())
    };
    let listener = on_abort.as_ref().unchecked_ref();
    if let Some(signal) = &signal {
        signal.add_event_listener_with_callback("abort", listener)?;
    }
    let loaded = JsFuture::from(ready).await;
    if let Some(signal) = &signal {
        signal.remove_event_listener_with_callback("abort", listener)?;
        if signal.aborted() {
            return Err(signal.reason());
        }
    }
    Ok(Sentiment {
        info: loaded?,
        options,
        client: Rc::new(RefCell::new(Some(client))),
        others: RefCell::default(),
        requests,
    })
}

fn parse_backend(name: JsValue) -> Result<Option<Backend>> {
    serde_wasm_bindgen::from_value(name.clone()).map_err(|_| {
        let name = name.as_string().unwrap_or_else(|| format!("{name:?}"));
        Error::Input(format!(
            "There is no backend “{name}”, only relaxed, simd128, scalar and candle"
        ))
    })
}

/// A model in a worker.
#[wasm_bindgen]
pub struct Sentiment {
    info: JsValue,
    options: Options,
    /// `None` once disposed of.
    client: Rc<RefCell<Option<Client>>>,
    /// Workers beside the first, for batches.
    others: RefCell<Vec<Client>>,
    requests: Rc<PendingRequests>,
}

#[wasm_bindgen]
impl Sentiment {
    /// What is known of the model: its name, labels, size, licence and so on.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> JsValue {
        self.info.clone()
    }

    /// Classifies `text`. Returns the number to wait for; [`answer`](Self::answer) then gives
    /// `{ label, score, scores, tokens, tokenCount, truncatedAt, millis }`.
    ///
    /// # Errors
    /// Throws once disposed of, as do the two below.
    pub fn submit(&self, text: String) -> Result<f64, JsValue> {
        self.ask(|client| client.submit(Lane::Bulk, Payload::Text(text)))
    }

    /// As [`submit`](Self::submit), to one of several workers, which is started if there is none with this number. The first,
    /// 0, answers everything else as well.
    ///
    /// # Errors
    /// Throws once disposed of.
    #[wasm_bindgen(js_name = submitTo)]
    pub fn submit_to(&self, worker: usize, text: String) -> Result<f64, JsValue> {
        let Some(other) = worker.checked_sub(1) else {
            return self.submit(text);
        };
        if self.client.borrow().is_none() {
            return Err(disposed());
        }
        let mut others = self.others.borrow_mut();
        while others.len() <= other {
            let (requests, number) = (Rc::clone(&self.requests), others.len() as u64 + 1);
            let options = self.options.clone();
            others.push(Client::start(options, move |event| {
                requests.on_event_of(number, event);
            }));
        }
        let seq = others[other].submit(Lane::Bulk, Payload::Text(text));
        Ok((seq + worker as u64 * PER_WORKER) as f64)
    }

    /// Ends all workers but the first.
    #[wasm_bindgen(js_name = endOthers)]
    pub fn end_others(&self) {
        let others = self.others.take();
        self.requests.reject_others();
        drop(others);
    }

    /// As [`submit`](Self::submit), of token ids, `[CLS]` and `[SEP]` included.
    #[wasm_bindgen(js_name = submitIds)]
    pub fn submit_ids(&self, ids: Vec<u32>) -> Result<f64, JsValue> {
        self.ask(|client| client.submit(Lane::Bulk, Payload::Ids(ids)))
    }

    /// Only splits `text` into tokens: `{ tokens, truncatedAt }`.
    #[wasm_bindgen(js_name = submitTokens)]
    pub fn submit_tokens(&self, text: String) -> Result<f64, JsValue> {
        self.ask(|client| client.submit(Lane::Bulk, Payload::Tokens(text)))
    }

    /// The promise of the answer to a number just returned.
    pub fn answer(&self, seq: f64) -> Promise {
        self.requests.promise(seq as u64)
    }

    /// The answer is no longer wanted: rejects its promise with `reason`.
    #[wasm_bindgen(js_name = cancelRequest)]
    pub fn cancel_request(&self, seq: f64, reason: &JsValue) {
        let (worker, own) = (seq as u64 / PER_WORKER, seq as u64 % PER_WORKER);
        match worker.checked_sub(1) {
            None => {
                if let Some(client) = &*self.client.borrow() {
                    client.cancel_request(own);
                }
            }
            Some(other) => {
                if let Some(client) = self.others.borrow().get(other as usize) {
                    client.cancel_request(own);
                }
            }
        }
        self.requests.reject(seq as u64, reason);
    }

    /// A document, empty at first. `on_change` is called when more is known of it, and with an `Error` when nothing more
    /// will be. One that `is_live` goes before everything else.
    ///
    /// # Errors
    /// Throws once disposed of.
    pub fn document(&self, is_live: bool, on_change: Function) -> Result<DocumentHandle, JsValue> {
        if self.client.borrow().is_none() {
            return Err(disposed());
        }
        let (client, requests) = (Rc::clone(&self.client), Rc::clone(&self.requests));
        Ok(DocumentHandle::new(client, requests, is_live, on_change))
    }

    /// Ends the worker, which frees the model. What is still open is rejected.
    pub fn dispose(&self) {
        let failure = Failure::from(&Error::Cancelled);
        self.requests.on_event(Event::Failed { seq: None, failure });
        drop(self.others.take());
        drop(self.client.take());
    }

    fn ask(&self, submit: impl FnOnce(&Client) -> u64) -> Result<f64, JsValue> {
        match &*self.client.borrow() {
            Some(client) => {
                // After a failure that stopped it, to ask again is to try again.
                client.retry();
                Ok(submit(client) as f64)
            }
            None => Err(disposed()),
        }
    }
}

/// The request number of “is the model loaded?”: the client's own begin with 1.
const READY: u64 = 0;

/// The numbers of requests to another worker than the first begin with this many times its own number.
const PER_WORKER: u64 = 1 << 40;

/// The promises that are open.
struct PendingRequests {
    /// `resolve` and `reject` by request number.
    open: RefCell<HashMap<u64, (Function, Function)>>,
    /// Documents that are read.
    documents: RefCell<Vec<Weak<document::Inner>>>,
    labels: RefCell<Vec<String>>,
    is_multi_label: Cell<bool>,
    on_progress: Option<Function>,
}

impl PendingRequests {
    fn promise(&self, seq: u64) -> Promise {
        Promise::new(&mut |resolve, reject| {
            self.open.borrow_mut().insert(seq, (resolve, reject));
        })
    }

    fn on_event(&self, event: Event) {
        match event {
            Event::Progress(progress) => {
                if let Some(on_progress) = &self.on_progress {
                    call(on_progress, &to_js(&progress));
                }
            }
            Event::Ready(info) => {
                self.is_multi_label.set(info.multi_label);
                self.labels.replace(info.labels.clone());
                self.resolve(READY, &to_js(&info));
                self.tell_documents(&Event::Ready(info));
            }
            Event::Classified { seq, prediction } if self.is_open(seq) => {
                let answer = to_js(&Answer::new(&prediction, &self.labels.borrow()));
                self.resolve(seq, &answer);
            }
            Event::Classified { .. } => self.tell_documents(&event),
            Event::Tokenized {
                seq,
                tokens,
                truncated_at,
            } => self.resolve(
                seq,
                &to_js(&Tokens {
                    tokens,
                    truncated_at,
                }),
            ),
            Event::Failed {
                seq: Some(seq),
                ref failure,
            } => {
                self.reject(seq, &to_error(failure));
                self.tell_documents(&event);
            }
            Event::Failed {
                seq: None,
                ref failure,
            } => {
                self.reject_all(&to_error(failure));
                self.tell_documents(&event);
            }
            // The requests go on in the new worker; batches are not asked for here.
            Event::Restarted(_)
            | Event::Stored(_)
            | Event::Requested(_)
            | Event::ClassifiedBatch { .. } => {}
        }
    }

    /// What a worker beside the first tells, which has only texts of batches.
    fn on_event_of(&self, worker: u64, event: Event) {
        let number = |seq: u64| seq + worker * PER_WORKER;
        match event {
            Event::Classified { seq, prediction } => {
                let answer = to_js(&Answer::new(&prediction, &self.labels.borrow()));
                self.resolve(number(seq), &answer);
            }
            Event::Failed {
                seq: Some(seq),
                failure,
            } => self.reject(number(seq), &to_error(&failure)),
            Event::Failed { seq: None, failure } => {
                self.reject_where(|seq| seq / PER_WORKER == worker, &to_error(&failure));
            }
            _ => {}
        }
    }

    /// Rejects what the workers beside the first have not answered.
    fn reject_others(&self) {
        let failure = Failure::from(&Error::Cancelled);
        self.reject_where(|seq| seq >= PER_WORKER, &to_error(&failure));
    }

    fn reject_where(&self, is_it: impl Fn(u64) -> bool, error: &JsValue) {
        let all: Vec<u64> = self.open.borrow().keys().copied().collect();
        for seq in all.into_iter().filter(|&seq| is_it(seq)) {
            self.reject(seq, error);
        }
    }

    fn add(&self, document: &Rc<document::Inner>) {
        let mut documents = self.documents.borrow_mut();
        documents.retain(|document| document.strong_count() > 0);
        documents.push(Rc::downgrade(document));
    }

    fn tell_documents(&self, event: &Event) {
        let documents: Vec<_> = self
            .documents
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for document in documents {
            document.on_event(event.clone());
        }
    }

    fn labels(&self) -> (Vec<String>, bool) {
        (self.labels.borrow().clone(), self.is_multi_label.get())
    }

    fn is_open(&self, seq: u64) -> bool {
        self.open.borrow().contains_key(&seq)
    }

    fn resolve(&self, seq: u64, value: &JsValue) {
        let open = self.open.borrow_mut().remove(&seq);
        if let Some((resolve, _)) = open {
            call(&resolve, value);
        }
    }

    fn reject(&self, seq: u64, error: &JsValue) {
        let open = self.open.borrow_mut().remove(&seq);
        if let Some((_, reject)) = open {
            call(&reject, error);
        }
    }

    fn reject_all(&self, error: &JsValue) {
        for (_, reject) in self.open.take().into_values() {
            call(&reject, error);
        }
    }
}

/// Calls a promise's function, which never throws, or the user's, whose errors are the user's to find.
fn call(function: &Function, value: &JsValue) {
    if let Err(error) = function.call1(&JsValue::UNDEFINED, value) {
        web_sys::console::error_1(&error);
    }
}

/// A [`Prediction`] in the words of transformers.js: `label` and `score` of the best, and of all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    label: &'a str,
    score: f32,
    scores: Vec<Scored<'a>>,
    tokens: &'a [Token],
    token_count: usize,
    truncated_at: Option<usize>,
    millis: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    tokens: Vec<Token>,
    truncated_at: Option<usize>,
}

#[derive(Serialize)]
struct Scored<'a> {
    label: &'a str,
    score: f32,
}

/// Every label with its probability, in the model's order.
fn scored<'a>(scores: &[f32], labels: &'a [String]) -> Vec<Scored<'a>> {
    let labels = labels.iter().zip(scores);
    labels
        .map(|(label, &score)| Scored { label, score })
        .collect()
}

impl<'a> Answer<'a> {
    fn new(prediction: &'a Prediction, labels: &'a [String]) -> Self {
        let name = |label: usize| labels.get(label).map(String::as_str).unwrap_or_default();
        let scores = &prediction.scores;
        Self {
            label: name(prediction.label),
            score: scores.get(prediction.label).copied().unwrap_or_default(),
            scores: scored(scores, labels),
            tokens: &prediction.tokens,
            token_count: prediction.token_count,
            truncated_at: prediction.truncated_at,
            millis: prediction.millis,
        }
    }
}

/// A verdict as the page shows it: `{ word, figure, tone, isOneBar, parts: [{ label, name, tone, share, score }] }`, the
/// parts, at most six, in the order of the bar. `tone` is missing where the model is not sure. Whether labels exclude each other
/// is the model's to say (`info.multiLabel`).
#[wasm_bindgen]
pub fn describe(labels: Vec<String>, scores: Vec<f32>, multi_label: bool) -> JsValue {
    let higher = |a: usize, b: usize| if scores[b] > scores[a] { b } else { a };
    let highest = (0..scores.len()).reduce(higher);
    let meter = Meter::new(&labels, multi_label, &scores, highest.unwrap_or_default());
    let parts = meter.rows.iter().filter_map(|row| {
        let share = row.share?;
        Some(Part {
            label: &row.label,
            name: &row.name,
            tone: row.polarity.name(),
            share: plain(Amount::percent(share)),
            score: share.score,
        })
    });
    let (word, figure) = meter
        .verdict(plain)
        .map(|verdict| (verdict.word, verdict.figure))
        .unwrap_or_default();
    to_js(&Described {
        word,
        figure,
        tone: meter
            .top()
            .filter(|_| meter.is_sure())
            .map(|row| row.polarity.name()),
        is_one_bar: meter.is_stacked,
        parts: parts.collect(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    word: String,
    figure: String,
    tone: Option<&'static str>,
    is_one_bar: bool,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    label: &'a str,
    name: &'a str,
    tone: &'static str,
    share: String,
    score: f32,
}

fn to_js(value: &impl Serialize) -> JsValue {
    // Numbers, strings, lists and plain objects are all that is ever given to it.
    serde_wasm_bindgen::to_value(value).unwrap_or_else(JsValue::from)
}

fn disposed() -> JsValue {
    thrown(&Error::Input("This classifier was disposed of".into()))
}

fn thrown(error: &Error) -> JsValue {
    to_error(&Failure::from(error))
}

/// A JavaScript `Error` with the failure's `kind`.
fn to_error(failure: &Failure) -> JsValue {
    let error = js_sys::Error::new(&failure.message);
    error.set_name("LiveSentimentError");
    // Setting a property of an object just made cannot fail.
    let _ = Reflect::set(&error, &"kind".into(), &to_js(&failure.kind));
    error.into()
}
