//! The page's end of the line to the worker: it picks the worker this browser can run, starts it, starts it
//! again after a crash, and hands it one text at a time ([`queue`](super::queue)).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent};

use super::launch::{self, Options, Running};
use super::queue::{Backlog, Command, Event, Payload, RequestQueue};
use crate::types::Failure;
use crate::web::dom::document;
use crate::web::protocol::Request;
use crate::web::{codec, exception};

/// Milliseconds between two [`RequestQueue::tick`]s: a worker that is silent for six of them counts as hung. The
/// longest text takes a slow phone a few seconds.
const TICK_MILLIS: i32 = 5_000;

/// How long a page must have been out of sight before its worker is ended: longer than a glance at another tab.
const HIDDEN_MILLIS: i32 = 180_000;

/// A handle on the worker. Clones are the same client; the worker ends with the last of them.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

struct Inner {
    queue: RefCell<RequestQueue>,
    files: Option<Array>,
    start_worker: Option<Function>,
    /// The model's address; what loads when `adopt` finds a worker.
    model: String,
    /// URL of the worker's script, its name for `start_worker`, or why there cannot be one.
    program: Result<String, Failure>,
    worker: RefCell<Option<Running>>,
    on_event: Box<dyn Fn(Event)>,
    on_message: Closure<dyn Fn(MessageEvent)>,
    on_error: Closure<dyn Fn(web_sys::Event)>,
    on_tick: Closure<dyn Fn()>,
    /// The timer that `on_tick` waits for.
    tick_timer: Cell<Option<JsValue>>,
    on_visibility: Closure<dyn Fn(web_sys::Event)>,
    on_hidden: Closure<dyn Fn()>,
    /// The timer that `on_hidden` waits for.
    hidden_timer: Cell<Option<JsValue>>,
}

impl Client {
    /// Starts a worker and lets it load the model; for a text that is being typed. Returns at once, without
    /// having called `on_event`, whatever happens.
    pub fn start(options: Options, on_event: impl Fn(Event) + 'static) -> Self {
        Self::start_keeping(Backlog::Latest, options, on_event)
    }

    /// As [`Client::start`], with a choice of what happens to requests that find the worker busy.
    pub fn start_keeping(
        keep: Backlog,
        options: Options,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        let (model, program) = match launch::resolve(&options) {
            Ok((model, program)) => (model, Ok(program)),
            Err(error) => (options.model.clone(), Err(Failure::from(&error))),
        };
        let queue = RequestQueue::new(model.clone(), options.backend, keep);
        let inner = Rc::new_cyclic(|inner: &Weak<Inner>| Inner {
            queue: RefCell::new(queue),
            files: options.files,
            start_worker: options.start_worker,
            model,
            program,
            worker: RefCell::new(None),
            on_event: Box::new(on_event),
            on_message: with(inner, Inner::on_message),
            on_error: with(inner, Inner::on_error),
            on_tick: on_timer(inner, Inner::on_tick),
            tick_timer: Cell::new(None),
            on_visibility: with(inner, |inner, _| inner.on_visibility()),
            on_hidden: on_timer(inner, Inner::on_hidden),
            hidden_timer: Cell::new(None),
        });
        if let Some(document) = document() {
            let listener = inner.on_visibility.as_ref().unchecked_ref();
            _ = document.add_event_listener_with_callback("visibilitychange", listener);
        }
        // A tab may be opened out of sight.
        inner.on_visibility();
        let client = Self { inner };
        client.start_later();
        client
    }

    /// Asks how `text` reads, as soon as the model is there. Returns the number that the answer will bear.
    pub fn submit(&self, text: String) -> u64 {
        self.submit_work(Payload::Text(text))
    }

    /// Asks how token ids read, special tokens included. Returns the number that the answer will bear.
    pub fn submit_ids(&self, ids: Vec<u32>) -> u64 {
        self.submit_work(Payload::Ids(ids))
    }

    /// Asks for the tokens of `text` alone. Returns the number that the answer will bear.
    pub fn submit_tokens(&self, text: String) -> u64 {
        self.submit_work(Payload::Tokens(text))
    }

    /// The answer to `seq` is no longer wanted: no event will carry this number.
    pub fn cancel_request(&self, seq: u64) {
        self.inner.queue.borrow_mut().cancel_request(seq);
    }

    /// Calls off the loading of the model. [`Event::Failed`] of kind `Cancelled` follows, unless the model was
    /// loaded already.
    pub fn cancel(&self) {
        let orders = self.inner.queue.borrow_mut().cancel();
        self.inner.perform(orders);
    }

    /// Starts again after an [`Event::Failed`] without a `seq`. Otherwise does nothing.
    pub fn retry(&self) {
        let orders = self.inner.queue.borrow_mut().retry();
        self.inner.perform(orders);
    }

    /// Whether the client has given up, so that only [`Client::retry`] starts it again.
    pub fn is_stopped(&self) -> bool {
        self.inner.queue.borrow().is_stopped()
    }

    fn submit_work(&self, work: Payload) -> u64 {
        let (seq, orders) = self.inner.queue.borrow_mut().submit(work);
        self.inner.perform(orders);
        seq
    }

    /// The first start goes through a microtask, so that even an immediate failure reaches a caller that has
    /// its `Client` in hand.
    fn start_later(&self) {
        let inner = Rc::downgrade(&self.inner);
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(inner) = inner.upgrade() {
                let orders = inner.queue.borrow_mut().retry();
                inner.perform(orders);
            }
        });
    }
}

/// A JavaScript function that calls `handle` as long as there is an `Inner`.
fn with<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    inner: &Weak<Inner>,
    handle: fn(&Inner, E),
) -> Closure<dyn Fn(E)> {
    let inner = inner.clone();
    Closure::new(move |event| {
        if let Some(inner) = inner.upgrade() {
            handle(&inner, event);
        }
    })
}

/// A JavaScript function for a timer, as above.
fn on_timer(inner: &Weak<Inner>, handle: fn(&Inner)) -> Closure<dyn Fn()> {
    let inner = inner.clone();
    Closure::new(move || {
        if let Some(inner) = inner.upgrade() {
            handle(&inner);
        }
    })
}

#[wasm_bindgen]
extern "C" {
    // web-sys takes a timer for an i32. A page may put another clock in place, whose timers are larger numbers.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timer(callback: &Closure<dyn Fn()>, millis: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timer(timer: &JsValue);
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.clear_hidden_timer();
        // A closure that a timer calls after it was dropped throws.
        if let Some(timer) = self.tick_timer.take() {
            clear_timer(&timer);
        }
        if let Some(document) = document() {
            let listener = self.on_visibility.as_ref().unchecked_ref();
            _ = document.remove_event_listener_with_callback("visibilitychange", listener);
        }
    }
}

impl Inner {
    /// Carries out orders. No borrow is held while the page is told something, so it may call back.
    fn perform(&self, orders: Vec<Command>) {
        let mut queue = VecDeque::from(orders);
        while let Some(order) = queue.pop_front() {
            match order {
                Command::StartWorker => queue.extend(self.start_worker()),
                Command::EndWorker => drop(self.worker.take()),
                Command::Post(request) => queue.extend(self.post(&request)),
                Command::Tell(event) => (self.on_event)(event),
            }
        }
        self.keep_ticking();
    }

    /// Returns what follows if it fails.
    fn start_worker(&self) -> Vec<Command> {
        let program = match &self.program {
            Ok(program) => program,
            Err(failure) => return self.queue.borrow_mut().stop(failure.clone()),
        };
        let started = match &self.start_worker {
            Some(start) => start
                .call1(&JsValue::UNDEFINED, &program.into())
                .and_then(JsCast::dyn_into)
                .map(Running::new),
            None => launch::adopt(program, &self.model).map_or_else(|| launch::start(program), Ok),
        };
        match started {
            Ok(worker) => {
                let on_message = self.on_message.as_ref().unchecked_ref();
                worker.listen(on_message, self.on_error.as_ref().unchecked_ref());
                self.worker.replace(Some(worker));
                Vec::new()
            }
            // A content security policy without this origin in `worker-src`, or a page opened from a file.
            Err(reason) => self.broke(&exception::message(&reason)),
        }
    }

    /// Returns what follows if it fails.
    fn post(&self, request: &Request) -> Vec<Command> {
        let posted = match &*self.worker.borrow() {
            Some(worker) => worker.post(request, self.files.as_ref()),
            None => Ok(()),
        };
        match posted {
            Ok(()) => Vec::new(),
            Err(reason) => self.broke(&exception::message(&reason)),
        }
    }

    fn on_message(&self, event: MessageEvent) {
        let orders = match codec::response(&event.data()) {
            Some(response) => self.queue.borrow_mut().on_response(response),
            None => self.broke("its answer was not understood"),
        };
        self.perform(orders);
    }

    fn on_error(&self, event: web_sys::Event) {
        // The failure is told in the page; the console need not call it uncaught as well.
        event.prevent_default();
        let reason = match event.dyn_ref::<ErrorEvent>() {
            Some(error) if !error.message().is_empty() => error.message(),
            // Browsers say no more about a script that could not be fetched.
            _ => "the browser could not start it".into(),
        };
        let orders = self.broke(&reason);
        self.perform(orders);
    }

    fn broke(&self, reason: &str) -> Vec<Command> {
        let reason = reason.trim_start_matches("Uncaught ");
        // A panic is told by the worker before it aborts. What aborts without a word is an allocation that failed.
        let reason = if reason.contains("unreachable") {
            "there seems to be too little memory for it on this device"
        } else {
            reason
        };
        self.queue.borrow_mut().on_worker_error(reason)
    }

    fn on_tick(&self) {
        self.tick_timer.set(None);
        let orders = self.queue.borrow_mut().tick();
        self.perform(orders);
    }

    /// Sets the next tick if an answer is due. With none due no timer runs.
    fn keep_ticking(&self) {
        let ticking = self.tick_timer.take();
        let is_due = self.queue.borrow().is_busy();
        self.tick_timer.set(match ticking {
            None if is_due => Some(set_timer(&self.on_tick, TICK_MILLIS)),
            ticking => ticking,
        });
    }

    /// The page came into sight, or went out of it.
    fn on_visibility(&self) {
        self.clear_hidden_timer();
        if document().is_some_and(|document| document.hidden()) {
            let timer = set_timer(&self.on_hidden, HIDDEN_MILLIS);
            self.hidden_timer.set(Some(timer));
        } else {
            let orders = self.queue.borrow_mut().wake();
            self.perform(orders);
        }
    }

    fn on_hidden(&self) {
        let orders = self.queue.borrow_mut().sleep();
        // Where it still has something to do: later.
        let timer = orders
            .is_empty()
            .then(|| set_timer(&self.on_hidden, HIDDEN_MILLIS));
        self.hidden_timer.set(timer);
        self.perform(orders);
    }

    fn clear_hidden_timer(&self) {
        if let Some(timer) = self.hidden_timer.take() {
            clear_timer(&timer);
        }
    }
}
