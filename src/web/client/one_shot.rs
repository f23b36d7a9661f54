//! One request to a worker of its own: for what has nothing to do with the model that is loaded, and must work while there is
//! none.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, MessageEvent};

use super::launch::{self, Running};
use crate::types::{Failure, NetworkRequest};
use crate::web::protocol::{Request, Response};
use crate::web::{codec, exception};
use crate::{Error, Result};

/// Milliseconds without a word from the worker after which it is given up. It tells of each file that has come, and the longest
/// of those that are looked at, a tokenizer of many languages, takes the better part of a minute on a slow line.
const PATIENCE_MILLIS: i32 = 60_000;

/// What to call the worker where it fails.
const PROGRAM: &str = "The program that reads models";

#[wasm_bindgen]
extern "C" {
    // web-sys takes a timer for an i32. A page may put another clock in place, whose timers are larger numbers.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timer(callback: &Function, millis: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timer(timer: &JsValue);
}

/// Starts a worker, hands it `request` with the `files` that belong to it, and returns its answer. `on_requests` gets what it
/// asked the network for. The worker ends with the answer, when `stop` is aborted, or when it has been silent for too long;
/// nothing is left of it then.
///
/// # Errors
/// What the worker answers if it fails, why there cannot be one, or why it was given up.
pub(in crate::web) async fn request(
    request: Request,
    files: Option<Array>,
    stop: &AbortSignal,
    on_requests: impl Fn(Vec<NetworkRequest>) + 'static,
) -> Result<Response, Failure> {
    if stop.aborted() {
        return Err(Failure::from(&Error::Cancelled));
    }
    let worker = Rc::new(start().map_err(|error| Failure::from(&error))?);
    let mut settle = None;
    // Settled with what the worker says, with the event of an error or an abort, or with nothing when time is up.
    let answer = Promise::new(&mut |resolve, _| settle = Some(resolve));
    let Some(settle) = settle else {
        return Err(unreachable(PROGRAM, "the browser has no promises"));
    };
    let time = Patience::new(settle.clone());

    let on_message = Closure::<dyn Fn(MessageEvent)>::new({
        let (worker, settle, time) = (Rc::downgrade(&worker), settle.clone(), time.clone());
        move |event: MessageEvent| {
            time.start_again();
            let data = event.data();
            match codec::response(&data) {
                Some(Response::Listening) => {
                    if let Some(worker) = worker.upgrade() {
                        _ = worker.post(&request, files.as_ref());
                    }
                }
                Some(Response::Requested { requests }) => on_requests(requests),
                _ => _ = settle.call1(&JsValue::UNDEFINED, &data),
            }
        }
    });
    worker.listen(on_message.as_ref().unchecked_ref(), &settle);
    stop.set_onabort(Some(&settle));

    let answer = JsFuture::from(answer).await.unwrap_or_default();
    stop.set_onabort(None);
    time.end();
    drop(worker);
    if stop.aborted() {
        return Err(Failure::from(&Error::Cancelled));
    }
    match codec::response(&answer) {
        Some(Response::Failed { failure, .. }) => Err(failure),
        Some(response) => Ok(response),
        None if answer.is_undefined() => Err(unreachable(
            "The model",
            "nothing came for too long; its server may have stopped answering",
        )),
        None => Err(unreachable(PROGRAM, "the browser could not start it")),
    }
}

fn unreachable(file: &str, reason: &str) -> Failure {
    Failure::from(&Error::Unreachable {
        file: file.into(),
        reason: reason.into(),
    })
}

fn start() -> Result<Running> {
    let script = launch::script(launch::name(None)?)?;
    launch::start(&script).map_err(|reason| Error::Browser(exception::message(&reason)))
}

/// The timer that calls `settle` when nothing has arrived for too long.
#[derive(Clone)]
struct Patience {
    settle: Function,
    timer: Rc<RefCell<JsValue>>,
}

impl Patience {
    fn new(settle: Function) -> Self {
        let patience = Self {
            settle,
            timer: Rc::default(),
        };
        patience.start_again();
        patience
    }

    fn start_again(&self) {
        let timer = set_timer(&self.settle, PATIENCE_MILLIS);
        clear_timer(&self.timer.replace(timer));
    }

    fn end(&self) {
        clear_timer(&self.timer.borrow());
    }
}
