//! The Web Worker built for every browser with WebAssembly SIMD.

use live_sentiment::kernels::Kernels;

fn main() {
    live_sentiment::web::worker::run(Kernels::SIMD128);
}
