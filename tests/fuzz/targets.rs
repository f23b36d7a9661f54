//! The bodies of the fuzz targets, which `cargo test` also runs on the corpus.
//!
//! A target must not panic or hang, and its memory must stay below a multiple of the input size.

use std::io::Cursor;
use std::sync::{Mutex, OnceLock, PoisonError};

use live_sentiment::classifier::Classifier;
use live_sentiment::layers::Compute;
use live_sentiment::model::config::{Architecture, Config};
use live_sentiment::model::tokenizer::{Padding, Tokenizer};
use live_sentiment::model::weights::{Weights, expected_tensors};
use live_sentiment::table;
use live_sentiment::types::Prediction;
use live_sentiment::web::protocol::{Request, Response};
use peak_alloc::PeakAlloc;

const CONFIG: &[u8] = include_bytes!("model/config.json");
const TOKENIZER: &[u8] = include_bytes!("model/tokenizer.json");
const GGUF: &[u8] = include_bytes!("model/model.gguf");

/// The text that every model classifies.
const TEXT: &str = "good, but not (really) so great! é 好 🙂";

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory that loading takes regardless of the input: buffers, tables, the tiny model, candle's threads.
const BASE: usize = 4 << 20;
/// Most bytes of memory per byte of a file: a 4-bit weight is temporarily an f32, and a short token becomes entries of
/// several tables.
const FACTOR: usize = 64;

/// Runs `act`, and fails if its peak memory exceeds the limit for an input of `given` bytes.
fn bounded(given: usize, act: impl FnOnce()) {
    // One at a time, because parallel tests would count each other's memory.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    act();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        taken <= BASE + FACTOR * given,
        "{given} bytes were given, {taken} taken"
    );
}

fn check(prediction: &Prediction, labels: usize) {
    assert_eq!(prediction.scores.len(), labels);
    assert!(prediction.label < labels);
    let finite = |score: &f32| (0.0..=1.0).contains(score);
    assert!(prediction.scores.iter().all(finite), "{prediction:?}");
}

/// Loads a model and, if that works, classifies a text.
fn load(config: &[u8], tokenizer: &[u8], weights: &[u8]) {
    for backend in [Compute::Candle, Compute::SCALAR] {
        let weights = Cursor::new(weights);
        let Ok(model) = Classifier::load(config, tokenizer, weights, "model", backend) else {
            return;
        };
        let Ok(prediction) = model.classify(TEXT) else {
            return;
        };
        check(&prediction, model.info().labels.len());
    }
}

/// Reads every tensor of a file, as `quantize` does.
fn read_all(weights: &[u8], architecture: Architecture) {
    let Ok(config) = Config::parse(CONFIG) else {
        return;
    };
    let Ok(mut weights) = Weights::open(Cursor::new(weights), "model", architecture) else {
        return;
    };
    weights.parameters();
    weights.main_dtype();
    for (name, shape) in expected_tensors(&config) {
        if let Ok(tensor) = weights.read(&name, &shape) {
            let numbers = tensor.to_f32().map_or(0, |numbers| numbers.len());
            assert_eq!(numbers, shape.iter().product::<usize>());
        }
    }
}

/// A GGUF file, with a valid configuration and tokenizer.
pub(crate) fn gguf(data: &[u8]) {
    bounded(data.len(), || {
        read_all(data, Architecture::Bert);
        load(CONFIG, TOKENIZER, data);
    });
}

/// A safetensors file, with a valid configuration and tokenizer; also read with the names of a DistilBERT.
pub(crate) fn safetensors(data: &[u8]) {
    bounded(data.len(), || {
        read_all(data, Architecture::Bert);
        read_all(data, Architecture::DistilBert);
        load(CONFIG, TOKENIZER, data);
    });
}

/// `tokenizer.json`, a zero byte, and a text.
pub(crate) fn tokenizer(data: &[u8]) {
    let Ok(mut config) = Config::parse(CONFIG) else {
        return;
    };
    // Room for tokens that the fuzzer adds.
    config.encoder.vocab_size = 64;
    let end = data.iter().position(|byte| *byte == 0);
    let (json, text) = data.split_at(end.unwrap_or(data.len()));
    let text = String::from_utf8_lossy(text);
    bounded(data.len(), || {
        let Ok(tokenizer) = Tokenizer::parse(json, &config) else {
            return;
        };
        for text in [&text, TEXT] {
            let Ok(encoded) = tokenizer.encode(text) else {
                continue;
            };
            assert!((2..=tokenizer.max_tokens()).contains(&encoded.ids.len()));
            assert!(
                encoded
                    .ids
                    .iter()
                    .all(|id| (*id as usize) < tokenizer.vocabulary())
            );
            let length = text.encode_utf16().count();
            for token in &encoded.tokens {
                assert!(
                    token.start <= token.end && token.end <= length,
                    "{token:?} of {text:?}"
                );
            }
        }
        for padding in [Padding::Longest, Padding::MaxLength(3)] {
            if let Ok((batch, _)) = tokenizer.encode_batch(&[&text, TEXT], padding) {
                assert_eq!(batch.input_ids.len(), batch.tokens * batch.size());
            }
        }
    });
}

/// `config.json`, with a valid tokenizer and weights.
pub(crate) fn config(data: &[u8]) {
    // Unnamed labels get generated names, up to 100,000 of them.
    bounded(data.len() + (1 << 18), || load(data, TOKENIZER, GGUF));
}

/// A message to the worker, which is answered as by the worker; or one to the page.
pub(crate) fn protocol(data: &[u8]) {
    static MODEL: OnceLock<Option<Classifier>> = OnceLock::new();
    let model = MODEL.get_or_init(|| {
        let weights = Cursor::new(GGUF);
        Classifier::load(CONFIG, TOKENIZER, weights, "model", Compute::SCALAR).ok()
    });
    let Some(model) = model else {
        panic!("the tiny model cannot be loaded");
    };
    bounded(data.len(), || {
        if let Ok(request) = serde_json::from_slice::<Request>(data) {
            let again = serde_json::to_value(&request).and_then(serde_json::from_value);
            assert!(again.is_ok_and(|again: Request| again == request));
            let prediction = match request {
                Request::Classify { text, .. } => model.classify(&text).ok(),
                Request::ClassifyIds { ids, .. } => model.classify_ids(&ids).ok(),
                Request::Tokenize { text, .. } => {
                    if let Ok(encoded) = model.tokenizer().encode(&text) {
                        assert!(encoded.ids.len() <= model.info().max_tokens);
                    }
                    None
                }
                _ => None,
            };
            if let Some(prediction) = prediction {
                check(&prediction, model.info().labels.len());
            }
        }
        if let Ok(response) = serde_json::from_slice::<Response>(data) {
            assert!(serde_json::to_value(&response).is_ok());
        }
    });
}

/// Sniffs and reads a table, and saves it with results.
fn read_table(data: &[u8]) {
    let mut file = Cursor::new(data);
    let Ok(layout) = table::sniff(&mut file, "file") else {
        return;
    };
    let Ok(table) = table::read(&mut file, "file", &layout, |_| true) else {
        return;
    };
    let column = table.roles().text.unwrap_or(0);
    let job = table::job::Job::new(&table, column, 1);
    let options = table::save::Options {
        format: live_sentiment::types::table::SaveAs::Same,
        disarm_formulas: true,
    };
    let labels = ["positive".to_owned()];
    assert!(
        table::save::save(&table, &job, &labels, options, "file", &mut std::io::sink()).is_ok()
    );
}

/// A file of text, JSON or anything else as a table.
pub(crate) fn table(data: &[u8]) {
    // A line break alone becomes a row of our columns.
    bounded(data.len() + (1 << 16), || read_table(data));
}

/// A workbook. A byte of it unpacks to a thousand, and a sheet may have nothing but its first and its last row, of a million.
pub(crate) fn workbook(data: &[u8]) {
    bounded(data.len() * 16 + (1 << 19), || read_table(data));
}
