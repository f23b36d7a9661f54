//! The Web Worker built for every browser with WebAssembly SIMD.

use live_sentiment::kernels::Backend;

fn main() {
    live_sentiment::web::worker::run(Backend::SIMD128);
}
