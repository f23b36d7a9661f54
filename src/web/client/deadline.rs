//! How long the worker may be silent before it counts as hung. Time is counted in ticks.

use crate::types::{Backend, ModelInfo};

/// Milliseconds between two calls of [`RequestQueue::tick`](super::queue::RequestQueue::tick).
pub const TICK_MILLIS: u32 = 5_000;

/// Until the worker's program runs. Its download reports no progress, and restarting begins it again, so a slow
/// connection needs time.
pub const START_TICKS: u32 = ticks(180_000);

/// Between two messages of a worker that fetches the model. The longest silence of a healthy one is reading or writing
/// some hundred megabytes on a slow phone, about a minute.
pub const LOAD_TICKS: u32 = ticks(120_000);

/// From the last file until the model is ready. Weights are converted without a pause, so the worker can report nothing
/// in between; at 10 MB/s, a slow phone needs 7 minutes for the 4 GiB that WebAssembly can address.
pub const CONVERSION_TICKS: u32 = ticks(600_000);

/// Until a worker that loads must have answered a cancellation. It only discards what it has.
pub const CANCEL_TICKS: u32 = ticks(5_000);

/// Until a request is answered, at least.
pub const MIN_ANSWER_TICKS: u32 = ticks(30_000);

/// Until a request is answered, at most.
pub const MAX_ANSWER_TICKS: u32 = ticks(MAX_ANSWER_MILLIS);
const MAX_ANSWER_MILLIS: u32 = 3_600_000;

/// A device may be so many times slower than it was measured: its processor heats up, or has more to do.
const SLOWDOWN: f64 = 10.0;

/// What each answer leaves of the time that slower ones have gained for a token. So one outlier, as of a device that was
/// put to sleep meanwhile, is soon forgotten.
const FADING: f64 = 0.75;

/// How long a request may take: an estimate by model and backend at first, then by the speed that was measured.
#[derive(Debug)]
pub struct Speed {
    /// The longest text, in tokens.
    pub(super) max_tokens: usize,
    /// Time that a request is given for each token.
    millis_per_token: f64,
}

impl Speed {
    /// Before the first answer: what a slow phone takes, by the number of parameters.
    pub fn estimate(info: &ModelInfo) -> Self {
        let operations_per_milli = match info.backend {
            Backend::Relaxed | Backend::Simd128 | Backend::Avx2 => 2e6,
            Backend::Candle => 3e5,
            Backend::Scalar => 1e5,
        };
        Self {
            max_tokens: info.max_tokens,
            millis_per_token: 2.0 * info.parameters as f64 / operations_per_milli,
        }
    }

    /// Learns from an answer to so many tokens.
    pub fn measure(&mut self, millis: f64, tokens: usize) {
        let measured = millis / tokens.max(1) as f64;
        self.millis_per_token = (measured * SLOWDOWN)
            .min(MAX_ANSWER_MILLIS.into())
            .max(self.millis_per_token * FADING);
    }

    /// Ticks until a request of `tokens` is answered, at most, where it has crashed, or hung, `tries` times before. As the speed may be
    /// misjudged, each try is given twice the time of the one before.
    pub fn answer_ticks(&self, tokens: usize, tries: u32) -> u32 {
        let millis = self.millis_per_token * tokens as f64;
        // A conversion of floating point to integer saturates.
        let expected = ticks(millis.min(MAX_ANSWER_MILLIS.into()) as u32).max(MIN_ANSWER_TICKS);
        let doubled = expected.saturating_mul(1 << tries.min(8));
        doubled.min(MAX_ANSWER_TICKS)
    }
}

/// Ticks that span at least `millis`: the first may come right away, as the timer may be running already.
const fn ticks(millis: u32) -> u32 {
    millis.div_ceil(TICK_MILLIS) + 1
}
