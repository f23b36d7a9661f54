use super::*;

#[path = "mailbox_steps.rs"]
mod steps;

fn info() -> ModelInfo {
    ModelInfo {
        name: "test".into(),
        architecture: "bert".into(),
        labels: vec!["negative".into(), "positive".into()],
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

fn told(seq: u64) -> Order {
    Order::Tell(Event::Classified {
        seq,
        prediction: prediction(),
    })
}

fn posted(seq: u64, text: &str) -> Order {
    Order::Post(Request::Classify {
        seq,
        text: text.into(),
    })
}

fn stopped(error: Error) -> Vec<Order> {
    vec![
        Order::EndWorker,
        Order::Tell(Event::Failed {
            seq: None,
            failure: failure(error),
        }),
    ]
}

impl Mailbox {
    fn type_text(&mut self, text: &str) -> Vec<Order> {
        self.submit(Work::Text(text.into())).1
    }
}

/// A mailbox whose worker has loaded the model.
fn running(keep: Keep) -> Mailbox {
    let mut mailbox = Mailbox::new("m/".into(), None, keep);
    assert_eq!(mailbox.retry(), [Order::StartWorker]);
    assert_eq!(mailbox.worker_said(Response::Listening), [load()]);
    assert_eq!(
        mailbox.worker_said(Response::Ready(info())),
        [Order::Tell(Event::Ready(info()))]
    );
    mailbox
}

fn load() -> Order {
    Order::Post(Request::Load {
        model: "m/".into(),
        backend: None,
    })
}

#[test]
fn tokens_alone_are_asked_for_and_answered() {
    let mut mailbox = running(Keep::All);
    let text = "a text".to_owned();
    let (seq, orders) = mailbox.submit(Work::Tokens(text.clone()));
    assert_eq!(orders, [Order::Post(Request::Tokenize { seq, text })]);
    let (tokens, truncated_at) = (Vec::new(), Some(3));
    let told = mailbox.worker_said(Response::Tokenized {
        seq,
        tokens: tokens.clone(),
        truncated_at,
    });
    assert_eq!(
        told,
        [Order::Tell(Event::Tokenized {
            seq,
            tokens,
            truncated_at
        })]
    );
}

#[test]
fn an_idle_worker_gets_a_text_at_once_and_a_busy_one_the_newest() {
    let mut mailbox = running(Keep::Newest);
    assert_eq!(mailbox.type_text("a"), [posted(1, "a")]);
    assert_eq!(mailbox.type_text("ab"), []);
    assert_eq!(mailbox.type_text("abc"), []);
    assert_eq!(
        mailbox.worker_said(answer(1)),
        [posted(3, "abc"), told(1)],
        "the worker goes on before the page is told"
    );
    assert_eq!(mailbox.worker_said(answer(3)), [told(3)]);
    assert_eq!(mailbox.type_text("abcd"), [posted(4, "abcd")]);
}

#[test]
fn token_ids_wait_like_texts() {
    let mut mailbox = running(Keep::All);
    let ids = vec![101, 102];
    let (seq, orders) = mailbox.submit(Work::Ids(ids.clone()));
    let request = Request::ClassifyIds { seq, ids };
    assert_eq!(orders, [Order::Post(request)]);
    assert_eq!(mailbox.worker_said(answer(seq)), [told(seq)]);
}

#[test]
fn a_program_gets_every_answer_in_order() {
    let mut mailbox = running(Keep::All);
    assert_eq!(mailbox.type_text("a"), [posted(1, "a")]);
    assert_eq!(mailbox.type_text("b"), []);
    assert_eq!(mailbox.type_text("c"), []);
    assert_eq!(mailbox.worker_said(answer(1)), [posted(2, "b"), told(1)]);
    assert_eq!(mailbox.worker_said(answer(2)), [posted(3, "c"), told(2)]);
    assert_eq!(mailbox.worker_said(answer(3)), [told(3)]);
}

#[test]
fn what_was_typed_while_loading_is_classified_as_soon_as_the_model_is_there() {
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::Newest);
    assert_eq!(mailbox.type_text("a"), []);
    mailbox.retry();
    assert_eq!(mailbox.type_text("ab"), []);
    mailbox.worker_said(Response::Listening);
    assert_eq!(mailbox.type_text("abc"), []);
    assert_eq!(
        mailbox.worker_said(Response::Ready(info())),
        [posted(3, "abc"), Order::Tell(Event::Ready(info()))]
    );
}

#[test]
fn an_answer_nobody_waits_for_is_dropped() {
    let mut mailbox = running(Keep::Newest);
    mailbox.type_text("a");
    assert_eq!(mailbox.worker_said(answer(7)), []);
    assert_eq!(mailbox.worker_said(answer(1)), [told(1)]);
    assert_eq!(mailbox.worker_said(answer(1)), [], "told only once");
}

#[test]
fn a_withdrawn_request_is_never_answered() {
    let mut mailbox = running(Keep::All);
    mailbox.type_text("a");
    mailbox.type_text("b");
    mailbox.type_text("c");
    mailbox.withdraw(1);
    mailbox.withdraw(2);
    assert_eq!(mailbox.worker_said(answer(1)), [posted(3, "c")]);
    assert_eq!(mailbox.worker_said(answer(3)), [told(3)]);
}

#[test]
fn a_crash_restarts_the_worker_with_the_text_that_was_under_way() {
    let mut mailbox = running(Keep::Newest);
    mailbox.type_text("a");
    assert_eq!(
        mailbox.worker_said(crash()),
        [
            Order::EndWorker,
            Order::StartWorker,
            Order::Tell(Event::Restarted(failure(Error::Crashed("panicked".into()))))
        ]
    );
    assert_eq!(mailbox.worker_said(Response::Listening), [load()]);
    assert_eq!(
        mailbox.worker_said(Response::Ready(info())),
        [posted(1, "a"), Order::Tell(Event::Ready(info()))]
    );
    assert_eq!(mailbox.worker_said(answer(1)), [told(1)]);
}

#[test]
fn after_a_crash_a_newer_text_takes_precedence() {
    let mut mailbox = running(Keep::Newest);
    mailbox.type_text("a");
    mailbox.type_text("ab");
    mailbox.worker_broke("unreachable");
    mailbox.type_text("abc");
    mailbox.worker_said(Response::Listening);
    let orders = mailbox.worker_said(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(3, "abc")));
    assert_eq!(mailbox.worker_said(answer(3)), [told(3)]);
}

#[test]
fn a_text_that_crashes_every_worker_does_not_do_so_for_ever() {
    let mut mailbox = running(Keep::Newest);
    mailbox.type_text("a");
    for _ in 1..MAX_CRASHES {
        let orders = mailbox.worker_said(crash());
        assert!(orders.contains(&Order::StartWorker));
        mailbox.worker_said(Response::Listening);
        mailbox.worker_said(Response::Ready(info()));
    }
    assert_eq!(
        mailbox.worker_said(crash()),
        stopped(Error::Crashed("panicked".into()))
    );
    assert!(mailbox.is_stopped());

    // The visitor tries again, and the same text is still there.
    assert_eq!(mailbox.retry(), [Order::StartWorker]);
    mailbox.worker_said(Response::Listening);
    let orders = mailbox.worker_said(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(1, "a")));
}

#[test]
fn crashes_with_answers_between_them_are_forgiven() {
    let mut mailbox = running(Keep::Newest);
    for seq in 1..=3 * u64::from(MAX_CRASHES) {
        mailbox.type_text("a");
        assert!(mailbox.worker_said(crash()).contains(&Order::StartWorker));
        mailbox.worker_said(Response::Listening);
        mailbox.worker_said(Response::Ready(info()));
        assert_eq!(mailbox.worker_said(answer(seq)), [told(seq)]);
    }
}

#[test]
fn a_silent_worker_is_given_up_and_replaced() {
    let mut mailbox = running(Keep::Newest);
    assert_eq!(mailbox.tick(), [], "with nothing asked, silence is fine");
    mailbox.type_text("a");
    for _ in 1..MAX_TICKS {
        assert_eq!(mailbox.tick(), []);
    }
    assert!(mailbox.tick().contains(&Order::StartWorker));
    assert!(!mailbox.is_busy());
}

#[test]
fn ticks_are_counted_for_each_request_anew() {
    let mut mailbox = running(Keep::Newest);
    for seq in 1..10 {
        mailbox.type_text("a");
        for _ in 1..MAX_TICKS {
            assert_eq!(mailbox.tick(), []);
        }
        mailbox.worker_said(answer(seq));
    }
}

#[test]
fn a_worker_nobody_needs_is_ended_and_the_next_text_starts_another() {
    let mut mailbox = running(Keep::Newest);
    mailbox.type_text("a");
    assert_eq!(mailbox.sleep(), [], "it is busy");
    mailbox.worker_said(answer(1));
    assert_eq!(mailbox.sleep(), [Order::EndWorker]);
    assert_eq!(mailbox.sleep(), []);
    assert_eq!(mailbox.worker_said(answer(1)), [], "it is gone");
    assert_eq!(mailbox.worker_broke("late news"), []);
    assert_eq!((mailbox.cancel(), mailbox.retry()), (vec![], vec![]));
    assert!(!mailbox.is_stopped(), "it comes back by itself");
    assert_eq!(mailbox.type_text("ab"), [Order::StartWorker]);
    assert_eq!(mailbox.wake(), [], "it is on its way already");
    assert_eq!(mailbox.worker_said(Response::Listening), [load()]);
    assert_eq!(
        mailbox.worker_said(Response::Ready(info())),
        [posted(2, "ab"), Order::Tell(Event::Ready(info()))]
    );
}

#[test]
fn a_worker_that_cannot_be_started_is_not_a_crash() {
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::Newest);
    mailbox.retry();
    let orders = mailbox.worker_broke("the browser could not start it");
    assert_eq!(
        orders,
        stopped(Error::Unreachable {
            file: "The program that runs the model".into(),
            reason: "the browser could not start it".into()
        })
    );
    assert_eq!(mailbox.retry(), [Order::StartWorker]);
}

#[test]
fn loading_can_be_called_off_and_started_again() {
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::Newest);
    mailbox.type_text("a");
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    assert_eq!(mailbox.cancel(), [Order::Post(Request::Cancel)]);
    let cancelled = Response::Failed {
        seq: None,
        failure: failure(Error::Cancelled),
    };
    assert_eq!(mailbox.worker_said(cancelled), stopped(Error::Cancelled));
    assert_eq!(mailbox.retry(), [Order::StartWorker]);
    assert_eq!(mailbox.retry(), [], "it is being done already");
    assert_eq!(mailbox.cancel(), stopped(Error::Cancelled), "even earlier");
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    let orders = mailbox.worker_said(Response::Ready(info()));
    assert_eq!(orders.first(), Some(&posted(1, "a")));
    assert_eq!(mailbox.cancel(), [], "too late to call it off");
}

#[test]
fn a_program_hears_of_a_stop_once_and_its_requests_are_gone() {
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::All);
    mailbox.type_text("a");
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    let missing = Error::NotFound {
        file: "config.json".into(),
        status: Some(404),
    };
    let response = Response::Failed {
        seq: None,
        failure: failure(missing),
    };
    assert_eq!(mailbox.worker_said(response).len(), 2);
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    let orders = mailbox.worker_said(Response::Ready(info()));
    assert_eq!(orders, [Order::Tell(Event::Ready(info()))]);
}

#[test]
fn withdrawing_many_takes_no_longer_each() {
    let mut mailbox = running(Keep::All);
    let seqs: Vec<_> = (0..200_000)
        .map(|_| mailbox.submit(Work::Ids(Vec::new())).0)
        .collect();
    let start = std::time::Instant::now();
    for &seq in seqs.iter().rev() {
        mailbox.withdraw(seq);
    }
    // One pass over the queue for each took more than ten seconds.
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    assert_eq!(mailbox.worker_said(answer(seqs[0])), []);
}

fn loading() -> Mailbox {
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::Newest);
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    mailbox
}

#[test]
fn a_worker_that_hangs_while_loading_is_ended_by_cancelling() {
    let mut mailbox = loading();
    assert!(!mailbox.is_busy(), "loading may take as long as it likes");
    assert_eq!(mailbox.cancel(), [Order::Post(Request::Cancel)]);
    assert_eq!(mailbox.cancel(), [], "once is enough");
    for _ in 1..MAX_CANCEL_TICKS {
        assert!(mailbox.is_busy());
        assert_eq!(mailbox.tick(), []);
    }
    assert_eq!(mailbox.tick(), stopped(Error::Cancelled));
    assert!(mailbox.is_stopped() && !mailbox.is_busy());
    assert_eq!(mailbox.retry(), [Order::StartWorker]);
}

#[test]
fn a_crash_after_cancelling_loads_nothing_again() {
    let mut mailbox = loading();
    mailbox.cancel();
    assert_eq!(mailbox.worker_said(crash()), stopped(Error::Cancelled));
}

#[test]
fn a_model_that_is_ready_in_spite_of_cancelling_stays() {
    let mut mailbox = loading();
    mailbox.cancel();
    mailbox.worker_said(Response::Ready(info()));
    assert!(!mailbox.is_busy());
    for _ in 0..MAX_CANCEL_TICKS {
        assert_eq!(mailbox.tick(), []);
    }
}

#[test]
fn a_text_that_crashes_every_worker_fails_alone() {
    let mut mailbox = running(Keep::All);
    mailbox.type_text("bad");
    mailbox.type_text("good");
    for left in (0..MAX_CRASHES).rev() {
        let orders = mailbox.worker_said(crash());
        let failed = Order::Tell(Event::Failed {
            seq: Some(1),
            failure: failure(Error::Crashed("panicked".into())),
        });
        assert_eq!(orders.contains(&failed), left == 0);
        mailbox.worker_said(Response::Listening);
        let next = mailbox.worker_said(Response::Ready(info()));
        let text = if left == 0 {
            posted(2, "good")
        } else {
            posted(1, "bad")
        };
        assert_eq!(next[0], text);
    }
}
