//! The request queue, without a browser.

#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod steps;

use live_sentiment::Error;
use live_sentiment::types::{Backend, Failure, ModelInfo, Prediction};
use live_sentiment::web::client::queue::*;
use live_sentiment::web::protocol::{Request, Response};

fn info() -> ModelInfo {
    ModelInfo {
        name: "test".into(),
        architecture: "bert".into(),
        labels: vec!["negative".into(), "positive".into()],
        multi_label: false,
        parameters: 1,
        file_size: 1,
        format: "F32".into(),
        license: None,
        max_tokens: 512,
        backend: Backend::Scalar,
        load_millis: 1.0,
        measured: Vec::new(),
    }
}

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

/// Types a text.
trait Typing {
    fn type_text(&mut self, text: &str) -> Vec<Command>;
}

impl Typing for RequestQueue {
    fn type_text(&mut self, text: &str) -> Vec<Command> {
        self.submit(Payload::Text(text.into())).1
    }
}

/// A queue whose worker has loaded the model.
fn running(keep: Backlog) -> RequestQueue {
    let mut queue = RequestQueue::new("m/".into(), None, keep);
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
fn tokens_alone_are_asked_for_and_answered() {
    let mut queue = running(Backlog::Fifo);
    let text = "a text".to_owned();
    let (seq, orders) = queue.submit(Payload::Tokens(text.clone()));
    assert_eq!(orders, [Command::Post(Request::Tokenize { seq, text })]);
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
fn an_idle_worker_gets_a_text_at_once_and_a_busy_one_the_newest() {
    let mut queue = running(Backlog::Latest);
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
fn token_ids_wait_like_texts() {
    let mut queue = running(Backlog::Fifo);
    let ids = vec![101, 102];
    let (seq, orders) = queue.submit(Payload::Ids(ids.clone()));
    let request = Request::ClassifyIds { seq, ids };
    assert_eq!(orders, [Command::Post(request)]);
    assert_eq!(queue.on_response(answer(seq)), [told(seq)]);
}

#[test]
fn a_program_gets_every_answer_in_order() {
    let mut queue = running(Backlog::Fifo);
    assert_eq!(queue.type_text("a"), [posted(1, "a")]);
    assert_eq!(queue.type_text("b"), []);
    assert_eq!(queue.type_text("c"), []);
    assert_eq!(queue.on_response(answer(1)), [posted(2, "b"), told(1)]);
    assert_eq!(queue.on_response(answer(2)), [posted(3, "c"), told(2)]);
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

#[test]
fn what_was_typed_while_loading_is_classified_as_soon_as_the_model_is_there() {
    let mut queue = RequestQueue::new("m/".into(), None, Backlog::Latest);
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
fn an_answer_nobody_waits_for_is_dropped() {
    let mut queue = running(Backlog::Latest);
    queue.type_text("a");
    assert_eq!(queue.on_response(answer(7)), []);
    assert_eq!(queue.on_response(answer(1)), [told(1)]);
    assert_eq!(queue.on_response(answer(1)), [], "told only once");
}

#[test]
fn a_withdrawn_request_is_never_answered() {
    let mut queue = running(Backlog::Fifo);
    queue.type_text("a");
    queue.type_text("b");
    queue.type_text("c");
    queue.cancel_request(1);
    queue.cancel_request(2);
    assert_eq!(queue.on_response(answer(1)), [posted(3, "c")]);
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

#[test]
fn a_crash_restarts_the_worker_with_the_text_that_was_under_way() {
    let mut queue = running(Backlog::Latest);
    queue.type_text("a");
    assert_eq!(
        queue.on_response(crash()),
        [
            Command::EndWorker,
            Command::StartWorker,
            Command::Tell(Event::Restarted(failure(Error::Crashed("panicked".into()))))
        ]
    );
    assert_eq!(queue.on_response(Response::Listening), [load()]);
    assert_eq!(
        queue.on_response(Response::Ready(info())),
        [posted(1, "a"), Command::Tell(Event::Ready(info()))]
    );
    assert_eq!(queue.on_response(answer(1)), [told(1)]);
}

#[test]
fn after_a_crash_a_newer_text_takes_precedence() {
    let mut queue = running(Backlog::Latest);
    queue.type_text("a");
    queue.type_text("ab");
    queue.on_worker_error("unreachable");
    queue.type_text("abc");
    queue.on_response(Response::Listening);
    let orders = queue.on_response(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(3, "abc")));
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

#[test]
fn a_text_that_crashes_every_worker_does_not_do_so_for_ever() {
    let mut queue = running(Backlog::Latest);
    queue.type_text("a");
    for _ in 1..MAX_CRASHES {
        let orders = queue.on_response(crash());
        assert!(orders.contains(&Command::StartWorker));
        queue.on_response(Response::Listening);
        queue.on_response(Response::Ready(info()));
    }
    assert_eq!(
        queue.on_response(crash()),
        stopped(Error::Crashed("panicked".into()))
    );
    assert!(queue.is_stopped());

    // The visitor tries again, and the same text is still there.
    assert_eq!(queue.retry(), [Command::StartWorker]);
    queue.on_response(Response::Listening);
    let orders = queue.on_response(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(1, "a")));
}

#[test]
fn crashes_with_answers_between_them_are_forgiven() {
    let mut queue = running(Backlog::Latest);
    for seq in 1..=3 * u64::from(MAX_CRASHES) {
        queue.type_text("a");
        assert!(queue.on_response(crash()).contains(&Command::StartWorker));
        queue.on_response(Response::Listening);
        queue.on_response(Response::Ready(info()));
        assert_eq!(queue.on_response(answer(seq)), [told(seq)]);
    }
}

#[test]
fn a_silent_worker_is_given_up_and_replaced() {
    let mut queue = running(Backlog::Latest);
    assert_eq!(queue.tick(), [], "with nothing asked, silence is fine");
    queue.type_text("a");
    for _ in 1..MAX_TICKS {
        assert_eq!(queue.tick(), []);
    }
    assert!(queue.tick().contains(&Command::StartWorker));
    assert!(!queue.is_busy());
}

#[test]
fn ticks_are_counted_for_each_request_anew() {
    let mut queue = running(Backlog::Latest);
    for seq in 1..10 {
        queue.type_text("a");
        for _ in 1..MAX_TICKS {
            assert_eq!(queue.tick(), []);
        }
        queue.on_response(answer(seq));
    }
}

#[test]
fn a_worker_nobody_needs_is_ended_and_the_next_text_starts_another() {
    let mut queue = running(Backlog::Latest);
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
    let mut queue = RequestQueue::new("m/".into(), None, Backlog::Latest);
    queue.retry();
    let orders = queue.on_worker_error("the browser could not start it");
    assert_eq!(
        orders,
        stopped(Error::Unreachable {
            file: "The program that runs the model".into(),
            reason: "the browser could not start it".into()
        })
    );
    assert_eq!(queue.retry(), [Command::StartWorker]);
}

#[test]
fn loading_can_be_called_off_and_started_again() {
    let mut queue = RequestQueue::new("m/".into(), None, Backlog::Latest);
    queue.type_text("a");
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
    queue.retry();
    queue.on_response(Response::Listening);
    let orders = queue.on_response(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(1, "a")));
    assert_eq!(queue.cancel(), [], "too late to call it off");
}

#[test]
fn a_program_hears_of_a_stop_once_and_its_requests_are_gone() {
    let mut queue = RequestQueue::new("m/".into(), None, Backlog::Fifo);
    queue.type_text("a");
    queue.retry();
    queue.on_response(Response::Listening);
    let missing = Error::NotFound {
        file: "config.json".into(),
        status: Some(404),
    };
    let response = Response::Failed {
        seq: None,
        failure: failure(missing),
    };
    assert_eq!(queue.on_response(response).len(), 2);
    queue.retry();
    queue.on_response(Response::Listening);
    let orders = queue.on_response(Response::Ready(info()));
    assert_eq!(orders, [Command::Tell(Event::Ready(info()))]);
}

#[test]
fn withdrawing_many_takes_no_longer_each() {
    let mut queue = running(Backlog::Fifo);
    let seqs: Vec<_> = (0..200_000)
        .map(|_| queue.submit(Payload::Ids(Vec::new())).0)
        .collect();
    let start = std::time::Instant::now();
    for &seq in seqs.iter().rev() {
        queue.cancel_request(seq);
    }
    // One pass over the queue for each took more than ten seconds.
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    assert_eq!(queue.on_response(answer(seqs[0])), []);
}

fn loading() -> RequestQueue {
    let mut queue = RequestQueue::new("m/".into(), None, Backlog::Latest);
    queue.retry();
    queue.on_response(Response::Listening);
    queue
}

#[test]
fn a_worker_that_hangs_while_loading_is_ended_by_cancelling() {
    let mut queue = loading();
    assert!(!queue.is_busy(), "loading may take as long as it likes");
    assert_eq!(queue.cancel(), [Command::Post(Request::Cancel)]);
    assert_eq!(queue.cancel(), [], "once is enough");
    for _ in 1..MAX_CANCEL_TICKS {
        assert!(queue.is_busy());
        assert_eq!(queue.tick(), []);
    }
    assert_eq!(queue.tick(), stopped(Error::Cancelled));
    assert!(queue.is_stopped() && !queue.is_busy());
    assert_eq!(queue.retry(), [Command::StartWorker]);
}

#[test]
fn a_crash_after_cancelling_loads_nothing_again() {
    let mut queue = loading();
    queue.cancel();
    assert_eq!(queue.on_response(crash()), stopped(Error::Cancelled));
}

#[test]
fn a_model_that_is_ready_in_spite_of_cancelling_stays() {
    let mut queue = loading();
    queue.cancel();
    queue.on_response(Response::Ready(info()));
    assert!(!queue.is_busy());
    for _ in 0..MAX_CANCEL_TICKS {
        assert_eq!(queue.tick(), []);
    }
}

#[test]
fn a_text_that_crashes_every_worker_fails_alone() {
    let mut queue = running(Backlog::Fifo);
    queue.type_text("bad");
    queue.type_text("good");
    for left in (0..MAX_CRASHES).rev() {
        let orders = queue.on_response(crash());
        let failed = Command::Tell(Event::Failed {
            seq: Some(1),
            failure: failure(Error::Crashed("panicked".into())),
        });
        assert_eq!(orders.contains(&failed), left == 0);
        queue.on_response(Response::Listening);
        let next = queue.on_response(Response::Ready(info()));
        let text = if left == 0 {
            posted(2, "good")
        } else {
            posted(1, "bad")
        };
        assert_eq!(next[0], text);
    }
}
