//! Replays every input of `corpus/`: seeds, inputs that reached new code, and inputs that once failed.

#![allow(clippy::unwrap_used)]

use std::path::Path;

#[path = "targets.rs"]
mod targets;

fn replay(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(name);
    let mut inputs = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        // On failure, the last line printed names the input.
        println!("{}", path.display());
        target(&std::fs::read(&path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "{} is empty", folder.display());
}

#[test]
fn gguf() {
    replay("gguf", targets::gguf);
}

#[test]
fn safetensors() {
    replay("safetensors", targets::safetensors);
}

#[test]
fn tokenizer() {
    replay("tokenizer", targets::tokenizer);
}

#[test]
fn config() {
    replay("config", targets::config);
}

#[test]
fn protocol() {
    replay("protocol", targets::protocol);
}

#[test]
fn table() {
    replay("table", targets::table);
}

#[test]
fn workbook() {
    replay("workbook", targets::workbook);
}
