//! Property tests of the queue: random events in any order.

use std::collections::HashSet;

use proptest::prelude::*;

use super::start::stored;
use super::*;

/// One event.
#[derive(Debug, Clone)]
enum Step {
    Submit(Lane),
    CancelRequest(u64),
    Withdraw(u64),
    Cancel,
    Retry,
    Tick,
    Sleep,
    Wake,
    /// The worker sends the next response of a correct worker.
    Proceed,
    /// The worker fails at its current task.
    Fail,
    /// The worker sends an unexpected response.
    Stray(u64),
    Crash,
    Break,
    /// The worker has the model's files.
    Store,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Submit(Lane::Live)),
        2 => Just(Step::Submit(Lane::Bulk)),
        1 => (1..20_u64).prop_map(Step::CancelRequest),
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
        1 => Just(Step::Store),
    ]
}

/// Simulated browser and worker, which check the queue's invariants.
struct World {
    queue: RequestQueue,
    /// Requests posted to the current worker and not answered yet; `None` without a worker.
    worker: Option<Vec<Request>>,
    listening: bool,
    submitted: Vec<Lane>,
    cancelled: HashSet<u64>,
    /// Requests that may be answered, or not.
    withdrawn: HashSet<u64>,
    /// Requests that were answered, or failed by a stop.
    done: HashSet<u64>,
    /// By lane.
    last_classified: [u64; 2],
    /// Requests that crash the worker.
    bad: HashSet<u64>,
}

impl World {
    fn new() -> Self {
        Self {
            queue: RequestQueue::new("m/".into(), None),
            worker: None,
            listening: false,
            submitted: Vec::new(),
            cancelled: HashSet::new(),
            withdrawn: HashSet::new(),
            done: HashSet::new(),
            last_classified: [0; 2],
            bad: HashSet::new(),
        }
    }

    fn execute(&mut self, commands: Vec<Command>) {
        let mut has_told = false;
        let mut posted = None;
        for command in commands {
            assert!(
                !has_told || matches!(command, Command::Tell(_)),
                "tell last"
            );
            match command {
                Command::StartWorker => {
                    assert!(self.worker.is_none(), "two workers at a time");
                    self.worker = Some(Vec::new());
                    self.listening = false;
                }
                Command::EndWorker => {
                    assert!(self.worker.take().is_some(), "no worker to end");
                }
                Command::Post(request) => {
                    if let Request::Classify { seq, .. } = request {
                        posted = Some(seq);
                    }
                    assert!(self.listening, "posted before the worker listened");
                    let worker = self.worker.as_mut().expect("posted without a worker");
                    if !matches!(request, Request::Cancel) {
                        assert!(worker.is_empty(), "posted to a busy worker");
                        worker.push(request);
                    }
                }
                Command::Tell(event) => {
                    has_told = true;
                    self.hear(event);
                }
            }
        }
        // Now that the page has heard of the answer that made room for it.
        if let Some(seq) = posted {
            self.check_turn(seq);
        }
    }

    /// Requests of a lane, oldest first.
    fn of(&self, lane: Lane) -> impl Iterator<Item = u64> {
        (1..)
            .zip(&self.submitted)
            .filter(move |&(_, &its)| its == lane)
            .map(|(seq, _)| seq)
    }

    fn is_open(&self, seq: u64) -> bool {
        let sets = [&self.done, &self.cancelled, &self.withdrawn];
        !sets.into_iter().any(|set| set.contains(&seq))
    }

    /// A request is posted: the oldest of the live lane, or else of the bulk lane.
    fn check_turn(&self, seq: u64) {
        let lanes = self.of(Lane::Live).chain(self.of(Lane::Bulk));
        let next = lanes.into_iter().find(|&seq| self.is_open(seq));
        assert_eq!(next, Some(seq));
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Classified { seq, .. }
            | Event::ClassifiedBatch { seq, .. }
            | Event::Tokenized { seq, .. } => {
                let lane = self.submitted[seq as usize - 1];
                let last = &mut self.last_classified[lane as usize];
                assert!(seq > *last, "an older answer came later");
                *last = seq;
                self.answered(seq);
            }
            Event::Failed { seq: Some(seq), .. } => self.answered(seq),
            Event::Failed { seq: None, .. } => {
                assert!(self.queue.is_stopped());
                self.done.extend(1..=self.submitted.len() as u64);
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
        assert!(!self.cancelled.contains(&seq), "{seq} was cancelled");
    }

    fn say(&mut self, response: Response) {
        let commands = self.queue.on_response(response);
        self.execute(commands);
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
            Some(Request::Classify { seq, .. }) if self.bad.contains(&seq) => self.say(crash()),
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
            Step::Submit(lane) => {
                self.submitted.push(lane);
                let seq = self.submitted.len() as u64;
                let (given, commands) = self.queue.submit(lane, Payload::Text(seq.to_string()));
                assert_eq!(given, seq);
                self.execute(commands);
            }
            Step::CancelRequest(seq)
                if seq <= self.submitted.len() as u64 && !self.done.contains(&seq) =>
            {
                self.cancelled.insert(seq);
                self.queue.cancel_request(seq);
            }
            Step::CancelRequest(_) => {}
            Step::Withdraw(seq) if seq <= self.submitted.len() as u64 => {
                self.withdrawn.insert(seq);
                self.queue.withdraw(seq);
            }
            Step::Withdraw(_) => {}
            Step::Cancel => {
                let commands = self.queue.cancel();
                self.execute(commands);
            }
            Step::Retry => {
                let commands = self.queue.retry();
                self.execute(commands);
            }
            Step::Tick => {
                let commands = self.queue.tick();
                self.execute(commands);
            }
            Step::Sleep => {
                let commands = self.queue.sleep();
                self.execute(commands);
            }
            Step::Wake => {
                let commands = self.queue.wake();
                self.execute(commands);
            }
            Step::Proceed => self.proceed(),
            Step::Fail => self.fail(),
            // Never a request in flight: that would be a valid answer.
            Step::Stray(seq) if self.in_flight() != Some(seq) => self.say(answer(seq)),
            Step::Stray(_) => {}
            Step::Crash if self.listening && self.worker.is_some() => self.say(crash()),
            Step::Crash => {}
            Step::Break if self.worker.is_some() => {
                let commands = self.queue.on_worker_error("unreachable");
                self.execute(commands);
            }
            Step::Break => {}
            Step::Store => {
                if matches!(self.worker.as_deref(), Some([Request::Load { .. }])) {
                    self.say(stored());
                }
            }
        }
    }

    fn in_flight(&self) -> Option<u64> {
        match self.worker.as_deref() {
            Some([Request::Classify { seq, .. }]) => Some(*seq),
            _ => None,
        }
    }

    /// From now on nothing fails.
    fn settle(&mut self) {
        self.step(Step::Retry);
        self.step(Step::Wake);
        for _ in 0..self.submitted.len() + 3 {
            self.proceed();
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_request_is_answered(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.settle();
        for seq in 1..=world.submitted.len() as u64 {
            prop_assert!(!world.is_open(seq), "{seq} is lost");
        }
        prop_assert!(!world.queue.is_busy());
    }

    #[test]
    fn whatever_happens_nothing_waits_for_ever(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        // From here on the worker is silent.
        for _ in 0..2 * MAX_CRASHES * CONVERSION_TICKS {
            world.step(Step::Tick);
        }
        prop_assert!(!world.queue.is_busy());
    }

    #[test]
    fn only_what_crashes_the_worker_fails(
        // Fewer in a row than make the worker itself suspect.
        groups in prop::collection::vec((0_u64..5, 1_u64..4), 1..10),
    ) {
        let mut world = World::new();
        world.step(Step::Retry);
        for (bad, good) in groups {
            for is_bad in (0..bad).map(|_| true).chain((0..good).map(|_| false)) {
                world.step(Step::Submit(Lane::Bulk));
                if is_bad {
                    world.bad.insert(world.submitted.len() as u64);
                }
            }
        }
        for _ in 0..world.submitted.len() as u32 * 3 * (MAX_CRASHES + 1) {
            world.proceed();
            prop_assert!(!world.queue.is_stopped());
        }
        for seq in world.of(Lane::Bulk) {
            prop_assert!(world.done.contains(&seq), "{seq} is lost");
        }
    }

    #[test]
    fn a_worker_that_crashes_on_everything_is_given_up(
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.step(Step::Retry);
        for _ in 0..2 * MAX_CRASHES_IN_A_ROW {
            world.step(Step::Submit(Lane::Live));
            world.step(Step::Submit(Lane::Bulk));
        }
        world.bad.extend(1..1000);
        for _ in 0..3 * (MAX_CRASHES_IN_A_ROW + 1) {
            world.proceed();
        }
        prop_assert!(world.queue.is_stopped());
    }
}
