//! The page's panel for other models.

fn main() {
    console_error_panic_hook::set_once();
    live_sentiment::web::models::start();
}
