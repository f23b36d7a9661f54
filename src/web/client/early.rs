//! The worker that `public/startup.js` has started before the page's program was there.

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, Worker};

/// The property of the window.
const NAME: &str = "earlyWorker";

#[wasm_bindgen]
extern "C" {
    /// What the script leaves.
    type EarlyWorker;
    /// URL of the worker's script.
    #[wasm_bindgen(method, getter, structural)]
    fn script(this: &EarlyWorker) -> String;
    /// The model that its name tells it to load.
    #[wasm_bindgen(method, getter, structural)]
    fn model(this: &EarlyWorker) -> String;
    #[wasm_bindgen(method, getter, structural)]
    fn worker(this: &EarlyWorker) -> Worker;
    /// The events of what it has said so far.
    #[wasm_bindgen(method, getter, structural)]
    fn heard(this: &EarlyWorker) -> Array;
}

/// Hands the worker over, if it runs `script` and is there for `model`; one that is not is ended. Only the first to ask can get
/// it. It loads the model without being told to.
///
/// What it has said is said again once the caller has put its listeners on it, before anything new.
pub(super) fn adopt(script: &str, model: &str) -> Option<Worker> {
    let window = web_sys::window()?;
    let early = Reflect::get(&window, &NAME.into()).ok()?;
    if !early.is_object() {
        return None;
    }
    _ = Reflect::delete_property(&window, &NAME.into());
    let early: EarlyWorker = early.unchecked_into();
    let worker = early.worker();
    if early.script() != script || early.model() != model {
        worker.set_onmessage(None);
        worker.terminate();
        return None;
    }
    let (heard, listening) = (early.heard(), worker.clone());
    // In a microtask: after this task's work, and before the next message.
    spawn_local(async move {
        for event in heard.iter() {
            _ = listening.dispatch_event(&event.unchecked_into::<Event>());
        }
    });
    Some(worker)
}
