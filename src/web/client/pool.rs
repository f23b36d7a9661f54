//! Workers beside the live one, for texts by the thousand: each has the model, and is given batches of texts. No browser here.
//!
//! Each is given a second batch while it reads the first, so that none waits for the page.

use std::collections::HashMap;

use super::queue::{Lane, Payload};
use super::reader::Line;

/// Batches that a worker is given at once.
const AHEAD: usize = 2;

/// More workers than this help no device.
const MAX_WORKERS: usize = 16;

/// Bytes that a worker takes beside its model.
const WORKER_BYTES: f64 = 40e6;

/// How many bytes of memory a byte of weights takes once it is loaded.
const EXPANSION: f64 = 3.0;

/// How many workers suit a device with so many cores, and so many gigabytes of memory if that is known: one core is left to the
/// page and the live worker, and no more than a quarter of the memory is taken.
///
/// ```
/// use live_sentiment::web::client::pool::workers;
///
/// assert_eq!(workers(1, None, 10_000_000), 1);
/// assert_eq!(workers(8, Some(8.0), 10_000_000), 7);
/// // A large model on a phone.
/// assert_eq!(workers(8, Some(2.0), 100_000_000), 1);
/// ```
pub fn workers(cores: usize, gigabytes: Option<f64>, model_bytes: u64) -> usize {
    let each = WORKER_BYTES + EXPANSION * model_bytes as f64;
    let by_memory = gigabytes.map_or(MAX_WORKERS, |all| (all * 1e9 / 4.0 / each) as usize);
    cores.saturating_sub(1).min(by_memory).clamp(1, MAX_WORKERS)
}

/// Workers, and which texts each of them has.
#[derive(Debug)]
pub struct Pool<L> {
    members: Vec<Member<L>>,
}

#[derive(Debug)]
struct Member<L> {
    /// `None` once it has stopped.
    line: Option<L>,
    is_ready: bool,
    /// The ids of the texts of each request.
    sent: HashMap<u64, Vec<u32>>,
}

impl<L> Default for Pool<L> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
        }
    }
}

impl<L: Line> Pool<L> {
    /// Adds a worker, which is given nothing until it is [ready](Self::ready). Members are numbered in this order.
    pub fn add(&mut self, line: L) {
        self.members.push(Member {
            line: Some(line),
            is_ready: false,
            sent: HashMap::new(),
        });
    }

    /// How many workers there are, those left out that have stopped.
    pub fn len(&self) -> usize {
        self.members.iter().filter(|it| it.line.is_some()).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A worker has loaded the model.
    pub fn ready(&mut self, member: usize) {
        if let Some(member) = self.members.get_mut(member) {
            member.is_ready = true;
        }
    }

    /// Whether a worker can be given another batch.
    pub fn has_room(&self) -> bool {
        self.members.iter().any(Member::has_room)
    }

    /// Whether no worker has anything to do.
    pub fn is_idle(&self) -> bool {
        self.members.iter().all(|member| member.sent.is_empty())
    }

    /// Gives texts to the worker that has least to do. `ids` says what they are.
    pub fn submit(&mut self, ids: Vec<u32>, texts: Vec<String>) {
        let free = self.members.iter_mut().filter(|it| it.line.is_some());
        let least = free.min_by_key(|member| (!member.is_ready, member.sent.len()));
        if let Some(member) = least
            && let Some(line) = &member.line
        {
            let seq = line.submit(Lane::Bulk, Payload::Batch(texts));
            member.sent.insert(seq, ids);
        }
    }

    /// A request of a worker was answered, or failed: the ids of its texts.
    pub fn take(&mut self, member: usize, seq: u64) -> Option<Vec<u32>> {
        self.members.get_mut(member)?.sent.remove(&seq)
    }

    /// A worker has stopped for good. Returns the ids of what it had: others have to read that.
    pub fn stopped(&mut self, member: usize) -> Vec<u32> {
        let Some(member) = self.members.get_mut(member) else {
            return Vec::new();
        };
        member.line = None;
        member.sent.drain().flat_map(|(_, ids)| ids).collect()
    }
}

impl<L> Member<L> {
    fn has_room(&self) -> bool {
        self.is_ready && self.line.is_some() && self.sent.len() < AHEAD
    }
}
