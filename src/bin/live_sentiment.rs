//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    live_sentiment::cli::run()
}
