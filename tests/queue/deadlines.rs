//! How long a request may take.

use super::*;

/// How many ticks the request in flight is given.
fn deadline(queue: &mut TestQueue) -> u32 {
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
