//! The Web Worker built for browsers with relaxed SIMD.

use live_sentiment::kernels::Kernels;

fn main() {
    live_sentiment::web::worker::run(Kernels::RELAXED);
}
