//! Workers that crash, and the texts that crash them.

use super::*;

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

fn stops_after_crashes_in_a_row(mut queue: TestQueue, mut crash_next: impl FnMut(&mut TestQueue)) {
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
fn a_withdrawn_text_is_not_tried_again() {
    let mut queue = running();
    queue.type_text("bad");
    let seq = queue.typed.expect("it was just submitted");
    queue.withdraw(seq);
    assert_eq!(
        crash_and_load(&mut queue).1,
        [Command::Tell(Event::Ready(info()))]
    );
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
