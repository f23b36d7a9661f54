//! The request queue, without a browser.

#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod steps;

use live_sentiment::Error;
use live_sentiment::types::{Backend, Failure, ModelInfo, Prediction, Progress, Storage};
use live_sentiment::web::client::deadline::*;
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

/// Submits a text.
trait Submit {
    /// In the live lane.
    fn type_text(&mut self, text: &str) -> Vec<Command>;
    /// In the bulk lane.
    fn add(&mut self, text: &str) -> Vec<Command>;
}

impl Submit for RequestQueue {
    fn type_text(&mut self, text: &str) -> Vec<Command> {
        self.submit(Lane::Live, Payload::Text(text.into())).1
    }

    fn add(&mut self, text: &str) -> Vec<Command> {
        self.submit(Lane::Bulk, Payload::Text(text.into())).1
    }
}

/// A queue whose worker has loaded the model.
fn running() -> RequestQueue {
    let mut queue = RequestQueue::new("m/".into(), None);
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
fn the_bulk_lane_answers_every_request_in_order() {
    let mut queue = running();
    assert_eq!(queue.add("a"), [posted(1, "a")]);
    assert_eq!(queue.add("b"), []);
    assert_eq!(queue.add("c"), []);
    assert_eq!(queue.on_response(answer(1)), [posted(2, "b"), told(1)]);
    assert_eq!(queue.on_response(answer(2)), [posted(3, "c"), told(2)]);
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

#[test]
fn a_text_typed_while_loading_is_classified_when_ready() {
    let mut queue = RequestQueue::new("m/".into(), None);
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

#[test]
fn a_crash_restarts_the_worker_and_retries() {
    let mut queue = running();
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
    let mut queue = running();
    queue.type_text("a");
    queue.type_text("ab");
    queue.on_worker_error("unreachable");
    queue.type_text("abc");
    queue.on_response(Response::Listening);
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands.first(), Some(&posted(3, "abc")));
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

/// How many ticks the request in flight is given.
fn deadline(queue: &mut RequestQueue) -> u32 {
    let mut ticks = 1;
    while queue.tick().is_empty() {
        ticks += 1;
    }
    ticks
}

/// The same in seconds, for the first request to a worker with such a model.
fn seconds(info: ModelInfo, text: &str) -> u32 {
    let mut queue = loading();
    queue.on_response(Response::Ready(info));
    queue.type_text(text);
    (deadline(&mut queue) - 1) * TICK_MILLIS / 1000
}

fn model(backend: Backend, parameters: u64) -> ModelInfo {
    ModelInfo {
        backend,
        parameters,
        ..info()
    }
}

/// An answer to `seq` that took `millis`.
fn slow_answer(seq: u64, token_count: usize, millis: f64) -> Response {
    let prediction = Prediction {
        token_count,
        millis,
        ..prediction()
    };
    Response::Classified { seq, prediction }
}

#[test]
fn before_the_first_answer_the_deadline_follows_model_backend_and_length() {
    let long = "long ".repeat(1000);
    assert_eq!(seconds(model(Backend::Relaxed, 23_000_000), &long), 30);
    for (backend, least, most) in [
        (Backend::Relaxed, 120, 300),
        (Backend::Simd128, 120, 300),
        (Backend::Candle, 900, 1800),
        (Backend::Scalar, 2700, 3600),
    ] {
        let given = seconds(model(backend, 335_000_000), &long);
        assert!((least..=most).contains(&given), "{backend:?}: {given}");
        assert_eq!(seconds(model(backend, 335_000_000), "a"), 30, "{backend:?}");
    }
}

#[test]
fn the_deadline_follows_the_speed_that_was_measured() {
    // A device 50 times slower than the slowest that was thought of.
    let mut queue = running();
    queue.add("first");
    queue.on_response(slow_answer(1, 7, 7.0 * 500.0));
    queue.add(&"long ".repeat(1000));
    let slow = deadline(&mut queue);
    assert!(slow * TICK_MILLIS >= 512 * 500 * 5, "{slow} ticks");

    // A fast one is not waited for longer than the least, whatever was feared at first.
    let mut queue = loading();
    queue.on_response(Response::Ready(model(Backend::Candle, 335_000_000)));
    for seq in 1..=30 {
        queue.add("a");
        queue.on_response(slow_answer(seq, 512, 512.0));
    }
    queue.add(&"long ".repeat(1000));
    assert_eq!(deadline(&mut queue), MIN_ANSWER_TICKS);
}

#[test]
fn no_measurement_makes_a_deadline_endless() {
    for millis in [f64::INFINITY, f64::NAN, f64::MAX, -1.0, 0.0, 1e12] {
        for tokens in [0, 1, usize::MAX] {
            let mut queue = running();
            queue.add("a");
            queue.on_response(slow_answer(1, tokens, millis));
            queue.add(&"long ".repeat(1000));
            let given = deadline(&mut queue);
            assert!((MIN_ANSWER_TICKS..=MAX_ANSWER_TICKS).contains(&given));
        }
    }
}

#[test]
fn one_slow_answer_is_soon_forgotten() {
    let mut queue = running();
    queue.add("the device slept");
    queue.on_response(slow_answer(1, 5, 3_600_000.0));
    for seq in 2..=100 {
        queue.add("a");
        queue.on_response(slow_answer(seq, 5, 5.0));
    }
    queue.add(&"long ".repeat(1000));
    assert_eq!(deadline(&mut queue), MIN_ANSWER_TICKS);
}

#[test]
fn each_try_is_given_twice_the_time() {
    let mut queue = running();
    queue.add("a");
    for tries in 0..MAX_CRASHES {
        assert_eq!(deadline(&mut queue), MIN_ANSWER_TICKS << tries);
        queue.on_response(Response::Listening);
        queue.on_response(Response::Ready(info()));
    }
    assert!(!queue.is_busy(), "it has failed");
}

fn failed(seq: u64) -> Command {
    Command::Tell(Event::Failed {
        seq: Some(seq),
        failure: failure(Error::Crashed("panicked".into())),
    })
}

/// The worker crashes, and the next one loads the model. Returns what both do; the former only once the client stops.
fn crash_and_load(queue: &mut RequestQueue) -> (Vec<Command>, Vec<Command>) {
    let crashed = queue.on_response(crash());
    queue.on_response(Response::Listening);
    (crashed, queue.on_response(Response::Ready(info())))
}

#[test]
fn a_typed_text_that_crashes_every_worker_fails_alone() {
    let mut queue = running();
    queue.type_text("bad");
    for _ in 1..MAX_CRASHES {
        let (crashed, loaded) = crash_and_load(&mut queue);
        assert!(crashed.contains(&Command::StartWorker));
        assert_eq!(loaded[0], posted(1, "bad"));
    }
    let (crashed, loaded) = crash_and_load(&mut queue);
    assert_eq!(crashed.last(), Some(&failed(1)));
    assert_eq!(loaded, [Command::Tell(Event::Ready(info()))]);
    assert_eq!(queue.type_text("good"), [posted(2, "good")]);
    assert_eq!(queue.on_response(answer(2)), [told(2)]);
}

#[test]
fn a_newer_text_has_tries_of_its_own() {
    let mut queue = running();
    queue.type_text("bad");
    for _ in 1..MAX_CRASHES {
        crash_and_load(&mut queue);
    }
    queue.type_text("bad, too");
    let (crashed, loaded) = crash_and_load(&mut queue);
    assert_eq!(crashed.len(), 3, "{crashed:?}");
    assert_eq!(loaded[0], posted(2, "bad, too"));
    let (crashed, _) = crash_and_load(&mut queue);
    assert!(!crashed.contains(&failed(2)));
}

#[test]
fn texts_that_crash_the_worker_one_after_the_other_each_fail_alone() {
    let mut queue = running();
    for text in ["bad", "bad", "bad", "good"] {
        queue.add(text);
    }
    for seq in 1..=3 {
        for _ in 1..MAX_CRASHES {
            crash_and_load(&mut queue);
        }
        let (crashed, loaded) = crash_and_load(&mut queue);
        assert_eq!(crashed.last(), Some(&failed(seq)));
        let next = if seq < 3 { "bad" } else { "good" };
        assert_eq!(loaded[0], posted(seq + 1, next));
    }
    assert_eq!(queue.on_response(answer(4)), [told(4)]);
}

fn stops_after_crashes_in_a_row(
    mut queue: RequestQueue,
    mut crash_next: impl FnMut(&mut RequestQueue),
) {
    for _ in 1..MAX_CRASHES_IN_A_ROW {
        crash_next(&mut queue);
        let (crashed, _) = crash_and_load(&mut queue);
        assert!(crashed.contains(&Command::StartWorker));
    }
    crash_next(&mut queue);
    let error = Error::Crashed("panicked".into());
    assert_eq!(queue.on_response(crash()), stopped(error));
    assert!(queue.is_stopped());
}

#[test]
fn a_worker_that_crashes_on_every_text_is_given_up() {
    let mut queue = running();
    for _ in 0..100 {
        queue.add("a");
    }
    stops_after_crashes_in_a_row(queue, |_| ());
    // Typed texts, each newer than the one that crashed.
    stops_after_crashes_in_a_row(running(), |queue| {
        queue.type_text("a");
        queue.type_text("ab");
    });
    // Each was cancelled, so that there is none to fail.
    let mut seq = 0;
    stops_after_crashes_in_a_row(running(), |queue| {
        queue.add("a");
        seq += 1;
        queue.cancel_request(seq);
    });
}

#[test]
fn after_a_stop_the_typed_text_is_tried_again_with_all_its_tries() {
    let mut queue = running();
    for seq in 1..=MAX_CRASHES_IN_A_ROW.div_ceil(MAX_CRASHES) {
        queue.type_text(&seq.to_string());
        for _ in 0..MAX_CRASHES {
            crash_and_load(&mut queue);
        }
    }
    assert!(queue.is_stopped());
    assert_eq!(queue.retry(), [Command::StartWorker]);
    queue.on_response(Response::Listening);
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands[0], posted(5, "5"));
    for _ in 1..MAX_CRASHES {
        let (_, loaded) = crash_and_load(&mut queue);
        assert_eq!(loaded[0], posted(5, "5"));
    }
    let (crashed, _) = crash_and_load(&mut queue);
    assert_eq!(crashed.last(), Some(&failed(5)));
}

#[test]
fn a_worker_that_crashes_while_it_loads_is_given_up() {
    let mut queue = loading();
    for _ in 1..MAX_CRASHES {
        assert!(queue.on_response(crash()).contains(&Command::StartWorker));
        queue.on_response(Response::Listening);
    }
    let error = Error::Crashed("panicked".into());
    assert_eq!(queue.on_response(crash()), stopped(error));
}

#[test]
fn an_answer_resets_the_crash_count() {
    let mut queue = running();
    for seq in 1..=3 * u64::from(MAX_CRASHES) {
        queue.type_text("a");
        assert!(queue.on_response(crash()).contains(&Command::StartWorker));
        queue.on_response(Response::Listening);
        queue.on_response(Response::Ready(info()));
        assert_eq!(queue.on_response(answer(seq)), [told(seq)]);
    }
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
fn each_request_has_its_own_deadline() {
    let mut queue = running();
    for seq in 1..10 {
        queue.type_text("a");
        for _ in 1..MIN_ANSWER_TICKS {
            assert_eq!(queue.tick(), []);
        }
        queue.on_response(answer(seq));
    }
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
    let mut queue = RequestQueue::new("m/".into(), None);
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
    let mut queue = RequestQueue::new("m/".into(), None);
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
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands.first(), Some(&posted(1, "a")));
    assert_eq!(queue.cancel(), [], "too late to call it off");
}

#[test]
fn a_stop_fails_the_whole_bulk_lane_once() {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.add("a");
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
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands, [Command::Tell(Event::Ready(info()))]);
}

#[test]
fn cancelling_many_takes_no_longer_each() {
    let mut queue = running();
    let seqs: Vec<_> = (0..200_000)
        .map(|_| queue.submit(Lane::Bulk, Payload::Ids(Vec::new())).0)
        .collect();
    let start = std::time::Instant::now();
    for &seq in seqs.iter().rev() {
        queue.cancel_request(seq);
    }
    // A scan of the queue for each took more than ten seconds.
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    assert_eq!(queue.on_response(answer(seqs[0])), []);
}

fn loading() -> RequestQueue {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.retry();
    queue.on_response(Response::Listening);
    queue
}

#[test]
fn cancelling_stops_a_worker_that_hangs_while_loading() {
    let mut queue = loading();
    assert_eq!(queue.cancel(), [Command::Post(Request::Cancel)]);
    assert_eq!(queue.cancel(), [], "once is enough");
    for _ in 1..CANCEL_TICKS {
        assert!(queue.is_busy());
        assert_eq!(queue.tick(), []);
    }
    assert_eq!(queue.tick(), stopped(Error::Cancelled));
    assert!(queue.is_stopped() && !queue.is_busy());
    assert_eq!(queue.retry(), [Command::StartWorker]);
}

/// Ticks `ticks - 1` times, during which nothing happens, then once more; returns what that does.
fn last_of(queue: &mut RequestQueue, ticks: u32) -> Vec<Command> {
    for _ in 1..ticks {
        assert!(queue.is_busy());
        assert_eq!(queue.tick(), []);
    }
    queue.tick()
}

/// The queue gave the worker up, started another each time, then stopped.
fn gives_up(mut queue: RequestQueue, ticks: u32, hang: fn(&mut RequestQueue), error: Error) {
    let failure = Failure::from(&error);
    for _ in 1..MAX_CRASHES {
        hang(&mut queue);
        let restarted = Command::Tell(Event::Restarted(failure.clone()));
        assert_eq!(
            last_of(&mut queue, ticks),
            [Command::EndWorker, Command::StartWorker, restarted]
        );
    }
    hang(&mut queue);
    assert_eq!(last_of(&mut queue, ticks), stopped(error));
    assert!(queue.is_stopped() && !queue.is_busy());
    assert_eq!(queue.tick(), []);
}

fn progress(received: u64) -> Response {
    Response::Progress(Progress {
        received,
        total: None,
    })
}

fn stored() -> Response {
    Response::Stored(Storage {
        kept: true,
        reason: None,
        fetched: 0,
    })
}

fn unreachable(file: &str) -> Error {
    Error::Unreachable {
        file: file.into(),
        reason: "nothing has arrived for a long time".into(),
    }
}

#[test]
fn a_program_that_never_arrives_is_given_up() {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.retry();
    let error = unreachable("The program that runs the model");
    gives_up(queue, START_TICKS, |_| (), error);
}

#[test]
fn a_worker_that_hangs_while_loading_is_given_up() {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.retry();
    let hang = |queue: &mut RequestQueue| _ = queue.on_response(Response::Listening);
    gives_up(queue, LOAD_TICKS, hang, unreachable("The model"));
}

#[test]
fn a_worker_that_hangs_after_some_progress_is_given_up() {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.retry();
    let hang = |queue: &mut RequestQueue| {
        queue.on_response(Response::Listening);
        queue.tick();
        queue.on_response(progress(1));
    };
    gives_up(queue, LOAD_TICKS, hang, unreachable("The model"));
}

#[test]
fn a_worker_that_hangs_while_converting_is_given_up() {
    let mut queue = RequestQueue::new("m/".into(), None);
    queue.retry();
    let hang = |queue: &mut RequestQueue| {
        queue.on_response(Response::Listening);
        queue.on_response(stored());
    };
    let error = Error::Crashed("it has not answered for a long time".into());
    gives_up(queue, CONVERSION_TICKS, hang, error);
}

#[test]
fn a_slow_download_takes_as_long_as_it_takes() {
    let mut queue = loading();
    for received in 0..100 {
        for _ in 1..LOAD_TICKS {
            assert_eq!(queue.tick(), []);
        }
        assert_eq!(queue.on_response(progress(received)).len(), 1);
    }
    for _ in 1..LOAD_TICKS {
        assert_eq!(queue.tick(), []);
    }
    let requests = Vec::new();
    queue.on_response(Response::Requested { requests });
    for _ in 1..LOAD_TICKS {
        assert_eq!(queue.tick(), []);
    }
}

#[test]
fn a_long_conversion_is_not_taken_for_a_hang() {
    let mut queue = loading();
    queue.on_response(stored());
    for _ in 1..CONVERSION_TICKS {
        assert_eq!(queue.tick(), []);
    }
    assert_eq!(
        queue.on_response(Response::Ready(info())),
        [Command::Tell(Event::Ready(info()))]
    );
    assert!(!queue.is_busy());
}

#[test]
fn a_conversion_can_be_cancelled() {
    let mut queue = loading();
    queue.on_response(stored());
    assert_eq!(queue.cancel(), [Command::Post(Request::Cancel)]);
    assert_eq!(last_of(&mut queue, CANCEL_TICKS), stopped(Error::Cancelled));
}

#[test]
fn a_crash_after_cancelling_does_not_reload() {
    let mut queue = loading();
    queue.cancel();
    assert_eq!(queue.on_response(crash()), stopped(Error::Cancelled));
}

#[test]
fn a_model_that_is_ready_despite_cancelling_stays() {
    let mut queue = loading();
    queue.cancel();
    queue.on_response(Response::Ready(info()));
    assert!(!queue.is_busy());
    for _ in 0..CANCEL_TICKS {
        assert_eq!(queue.tick(), []);
    }
}

#[test]
fn a_text_that_crashes_every_worker_fails_alone() {
    let mut queue = running();
    queue.add("bad");
    queue.add("good");
    for left in (0..MAX_CRASHES).rev() {
        let (crashed, loaded) = crash_and_load(&mut queue);
        assert_eq!(crashed.contains(&failed(1)), left == 0);
        let text = if left == 0 {
            posted(2, "good")
        } else {
            posted(1, "bad")
        };
        assert_eq!(loaded[0], text);
    }
}

#[test]
fn a_typed_text_goes_before_all_that_waits_in_bulk() {
    let mut queue = running();
    assert_eq!(queue.add("a"), [posted(1, "a")]);
    assert_eq!(queue.add("b"), []);
    assert_eq!(queue.type_text("live"), []);
    assert_eq!(queue.add("c"), []);
    assert_eq!(queue.type_text("lively"), []);
    assert_eq!(queue.on_response(answer(1)), [posted(5, "lively"), told(1)]);
    assert_eq!(queue.on_response(answer(5)), [posted(2, "b"), told(5)]);
    assert_eq!(queue.on_response(answer(2)), [posted(4, "c"), told(2)]);
    assert_eq!(queue.on_response(answer(4)), [told(4)]);
}

#[test]
fn a_cancelled_live_text_lets_bulk_go_on() {
    let mut queue = running();
    queue.type_text("a");
    queue.add("b");
    queue.type_text("ab");
    queue.cancel_request(3);
    assert_eq!(queue.on_response(answer(1)), [posted(2, "b"), told(1)]);
}

#[test]
fn a_typed_text_that_crashes_leaves_bulk_alone() {
    let mut queue = running();
    queue.type_text("bad");
    queue.add("good");
    for _ in 1..MAX_CRASHES {
        assert_eq!(crash_and_load(&mut queue).1[0], posted(1, "bad"));
    }
    let (crashed, loaded) = crash_and_load(&mut queue);
    assert_eq!(crashed.last(), Some(&failed(1)));
    assert_eq!(loaded[0], posted(2, "good"));
    assert_eq!(queue.on_response(answer(2)), [told(2)]);
}

#[test]
fn a_bulk_request_that_crashed_waits_for_the_typed_text() {
    let mut queue = running();
    queue.add("bad");
    queue.type_text("live");
    assert_eq!(crash_and_load(&mut queue).1[0], posted(2, "live"));
    assert_eq!(queue.on_response(answer(2)), [posted(1, "bad"), told(2)]);
}

#[test]
fn a_stop_answers_bulk_and_keeps_the_typed_text() {
    let mut queue = loading();
    queue.add("bulk");
    queue.type_text("live");
    queue.cancel();
    for _ in 0..CANCEL_TICKS {
        queue.tick();
    }
    assert!(queue.is_stopped());
    queue.retry();
    queue.on_response(Response::Listening);
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands[0], posted(2, "live"));
    assert_eq!(queue.on_response(answer(2)), [told(2)]);
}
