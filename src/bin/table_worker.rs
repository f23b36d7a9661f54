//! The Web Worker that holds a table.

fn main() {
    live_sentiment::web::table::run();
}
