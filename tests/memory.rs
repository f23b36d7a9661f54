//! Compares the memory that a model takes with the estimate of preflight, and checks that an f32 checkpoint is never held
//! in memory as a whole.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use live_sentiment::classifier::Classifier;
use live_sentiment::inspect::{FilePrefix, PROGRAM, preflight};
use live_sentiment::layers::Compute;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Relative tolerance of the estimate.
const TOLERANCE: f64 = 0.1;

/// Peak memory while the model is loaded and classifies a text of maximum length, and the estimate of preflight.
fn measured_and_estimated(config: &[u8], tokenizer: &[u8], weights: &Path) -> (u64, u64) {
    let size = std::fs::metadata(weights).unwrap().len();
    let estimated = {
        let bytes = std::fs::read(weights).unwrap();
        let file = "model.gguf";
        let prefix = FilePrefix {
            file,
            bytes: &bytes[..bytes.len().min(1 << 20)],
            size,
        };
        preflight(config, Some(tokenizer), Some(prefix))
    };
    assert_eq!((&estimated.refusal, estimated.first_bytes), (&None, None));

    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let file = File::open(weights).unwrap();
    let model = Classifier::load(config, tokenizer, file, "model.gguf", Compute::SCALAR).unwrap();
    assert_eq!(
        model.classify(&"good ".repeat(600)).unwrap().token_count,
        512
    );
    (
        (MEMORY.peak_usage() - before) as u64,
        estimated.memory - PROGRAM,
    )
}

#[track_caller]
fn assert_near(measured: u64, estimated: u64) {
    let ratio = estimated as f64 / measured as f64;
    println!("{measured} bytes measured, {estimated} estimated: {ratio:.2}");
    assert!(
        (ratio - 1.0).abs() < TOLERANCE,
        "{measured} {estimated} {ratio}"
    );
}

/// A single test, because parallel tests would count each other's memory.
#[test]
fn memory_matches_the_estimate() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/models/minilm-sentiment");
    let config = std::fs::read(dir.join("config.json")).unwrap();
    let tokenizer = std::fs::read(dir.join("tokenizer.json")).unwrap();
    let quantized = dir.join("model.gguf");
    let (measured, estimated) = measured_and_estimated(&config, &tokenizer, &quantized);
    assert_near(measured, estimated);

    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("model.gguf");
    in_f32(&quantized, &plain);
    let (measured, estimated) = measured_and_estimated(&config, &tokenizer, &plain);
    assert_near(measured, estimated);
    let size = std::fs::metadata(&plain).unwrap().len();
    assert!(2 * measured < size, "{measured} of {size}");
}

/// Rewrites a GGUF file with every tensor in f32.
fn in_f32(from: &Path, to: &Path) {
    let mut file = Cursor::new(std::fs::read(from).unwrap());
    let content = gguf_file::Content::read(&mut file).unwrap();
    let tensors: Vec<_> = content
        .tensor_infos
        .keys()
        .map(|name| {
            let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
            let plain = tensor.dequantize(&Device::Cpu).unwrap();
            (
                name.as_str(),
                QTensor::quantize(&plain, GgmlDType::F32).unwrap(),
            )
        })
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (*name, tensor))
        .collect();
    gguf_file::write(&mut File::create(to).unwrap(), &[], &tensors).unwrap();
}
