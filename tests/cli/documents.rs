//! Texts of any length: `classify --sentences`, `explain`, `evaluate --rules` and `--reasons`.

use serde_json::{Value, json};

use crate::program::{json_lines, run, scratch, tiny};

/// The default model.
fn shipped() -> String {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/public/models/minilm-sentiment"
    )
    .into()
}

fn lines_of(command: &str, args: &[&str], texts: &[&str]) -> Vec<Value> {
    let model = shipped();
    let mut all = vec![command, "--model", &model, "--format", "jsonl"];
    all.extend(args);
    let input: String = texts
        .iter()
        .map(|text| json!({ "text": text }).to_string() + "\n")
        .collect();
    let lines = json_lines(&run(all, input));
    assert_eq!(lines.len(), texts.len());
    lines
}

fn sentences(text: &str) -> Value {
    lines_of("classify", &["--sentences"], &[text]).remove(0)
}

/// What a range of UTF-16 code units covers.
fn covered(text: &str, range: &Value) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let place = |name: &str| range[name].as_u64().unwrap() as usize;
    String::from_utf16(&units[place("start")..place("end")]).unwrap()
}

#[test]
fn a_review_is_read_sentence_by_sentence() {
    let text = "I loved the room 🙂. The breakfast was terrible! We left on Tuesday.";
    let answer = sentences(text);
    let found = answer["sentences"].as_array().unwrap();
    let texts: Vec<_> = found
        .iter()
        .map(|sentence| covered(text, sentence))
        .collect();
    assert_eq!(
        texts,
        [
            "I loved the room 🙂.",
            "The breakfast was terrible!",
            "We left on Tuesday."
        ]
    );
    let labels: Vec<_> = found.iter().map(|sentence| &sentence["label"]).collect();
    assert_eq!(labels, ["positive", "negative", "neutral"]);
    assert_eq!(
        (&answer["label"], &answer["mixed"]),
        (&json!("mixed"), &json!(true))
    );
    for scores in [&answer["scores"], &found[0]["scores"]] {
        let sum: f64 = scores
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_f64)
            .sum();
        assert!((sum - 1.0).abs() < 1e-5, "{answer}");
    }
}

#[test]
fn a_text_is_read_to_its_end() {
    let text = "The train leaves at noon. ".repeat(200) + &"I hate this awful hotel. ".repeat(400);
    let whole = &lines_of("classify", &[], &[&text])[0];
    assert_eq!(whole["truncated"], true);
    assert_ne!(whole["label"], "negative");
    let answer = sentences(&text);
    assert_eq!(answer["label"], "negative");
    assert_eq!(answer["sentences"].as_array().unwrap().len(), 600);
}

#[test]
fn blank_texts_have_no_sentences() {
    for text in ["", "   ", "\n\n\n", "\u{2028}\t"] {
        let answer = sentences(text);
        assert_eq!(
            (&answer["label"], &answer["sentences"]),
            (&Value::Null, &json!([]))
        );
    }
}

#[test]
fn hostile_texts_are_read_too() {
    let texts = [
        "word ".repeat(20_000),
        "x".repeat(100_000),
        "- a list line\n".repeat(2_000),
        "🙂🙃👩\u{200d}👩\u{200d}👧👍🏽".repeat(500),
        "e\u{301}\u{302}\u{303}".repeat(3_000),
        "fn main() {\n    println!(\"{}\", 1.0 / 3.0);\n}\n".repeat(200),
        "שלום \"Hello\" עולם. هذا جيد جدا؟ 好。".repeat(200),
    ];
    for text in &texts {
        let answer = sentences(text);
        let mut end = 0;
        let units = text.encode_utf16().count() as u64;
        let found = answer["sentences"].as_array().unwrap();
        assert!(!found.is_empty());
        for sentence in found {
            let (start, next) = (
                sentence["start"].as_u64().unwrap(),
                sentence["end"].as_u64().unwrap(),
            );
            assert!(start >= end && next > start && next <= units, "{sentence}");
            end = next;
        }
    }
}

#[test]
fn words_are_explained_in_their_place() {
    let text = "We came in May 🙂. The food was not good, and the well-known view was lovely.";
    let answer = &lines_of("explain", &[], &[text])[0];
    let found = answer["sentences"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    let words: Vec<_> = found[1]["words"].as_array().unwrap().iter().collect();
    for word in &words {
        assert_eq!(word["text"], covered(text, word));
    }
    let texts: Vec<_> = words
        .iter()
        .map(|word| word["text"].as_str().unwrap())
        .collect();
    assert!(
        texts.contains(&"not good") && texts.contains(&"well-known"),
        "{texts:?}"
    );
    let strongest = words
        .iter()
        .max_by(|one, other| {
            let weight = |word: &Value| word["weight"].as_f64().unwrap().abs();
            weight(one).total_cmp(&weight(other))
        })
        .unwrap();
    assert!(["not good", "lovely"].contains(&strongest["text"].as_str().unwrap()));
}

#[test]
fn the_input_is_echoed_by_both() {
    let text = "A lovely day.";
    for (command, args) in [
        ("classify", ["--sentences", "--echo"].as_slice()),
        ("explain", &["--echo"]),
    ] {
        let answer = &lines_of(command, args, &[text])[0];
        assert_eq!(answer["input"], json!({ "text": text }), "{command}");
    }
}

#[test]
fn rules_and_reasons_are_measured() {
    let dir = scratch();
    let file = dir.join("texts.jsonl");
    let line = |text: &str, label: &str| json!({"text": text, "label": label}).to_string() + "\n";
    let long = "The train was late again and nobody said why. ".repeat(80);
    std::fs::write(
        &file,
        line("I love this lovely, wonderful little hotel.", "positive") + &line(&long, "negative"),
    )
    .unwrap();
    let words = dir.join("words.jsonl");
    std::fs::write(
        &words,
        line("wonderful", "positive") + &line("love", "positive"),
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let output = |args: &[&str]| {
        let model = shipped();
        let mut all = vec!["evaluate", "--model", &model];
        all.extend(args);
        all.push(file);
        let output = run(all, "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let rules = output(&["--rules"]);
    assert!(rules.contains("2 texts, 1 of them longer"), "{rules}");
    for rule in [
        "first tokens",
        "windows of",
        "sentences by length and confidence",
    ] {
        let row = rules.lines().find(|line| line.contains(rule)).unwrap();
        assert!(row.contains("100.0") || row.contains("50.0"), "{row}");
    }
    let reasons = output(&["--reasons", "--words", words.to_str().unwrap()]);
    assert!(
        reasons.contains("2 texts with more than 3 words"),
        "{reasons}"
    );
}

#[test]
fn labels_without_polarity_are_never_mixed() {
    let model = tiny("bert-binary");
    let output = run(
        [
            "classify",
            "--sentences",
            "--model",
            model.to_str().unwrap(),
        ],
        "One. Two. Three.\n",
    );
    let answer = &json_lines(&output)[0];
    assert_eq!(answer["sentences"].as_array().unwrap().len(), 3);
}
