//! The page. It holds no model: that is in a worker, which `live_sentiment::web::client` starts.

fn main() {
    console_error_panic_hook::set_once();
    live_sentiment::web::app::start();
}
