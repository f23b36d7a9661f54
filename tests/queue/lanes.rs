//! The live and the bulk lane.

use super::*;

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
fn a_stop_fails_the_whole_bulk_lane_once() {
    let mut queue = TestQueue::new();
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
fn a_stop_fails_both_lanes() {
    let mut queue = loading();
    queue.add("bulk");
    queue.type_text("live");
    queue.cancel();
    for _ in 0..CANCEL_TICKS {
        queue.tick();
    }
    assert!(queue.is_stopped());
    queue.type_text("typed since");
    queue.retry();
    queue.on_response(Response::Listening);
    let commands = queue.on_response(Response::Ready(info()));
    assert_eq!(commands[0], posted(3, "typed since"));
    assert_eq!(queue.on_response(answer(3)), [told(3)]);
}

#[test]
fn the_live_lane_is_first_in_first_out() {
    let mut queue = running();
    queue.add("bulk");
    for text in ["one", "two"] {
        queue.submit(Lane::Live, Payload::Text(text.into()));
    }
    assert_eq!(queue.on_response(answer(1)), [posted(2, "one"), told(1)]);
    assert_eq!(queue.on_response(answer(2)), [posted(3, "two"), told(2)]);
}

#[test]
fn a_withdrawn_text_is_answered_only_if_the_worker_is_busy_with_it() {
    let mut queue = running();
    queue.type_text("a");
    queue.type_text("ab");
    queue.type_text("abc");
    queue.withdraw(3);
    assert_eq!(queue.on_response(answer(1)), [told(1)]);
}

#[test]
fn a_batch_is_one_request() {
    let mut queue = running();
    let batch = vec!["one".to_owned(), "another".to_owned()];
    let (seq, commands) = queue.submit(Lane::Bulk, Payload::Batch(batch.clone()));
    let request = Request::ClassifyBatch { seq, batch };
    assert_eq!(commands, [Command::Post(request)]);
    // A text that is typed goes between two batches.
    let next = queue.submit(Lane::Bulk, Payload::Batch(Vec::new())).0;
    let (live, _) = queue.submit(Lane::Live, Payload::Text("typed".into()));
    let brief = Brief {
        scores: vec![0.25, 0.75],
        truncated: false,
    };
    let briefs = vec![brief.clone(), brief];
    let response = Response::ClassifiedBatch {
        seq,
        briefs: briefs.clone(),
        millis: 3.0,
        token_count: 9,
    };
    let told = Command::Tell(Event::ClassifiedBatch { seq, briefs });
    assert_eq!(queue.on_response(response), [posted(live, "typed"), told]);
    let request = Request::ClassifyBatch {
        seq: next,
        batch: Vec::new(),
    };
    assert_eq!(queue.on_response(answer(live))[0], Command::Post(request));
}
