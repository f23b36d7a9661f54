//! A document for JavaScript: a text that is read sentence by sentence, and again where it is edited.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{PendingRequests, Scored, call, scored, to_error, to_js};
use crate::document::{ContentHash, Rule, SentenceView, Tone, polarities, tone};
use crate::present::labels::{CONFIDENCE_THRESHOLD, Polarity};
use crate::text::Offsets;
use crate::types::Failure;
use crate::web::client::reader::Reader;
use crate::web::client::{Client, Driver, Event};

/// A document in a worker. Nothing of it is read any more once it is disposed of.
#[wasm_bindgen]
pub struct DocumentHandle {
    inner: Rc<Inner>,
}

pub(super) struct Inner {
    driver: Driver,
    requests: Rc<PendingRequests>,
    /// Why a sentence could not be read, the last one.
    failure: RefCell<Option<Failure>>,
    /// Called when something is known that was not before; with an error, when nothing more will come.
    on_change: Function,
}

#[wasm_bindgen]
impl DocumentHandle {
    /// Replaces the text. What is known of it already can be seen at once in [`view`](Self::view).
    pub fn edit(&self, text: &str) {
        self.inner.failure.take();
        self.inner.with_reader(|reader, client| {
            // After a failure that stopped it, to ask again is to try again.
            client.retry();
            reader.edit(client, text);
        });
    }

    /// What is known of the text: `{ label, score, scores, mixed, sentences, tokenCount, done, total, isComplete }`.
    pub fn view(&self) -> JsValue {
        let inner = &self.inner;
        let (labels, is_multi_label) = inner.requests.labels();
        let reader = inner.driver.reader();
        let document = reader.document();
        let summary = document.summary(&labels, is_multi_label, &Rule::default());
        let name = |label: usize| labels.get(label).map(String::as_str).unwrap_or_default();
        let class = summary.tone.map(|tone| tone.class(&summary.scores));
        // A model whose labels do not exclude each other has no one tone.
        let polarities = if is_multi_label {
            Vec::new()
        } else {
            polarities(&labels)
        };
        let is_mixed = summary.tone == Some(Tone::Mixed);
        let sentences: Vec<_> = document
            .view()
            .map(|view| Sentence::new(&view, &labels, &polarities))
            .collect();
        to_js(&View {
            label: match class {
                Some(_) if is_mixed => Some("mixed"),
                class => class.map(name),
            },
            score: class.and_then(|class| summary.scores.get(class).copied()),
            scores: scored(&summary.scores, &labels),
            mixed: is_mixed,
            token_count: sentences.iter().map(|sentence| sentence.tokens).sum(),
            sentences,
            done: summary.read,
            total: summary.total,
            is_complete: document.is_complete(),
        })
    }

    /// Why the text could not be read, if none of it could: an `Error`.
    pub fn failure(&self) -> JsValue {
        let reader = self.inner.driver.reader();
        let is_failed = reader.document().view().all(|sentence| sentence.is_failed);
        match &*self.inner.failure.borrow() {
            Some(failure) if is_failed => to_error(failure),
            _ => JsValue::UNDEFINED,
        }
    }

    /// Asks for the words that carry the verdict on the sentence with this index. Returns them if they are known:
    /// `[{ text, start, end, weight }]`; else they will be once something has changed.
    pub fn explain(&self, index: usize) -> JsValue {
        let Some(hash) = self.inner.hash(index) else {
            return JsValue::UNDEFINED;
        };
        self.inner
            .with_reader(|reader, client| reader.explain(client, hash));
        let reader = self.inner.driver.reader();
        let Some((reasons, sentence)) = reader
            .reasons(hash)
            .zip(reader.document().view().nth(index))
        else {
            return JsValue::UNDEFINED;
        };
        let offsets = Offsets::new(sentence.text);
        let words = reasons.iter().map(|reason| Word {
            text: sentence
                .text
                .get(offsets.utf8(reason.start)..offsets.utf8(reason.end))
                .unwrap_or_default(),
            start: sentence.start + reason.start,
            end: sentence.start + reason.end,
            weight: reason.weight,
        });
        to_js(&words.collect::<Vec<_>>())
    }

    /// Withdraws everything that has not been read.
    pub fn dispose(&self) {
        self.inner
            .with_reader(|reader, client| reader.abandon(client));
    }
}

impl DocumentHandle {
    pub(super) fn new(
        client: Rc<RefCell<Option<Client>>>,
        requests: Rc<PendingRequests>,
        is_live: bool,
        on_change: Function,
    ) -> Self {
        let inner = Rc::new(Inner {
            // One client has one model.
            driver: Driver::new(client, Reader::new("", is_live)),
            failure: RefCell::default(),
            on_change,
            requests: Rc::clone(&requests),
        });
        requests.add(&inner);
        Self { inner }
    }
}

impl Inner {
    /// Something happened to a request, of this document or of another.
    pub(super) fn on_event(&self, event: Event) {
        self.driver.push(event);
        self.handle_events();
    }

    fn with_reader(&self, work: impl FnOnce(&mut Reader, &Client)) {
        self.driver.with(work);
        self.handle_events();
    }

    fn handle_events(&self) {
        while let Some((event, has_changed)) = self.driver.next() {
            match event {
                Event::Failed { seq: None, failure } => call(&self.on_change, &to_error(&failure)),
                Event::Failed { failure, .. } if has_changed => {
                    self.failure.replace(Some(failure));
                    call(&self.on_change, &JsValue::UNDEFINED);
                }
                _ if has_changed => call(&self.on_change, &JsValue::UNDEFINED),
                _ => {}
            }
        }
    }

    fn hash(&self, index: usize) -> Option<ContentHash> {
        let reader = self.driver.reader();
        reader
            .document()
            .view()
            .nth(index)
            .map(|sentence| sentence.hash)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    label: Option<&'a str>,
    score: Option<f32>,
    scores: Vec<Scored<'a>>,
    mixed: bool,
    sentences: Vec<Sentence<'a>>,
    token_count: usize,
    done: usize,
    total: usize,
    is_complete: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sentence<'a> {
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    scores: Vec<Scored<'a>>,
    /// What it is, where the model is sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    tone: Option<&'static str>,
    /// Whether the verdict is that of an earlier version.
    is_stale: bool,
    is_failed: bool,
    #[serde(skip)]
    tokens: usize,
}

impl<'a> Sentence<'a> {
    fn new(view: &SentenceView, labels: &'a [String], polarities: &[Polarity]) -> Self {
        let verdict = view.verdict;
        let score = verdict.and_then(|it| it.scores.get(it.label).copied());
        let tone = verdict.and_then(|it| tone(&it.scores, polarities));
        Self {
            start: view.start,
            end: view.end,
            label: verdict.and_then(|it| labels.get(it.label).map(String::as_str)),
            score,
            tone: tone
                .filter(|_| score.is_some_and(|score| score >= CONFIDENCE_THRESHOLD))
                .map(|(polarity, _)| polarity.name()),
            scores: verdict
                .map(|it| scored(&it.scores, labels))
                .unwrap_or_default(),
            is_stale: view.is_stale,
            is_failed: view.is_failed,
            tokens: verdict.map_or(0, |it| it.tokens),
        }
    }
}

#[derive(Serialize)]
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    weight: f32,
}
