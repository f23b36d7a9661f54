//! The worker's program: which one this browser can run, where its script is, and how it is started.

use std::cell::RefCell;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{Url, Worker, WorkerOptions, WorkerType};

use super::probe;
use crate::types::Backend;
use crate::web::dom::document;
use crate::web::protocol::Request;
use crate::web::{address, codec};
use crate::{Error, Result};

#[wasm_bindgen]
extern "C" {
    /// URL of the script that this code was compiled into.
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static SCRIPT_URL: String;
}

/// Which model to run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// URL of the model's folder, or of its weights (`.gguf`, `.safetensors`) in that; a relative one is resolved against the
    /// document.
    pub model: String,
    /// An array of `File`s that are the model, in place of what is at `model`; they are kept under that address.
    pub files: Option<Array>,
    /// Which arithmetic to use; by default the fastest that this browser has.
    pub backend: Option<Backend>,
    /// Called with the name of a program, `worker` or `worker_relaxed`, to make the [`Worker`]; for pages that are put
    /// together by a bundler, or load the script from elsewhere. By default the worker's files lie beside this script.
    pub start_worker: Option<Function>,
}

/// A live worker; dropping it ends it.
pub(in crate::web) struct Running {
    worker: Worker,
    /// The model that it was told to load before this page's program was there, until that tells it the same.
    loads: RefCell<Option<String>>,
}

impl Running {
    /// Takes over a worker that was started by the page's own means.
    pub(in crate::web) fn new(worker: Worker) -> Self {
        Self {
            worker,
            loads: RefCell::default(),
        }
    }

    /// Where its messages go, and its errors.
    pub(in crate::web) fn listen(&self, on_message: &Function, on_error: &Function) {
        self.worker.set_onmessage(Some(on_message));
        self.worker.set_onerror(Some(on_error));
    }

    /// Sends it a request; `files` go with one that loads or inspects a model.
    ///
    /// # Errors
    /// What the browser throws for a message that cannot be copied.
    pub(in crate::web) fn post(
        &self,
        request: &Request,
        files: Option<&Array>,
    ) -> std::result::Result<(), JsValue> {
        let loads = self.loads.take();
        if let Request::Load { model, .. } = request
            && loads.as_ref() == Some(model)
        {
            return Ok(());
        }
        self.worker.post_message(&codec::request(request, files))
    }
}

#[cfg(feature = "page")]
impl Running {
    /// Sends a worker of another kind what it is told.
    ///
    /// # Errors
    /// What the browser throws for a message that cannot be copied.
    pub(in crate::web) fn post_message(
        &self,
        message: &JsValue,
    ) -> std::result::Result<(), JsValue> {
        self.worker.post_message(message)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What it said before its end may still be in the queue.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// The model's absolute URL, and that of the worker that can run it here, or its name for `start_worker`.
///
/// The workers lie beside this script, in a folder named after the build: so a page never meets the worker of
/// another build, whatever a cache has kept, and the whole may be served from any path.
///
/// # Errors
/// `Browser` where WebAssembly lacks what is needed, `Input` for a URL that is none.
pub(in crate::web) fn resolve(options: &Options) -> Result<(String, String)> {
    let model = model(&options.model)?;
    let name = name(options.backend)?;
    let program = match options.start_worker {
        Some(_) => name.to_owned(),
        None => script(name)?,
    };
    Ok((model, program))
}

/// The absolute address of a model, for one that may be relative to the document.
///
/// # Errors
/// `Input` for a URL that is none.
pub(in crate::web) fn model(url: &str) -> Result<String> {
    let base = document()
        .and_then(|document| document.base_uri().ok().flatten())
        .ok_or_else(|| Error::Browser("This runs in a page only".into()))?;
    absolute(url, &base).map(|url| address::canonical(&url))
}

/// URL of the script that starts the program.
pub(in crate::web) fn script(name: &str) -> Result<String> {
    SCRIPT_URL.with(|script| absolute(&(name.to_owned() + "_loader.js"), script))
}

/// Starts a worker.
///
/// # Errors
/// What the browser throws where it must not start one.
pub(in crate::web) fn start(script: &str) -> std::result::Result<Running, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(script, &options).map(Running::new)
}

/// The worker that has been started for `model` before this page's program was there, if it is one that `script` starts.
#[cfg(feature = "page")]
pub(in crate::web) fn adopt(script: &str, model: &str) -> Option<Running> {
    Some(Running {
        worker: super::early::adopt(script, model)?,
        loads: RefCell::new(Some(model.to_owned())),
    })
}

#[cfg(not(feature = "page"))]
pub(in crate::web) fn adopt(_: &str, _: &str) -> Option<Running> {
    None
}

fn absolute(url: &str, base: &str) -> Result<String> {
    Url::new_with_base(url, base)
        .map(|url| url.href())
        .map_err(|_| Error::Input(format!("{url} is not an address")))
}

/// The worker that this browser can run and that has `backend`.
pub(in crate::web) fn name(backend: Option<Backend>) -> Result<&'static str> {
    if !probe::has_simd128() {
        return Err(Error::Browser(
            "This browser is too old to run the model: Chrome or Edge 96, Firefox 114 and Safari 16.4 \
             are the first that can"
                .into(),
        ));
    }
    match (backend, probe::has_relaxed_simd()) {
        (None | Some(Backend::Relaxed), true) => Ok("worker_relaxed"),
        (Some(Backend::Relaxed), false) => Err(Error::Browser(
            "This browser has no relaxed SIMD, which the backend “relaxed” needs".into(),
        )),
        (Some(Backend::Avx2), _) => Err(Error::Browser(
            "The backend “avx2” is for the command line: a page runs WebAssembly".into(),
        )),
        (None | Some(Backend::Simd128 | Backend::Scalar | Backend::Candle), _) => Ok("worker"),
    }
}
