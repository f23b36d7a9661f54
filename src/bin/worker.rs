//! The Web Worker built for every browser with WebAssembly SIMD.

use live_sentiment::protocol::Backend;

fn main() {
    live_sentiment::web::worker::run(Backend::Candle);
}
