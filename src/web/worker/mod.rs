//! The Web Worker: holds the model, answers [`Request`]s.
//!
//! Loading is asynchronous, so that it can be cancelled; a classification runs to its end.

pub mod files;

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, DedicatedWorkerGlobalScope, MessageEvent};
use web_time::Instant;

use super::protocol::{Inspection, Request, Response};
use super::{address, network_log};
use crate::classifier::{Classifier, UNNAMED};
use crate::kernels;
use crate::layers::Compute;
use crate::present::facts::facts;
use crate::types::{self, Brief, Failure, ModelInfo};
use crate::{Error, Result};
use files::{ModelFiles, PickedFiles};

/// How long the browser may take to tell of a request that has ended, in milliseconds.
const REQUESTS_MILLIS: i32 = 100;

/// What the name of a worker begins with that is to load a model without being told to: the model's address follows.
const LOAD: &str = "load ";

/// Starts to listen. To be called once, by `main`.
///
/// `kernels` is the arithmetic to use when a request leaves it open. It is the program's to say, since no code
/// shared by both programs may name the relaxed kernels: a browser without relaxed SIMD would refuse the whole file.
pub fn run(kernels: kernels::Kernels) {
    std::panic::set_hook(Box::new(report_panic));
    let worker = Rc::new(Worker {
        kernels,
        model: RefCell::new(None),
        loading: RefCell::new(None),
        loads: Cell::new(0),
    });
    let early = Rc::clone(&worker);
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let message = event.data();
        let files = Reflect::get(&message, &"files".into());
        let files = files.ok().as_ref().and_then(PickedFiles::of);
        match serde_wasm_bindgen::from_value(message) {
            Ok(request) => worker.handle(request, files),
            Err(error) => fail(None, &Error::Input(format!("Not a request: {error}"))),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker listens for as long as it lives.
    on_message.forget();
    network_log::observe(|requests| post(&Response::Requested { requests }));
    post(&Response::Listening);
    // `public/startup.js` says by the worker's name what it is to load.
    if let Some(model) = scope().name().strip_prefix(LOAD) {
        early.start_loading(model.to_owned(), None, None);
    }
}

struct Worker {
    kernels: kernels::Kernels,
    model: RefCell<Option<Classifier>>,
    loading: RefCell<Option<AbortController>>,
    /// Counts the requests to load, so that one that was overtaken keeps quiet.
    loads: Cell<u64>,
}

impl Worker {
    fn handle(self: &Rc<Self>, request: Request, files: Option<PickedFiles>) {
        match request {
            Request::Load { model, backend } => self.start_loading(model, files, backend),
            Request::Cancel => self.stop_loading(),
            Request::Inspect { model } => spawn_local(async move {
                match inspect(&model, files).await {
                    Ok(inspection) => post(&Response::Inspected(inspection)),
                    Err(error) => fail(None, &error),
                }
            }),
            Request::Forget { model } => spawn_local(async move {
                match files::forget(&model).await {
                    Ok(()) => post(&Response::Forgotten),
                    Err(error) => fail(None, &error),
                }
            }),
            Request::Classify { seq, text } => self.answer(seq, |model| {
                let prediction = model.classify(&text)?;
                Ok(Response::Classified { seq, prediction })
            }),
            Request::ClassifyBatch { seq, batch } => self.answer(seq, |model| {
                let start = Instant::now();
                let texts: Vec<&str> = batch.iter().map(String::as_str).collect();
                let mut predictions = Vec::with_capacity(texts.len());
                for group in groups(&texts) {
                    predictions.extend(model.classify_batch(group)?);
                }
                Ok(Response::ClassifiedBatch {
                    seq,
                    token_count: predictions.iter().map(|it| it.token_count).sum(),
                    briefs: predictions.into_iter().map(Brief::from).collect(),
                    millis: start.elapsed().as_secs_f64() * 1e3,
                })
            }),
            Request::ClassifyIds { seq, ids } => self.answer(seq, |model| {
                let prediction = model.classify_ids(&ids)?;
                Ok(Response::Classified { seq, prediction })
            }),
            Request::Tokenize { seq, text } => self.answer(seq, |model| {
                let encoded = model.tokenizer().encode(&text)?;
                Ok(Response::Tokenized {
                    seq,
                    tokens: encoded.tokens,
                    truncated_at: encoded.truncated_at,
                })
            }),
        }
    }

    fn start_loading(
        self: &Rc<Self>,
        model: String,
        files: Option<PickedFiles>,
        backend: Option<types::Backend>,
    ) {
        self.stop_loading();
        // The old model goes first: there may not be room for two.
        self.model.take();
        let load = self.loads.get() + 1;
        self.loads.set(load);
        let controller = match abort_controller() {
            Ok(controller) => controller,
            Err(error) => return fail(None, &error),
        };
        self.loading.replace(Some(controller.clone()));

        let worker = Rc::clone(self);
        let backend = self.backend(backend);
        spawn_local(async move {
            let loaded = match backend {
                Ok(backend) => load_model(&model, files, backend, &controller).await,
                Err(error) => Err(error),
            };
            if worker.loads.get() != load {
                return;
            }
            worker.loading.take();
            match loaded {
                Ok((model, info)) => {
                    worker.model.replace(Some(model));
                    post(&Response::Ready(info));
                }
                Err(error) => fail(None, &error),
            }
        });
    }

    /// The arithmetic asked for, as far as this program has it.
    fn backend(&self, wanted: Option<types::Backend>) -> Result<Compute> {
        let own = Compute::Kernels(self.kernels);
        match wanted {
            None => Ok(own),
            Some(wanted) if wanted == own.backend() => Ok(own),
            Some(types::Backend::Candle) => Ok(Compute::Candle),
            Some(types::Backend::Scalar) => Ok(Compute::SCALAR),
            Some(types::Backend::Simd128) => Ok(Compute::Kernels(kernels::Kernels::SIMD128)),
            Some(other) => Err(Error::Browser(format!(
                "This worker was built without the backend “{}”",
                other.name()
            ))),
        }
    }

    fn stop_loading(&self) {
        if let Some(controller) = self.loading.take() {
            controller.abort();
        }
    }

    fn answer(&self, seq: u64, ask: impl FnOnce(&Classifier) -> Result<Response>) {
        let response = match &*self.model.borrow() {
            Some(model) => ask(model),
            None => Err(Error::Input("The model is not loaded yet".into())),
        };
        match response {
            Ok(response) => post(&response),
            Err(error) => fail(Some(seq), &error),
        }
    }
}

/// Texts that are read in one pass, in their order: as many as about 128 tokens hold, for which the kernels take the least time a
/// token. More would no longer fit into the caches. Each counts as the longest of them, to which the others are padded.
fn groups<'a>(texts: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    const BYTES: usize = 600;
    let mut rest = texts;
    std::iter::from_fn(move || {
        let mut longest = 0;
        let mut count = 0;
        for text in rest {
            longest = longest.max(text.len());
            if count > 0 && longest * (count + 1) > BYTES {
                break;
            }
            count += 1;
        }
        let (group, behind) = rest.split_at(count);
        rest = behind;
        (count > 0).then_some(group)
    })
}

fn abort_controller() -> Result<AbortController> {
    AbortController::new().map_err(|_| Error::Browser("AbortController is missing".into()))
}

async fn inspect(model: &str, files: Option<PickedFiles>) -> Result<Inspection> {
    let controller = abort_controller()?;
    let found = files::inspect_remote(model, files.as_ref(), &controller.signal()).await;
    controller.abort();
    // The browser tells of requests a moment after they ended, and this worker may end with its answer.
    files::pause(REQUESTS_MILLIS).await;
    let (address, found) = found?;
    let facts = facts(&found);
    Ok(Inspection {
        address,
        facts: facts
            .into_iter()
            .map(|(term, said)| (term.to_owned(), said))
            .collect(),
        refusal: found.refusal,
    })
}

async fn load_model(
    address: &str,
    files: Option<PickedFiles>,
    backend: Compute,
    controller: &AbortController,
) -> Result<(Classifier, ModelInfo)> {
    let start = Instant::now();
    let on_progress = |progress| post(&Response::Progress(progress));
    let (files, storage) =
        files::fetch_model(address, files.as_ref(), controller, on_progress).await?;
    post(&Response::Stored(storage));
    let ModelFiles {
        config,
        tokenizer,
        weights,
        weights_name,
    } = files;
    let model = Classifier::load(&config, &tokenizer, weights, &weights_name, backend)?;
    let mut info = model.info().clone();
    info.load_millis = start.elapsed().as_secs_f64() * 1e3;
    if info.name == UNNAMED {
        info.name = address::name(&address::decoded(address));
    }
    Ok((model, info))
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn fail(seq: Option<u64>, error: &Error) {
    let failure = Failure::from(error);
    post(&Response::Failed { seq, failure });
}

fn post(response: &Response) {
    let posted = serde_wasm_bindgen::to_value(response)
        .map_err(JsValue::from)
        .and_then(|message| scope().post_message(&message));
    if let Err(reason) = posted {
        // Numbers and strings can always be cloned; what is left is a page that is going away.
        web_sys::console::error_1(&reason);
    }
}

/// Tells the page of a panic before it aborts the worker: the page can then say why, and start another.
fn report_panic(panic: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(panic);
    let what = panic.payload_as_str().unwrap_or("a panic");
    let reason = match panic.location() {
        Some(at) => format!("{what} ({}:{})", at.file(), at.line()),
        None => what.to_owned(),
    };
    fail(None, &Error::Crashed(reason));
}
