//! Randomly mutated model files: nothing panics, and memory stays bounded.
//!
//! The files of tiny models are mutated like by a fuzzer: bytes are flipped, chunks are deleted or repeated, and
//! numbers are overwritten with values that are likely to overflow.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::path::Path;

use live_sentiment::Error;
use live_sentiment::classifier::Classifier;
use live_sentiment::convert::{Format, Options, quantize};
use live_sentiment::inspect::{FilePrefix, preflight};
use live_sentiment::layers::Compute;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

/// Number of mutations per kind of file; `PROPTEST_CASES` overrides it.
const CASES: u32 = 400;

/// The files of one model.
#[derive(Clone)]
struct Files {
    config: Vec<u8>,
    tokenizer: Vec<u8>,
    weights: Vec<u8>,
}

/// One mutation of a file.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    Overwrite(Index, Vec<u8>),
    Cut(Index, Index),
    Repeat(Index, Index),
    Truncate(Index),
    /// For JSON: replaces the first digits at or after a position by other text.
    Number(Index, &'static str),
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/models")
        .join(name)
}

fn files(dir: &Path, weights: &str) -> Files {
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    Files {
        config: read("config.json"),
        tokenizer: read("tokenizer.json"),
        weights: read(weights),
    }
}

fn safetensors() -> Files {
    files(&golden("bert-binary"), "model.safetensors")
}

fn gguf(format: Format) -> Files {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{format:?}"));
    let options = Options {
        format,
        name: None,
        license: None,
    };
    quantize(&golden("bert-binary"), &dir, &options, |_, _| ()).unwrap();
    files(&dir, "model.gguf")
}

impl Files {
    /// Loads the model and, if that works, classifies a text.
    fn try_out(&self) -> Result<(), Error> {
        for backend in [Compute::Candle, Compute::SCALAR] {
            let weights = Cursor::new(&self.weights);
            let found = preflight(
                &self.config,
                Some(&self.tokenizer),
                Some(FilePrefix {
                    file: "model",
                    bytes: &self.weights,
                    size: self.weights.len() as u64,
                }),
            );
            let classifier =
                Classifier::load(&self.config, &self.tokenizer, weights, "model", backend)?;
            // Except for NaN and infinity, preflight finds every error before loading.
            assert_eq!((found.refusal, found.first_bytes), (None, None));
            let prediction = classifier.classify("good, but not (really) so great! é 好")?;
            let scores = &prediction.scores;
            assert_eq!(scores.len(), classifier.info().labels.len());
            assert!(
                scores.iter().all(|score| (0.0..=1.0).contains(score)),
                "{prediction:?}"
            );
        }
        Ok(())
    }
}

fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match mutation {
            Mutation::Flip(at, mask) => bytes[at.index(len)] ^= mask,
            Mutation::Overwrite(at, with) => {
                let at = at.index(len);
                let end = len.min(at + with.len());
                bytes[at..end].copy_from_slice(&with[..end - at]);
            }
            Mutation::Cut(from, length) => {
                let from = from.index(len);
                bytes.drain(from..len.min(from + length.index(64)));
            }
            Mutation::Repeat(from, length) => {
                let from = from.index(len);
                let chunk = bytes[from..len.min(from + length.index(64))].to_vec();
                bytes.splice(from..from, chunk);
            }
            Mutation::Truncate(at) => bytes.truncate(at.index(len)),
            Mutation::Number(at, with) => {
                let from = at.index(len);
                let digits = |from: usize, digit: bool| {
                    bytes[from..]
                        .iter()
                        .position(|b| b.is_ascii_digit() == digit)
                        .map(|i| from + i)
                };
                if let Some(start) = digits(from, true) {
                    let end = digits(start, false).unwrap_or(len);
                    bytes.splice(start..end, with.bytes());
                }
            }
        }
    }
}

/// Little-endian numbers at the limits of types, where sizes overflow or signs flip.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            0u64,
            1,
            31,
            1 << 16,
            1 << 31,
            u64::from(u32::MAX),
            1 << 32,
            1 << 40,
            1 << 62,
            1 << 63,
            u64::MAX - 31,
            u64::MAX
        ])
        .prop_map(|n| n.to_le_bytes().to_vec()),
        prop::sample::select(vec![0u32, 8, 9, 1 << 16, 1 << 31, u32::MAX])
            .prop_map(|n| n.to_le_bytes().to_vec()),
    ]
}

/// Mutations of a binary file.
fn binary() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 1..=255u8).prop_map(|(at, mask)| Mutation::Flip(at, mask)),
        6 => (at(), numbers()).prop_map(|(at, with)| Mutation::Overwrite(at, with)),
        1 => (at(), at()).prop_map(|(from, length)| Mutation::Cut(from, length)),
        1 => (at(), at()).prop_map(|(from, length)| Mutation::Repeat(from, length)),
        1 => at().prop_map(Mutation::Truncate),
    ]
}

/// Mutations of a JSON file, most of which keep it valid JSON.
fn json() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let number = prop::sample::select(vec![
        "0",
        "-1",
        "1",
        "63",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "1e308",
        "0.5",
        "null",
        "[]",
    ]);
    prop_oneof![
        6 => (at(), number).prop_map(|(at, with)| Mutation::Number(at, with)),
        2 => (at(), 1..=127u8).prop_map(|(at, mask)| Mutation::Flip(at, mask)),
        1 => (at(), at()).prop_map(|(from, length)| Mutation::Cut(from, length)),
        1 => (at(), at()).prop_map(|(from, length)| Mutation::Repeat(from, length)),
    ]
}

fn several<S: Strategy<Value = Mutation>>(one: S) -> impl Strategy<Value = Vec<Mutation>> {
    prop::collection::vec(one, 1..4)
}

/// Peak virtual memory of this process in bytes, if the system reports it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmPeak:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Applies random mutations with `modify` and loads the result. The mutations are the same in every run.
fn never_panics<S: Strategy<Value = Vec<Mutation>>>(
    original: Files,
    strategy: S,
    modify: impl Fn(&mut Files, &[Mutation]),
) {
    original.try_out().unwrap();
    let before = peak();
    let config = ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap()),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2),
        ..Default::default()
    };
    proptest!(config, |(mutations in strategy)| {
        let mut files = original.clone();
        modify(&mut files, &mutations);
        if let Err(error) = files.try_out() {
            let message = error.to_string();
            prop_assert!(message.ends_with('.'), "{}", message);
        }
    });
    if let (Some(before), Some(after)) = (before, peak()) {
        // The files have 160 KB. Each new test thread reserves up to 128 MB of address space.
        assert!(
            after - before < 1 << 30,
            "{} MB were reserved",
            (after - before) >> 20
        );
    }
}

/// Mutates the first `length` bytes of a file, which contain its header.
fn head(weights: &mut Vec<u8>, length: usize, mutations: &[Mutation]) {
    let tail = weights.split_off(length.min(weights.len()));
    mutate(weights, mutations);
    weights.extend(tail);
}

#[test]
fn gguf_headers() {
    for format in [Format::Q8_0, Format::Q4_0, Format::F16] {
        never_panics(gguf(format), several(binary()), |files, mutations| {
            head(&mut files.weights, 3500, mutations);
        });
    }
}

#[test]
fn gguf_anywhere() {
    never_panics(gguf(Format::Q4_0), several(binary()), |files, mutations| {
        mutate(&mut files.weights, mutations);
    });
}

#[test]
fn safetensors_headers() {
    never_panics(safetensors(), several(json()), |files, mutations| {
        let header = 8 + u64::from_le_bytes(*files.weights.first_chunk().unwrap()) as usize;
        let tail = files.weights.split_off(header);
        let mut json = files.weights.split_off(8);
        mutate(&mut json, mutations);
        files.weights = [&(json.len() as u64).to_le_bytes()[..], &json, &tail].concat();
    });
    never_panics(safetensors(), several(binary()), |files, mutations| {
        mutate(&mut files.weights, mutations);
    });
}

#[test]
fn configs() {
    never_panics(gguf(Format::Q8_0), several(json()), |files, mutations| {
        mutate(&mut files.config, mutations);
    });
}

#[test]
fn tokenizers() {
    never_panics(gguf(Format::Q8_0), several(json()), |files, mutations| {
        mutate(&mut files.tokenizer, mutations);
    });
}
