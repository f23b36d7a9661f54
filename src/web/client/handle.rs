//! The client that a page holds: picks the worker this browser can run, starts it, restarts it after a crash, and posts
//! it one request at a time, in the order that the [`queue`](super::queue) decides.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent};

use super::deadline::TICK_MILLIS;
use super::launch::{self, Options, Running};
use super::queue::{Command, Event, Lane, Payload, RequestQueue};
use super::reader::Line;
use crate::types::Failure;
use crate::web::dom::document;
use crate::web::protocol::Request;
use crate::web::{codec, exception};

/// How long a page must have been hidden before its worker is ended: longer than a glance at another tab.
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
    /// Starts a worker and lets it load the model. Returns at once, without having called `on_event`, whatever happens.
    pub fn start(options: Options, on_event: impl Fn(Event) + 'static) -> Self {
        let (model, program) = match launch::resolve(&options) {
            Ok((model, program)) => (model, Ok(program)),
            Err(error) => (options.model.clone(), Err(Failure::from(&error))),
        };
        let queue = RequestQueue::new(model.clone(), options.backend);
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
        // A tab may be opened in the background.
        inner.on_visibility();
        let client = Self { inner };
        client.start_later();
        client
    }

    /// Queues a request. Returns its number, which its answer carries.
    pub fn submit(&self, lane: Lane, payload: Payload) -> u64 {
        let (seq, commands) = self.inner.queue.borrow_mut().submit(lane, payload);
        self.inner.perform(commands);
        seq
    }

    /// The answer to `seq` is no longer wanted: no event will carry this number.
    pub fn cancel_request(&self, seq: u64) {
        self.inner.queue.borrow_mut().cancel_request(seq);
    }

    /// Cancels loading. [`Event::Failed`] of kind `Cancelled` follows, unless the model was
    /// loaded already.
    pub fn cancel(&self) {
        let commands = self.inner.queue.borrow_mut().cancel();
        self.inner.perform(commands);
    }

    /// Starts again after an [`Event::Failed`] without a `seq`. Otherwise does nothing.
    pub fn retry(&self) {
        let commands = self.inner.queue.borrow_mut().retry();
        self.inner.perform(commands);
    }

    /// Whether the client has given up, so that only [`Client::retry`] starts it again.
    pub fn is_stopped(&self) -> bool {
        self.inner.queue.borrow().is_stopped()
    }

    /// The first start goes through a microtask, so that even an immediate failure reaches a caller that has
    /// its `Client` in hand.
    fn start_later(&self) {
        let inner = Rc::downgrade(&self.inner);
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(inner) = inner.upgrade() {
                let commands = inner.queue.borrow_mut().retry();
                inner.perform(commands);
            }
        });
    }
}

impl Line for Client {
    fn submit(&self, lane: Lane, payload: Payload) -> u64 {
        self.submit(lane, payload)
    }

    fn withdraw(&self, seq: u64) -> bool {
        self.inner.queue.borrow_mut().withdraw(seq)
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
    /// Carries out commands. No borrow is held while the page is told of an event, so it may call back.
    fn perform(&self, commands: Vec<Command>) {
        let mut queue = VecDeque::from(commands);
        while let Some(command) = queue.pop_front() {
            match command {
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
            Err(reason) => self.worker_failed(&exception::message(&reason)),
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
            Err(reason) => self.worker_failed(&exception::message(&reason)),
        }
    }

    fn on_message(&self, event: MessageEvent) {
        let commands = match codec::response(&event.data()) {
            Some(response) => self.queue.borrow_mut().on_response(response),
            None => self.worker_failed("its answer was not understood"),
        };
        self.perform(commands);
    }

    fn on_error(&self, event: web_sys::Event) {
        // The page shows the failure; the console need not report it as uncaught as well.
        event.prevent_default();
        let reason = match event.dyn_ref::<ErrorEvent>() {
            Some(error) if !error.message().is_empty() => error.message(),
            // Browsers say no more about a script that could not be fetched.
            _ => "the browser could not start it".into(),
        };
        let commands = self.worker_failed(&reason);
        self.perform(commands);
    }

    fn worker_failed(&self, reason: &str) -> Vec<Command> {
        let reason = reason.trim_start_matches("Uncaught ");
        // A panic is reported by the worker before it aborts; a failed allocation aborts without a report.
        let reason = if reason.contains("unreachable") {
            "there seems to be too little memory for it on this device"
        } else {
            reason
        };
        self.queue.borrow_mut().on_worker_error(reason)
    }

    fn on_tick(&self) {
        self.tick_timer.set(None);
        let commands = self.queue.borrow_mut().tick();
        self.perform(commands);
    }

    /// Sets the next tick if an answer is due. With none due no timer runs.
    fn keep_ticking(&self) {
        let ticking = self.tick_timer.take();
        let is_due = self.queue.borrow().is_busy();
        self.tick_timer.set(match ticking {
            None if is_due => Some(set_timer(&self.on_tick, TICK_MILLIS as i32)),
            ticking => ticking,
        });
    }

    /// The page was shown or hidden.
    fn on_visibility(&self) {
        self.clear_hidden_timer();
        if document().is_some_and(|document| document.hidden()) {
            let timer = set_timer(&self.on_hidden, HIDDEN_MILLIS);
            self.hidden_timer.set(Some(timer));
        } else {
            let commands = self.queue.borrow_mut().wake();
            self.perform(commands);
        }
    }

    fn on_hidden(&self) {
        let commands = self.queue.borrow_mut().sleep();
        // Again later, as long as the page is hidden: the worker may be busy now, or a request may start another.
        let timer = set_timer(&self.on_hidden, HIDDEN_MILLIS);
        self.hidden_timer.set(Some(timer));
        self.perform(commands);
    }

    fn clear_hidden_timer(&self) {
        if let Some(timer) = self.hidden_timer.take() {
            clear_timer(&timer);
        }
    }
}
