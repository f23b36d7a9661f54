//! How long the worker may be silent before it counts as hung. Time is counted in ticks.

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

/// Ticks that span at least `millis`: the first may come right away, as the timer may be running already.
const fn ticks(millis: u32) -> u32 {
    millis.div_ceil(TICK_MILLIS) + 1
}
