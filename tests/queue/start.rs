//! A worker that starts, loads and converts, or hangs at it.

use super::*;

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
fn last_of(queue: &mut TestQueue, ticks: u32) -> Vec<Command> {
    for _ in 1..ticks {
        assert!(queue.is_busy());
        assert_eq!(queue.tick(), []);
    }
    queue.tick()
}

/// The queue gave the worker up, started another each time, then stopped.
fn gives_up(mut queue: TestQueue, ticks: u32, hang: fn(&mut TestQueue), error: Error) {
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

pub(super) fn stored() -> Response {
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
    let mut queue = TestQueue::new();
    queue.retry();
    let error = unreachable("The program that runs the model");
    gives_up(queue, START_TICKS, |_| (), error);
}

#[test]
fn a_worker_that_hangs_while_loading_is_given_up() {
    let mut queue = TestQueue::new();
    queue.retry();
    let hang = |queue: &mut TestQueue| _ = queue.on_response(Response::Listening);
    gives_up(queue, LOAD_TICKS, hang, unreachable("The model"));
}

#[test]
fn a_worker_that_hangs_after_some_progress_is_given_up() {
    let mut queue = TestQueue::new();
    queue.retry();
    let hang = |queue: &mut TestQueue| {
        queue.on_response(Response::Listening);
        queue.tick();
        queue.on_response(progress(1));
    };
    gives_up(queue, LOAD_TICKS, hang, unreachable("The model"));
}

#[test]
fn a_worker_that_hangs_while_converting_is_given_up() {
    let mut queue = TestQueue::new();
    queue.retry();
    let hang = |queue: &mut TestQueue| {
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
