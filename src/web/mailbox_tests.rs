use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

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
    let mut mailbox = Mailbox::new("m/".into(), None, Keep::All);
    mailbox.retry();
    mailbox.worker_said(Response::Listening);
    mailbox.worker_said(Response::Ready(info()));
    let text = "a text".to_owned();
    let (seq, orders) = mailbox.submit(Work::Tokens(text.clone()));
    assert_eq!(orders, [Order::Post(Request::Tokenize { seq, text })]);
    let (tokens, truncated_at) = (Vec::new(), Some(3));
    let told = mailbox.worker_said(Response::Tokenized {
        seq,
        tokens: Vec::new(),
        truncated_at,
    });
    let event = Event::Tokenized {
        seq,
        tokens,
        truncated_at,
    };
    assert_eq!(told, [Order::Tell(event)]);
    assert!(!mailbox.is_busy());
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

/// Everything that can happen, in any order.
#[derive(Debug, Clone)]
enum Step {
    Submit,
    Withdraw(u64),
    Cancel,
    Retry,
    Tick,
    Sleep,
    Wake,
    /// The worker says the next thing a good worker would say.
    Proceed,
    /// The worker fails at what it is doing.
    Fail,
    /// The worker says something out of turn.
    Stray(u64),
    Crash,
    Break,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Submit),
        1 => (1..20_u64).prop_map(Step::Withdraw),
        1 => Just(Step::Cancel),
        2 => Just(Step::Retry),
        2 => Just(Step::Tick),
        1 => Just(Step::Sleep),
        1 => Just(Step::Wake),
        8 => Just(Step::Proceed),
        1 => Just(Step::Fail),
        1 => (0..20_u64).prop_map(Step::Stray),
        1 => Just(Step::Crash),
        1 => Just(Step::Break),
    ]
}

/// The browser and the worker as the mailbox sees them, with the rules that must hold.
struct World {
    mailbox: Mailbox,
    keep: Keep,
    /// What was posted to the present worker and has no answer; `None` without a worker.
    worker: Option<Vec<Request>>,
    listening: bool,
    submitted: u64,
    withdrawn: HashSet<u64>,
    /// Requests with an answer, or that a stop has answered.
    done: HashSet<u64>,
    last_classified: u64,
}

impl World {
    fn new(keep: Keep) -> Self {
        Self {
            mailbox: Mailbox::new("m/".into(), None, keep),
            keep,
            worker: None,
            listening: false,
            submitted: 0,
            withdrawn: HashSet::new(),
            done: HashSet::new(),
            last_classified: 0,
        }
    }

    fn carry_out(&mut self, orders: Vec<Order>) {
        let mut has_told = false;
        for order in orders {
            assert!(!has_told || matches!(order, Order::Tell(_)), "tell last");
            match order {
                Order::StartWorker => {
                    assert!(self.worker.is_none(), "two workers at a time");
                    self.worker = Some(Vec::new());
                    self.listening = false;
                }
                Order::EndWorker => {
                    assert!(self.worker.take().is_some(), "no worker to end");
                }
                Order::Post(request) => {
                    assert!(self.listening, "posted before the worker listened");
                    let worker = self.worker.as_mut().expect("posted without a worker");
                    if !matches!(request, Request::Cancel) {
                        assert!(worker.is_empty(), "posted to a busy worker");
                        worker.push(request);
                    }
                }
                Order::Tell(event) => {
                    has_told = true;
                    self.hear(event);
                }
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Classified { seq, .. } | Event::Tokenized { seq, .. } => {
                assert!(seq > self.last_classified, "an older answer came later");
                self.last_classified = seq;
                self.answered(seq);
            }
            Event::Failed { seq: Some(seq), .. } => self.answered(seq),
            Event::Failed { seq: None, .. } => {
                assert!(self.mailbox.is_stopped());
                if self.keep == Keep::All {
                    self.done.extend(1..=self.submitted);
                }
            }
            Event::Progress(_)
            | Event::Stored(_)
            | Event::Requested(_)
            | Event::Ready(_)
            | Event::Restarted(_) => {}
        }
    }

    fn answered(&mut self, seq: u64) {
        assert!(self.done.insert(seq), "{seq} was answered twice");
        assert!(!self.withdrawn.contains(&seq), "{seq} was withdrawn");
    }

    fn say(&mut self, response: Response) {
        let orders = self.mailbox.worker_said(response);
        self.carry_out(orders);
    }

    fn proceed(&mut self) {
        let Some(posted) = &mut self.worker else {
            return;
        };
        if !self.listening {
            self.listening = true;
            return self.say(Response::Listening);
        }
        match posted.pop() {
            Some(Request::Load { .. }) => self.say(Response::Ready(info())),
            Some(Request::Classify { seq, text }) => {
                assert_eq!(text, seq.to_string());
                self.say(answer(seq));
            }
            Some(other) => panic!("{other:?} was not asked for"),
            None => {}
        }
    }

    fn fail(&mut self) {
        let Some(posted) = &mut self.worker else {
            return;
        };
        let seq = match posted.pop() {
            Some(Request::Classify { seq, .. }) => Some(seq),
            Some(_) => None,
            None => return,
        };
        let failure = failure(Error::Input("no".into()));
        self.say(Response::Failed { seq, failure });
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Submit => {
                self.submitted += 1;
                let text = self.submitted.to_string();
                let (seq, orders) = self.mailbox.submit(Work::Text(text));
                assert_eq!(seq, self.submitted);
                self.carry_out(orders);
            }
            Step::Withdraw(seq) if seq <= self.submitted && !self.done.contains(&seq) => {
                self.withdrawn.insert(seq);
                self.mailbox.withdraw(seq);
            }
            Step::Withdraw(_) => {}
            Step::Cancel => {
                let orders = self.mailbox.cancel();
                self.carry_out(orders);
            }
            Step::Retry => {
                let orders = self.mailbox.retry();
                self.carry_out(orders);
            }
            Step::Tick => {
                let orders = self.mailbox.tick();
                self.carry_out(orders);
            }
            Step::Sleep => {
                let orders = self.mailbox.sleep();
                self.carry_out(orders);
            }
            Step::Wake => {
                let orders = self.mailbox.wake();
                self.carry_out(orders);
            }
            Step::Proceed => self.proceed(),
            Step::Fail => self.fail(),
            // Never what is in flight: that would be a true answer.
            Step::Stray(seq) if self.in_flight() != Some(seq) => self.say(answer(seq)),
            Step::Stray(_) => {}
            Step::Crash if self.listening && self.worker.is_some() => self.say(crash()),
            Step::Crash => {}
            Step::Break if self.worker.is_some() => {
                let orders = self.mailbox.worker_broke("unreachable");
                self.carry_out(orders);
            }
            Step::Break => {}
        }
    }

    fn in_flight(&self) -> Option<u64> {
        match self.worker.as_deref() {
            Some([Request::Classify { seq, .. }]) => Some(*seq),
            _ => None,
        }
    }

    /// From here on everything goes well.
    fn settle(&mut self) {
        self.step(Step::Retry);
        self.step(Step::Wake);
        for _ in 0..self.submitted + 3 {
            self.proceed();
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_newest_text_is_answered(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new(Keep::Newest);
        for step in steps {
            world.step(step);
        }
        world.settle();
        let newest = world.submitted;
        prop_assert!(
            newest == 0 || world.done.contains(&newest) || world.withdrawn.contains(&newest)
        );
        prop_assert!(!world.mailbox.is_busy());
    }

    #[test]
    fn whatever_happens_a_program_gets_every_answer(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new(Keep::All);
        for step in steps {
            world.step(step);
        }
        world.settle();
        for seq in 1..=world.submitted {
            prop_assert!(world.done.contains(&seq) || world.withdrawn.contains(&seq), "{seq} is lost");
        }
        prop_assert!(!world.mailbox.is_busy());
    }
}
