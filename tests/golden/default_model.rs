//! The default model, and a whole checkpoint of its architecture.

use super::*;

/// Whether `normalize_text` changes the text, so that transformers saw other characters.
fn is_rewritten(case: &Classified) -> bool {
    let is_tone = |c| ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    case.text.expand().contains(is_tone)
}

/// The default model against its file dequantized by gguf-py and run by transformers.
#[test]
fn the_default_model_matches_its_dequantized_weights() {
    let golden: cases::DefaultModel = cases::read("default.json");
    for backend in backends() {
        let classifier =
            Classifier::from_dir(&cases::path("public/models/minilm-sentiment"), backend).unwrap();
        assert_eq!(
            classifier.info().file_size,
            golden.gguf_bytes,
            "default.json is of another model: run `make.py default`"
        );
        let worst = assert_golden(
            &classifier,
            golden
                .gguf
                .iter()
                .filter(|case| affordable(case, backend) && !is_rewritten(case)),
            DEFAULT_BOUND,
        );
        println!("{backend:?}: off by {worst} at most");
    }
}

/// What the article prints last: the argmax label of this sentence.
#[test]
fn the_articles_product_is_amazing() {
    for compute in backends() {
        let folder = cases::path("public/models/minilm-sentiment");
        let classifier = Classifier::from_dir(&folder, compute).unwrap();
        let prediction = classifier.classify("This is an amazing product!").unwrap();
        assert_eq!(classifier.info().labels[prediction.label], "positive");
    }
}

/// The encoder's output, averaged over a text's tokens, against the same file dequantized.
#[test]
fn the_default_models_hidden_states_match() {
    let folder = cases::path("public/models/minilm-sentiment");
    let plain = tempfile::tempdir().unwrap();
    dequantize(&folder, plain.path());
    let plain = Classifier::from_dir(plain.path(), Compute::Candle).unwrap();
    let golden: cases::DefaultModel = cases::read("default.json");
    for backend in backends() {
        let classifier = Classifier::from_dir(&folder, backend).unwrap();
        let mut cosines = Vec::new();
        for case in golden
            .gguf
            .iter()
            .filter(|case| affordable(case, Compute::SCALAR))
        {
            let ids = classifier
                .tokenizer()
                .encode(&case.text.expand())
                .unwrap()
                .ids;
            let mean = |classifier: &Classifier| -> Vec<f32> {
                let hidden = classifier
                    .bert()
                    .last_hidden_state(&Batch::single(&ids))
                    .unwrap();
                hidden
                    .mean(1)
                    .unwrap()
                    .squeeze(0)
                    .unwrap()
                    .to_vec1()
                    .unwrap()
            };
            cosines.push(cosine(&mean(&classifier), &mean(&plain)));
        }
        let worst = cosines.iter().copied().fold(1.0, f64::min);
        let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
        println!("{backend:?}: cosine {mean:.6} in the mean, {worst:.6} at least");
        // The corpus has texts unlike the training data: symbols, and single letters.
        assert!(
            mean >= 0.9995 && worst >= 0.999,
            "{backend:?}: {mean} {worst}"
        );
    }
}

/// A checkpoint of the default model's size, in f32 and in Q8_0.
#[test]
fn a_whole_checkpoint_matches_transformers() {
    let golden: cases::Checkpoint = cases::read("checkpoint.json");
    let folder = cases::path("../shared/model");
    if !folder.join("model.safetensors").exists() {
        return cases::skipped(
            "a_whole_checkpoint_matches_transformers",
            "there is no ../shared/model",
        );
    }
    let plain = Classifier::from_dir(&folder, Compute::Candle).unwrap();
    assert_golden(&plain, &golden.f32, F32_BOUND);
    let q8_0 = tempfile::tempdir().unwrap();
    quantized_to(&folder, q8_0.path(), Format::Q8_0);
    for backend in backends() {
        let classifier = Classifier::from_dir(q8_0.path(), backend).unwrap();
        let worst = assert_golden(
            &classifier,
            golden.q8_0.iter().filter(|case| affordable(case, backend)),
            DEFAULT_BOUND,
        );
        println!("Q8_0, {backend:?}: off by {worst} at most");
    }
    let texts = ["It is a film.", "I love this movie! It's fantastic."];
    assert_like_stock_candle(&folder, &texts, F32_BOUND);
}
