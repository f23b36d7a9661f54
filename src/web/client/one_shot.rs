//! One request to a worker of its own: for what has nothing to do with the model that is loaded, and must work while there is
//! none.

use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageEvent;

use super::launch::{self, Running};
use crate::types::Failure;
use crate::web::protocol::{Request, Response};
use crate::web::{codec, exception};
use crate::{Error, Result};

/// Starts a worker, hands it `request` with the `files` that belong to it, and returns its answer. `on_requests` gets the
/// messages in which it says what it asked the network for. A future that is dropped ends the worker.
///
/// # Errors
/// What the worker answers if it fails, or why there cannot be one.
pub(in crate::web) async fn request(
    request: Request,
    files: Option<Array>,
    on_requests: impl Fn(&JsValue) + Clone + 'static,
) -> Result<Response, Failure> {
    let worker = Rc::new(start().map_err(|error| Failure::from(&error))?);
    let answer = Promise::new(&mut |resolve, reject| {
        let at_work = Rc::downgrade(&worker);
        let (request, files, on_requests) = (request.clone(), files.clone(), on_requests.clone());
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            match codec::response(&data) {
                Some(Response::Listening) => {
                    if let Some(worker) = at_work.upgrade() {
                        let message = codec::request(&request, files.as_ref());
                        _ = worker.0.post_message(&message);
                    }
                }
                Some(Response::Requested { .. }) => on_requests(&data),
                _ => _ = resolve.call1(&JsValue::UNDEFINED, &data),
            }
        });
        worker
            .0
            .set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.0.set_onerror(Some(&reject));
        on_message.forget();
    });
    let answer = JsFuture::from(answer).await;
    drop(worker);
    match answer.ok().as_ref().and_then(codec::response) {
        Some(Response::Failed { failure, .. }) => Err(failure),
        Some(response) => Ok(response),
        None => Err(Failure::from(&Error::Unreachable {
            file: "The program that reads models".into(),
            reason: "the browser could not start it".into(),
        })),
    }
}

fn start() -> Result<Running> {
    let script = launch::script(launch::name(None)?)?;
    launch::start(&script)
        .map(Running)
        .map_err(|reason| Error::Browser(exception::message(&reason)))
}
