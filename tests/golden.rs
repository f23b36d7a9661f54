//! Compares logits, pooled outputs and labels with transformers on the same checkpoints, with candle-transformers'
//! BERT, and quantized files with the same files dequantized.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "golden/cases.rs"]
mod cases;
#[path = "golden/default_model.rs"]
mod default_model;
#[path = "golden/llama_cpp.rs"]
mod llama_cpp;

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use candle_transformers::models::distilbert::DistilBertModel;
use live_sentiment::classifier::Classifier;
use live_sentiment::convert::{Format, Options, quantize};
use live_sentiment::layers::Compute;
use live_sentiment::model::config::Config;
use live_sentiment::model::tokenizer::{Batch, Padding};
use live_sentiment::model::weights::Precision;
use live_sentiment::types::Backend;

use cases::Classified;

const TINY: [&str; 6] = [
    "bert-binary",
    "bert-multi-label",
    "bert-gelu-new",
    "bert-stars",
    "bert-emotions",
    "distilbert-binary",
];
const TINY_BERT: [&str; 5] = [
    "bert-binary",
    "bert-multi-label",
    "bert-gelu-new",
    "bert-stars",
    "bert-emotions",
];
/// The native backends: candle, the scalar kernels, and the kernels for this CPU, if there are any.
fn backends() -> Vec<Compute> {
    let native = match Compute::native() {
        Compute::Candle => None,
        native => Some(native),
    };
    [Compute::Candle, Compute::SCALAR]
        .into_iter()
        .chain(native)
        .collect()
}

/// Tolerance in f32: only the order of additions differs.
const F32_BOUND: f32 = 1e-3;
/// Tolerance of the default model against the same weights dequantized: activations are rounded to 8 bits per block. Its
/// logits are between -3 and 3; stock candle's error is at most 0.035 in Q4_0 and 0.076 in Q8_0.
const DEFAULT_BOUND: f32 = 0.15;
/// The same for the tiny models, whose random weights amplify errors: logits up to 8, stock candle's error at most 0.27.
const TINY_BOUND: f32 = 0.5;
/// With random weights some texts are near a tie of two labels. If the best logit leads by more than this, rounding must not
/// change the label; the largest lead that it did change is 0.20.
const TIE: f32 = 0.25;
/// The same if the weights are rounded too; the largest lead that this did change is 0.39.
const TIE_OF_ROUNDED: f32 = 0.5;
/// candle-transformers 0.11 computes DistilBERT's `gelu` with the tanh approximation.
const STOCK_DISTILBERT_BOUND: f32 = 1e-2;

fn tiny(name: &str) -> std::path::PathBuf {
    cases::path("tests/golden/models").join(name)
}

fn golden(name: &str) -> Vec<Classified> {
    let golden: cases::Golden = cases::read(&format!("models/{name}/golden.json"));
    assert!(golden.cases.len() > 40, "the corpus is there");
    golden.cases
}

fn argmax(x: &[f32]) -> usize {
    (0..x.len())
        .rev()
        .max_by(|&a, &b| x[a].total_cmp(&x[b]))
        .unwrap()
}

/// The largest absolute difference of two slices; NaN if there is one, since `total_cmp` orders it above all numbers.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .max_by(f32::total_cmp)
        .unwrap_or(0.0)
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Whether a case is fast enough to run: the scalar kernels are slow, and where there are others they give the same results
/// (tests/kernels.rs).
fn affordable(case: &Classified, compute: Compute) -> bool {
    let longest = if backends().len() > 2 { 32 } else { 128 };
    compute.backend() != Backend::Scalar || case.tokens <= longest
}

/// Classifies every text and asserts that logits are within `bound`, and that labels and lengths are equal. Returns the
/// largest difference found.
#[track_caller]
fn assert_golden<'a>(
    classifier: &Classifier,
    cases: impl IntoIterator<Item = &'a Classified>,
    bound: f32,
) -> f32 {
    let mut worst = 0.0f32;
    for case in cases {
        let text = case.text.expand();
        let prediction = classifier.classify(&text).unwrap();
        let shown: String = text.chars().take(40).collect();
        let distance = distance(&prediction.logits, &case.logits);
        assert!(
            distance <= bound,
            "{shown:?}: logits {:?}, expected {:?}",
            prediction.logits,
            case.logits
        );
        assert_eq!(prediction.label, argmax(&case.logits), "label of {shown:?}");
        assert_eq!(prediction.token_count, case.tokens, "tokens of {shown:?}");
        worst = worst.max(distance);
    }
    worst
}

// ---- checkpoints saved by transformers ------------------------------------------------------------------------

#[test]
fn logits_match_transformers() {
    for name in TINY {
        let classifier = Classifier::from_dir(&tiny(name), Compute::Candle).unwrap();
        assert_golden(&classifier, &golden(name), F32_BOUND);
    }
}

#[test]
fn pooled_output_matches_transformers() {
    for name in TINY_BERT {
        let classifier = Classifier::from_dir(&tiny(name), Compute::Candle).unwrap();
        let mut compared = 0;
        for case in golden(name) {
            let Some(expected) = case.pooled else {
                continue;
            };
            let ids = classifier
                .tokenizer()
                .encode(&case.text.expand())
                .unwrap()
                .ids;
            let output = classifier.bert().forward(&Batch::single(&ids)).unwrap();
            let pooled: Vec<f32> = output.pooled.squeeze(0).unwrap().to_vec1().unwrap();
            assert!(distance(&pooled, &expected) < F32_BOUND, "{name}");
            compared += 1;
        }
        assert_eq!(compared, 2, "both of the article's sentences");
    }
}

/// The article from end to end: two sentences padded to 512, pooled output, binary classifier, label by argmax.
#[test]
fn the_article() {
    let classifier = Classifier::from_dir(&tiny("bert-binary"), Compute::Candle).unwrap();
    let cases: Vec<_> = golden("bert-binary")
        .into_iter()
        .filter(|case| case.pooled.is_some())
        .collect();
    let texts: Vec<_> = cases.iter().map(|case| case.text.expand()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let (batch, _) = classifier
        .tokenizer()
        .encode_batch(&texts, Padding::MaxLength(512))
        .unwrap();
    assert_eq!(batch.input_ids.len(), 2 * 512);
    let logits: Vec<Vec<f32>> = classifier
        .bert()
        .forward(&batch)
        .unwrap()
        .logits
        .to_vec2()
        .unwrap();
    let labels = &classifier.info().labels;
    assert_eq!(labels, &["NEGATIVE", "POSITIVE"]);
    for (case, logits) in cases.iter().zip(&logits) {
        assert!(
            distance(logits, &case.logits) < F32_BOUND,
            "padding changed the logits"
        );
        assert_eq!(labels[argmax(logits)], labels[argmax(&case.logits)]);
    }
}

#[test]
fn scores_are_softmax_or_sigmoid() {
    for name in TINY {
        let classifier = Classifier::from_dir(&tiny(name), Compute::Candle).unwrap();
        for case in golden(name).iter().take(10) {
            let prediction = classifier.classify(&case.text.expand()).unwrap();
            let exp: Vec<f64> = case.logits.iter().map(|&x| f64::from(x).exp()).collect();
            let sum: f64 = exp.iter().sum();
            let multi_label = ["bert-multi-label", "bert-emotions"].contains(&name);
            let scores: Vec<f32> = exp
                .iter()
                .map(|e| if multi_label { e / (1.0 + e) } else { e / sum })
                .map(|s| s as f32)
                .collect();
            assert!(
                distance(&prediction.scores, &scores) < F32_BOUND,
                "{name}: {:?}",
                prediction.scores
            );
        }
    }
}

#[test]
fn a_padded_batch_matches_single_texts() {
    for backend in backends() {
        for name in TINY {
            let classifier = Classifier::from_dir(&tiny(name), backend).unwrap();
            let cases = golden(name);
            let texts: Vec<_> = cases.iter().map(|case| case.text.expand()).collect();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            for texts in texts.chunks(8) {
                let batch = classifier.classify_batch(texts).unwrap();
                assert_eq!(batch.len(), texts.len());
                for (text, together) in texts.iter().zip(batch) {
                    let alone = classifier.classify(text).unwrap();
                    let distance = distance(&together.logits, &alone.logits);
                    assert!(distance < 1e-5, "{name}, {backend:?}, {text:?}: {distance}");
                    assert_eq!(together.token_count, alone.token_count);
                    assert_eq!(together.tokens, alone.tokens);
                }
            }
        }
    }
}

/// Tensor names of older checkpoints, and of encoders saved without their prefix.
#[test]
fn older_tensor_names_are_read() {
    type Rename = fn(&str) -> String;
    let old_norms: Rename = |name| {
        name.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta")
    };
    let no_prefix: Rename = |name| {
        let name = name.strip_prefix("bert.").unwrap_or(name);
        name.strip_prefix("distilbert.").unwrap_or(name).to_owned()
    };
    for (name, rename) in [
        ("bert-binary", old_norms),
        ("bert-binary", no_prefix),
        ("bert-gelu-new", |name| no_prefix_and_old_norms(name)),
        ("distilbert-binary", no_prefix),
    ] {
        let original = tiny(name);
        let folder = tempfile::tempdir().unwrap();
        for file in ["config.json", "tokenizer.json"] {
            std::fs::copy(original.join(file), folder.path().join(file)).unwrap();
        }
        let tensors =
            candle_core::safetensors::load(original.join("model.safetensors"), &Device::Cpu)
                .unwrap();
        let renamed: HashMap<_, _> = tensors
            .iter()
            .map(|(name, tensor)| (rename(name), tensor.clone()))
            .collect();
        assert!(
            renamed.keys().any(|name| !tensors.contains_key(name)),
            "something was renamed"
        );
        candle_core::safetensors::save(&renamed, folder.path().join("model.safetensors")).unwrap();

        let classifier = Classifier::from_dir(folder.path(), Compute::Candle).unwrap();
        assert_golden(&classifier, &golden(name), F32_BOUND);
    }

    fn no_prefix_and_old_norms(name: &str) -> String {
        name.strip_prefix("bert.")
            .unwrap_or(name)
            .replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta")
    }
}

// ---- stock candle --------------------------------------------------------------------------------------------

fn stock_weights(folder: &Path) -> VarBuilder<'static> {
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).unwrap()
}

/// Compares `last_hidden_state` of a padded batch with candle-transformers.
fn assert_like_stock_candle(folder: &Path, texts: &[&str], bound: f32) {
    let classifier = Classifier::from_dir(folder, Compute::Candle).unwrap();
    let (batch, _) = classifier
        .tokenizer()
        .encode_batch(texts, Padding::Longest)
        .unwrap();
    let shape = (batch.size(), batch.tokens);
    let ids = Tensor::from_slice(&batch.input_ids, shape, &Device::Cpu).unwrap();
    let mask = Tensor::from_slice(&batch.attention_mask(), shape, &Device::Cpu).unwrap();

    let json = std::fs::read(folder.join("config.json")).unwrap();
    let raw: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let expected = if raw["model_type"] == "distilbert" {
        let config = serde_json::from_slice(&json).unwrap();
        let model = DistilBertModel::load(stock_weights(folder), &config).unwrap();
        // Here 1 means "masked out"; the mask is broadcast to all heads and queries.
        let masked = mask
            .eq(0u32)
            .unwrap()
            .unsqueeze(1)
            .unwrap()
            .unsqueeze(1)
            .unwrap();
        model.forward(&ids, &masked).unwrap()
    } else {
        let config = Config::parse(&json).unwrap().encoder;
        let model = BertModel::load(stock_weights(folder), &config).unwrap();
        model
            .forward(&ids, &ids.zeros_like().unwrap(), Some(&mask))
            .unwrap()
    };
    let found = classifier.bert().last_hidden_state(&batch).unwrap();
    for (row, &length) in batch.lengths.iter().enumerate() {
        let numbers = |x: &Tensor| -> Vec<f32> {
            x.get(row)
                .unwrap()
                .narrow(0, 0, length)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap()
        };
        let distance = distance(&numbers(&found), &numbers(&expected));
        assert!(distance < bound, "{}: {distance}", folder.display());
    }
}

#[test]
fn last_hidden_state_matches_stock_candle() {
    for name in TINY {
        let cases = golden(name);
        let texts: Vec<_> = cases.iter().map(|case| case.text.expand()).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        for texts in texts.chunks(6) {
            let distilbert = name == "distilbert-binary";
            let bound = if distilbert {
                STOCK_DISTILBERT_BOUND
            } else {
                F32_BOUND
            };
            assert_like_stock_candle(&tiny(name), texts, bound);
        }
    }
}

// ---- quantized -----------------------------------------------------------------------------------------------

fn quantized_to(from: &Path, to: &Path, format: Format) {
    let options = Options {
        format,
        name: None,
        license: None,
    };
    quantize(from, to, &options, |_, _| {}).unwrap();
}

/// Rewrites a GGUF file with every tensor dequantized to f32.
fn dequantize(from: &Path, to: &Path) {
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let mut file = Cursor::new(std::fs::read(from.join("model.gguf")).unwrap());
    let content = gguf_file::Content::read(&mut file).unwrap();
    let tensors: Vec<_> = content
        .tensor_infos
        .keys()
        .map(|name| {
            let tensor = content
                .tensor(&mut file, name, &Device::Cpu)
                .unwrap()
                .dequantize(&Device::Cpu)
                .unwrap();
            (
                name.clone(),
                QTensor::quantize(&tensor, GgmlDType::F32).unwrap(),
            )
        })
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let metadata: Vec<_> = content
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let mut out = std::fs::File::create(to.join("model.gguf")).unwrap();
    gguf_file::write(&mut out, &metadata, &tensors).unwrap();
}

/// Asserts that the argmax of `logits` is that of `expected`, if that leads by more than `tie`.
#[track_caller]
fn assert_label_unless_tie(logits: &[f32], expected: &[f32], tie: f32, what: &str) {
    let mut sorted = expected.to_vec();
    sorted.sort_by(f32::total_cmp);
    let lead = sorted[sorted.len() - 1] - sorted[sorted.len() - 2];
    assert!(
        argmax(logits) == argmax(expected) || lead < tie,
        "{what}, which leads by {lead}"
    );
}

/// Asserts that two models give the texts of `cases` the same labels, ties aside. Returns the largest difference of their
/// logits.
#[track_caller]
fn assert_same_labels(
    one: &Classifier,
    other: &Classifier,
    cases: &[Classified],
    what: &str,
) -> f32 {
    let differences = cases.iter().map(|case| {
        let text = case.text.expand();
        let (one, other) = (one.classify(&text).unwrap(), other.classify(&text).unwrap());
        let shown: String = text.chars().take(40).collect();
        let what = format!("{what}: label of {shown:?}");
        assert_label_unless_tie(&one.logits, &other.logits, TIE, &what);
        distance(&one.logits, &other.logits)
    });
    differences.max_by(f32::total_cmp).unwrap_or(0.0)
}

/// Compares a quantized file with the same file dequantized and run in f32. The only difference is the quantization of
/// activations, to 8 bits in blocks of 32.
#[test]
fn quantized_files_match_their_dequantized_weights() {
    for name in TINY {
        let cases = golden(name);
        for format in [Format::Q8_0, Format::Q4_0, Format::F16] {
            let (quantized, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            quantized_to(&tiny(name), quantized.path(), format);
            dequantize(quantized.path(), plain.path());
            let plain = Classifier::from_dir(plain.path(), Compute::Candle).unwrap();
            for backend in backends() {
                let stored = Precision::Stored;
                let quantized = Classifier::from_dir_as(quantized.path(), backend, stored).unwrap();
                let what = format!("{name}, {format:?}, {backend:?}");
                let worst = assert_same_labels(&quantized, &plain, &cases, &what);
                // This crate's kernels quantize f16 weights to 8 bits; candle uses them as stored.
                let exact = format == Format::F16 && matches!(backend, Compute::Candle);
                let bound = if exact { F32_BOUND } else { TINY_BOUND };
                assert!(worst < bound, "{what}: {worst}");
            }
        }
    }
}

/// A checkpoint that is quantized on load gives the same bits as the quantized file, and matches transformers with the
/// unquantized weights within the tolerance.
#[test]
fn quantizing_on_load_matches_the_quantized_file() {
    for name in TINY {
        let cases = golden(name);
        for (format, precision) in [
            (Format::Q8_0, Precision::Q8_0),
            (Format::Q4_0, Precision::Q4_0),
            (Format::F16, Precision::F16),
        ] {
            let file = tempfile::tempdir().unwrap();
            quantized_to(&tiny(name), file.path(), format);
            for backend in backends() {
                let on_load = Classifier::from_dir_as(&tiny(name), backend, precision).unwrap();
                let file =
                    Classifier::from_dir_as(file.path(), backend, Precision::Stored).unwrap();
                for case in cases
                    .iter()
                    .filter(|case| affordable(case, Compute::SCALAR))
                {
                    let text = case.text.expand();
                    let (on_load, file) = (
                        on_load.classify(&text).unwrap(),
                        file.classify(&text).unwrap(),
                    );
                    assert_eq!(
                        on_load.logits, file.logits,
                        "{name}, {format:?}, {backend:?}"
                    );
                    if format == Format::Q8_0 {
                        let shown: String = text.chars().take(40).collect();
                        let what = format!("{name}, {backend:?}: label of {shown:?}");
                        assert_label_unless_tie(
                            &on_load.logits,
                            &case.logits,
                            TIE_OF_ROUNDED,
                            &what,
                        );
                    }
                }
            }
        }
    }
}

/// The default precision in the worker.
#[test]
fn the_kernels_default_to_8_bits() {
    let name = "bert-gelu-new";
    let worker = Classifier::from_dir(&tiny(name), Compute::SCALAR).unwrap();
    let q8_0 = Classifier::from_dir_as(&tiny(name), Compute::SCALAR, Precision::Q8_0).unwrap();
    let stored = Classifier::from_dir_as(&tiny(name), Compute::SCALAR, Precision::Stored).unwrap();
    let logits = |classifier: &Classifier| classifier.classify("not bad").unwrap().logits;
    assert_eq!(logits(&worker), logits(&q8_0));
    assert_ne!(logits(&worker), logits(&stored));
}
