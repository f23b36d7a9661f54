//! The Web Worker built for browsers with relaxed SIMD.

use live_sentiment::kernels::Backend;

fn main() {
    live_sentiment::web::worker::run(Backend::RELAXED);
}
