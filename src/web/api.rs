//! The JavaScript API: a [`Client`] behind promises.
//!
//! ```js
//! import init, { create } from "./api.js";
//! await init();
//! const sentiment = await create({ model: "models/minilm-sentiment/", onProgress: console.log });
//! const { label, score } = await sentiment.classify("What a day!");
//! sentiment.dispose();
//! ```
//!
//! Every promise is settled: with the answer, or with an `Error` whose `kind` is an [`ErrorKind`].
//!
//! [`ErrorKind`]: crate::ErrorKind

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use super::client::{Client, Event, Keep, Options};
use crate::protocol::{Backend, Failure, Prediction, Token};
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
}

/// Starts a worker and loads a model into it. Options:
/// - `model`: URL of its folder, relative to the document;
/// - `backend`: `"relaxed"`, `"simd128"` or `"candle"`; by default the fastest that this browser has;
/// - `signal`: an `AbortSignal` that calls the loading off;
/// - `onProgress`: called with `{ received, total }`, in bytes; `total` is missing where it is not known.
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

    let desk = Rc::new(Desk {
        open: RefCell::default(),
        labels: RefCell::default(),
        on_progress: options.on_progress(),
    });
    let client = {
        let desk = Rc::clone(&desk);
        Client::start_keeping(Keep::All, Options { model, backend }, move |event| {
            desk.hear(event);
        })
    };
    let ready = desk.promise(READY);

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
        client: RefCell::new(Some(client)),
        desk,
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
    /// `None` once disposed of.
    client: RefCell<Option<Client>>,
    desk: Rc<Desk>,
}

#[wasm_bindgen]
impl Sentiment {
    /// What is known of the model: its name, labels, size, licence and so on.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> JsValue {
        self.info.clone()
    }

    /// A promise of how `text` reads: `{ label, score, scores, tokens, tokenCount, truncatedAt, millis }`.
    pub fn classify(&self, text: String) -> Promise {
        self.ask(|client| client.submit(text))
    }

    /// As `classify`, of token ids, `[CLS]` and `[SEP]` included: an array of numbers or a `Uint32Array`.
    #[wasm_bindgen(js_name = classifyIds)]
    pub fn classify_ids(&self, ids: Vec<u32>) -> Promise {
        self.ask(|client| client.submit_ids(ids))
    }

    /// Ends the worker, which frees the model. What is still open is rejected.
    pub fn dispose(&self) {
        drop(self.client.take());
        self.desk.reject_all(&thrown(&Error::Cancelled));
    }

    fn ask(&self, submit: impl FnOnce(&Client) -> u64) -> Promise {
        match &*self.client.borrow() {
            Some(client) => {
                // After a failure that stopped it, to ask again is to try again.
                client.retry();
                self.desk.promise(submit(client))
            }
            None => Promise::reject(&thrown(&Error::Input(
                "This classifier was disposed of".into(),
            ))),
        }
    }
}

/// The request number of “is the model loaded?”: the client's own begin with 1.
const READY: u64 = 0;

/// The promises that are open.
struct Desk {
    /// `resolve` and `reject` by request number.
    open: RefCell<HashMap<u64, (Function, Function)>>,
    labels: RefCell<Vec<String>>,
    on_progress: Option<Function>,
}

impl Desk {
    fn promise(&self, seq: u64) -> Promise {
        Promise::new(&mut |resolve, reject| {
            self.open.borrow_mut().insert(seq, (resolve, reject));
        })
    }

    fn hear(&self, event: Event) {
        match event {
            Event::Progress(progress) => {
                if let Some(on_progress) = &self.on_progress {
                    call(on_progress, &to_js(&progress));
                }
            }
            Event::Ready(info) => {
                self.resolve(READY, &to_js(&info));
                self.labels.replace(info.labels);
            }
            Event::Classified { seq, prediction } => {
                let answer = to_js(&Answer::new(&prediction, &self.labels.borrow()));
                self.resolve(seq, &answer);
            }
            Event::Failed {
                seq: Some(seq),
                failure,
            } => {
                let open = self.open.borrow_mut().remove(&seq);
                if let Some((_, reject)) = open {
                    call(&reject, &to_error(&failure));
                }
            }
            Event::Failed { seq: None, failure } => self.reject_all(&to_error(&failure)),
            // The requests go on in the new worker.
            Event::Restarted(_) | Event::Stored(_) | Event::Requested(_) => {}
        }
    }

    fn resolve(&self, seq: u64, value: &JsValue) {
        let open = self.open.borrow_mut().remove(&seq);
        if let Some((resolve, _)) = open {
            call(&resolve, value);
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
struct Scored<'a> {
    label: &'a str,
    score: f32,
}

impl<'a> Answer<'a> {
    fn new(prediction: &'a Prediction, labels: &'a [String]) -> Self {
        let name = |label: usize| labels.get(label).map(String::as_str).unwrap_or_default();
        let scores = &prediction.scores;
        Self {
            label: name(prediction.label),
            score: scores.get(prediction.label).copied().unwrap_or_default(),
            scores: scores
                .iter()
                .enumerate()
                .map(|(label, &score)| Scored {
                    label: name(label),
                    score,
                })
                .collect(),
            tokens: &prediction.tokens,
            token_count: prediction.token_count,
            truncated_at: prediction.truncated_at,
            millis: prediction.millis,
        }
    }
}

fn to_js(value: &impl Serialize) -> JsValue {
    // Numbers, strings, lists and plain objects are all that is ever given to it.
    serde_wasm_bindgen::to_value(value).unwrap_or_else(JsValue::from)
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
