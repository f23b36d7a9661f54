//! Latest wins: which text the worker gets next, and what becomes of a crash.
//!
//! The [`RequestQueue`] is the whole state of the page's side of the conversation, without a browser in it: every
//! method takes what happened and returns what to do, in order. `Client` does it.
//!
//! ```text
//!           Listening          Ready
//! Starting ───────────> Loading ─────> Running ──┐ submit, answer
//!    ^ └────────┐ failure │  ^           │  ^────┘
//!    │          v         │  └───────────┤
//!    │       Stopped <────┘    crash     │
//!    └──────────┴───────── (3 in a row: Stopped)
//!        retry
//! ```
//!
//! A worker that is [put to sleep](RequestQueue::sleep) is ended; the next text, or [`RequestQueue::wake`], starts another.
//!
//! There is no debounce: an idle worker gets a text at once, a busy one gets the newest text the moment it is
//! done. So the delay is never longer than two inferences, whatever the typing speed.

use std::collections::BTreeMap;

use crate::types::{
    Backend, Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage, Token,
};
use crate::web::protocol::{Request, Response};
use crate::{Error, ErrorKind};

/// What the page hears from the client.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Bytes of the model's files have arrived over the network.
    Progress(Progress),
    /// The model's files are here, and the device keeps them or not.
    Stored(Storage),
    /// The worker has made requests.
    Requested(Vec<NetworkRequest>),
    /// The model is loaded, for the first time or after a restart.
    Ready(ModelInfo),
    /// A text was classified. The `seq`s of these events only ever rise.
    Classified {
        /// What `submit` returned.
        seq: u64,
        /// How the text reads.
        prediction: Prediction,
    },
    /// A text was split into tokens.
    Tokenized {
        /// What `submit_tokens` returned.
        seq: u64,
        /// The tokens that would be read, special tokens left out.
        tokens: Vec<Token>,
        /// Where reading would stop, as a UTF-16 index into the text.
        truncated_at: Option<usize>,
    },
    /// With a `seq`: this one request failed, others go on. Without: the client has stopped, and only
    /// `retry` starts it again.
    Failed {
        /// What `submit` returned, if it was about one request.
        seq: Option<u64>,
        /// Why.
        failure: Failure,
    },
    /// The worker crashed for the reason given and is being started again. No text is lost; the model loads
    /// again, so [`Event::Progress`] and [`Event::Ready`] follow.
    Restarted(Failure),
}

/// Which of the requests that find the worker busy are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// Only the newest: for a text that is being typed.
    Latest,
    /// Every one, in order: for a program that wants every answer.
    Fifo,
}

/// What is to be classified.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A text.
    Text(String),
    /// Token ids, special tokens included.
    Ids(Vec<u32>),
    /// Only to be split into tokens.
    Tokens(String),
}

/// What the client is to do. The commands of one call are carried out first to last.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Start a worker; the previous one has been ended.
    StartWorker,
    /// Terminate the worker. Nothing it said from now on counts.
    EndWorker,
    /// Send this to the worker.
    Post(Request),
    /// Tell the page. Always behind the other commands, so that a page that calls back finds everything done.
    Tell(Event),
}

/// Crashes without an answer in between after which the worker is not started again by itself.
pub const MAX_CRASHES: u32 = 3;

/// How many [`RequestQueue::tick`]s one request may see before its worker is given up as hung.
pub const MAX_TICKS: u32 = 6;

/// How many [`RequestQueue::tick`]s a worker that loads may take to answer [`RequestQueue::cancel`] before it is ended. It
/// only has to put away what it has got so far.
pub const MAX_CANCEL_TICKS: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The worker's program is being fetched and compiled.
    Starting,
    /// The worker loads the model.
    Loading,
    /// The worker takes texts.
    Running,
    /// There is no worker, for nobody needs one now.
    Asleep,
    /// There is no worker, and none will come by itself.
    Stopped,
}

#[derive(Debug, Clone, PartialEq)]
struct QueuedRequest {
    seq: u64,
    work: Payload,
}

/// The request the worker is busy with.
#[derive(Debug)]
struct InFlight {
    job: QueuedRequest,
    /// Nobody wants the answer any more.
    withdrawn: bool,
    ticks: u32,
}

/// The state of the page's side. See the [module](self).
#[derive(Debug)]
pub struct RequestQueue {
    load: Request,
    keep: Backlog,
    phase: Phase,
    last_seq: u64,
    in_flight: Option<InFlight>,
    /// By number, oldest first; a map, so that each of many can be withdrawn at once.
    waiting: BTreeMap<u64, Payload>,
    /// Crashes since the last answer.
    crashes: u32,
    /// Ticks since loading was called off, while the worker has not answered that.
    cancelled_for: Option<u32>,
}

impl RequestQueue {
    /// A queue for the model in the folder at the absolute URL `model`. Nothing happens before [`Self::retry`].
    pub fn new(model: String, backend: Option<Backend>, keep: Backlog) -> Self {
        Self {
            load: Request::Load { model, backend },
            keep,
            phase: Phase::Stopped,
            last_seq: 0,
            in_flight: None,
            waiting: BTreeMap::new(),
            crashes: 0,
            cancelled_for: None,
        }
    }

    /// Whether an answer is due, so that [`Self::tick`] has something to count.
    pub fn is_busy(&self) -> bool {
        self.in_flight.is_some() || self.cancelled_for.is_some()
    }

    /// Whether there is no worker, and none will come before [`Self::retry`].
    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// Starts, or starts again after a failure. Otherwise does nothing.
    pub fn retry(&mut self) -> Vec<Command> {
        if self.phase != Phase::Stopped {
            return Vec::new();
        }
        self.crashes = 0;
        self.phase = Phase::Starting;
        vec![Command::StartWorker]
    }

    /// Nobody looks: ends the worker, which takes tens of megabytes, unless it has something to do.
    pub fn sleep(&mut self) -> Vec<Command> {
        if self.phase != Phase::Running || self.in_flight.is_some() {
            return Vec::new();
        }
        self.phase = Phase::Asleep;
        vec![Command::EndWorker]
    }

    /// Somebody looks again: starts another worker if the last one was put to sleep.
    pub fn wake(&mut self) -> Vec<Command> {
        if self.phase != Phase::Asleep {
            return Vec::new();
        }
        self.phase = Phase::Starting;
        vec![Command::StartWorker]
    }

    /// Takes something to classify. It is kept until the model is there. Returns its number as well.
    pub fn submit(&mut self, work: Payload) -> (u64, Vec<Command>) {
        self.last_seq += 1;
        let seq = self.last_seq;
        if self.keep == Backlog::Latest {
            self.waiting.clear();
        }
        self.waiting.insert(seq, work);
        let mut orders = self.wake();
        orders.extend(self.post_next());
        (seq, orders)
    }

    /// The answer to `seq` is no longer wanted: no event will carry this number.
    pub fn cancel_request(&mut self, seq: u64) {
        self.waiting.remove(&seq);
        if let Some(busy) = &mut self.in_flight
            && busy.job.seq == seq
        {
            busy.withdrawn = true;
        }
    }

    /// Calls off the loading of the model; once it is loaded, does nothing.
    pub fn cancel(&mut self) -> Vec<Command> {
        match self.phase {
            Phase::Starting => self.stop(Failure::from(&Error::Cancelled)),
            // The worker puts away what it has got so far, then answers with a failure, which stops us.
            // One that hangs answers nothing: `tick` ends it.
            Phase::Loading if self.cancelled_for.is_none() => {
                self.cancelled_for = Some(0);
                vec![Command::Post(Request::Cancel)]
            }
            Phase::Loading | Phase::Running | Phase::Asleep | Phase::Stopped => Vec::new(),
        }
    }

    /// Some time has gone by; to be called at a steady pace while [`Self::is_busy`]. Counting calls instead of
    /// asking the clock means that a computer that slept, or a tab that was frozen, counts as one tick.
    pub fn tick(&mut self) -> Vec<Command> {
        if let Some(ticks) = &mut self.cancelled_for {
            *ticks += 1;
            if *ticks >= MAX_CANCEL_TICKS {
                return self.stop(Failure::from(&Error::Cancelled));
            }
        }
        let Some(busy) = &mut self.in_flight else {
            return Vec::new();
        };
        busy.ticks += 1;
        if busy.ticks < MAX_TICKS {
            return Vec::new();
        }
        self.crashed(Failure::from(&Error::Crashed(
            "it has not answered for a long time".into(),
        )))
    }

    /// The worker's program could not be started, or it stopped on an uncaught error.
    pub fn on_worker_error(&mut self, reason: &str) -> Vec<Command> {
        match self.phase {
            Phase::Asleep | Phase::Stopped => Vec::new(),
            Phase::Starting => self.stop(Failure::from(&Error::Unreachable {
                file: "The program that runs the model".into(),
                reason: reason.to_owned(),
            })),
            Phase::Loading | Phase::Running => {
                self.crashed(Failure::from(&Error::Crashed(reason.to_owned())))
            }
        }
    }

    /// The worker said something.
    pub fn on_response(&mut self, response: Response) -> Vec<Command> {
        match (self.phase, response) {
            (Phase::Starting, Response::Listening) => {
                self.phase = Phase::Loading;
                vec![Command::Post(self.load.clone())]
            }
            (Phase::Loading, Response::Progress(progress)) => {
                vec![Command::Tell(Event::Progress(progress))]
            }
            (Phase::Loading, Response::Stored(storage)) => {
                vec![Command::Tell(Event::Stored(storage))]
            }
            (Phase::Loading, Response::Ready(info)) => {
                self.phase = Phase::Running;
                self.cancelled_for = None;
                let mut orders: Vec<_> = self.post_next().into_iter().collect();
                orders.push(Command::Tell(Event::Ready(info)));
                orders
            }
            (Phase::Asleep | Phase::Stopped, _) => Vec::new(),
            (_, Response::Requested { requests }) => {
                vec![Command::Tell(Event::Requested(requests))]
            }
            (_, Response::Failed { failure, .. }) if failure.kind == ErrorKind::Crashed => {
                self.crashed(failure)
            }
            (Phase::Loading, Response::Failed { seq: None, failure }) => self.stop(failure),
            (Phase::Running, Response::Classified { seq, prediction }) => {
                self.answered(seq, Event::Classified { seq, prediction })
            }
            (
                Phase::Running,
                Response::Tokenized {
                    seq,
                    tokens,
                    truncated_at,
                },
            ) => self.answered(
                seq,
                Event::Tokenized {
                    seq,
                    tokens,
                    truncated_at,
                },
            ),
            (
                Phase::Running,
                Response::Failed {
                    seq: Some(seq),
                    failure,
                },
            ) => self.answered(
                seq,
                Event::Failed {
                    seq: Some(seq),
                    failure,
                },
            ),
            // Out of turn: a Cancel that crossed Ready on its way, for one.
            _ => Vec::new(),
        }
    }

    /// Hands the next job to the worker if it is free.
    fn post_next(&mut self) -> Option<Command> {
        if self.phase != Phase::Running || self.in_flight.is_some() {
            return None;
        }
        let (seq, work) = self.waiting.pop_first()?;
        let request = match &work {
            Payload::Text(text) => Request::Classify {
                seq,
                text: text.clone(),
            },
            Payload::Tokens(text) => Request::Tokenize {
                seq,
                text: text.clone(),
            },
            Payload::Ids(ids) => Request::ClassifyIds {
                seq,
                ids: ids.clone(),
            },
        };
        self.in_flight = Some(InFlight {
            job: QueuedRequest { seq, work },
            withdrawn: false,
            ticks: 0,
        });
        Some(Command::Post(request))
    }

    fn answered(&mut self, seq: u64, event: Event) -> Vec<Command> {
        // With one request in flight an answer can only be to that one; anything else is not an answer.
        let Some(busy) = self.in_flight.take_if(|busy| busy.job.seq == seq) else {
            return Vec::new();
        };
        self.crashes = 0;
        let mut orders: Vec<_> = self.post_next().into_iter().collect();
        if !busy.withdrawn {
            orders.push(Command::Tell(event));
        }
        orders
    }

    fn crashed(&mut self, failure: Failure) -> Vec<Command> {
        // The request under way goes back to the head of the queue, unless a newer one has taken its place.
        if let Some(busy) = self.in_flight.take()
            && !busy.withdrawn
            && (self.keep == Backlog::Fifo || self.waiting.is_empty())
        {
            // One text that crashes every worker must not take the others with it.
            if self.keep == Backlog::Fifo && self.crashes + 1 >= MAX_CRASHES {
                self.crashes = 0;
                self.phase = Phase::Starting;
                let seq = Some(busy.job.seq);
                return vec![
                    Command::EndWorker,
                    Command::StartWorker,
                    Command::Tell(Event::Restarted(failure.clone())),
                    Command::Tell(Event::Failed { seq, failure }),
                ];
            }
            self.waiting.insert(busy.job.seq, busy.job.work);
        }
        if self.cancelled_for.is_some() {
            return self.stop(Failure::from(&Error::Cancelled));
        }
        self.crashes += 1;
        if self.crashes >= MAX_CRASHES {
            return self.stop(failure);
        }
        self.phase = Phase::Starting;
        vec![
            Command::EndWorker,
            Command::StartWorker,
            Command::Tell(Event::Restarted(failure)),
        ]
    }

    /// There is nothing to be done without help: ends the worker and tells the page why.
    pub fn stop(&mut self, failure: Failure) -> Vec<Command> {
        self.phase = Phase::Stopped;
        self.cancelled_for = None;
        // Who waits for every answer takes this failure as the answer to all. A text in a field stays, and is
        // classified once the visitor has tried again with success.
        if self.keep == Backlog::Fifo {
            self.waiting.clear();
        }
        vec![
            Command::EndWorker,
            Command::Tell(Event::Failed { seq: None, failure }),
        ]
    }
}
