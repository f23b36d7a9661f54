//! Property tests of the queue: random events in any order.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// One event.
#[derive(Debug, Clone)]
enum Step {
    Submit,
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

/// Simulated browser and worker, which check the queue's invariants.
struct World {
    queue: RequestQueue,
    keep: Backlog,
    /// Requests posted to the current worker and not answered yet; `None` without a worker.
    worker: Option<Vec<Request>>,
    listening: bool,
    submitted: u64,
    withdrawn: HashSet<u64>,
    /// Requests that were answered, or failed by a stop.
    done: HashSet<u64>,
    last_classified: u64,
}

impl World {
    fn new(keep: Backlog) -> Self {
        Self {
            queue: RequestQueue::new("m/".into(), None, keep),
            keep,
            worker: None,
            listening: false,
            submitted: 0,
            withdrawn: HashSet::new(),
            done: HashSet::new(),
            last_classified: 0,
        }
    }

    fn execute(&mut self, commands: Vec<Command>) {
        let mut has_told = false;
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
                assert!(self.queue.is_stopped());
                if self.keep == Backlog::Fifo {
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
                let (seq, commands) = self.queue.submit(Payload::Text(text));
                assert_eq!(seq, self.submitted);
                self.execute(commands);
            }
            Step::Withdraw(seq) if seq <= self.submitted && !self.done.contains(&seq) => {
                self.withdrawn.insert(seq);
                self.queue.cancel_request(seq);
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
        for _ in 0..self.submitted + 3 {
            self.proceed();
        }
    }
}

proptest! {
    #[test]
    fn the_latest_text_is_always_answered(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new(Backlog::Latest);
        for step in steps {
            world.step(step);
        }
        world.settle();
        let newest = world.submitted;
        prop_assert!(
            newest == 0 || world.done.contains(&newest) || world.withdrawn.contains(&newest)
        );
        prop_assert!(!world.queue.is_busy());
    }

    #[test]
    fn every_fifo_request_is_always_answered(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new(Backlog::Fifo);
        for step in steps {
            world.step(step);
        }
        world.settle();
        for seq in 1..=world.submitted {
            prop_assert!(world.done.contains(&seq) || world.withdrawn.contains(&seq), "{seq} is lost");
        }
        prop_assert!(!world.queue.is_busy());
    }
}
