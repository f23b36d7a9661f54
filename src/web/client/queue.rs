//! Two lanes to one worker: which request it gets next, and what happens after a crash.
//!
//! The [`RequestQueue`] is the whole state of the page's side of the conversation, without a browser in it: every
//! method takes what happened and returns the commands to carry out, in order. `Client` does that.
//!
//! ```text
//!           Listening          Stored             Ready
//! Starting ───────────> Loading ────> Converting ──────> Running ──┐ submit, answer
//!   ^  ^ │                 │               │             │     ^───┘
//!   │  └─│─────────────────┴───────────────┴─────────────┘
//!   │    │        crash or silence: a new worker, or Stopped after too many
//!   └── Stopped <── failure
//!  retry
//! ```
//!
//! A worker that is [put to sleep](RequestQueue::sleep) is ended; the next text, or [`RequestQueue::wake`], starts another.
//!
//! The worker has one request at a time. Both lanes are first in, first out; the [bulk lane](Lane::Bulk) waits while the
//! [live lane](Lane::Live) holds anything. A caller whose text is being edited withdraws what has changed since.
//!
//! There is no debounce: an idle worker gets a text at once, a busy one gets it the moment it is done. So the delay is
//! never longer than two inferences, whatever the typing speed and however much waits in the bulk lane.

use std::collections::BTreeMap;

use super::deadline::{
    CANCEL_TICKS, CONVERSION_TICKS, LOAD_TICKS, MIN_ANSWER_TICKS, START_TICKS, Speed,
};
use crate::types::{
    Backend, Brief, Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage, Token,
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
    /// A text was classified. Within a lane the `seq`s of these events only ever rise.
    Classified {
        /// What `submit` returned.
        seq: u64,
        /// The prediction.
        prediction: Prediction,
    },
    /// A batch was classified.
    ClassifiedBatch {
        /// What `submit` returned.
        seq: u64,
        /// One for each text, in their order.
        briefs: Vec<Brief>,
    },
    /// A text was split into tokens.
    Tokenized {
        /// What `submit` returned.
        seq: u64,
        /// The tokens that would be read, special tokens left out.
        tokens: Vec<Token>,
        /// Where reading would stop, as a UTF-16 index into the text.
        truncated_at: Option<usize>,
    },
    /// With a `seq`: this one request failed, others go on. Without: the client has stopped, all requests have failed, and
    /// only `retry` starts it again.
    Failed {
        /// The number of the request, if it was about one.
        seq: Option<u64>,
        /// Why.
        failure: Failure,
    },
    /// The worker crashed or hung, for the reason given, and is being started again. No text is lost; the model loads
    /// again, so [`Event::Progress`] and [`Event::Ready`] follow.
    Restarted(Failure),
}

/// Where a request waits while the worker is busy. Each lane is first in, first out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// For what somebody is typing or looking at: goes before all of the bulk lane.
    Live,
    /// For everything else.
    Bulk,
}

/// What is to be classified.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A text.
    Text(String),
    /// Texts that are read together.
    Batch(Vec<String>),
    /// Token ids, special tokens included.
    Ids(Vec<u32>),
    /// Only to be split into tokens.
    Tokens(String),
}

impl Payload {
    /// How many tokens the model reads of it at most, where it reads so many of a text.
    fn max_tokens(&self, of_text: usize) -> usize {
        // No tokenizer makes more of a text than one for each byte; two mark its ends.
        let tokens = |text: &String| text.len().saturating_add(2).min(of_text);
        match self {
            Self::Text(text) | Self::Tokens(text) => tokens(text),
            Self::Batch(texts) => texts.iter().map(tokens).sum(),
            Self::Ids(ids) => ids.len(),
        }
    }
}

/// What the client is to do. The commands of one call are carried out first to last.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Start a worker; the previous one has been ended.
    StartWorker,
    /// Terminate the worker. Messages it has already sent are ignored.
    EndWorker,
    /// Send this to the worker.
    Post(Request),
    /// Tell the page. Always after the other commands, so that a page that calls back finds them carried out.
    Tell(Event),
}

/// After so many crashes of the worker a request fails, and after so many with no request to blame the client stops.
pub const MAX_CRASHES: u32 = 3;

/// After so many crashes without any answer in between the client stops, whichever requests they hit: a worker that
/// crashes on every text is at fault itself. Fewer requests than these account for may fail one after the other.
pub const MAX_CRASHES_IN_A_ROW: u32 = 5 * MAX_CRASHES;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The worker's program is being fetched and compiled.
    Starting,
    /// The worker fetches the model's files.
    Loading,
    /// The worker has the files and converts the weights.
    Converting,
    /// The worker takes texts.
    Running,
    /// There is no worker, as none is needed now.
    Asleep,
    /// There is no worker, and only a retry starts one.
    Stopped,
}

#[derive(Debug, Clone, PartialEq)]
struct QueuedRequest {
    seq: u64,
    lane: Lane,
    payload: Payload,
    /// Crashes of the worker while it was busy with this one.
    crashes: u32,
}

/// The request the worker is busy with.
#[derive(Debug)]
struct InFlight {
    request: QueuedRequest,
    /// The answer is not wanted any more.
    cancelled: bool,
    /// Its text has changed since: the answer is still told, but not worth a second try.
    withdrawn: bool,
    /// How many ticks it may take.
    deadline: u32,
}

/// The state of the page's side. See the [module](self).
#[derive(Debug)]
pub struct RequestQueue {
    load: Request,
    phase: Phase,
    last_seq: u64,
    in_flight: Option<InFlight>,
    /// In the order in which they are posted; a map, so that cancelling one of many is fast.
    waiting: BTreeMap<(Lane, u64), QueuedRequest>,
    /// Known from when the model was loaded first.
    speed: Option<Speed>,
    /// Crashes since the last answer.
    crashes_in_a_row: u32,
    /// Those of them that hit no request.
    idle_crashes: u32,
    /// Ticks since the worker was started, was given a request, or reported progress.
    silent_ticks: u32,
    /// Ticks since loading was cancelled, while the worker has not answered that.
    cancelled_for: Option<u32>,
}

impl RequestQueue {
    /// A queue for the model in the folder at the absolute URL `model`. Nothing happens before [`Self::retry`].
    pub fn new(model: String, backend: Option<Backend>) -> Self {
        Self {
            load: Request::Load { model, backend },
            phase: Phase::Stopped,
            last_seq: 0,
            in_flight: None,
            waiting: BTreeMap::new(),
            speed: None,
            crashes_in_a_row: 0,
            idle_crashes: 0,
            silent_ticks: 0,
            cancelled_for: None,
        }
    }

    /// Whether something is due from the worker, so that [`Self::tick`] has something to count.
    pub fn is_busy(&self) -> bool {
        self.deadline().is_some()
    }

    /// How many ticks the worker may be silent now; `None` if nothing is due from it.
    fn deadline(&self) -> Option<u32> {
        match self.phase {
            Phase::Starting => Some(START_TICKS),
            Phase::Loading => Some(LOAD_TICKS),
            Phase::Converting => Some(CONVERSION_TICKS),
            Phase::Running => self.in_flight.as_ref().map(|busy| busy.deadline),
            Phase::Asleep | Phase::Stopped => None,
        }
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
        self.forgive();
        vec![self.start()]
    }

    /// The page is hidden: ends the worker, which takes tens of megabytes, unless it is busy.
    pub fn sleep(&mut self) -> Vec<Command> {
        if self.phase != Phase::Running || self.in_flight.is_some() {
            return Vec::new();
        }
        self.enter(Phase::Asleep);
        vec![Command::EndWorker]
    }

    /// The page is visible again: starts another worker if the last one was put to sleep.
    pub fn wake(&mut self) -> Vec<Command> {
        if self.phase != Phase::Asleep {
            return Vec::new();
        }
        vec![self.start()]
    }

    fn forgive(&mut self) {
        self.crashes_in_a_row = 0;
        self.idle_crashes = 0;
    }

    fn start(&mut self) -> Command {
        self.enter(Phase::Starting);
        Command::StartWorker
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.silent_ticks = 0;
    }

    /// Queues a request, also before the model is loaded. Returns its number as well.
    pub fn submit(&mut self, lane: Lane, payload: Payload) -> (u64, Vec<Command>) {
        self.last_seq += 1;
        let seq = self.last_seq;
        let request = QueuedRequest {
            seq,
            lane,
            payload,
            crashes: 0,
        };
        self.put(request);
        let mut commands = self.wake();
        commands.extend(self.post_next());
        (seq, commands)
    }

    /// The answer to `seq` is no longer wanted: no event will carry this number.
    pub fn cancel_request(&mut self, seq: u64) {
        self.take_waiting(seq);
        if let Some(busy) = &mut self.in_flight
            && busy.request.seq == seq
        {
            busy.cancelled = true;
        }
    }

    /// The text of `seq` has changed. If it waits, no event will carry this number; if the worker is busy with it, its
    /// answer is still told: on a slow device that may be all there is to show while somebody types. Returns whether it may
    /// still be answered.
    pub fn withdraw(&mut self, seq: u64) -> bool {
        self.take_waiting(seq);
        match &mut self.in_flight {
            Some(busy) if busy.request.seq == seq => {
                busy.withdrawn = true;
                true
            }
            _ => false,
        }
    }

    /// Cancels loading; once the model is loaded, does nothing.
    pub fn cancel(&mut self) -> Vec<Command> {
        match self.phase {
            Phase::Starting => self.stop(Failure::from(&Error::Cancelled)),
            // The worker saves what it has fetched so far, then answers with a failure, which stops the client.
            // One that hangs does not answer: `tick` ends it.
            Phase::Loading | Phase::Converting if self.cancelled_for.is_none() => {
                self.cancelled_for = Some(0);
                vec![Command::Post(Request::Cancel)]
            }
            Phase::Loading
            | Phase::Converting
            | Phase::Running
            | Phase::Asleep
            | Phase::Stopped => Vec::new(),
        }
    }

    /// To be called every [`TICK_MILLIS`](super::deadline::TICK_MILLIS) while [`Self::is_busy`]. Calls are counted, instead
    /// of asking the clock, so that the time a computer slept, or a tab was frozen, counts as one tick.
    pub fn tick(&mut self) -> Vec<Command> {
        if let Some(ticks) = &mut self.cancelled_for {
            *ticks += 1;
            if *ticks >= CANCEL_TICKS {
                return self.stop(Failure::from(&Error::Cancelled));
            }
        }
        let Some(deadline) = self.deadline() else {
            return Vec::new();
        };
        self.silent_ticks += 1;
        if self.silent_ticks < deadline {
            return Vec::new();
        }
        let silent = "nothing has arrived for a long time";
        self.crashed(Failure::from(&match self.phase {
            Phase::Starting => program_unreachable(silent),
            Phase::Loading => Error::Unreachable {
                file: "The model".into(),
                reason: silent.into(),
            },
            _ => Error::Crashed("it has not answered for a long time".into()),
        }))
    }

    /// The worker's program could not be started, or it stopped on an uncaught error.
    pub fn on_worker_error(&mut self, reason: &str) -> Vec<Command> {
        match self.phase {
            Phase::Asleep | Phase::Stopped => Vec::new(),
            Phase::Starting => self.stop(Failure::from(&program_unreachable(reason))),
            Phase::Loading | Phase::Converting | Phase::Running => {
                self.crashed(Failure::from(&Error::Crashed(reason.to_owned())))
            }
        }
    }

    /// The worker sent a message.
    pub fn on_response(&mut self, response: Response) -> Vec<Command> {
        // Any message while it loads is progress. While it runs, only the answer is.
        if self.phase != Phase::Running {
            self.silent_ticks = 0;
        }
        match (self.phase, response) {
            (Phase::Starting, Response::Listening) => {
                self.enter(Phase::Loading);
                vec![Command::Post(self.load.clone())]
            }
            (Phase::Loading, Response::Progress(progress)) => {
                vec![Command::Tell(Event::Progress(progress))]
            }
            (Phase::Loading, Response::Stored(storage)) => {
                self.enter(Phase::Converting);
                vec![Command::Tell(Event::Stored(storage))]
            }
            (Phase::Loading | Phase::Converting, Response::Ready(info)) => {
                self.enter(Phase::Running);
                self.cancelled_for = None;
                self.speed.get_or_insert_with(|| Speed::estimate(&info));
                let mut commands: Vec<_> = self.post_next().into_iter().collect();
                commands.push(Command::Tell(Event::Ready(info)));
                commands
            }
            (Phase::Asleep | Phase::Stopped, _) => Vec::new(),
            (_, Response::Requested { requests }) => {
                vec![Command::Tell(Event::Requested(requests))]
            }
            (_, Response::Failed { failure, .. }) if failure.kind == ErrorKind::Crashed => {
                self.crashed(failure)
            }
            (Phase::Loading | Phase::Converting, Response::Failed { seq: None, failure }) => {
                self.stop(failure)
            }
            (Phase::Running, Response::Classified { seq, prediction }) => {
                self.measure(seq, prediction.millis, prediction.token_count);
                self.answered(seq, Event::Classified { seq, prediction })
            }
            (
                Phase::Running,
                Response::ClassifiedBatch {
                    seq,
                    briefs,
                    millis,
                    token_count,
                },
            ) => {
                self.measure(seq, millis, token_count);
                self.answered(seq, Event::ClassifiedBatch { seq, briefs })
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
            // Out of turn, such as the answer to a Cancel that crossed Ready.
            _ => Vec::new(),
        }
    }

    /// Puts a request where it waits.
    fn put(&mut self, request: QueuedRequest) {
        self.waiting.insert((request.lane, request.seq), request);
    }

    fn take_waiting(&mut self, seq: u64) {
        for lane in [Lane::Live, Lane::Bulk] {
            self.waiting.remove(&(lane, seq));
        }
    }

    /// Hands the next request to the worker if it is free.
    fn post_next(&mut self) -> Option<Command> {
        if self.phase != Phase::Running || self.in_flight.is_some() {
            return None;
        }
        let (_, request) = self.waiting.pop_first()?;
        let seq = request.seq;
        let deadline = self.speed.as_ref().map_or(MIN_ANSWER_TICKS, |speed| {
            speed.answer_ticks(
                request.payload.max_tokens(speed.max_tokens),
                request.crashes,
            )
        });
        let message = match &request.payload {
            Payload::Text(text) => Request::Classify {
                seq,
                text: text.clone(),
            },
            Payload::Batch(texts) => Request::ClassifyBatch {
                seq,
                batch: texts.clone(),
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
            request,
            cancelled: false,
            withdrawn: false,
            deadline,
        });
        self.silent_ticks = 0;
        Some(Command::Post(message))
    }

    /// Learns from the answer to the request in flight.
    fn measure(&mut self, seq: u64, millis: f64, tokens: usize) {
        let is_in_flight = |busy: &InFlight| busy.request.seq == seq;
        if let Some(speed) = &mut self.speed
            && self.in_flight.as_ref().is_some_and(is_in_flight)
        {
            speed.measure(millis, tokens);
        }
    }

    fn answered(&mut self, seq: u64, event: Event) -> Vec<Command> {
        // Only the request in flight can be answered.
        let Some(busy) = self.in_flight.take_if(|busy| busy.request.seq == seq) else {
            return Vec::new();
        };
        self.forgive();
        let mut commands: Vec<_> = self.post_next().into_iter().collect();
        if !busy.cancelled {
            commands.push(Command::Tell(event));
        }
        commands
    }

    /// The worker is gone. Starts another, with the request that was in flight at the head of its lane, unless that
    /// is out of tries, or the client is.
    fn crashed(&mut self, failure: Failure) -> Vec<Command> {
        self.crashes_in_a_row += 1;
        let hit = self.in_flight.take();
        if hit.is_none() {
            self.idle_crashes += 1;
        }
        let mut failed = None;
        if let Some(InFlight {
            mut request,
            cancelled: false,
            withdrawn: false,
            ..
        }) = hit
        {
            request.crashes += 1;
            if request.crashes >= MAX_CRASHES {
                failed = Some(request.seq);
            }
            self.put(request);
        }
        if self.cancelled_for.is_some() {
            return self.stop(Failure::from(&Error::Cancelled));
        }
        if self.idle_crashes >= MAX_CRASHES || self.crashes_in_a_row >= MAX_CRASHES_IN_A_ROW {
            return self.stop(failure);
        }
        let mut commands = vec![
            Command::EndWorker,
            self.start(),
            Command::Tell(Event::Restarted(failure.clone())),
        ];
        if let Some(seq) = failed {
            self.take_waiting(seq);
            commands.push(Command::Tell(Event::Failed {
                seq: Some(seq),
                failure,
            }));
        }
        commands
    }

    /// Nothing can go on without help: ends the worker and tells the page why.
    pub fn stop(&mut self, failure: Failure) -> Vec<Command> {
        self.enter(Phase::Stopped);
        self.cancelled_for = None;
        // This failure is the answer to every request.
        self.waiting.clear();
        self.in_flight = None;
        vec![
            Command::EndWorker,
            Command::Tell(Event::Failed { seq: None, failure }),
        ]
    }
}

fn program_unreachable(reason: &str) -> Error {
    Error::Unreachable {
        file: "The program that runs the model".into(),
        reason: reason.to_owned(),
    }
}
