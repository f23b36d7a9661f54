//! The request queue, without a browser.

#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod crashes;
mod deadlines;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod lanes;
mod start;
mod steps;

use std::ops::{Deref, DerefMut};

use fixtures::info;
use live_sentiment::Error;
use live_sentiment::types::{Backend, Brief, Failure, ModelInfo, Prediction, Progress, Storage};
use live_sentiment::web::client::deadline::*;
use live_sentiment::web::client::queue::*;
use live_sentiment::web::protocol::{Request, Response};

fn prediction() -> Prediction {
    Prediction {
        label: 0,
        scores: vec![1.0, 0.0],
        logits: vec![1.0, 0.0],
        tokens: Vec::new(),
        token_count: 2,
        truncated_at: None,
        millis: 1.0,
    }
}

fn failure(error: Error) -> Failure {
    Failure::from(&error)
}

fn crash() -> Response {
    Response::Failed {
        seq: None,
        failure: failure(Error::Crashed("panicked".into())),
    }
}

fn answer(seq: u64) -> Response {
    Response::Classified {
        seq,
        prediction: prediction(),
    }
}

fn told(seq: u64) -> Command {
    Command::Tell(Event::Classified {
        seq,
        prediction: prediction(),
    })
}

fn posted(seq: u64, text: &str) -> Command {
    Command::Post(Request::Classify {
        seq,
        text: text.into(),
    })
}

fn stopped(error: Error) -> Vec<Command> {
    vec![
        Command::EndWorker,
        Command::Tell(Event::Failed {
            seq: None,
            failure: failure(error),
        }),
    ]
}

/// A queue, and the text that is being typed.
struct TestQueue {
    queue: RequestQueue,
    typed: Option<u64>,
}

impl Deref for TestQueue {
    type Target = RequestQueue;

    fn deref(&self) -> &RequestQueue {
        &self.queue
    }
}

impl DerefMut for TestQueue {
    fn deref_mut(&mut self) -> &mut RequestQueue {
        &mut self.queue
    }
}

impl TestQueue {
    fn new() -> Self {
        Self {
            queue: RequestQueue::new("m/".into(), None),
            typed: None,
        }
    }

    /// Submits a text in the live lane, in the place of the one before.
    fn type_text(&mut self, text: &str) -> Vec<Command> {
        if let Some(before) = self.typed {
            self.queue.withdraw(before);
        }
        let (seq, commands) = self.queue.submit(Lane::Live, Payload::Text(text.into()));
        self.typed = Some(seq);
        commands
    }

    /// Submits a text in the bulk lane.
    fn add(&mut self, text: &str) -> Vec<Command> {
        self.queue.submit(Lane::Bulk, Payload::Text(text.into())).1
    }
}

/// A queue whose worker has loaded the model.
fn running() -> TestQueue {
    let mut queue = TestQueue::new();
    assert_eq!(queue.retry(), [Command::StartWorker]);
    assert_eq!(queue.on_response(Response::Listening), [load()]);
    assert_eq!(
        queue.on_response(Response::Ready(info())),
        [Command::Tell(Event::Ready(info()))]
    );
    queue
}

fn load() -> Command {
    Command::Post(Request::Load {
        model: "m/".into(),
        backend: None,
    })
}

#[test]
fn tokenization_requests_are_answered() {
    let mut queue = running();
    let text = "a text".to_owned();
    let (seq, commands) = queue.submit(Lane::Bulk, Payload::Tokens(text.clone()));
    assert_eq!(commands, [Command::Post(Request::Tokenize { seq, text })]);
    let (tokens, truncated_at) = (Vec::new(), Some(3));
    let told = queue.on_response(Response::Tokenized {
        seq,
        tokens: tokens.clone(),
        truncated_at,
    });
    assert_eq!(
        told,
        [Command::Tell(Event::Tokenized {
            seq,
            tokens,
            truncated_at
        })]
    );
}

#[test]
fn an_idle_worker_gets_a_text_at_once_a_busy_one_the_latest() {
    let mut queue = running();
    assert_eq!(queue.type_text("a"), [posted(1, "a")]);
    assert_eq!(queue.type_text("ab"), []);
    assert_eq!(queue.type_text("abc"), []);
    assert_eq!(
        queue.on_response(answer(1)),
        [posted(3, "abc"), told(1)],
        "the worker goes on before the page is told"
    );
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
    assert_eq!(queue.type_text("abcd"), [posted(4, "abcd")]);
}

#[test]
fn token_ids_are_queued_like_texts() {
    let mut queue = running();
    let ids = vec![101, 102];
    let (seq, commands) = queue.submit(Lane::Bulk, Payload::Ids(ids.clone()));
    let request = Request::ClassifyIds { seq, ids };
    assert_eq!(commands, [Command::Post(request)]);
    assert_eq!(queue.on_response(answer(seq)), [told(seq)]);
}

#[test]
fn a_text_typed_while_loading_is_classified_when_ready() {
    let mut queue = TestQueue::new();
    assert_eq!(queue.type_text("a"), []);
    queue.retry();
    assert_eq!(queue.type_text("ab"), []);
    queue.on_response(Response::Listening);
    assert_eq!(queue.type_text("abc"), []);
    assert_eq!(
        queue.on_response(Response::Ready(info())),
        [posted(3, "abc"), Command::Tell(Event::Ready(info()))]
    );
}

#[test]
fn an_unexpected_answer_is_dropped() {
    let mut queue = running();
    queue.type_text("a");
    assert_eq!(queue.on_response(answer(7)), []);
    assert_eq!(queue.on_response(answer(1)), [told(1)]);
    assert_eq!(queue.on_response(answer(1)), [], "told only once");
}

#[test]
fn a_cancelled_request_is_never_answered() {
    let mut queue = running();
    queue.add("a");
    queue.add("b");
    queue.add("c");
    queue.cancel_request(1);
    queue.cancel_request(2);
    assert_eq!(queue.on_response(answer(1)), [posted(3, "c")]);
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

fn failed(seq: u64) -> Command {
    Command::Tell(Event::Failed {
        seq: Some(seq),
        failure: failure(Error::Crashed("panicked".into())),
    })
}

/// The worker crashes, and the next one loads the model. Returns what both do; the former only once the client stops.
fn crash_and_load(queue: &mut TestQueue) -> (Vec<Command>, Vec<Command>) {
    let crashed = queue.on_response(crash());
    queue.on_response(Response::Listening);
    (crashed, queue.on_response(Response::Ready(info())))
}

#[test]
fn an_unresponsive_worker_is_replaced() {
    let mut queue = running();
    assert_eq!(queue.tick(), [], "with nothing asked, silence is fine");
    queue.type_text("a");
    for _ in 1..MIN_ANSWER_TICKS {
        assert_eq!(queue.tick(), []);
    }
    assert!(queue.tick().contains(&Command::StartWorker));
}

#[test]
fn an_idle_worker_is_stopped_and_restarted_on_demand() {
    let mut queue = running();
    queue.type_text("a");
    assert_eq!(queue.sleep(), [], "it is busy");
    queue.on_response(answer(1));
    assert_eq!(queue.sleep(), [Command::EndWorker]);
    assert_eq!(queue.sleep(), []);
    assert_eq!(queue.on_response(answer(1)), [], "it is gone");
    assert_eq!(queue.on_worker_error("late news"), []);
    assert_eq!((queue.cancel(), queue.retry()), (vec![], vec![]));
    assert!(!queue.is_stopped(), "it comes back by itself");
    assert_eq!(queue.type_text("ab"), [Command::StartWorker]);
    assert_eq!(queue.wake(), [], "it is on its way already");
    assert_eq!(queue.on_response(Response::Listening), [load()]);
    assert_eq!(
        queue.on_response(Response::Ready(info())),
        [posted(2, "ab"), Command::Tell(Event::Ready(info()))]
    );
}

#[test]
fn a_worker_that_cannot_be_started_is_not_a_crash() {
    let mut queue = TestQueue::new();
    queue.retry();
    let commands = queue.on_worker_error("the browser could not start it");
    assert_eq!(
        commands,
        stopped(Error::Unreachable {
            file: "The program that runs the model".into(),
            reason: "the browser could not start it".into()
        })
    );
    assert_eq!(queue.retry(), [Command::StartWorker]);
}

#[test]
fn loading_can_be_cancelled_and_retried() {
    let mut queue = TestQueue::new();
    queue.retry();
    queue.on_response(Response::Listening);
    assert_eq!(queue.cancel(), [Command::Post(Request::Cancel)]);
    let cancelled = Response::Failed {
        seq: None,
        failure: failure(Error::Cancelled),
    };
    assert_eq!(queue.on_response(cancelled), stopped(Error::Cancelled));
    assert_eq!(queue.retry(), [Command::StartWorker]);
    assert_eq!(queue.retry(), [], "it is being done already");
    assert_eq!(queue.cancel(), stopped(Error::Cancelled), "even earlier");
    assert_eq!(queue.type_text("a"), [], "nothing starts by itself");
    queue.retry();
    queue.on_response(Response::Listening);
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands.first(), Some(&posted(1, "a")));
    assert_eq!(queue.cancel(), [], "too late to call it off");
}

fn loading() -> TestQueue {
    let mut queue = TestQueue::new();
    queue.retry();
    queue.on_response(Response::Listening);
    queue
}
