use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{assert_fails, json_lines, run, scratch, tiny};

fn evaluate(model: &Path, args: &[&str], files: &[PathBuf]) -> std::process::Output {
    let mut all = vec![
        "evaluate".into(),
        "--model".into(),
        model.as_os_str().to_owned(),
    ];
    all.extend(args.iter().map(Into::into));
    all.extend(files.iter().map(|file| file.as_os_str().to_owned()));
    run(all, "")
}

fn file(lines: &[Value]) -> PathBuf {
    text_file(
        &lines
            .iter()
            .map(|line| line.to_string() + "\n")
            .collect::<String>(),
    )
}

fn text_file(content: &str) -> PathBuf {
    let path = scratch().join("texts.jsonl");
    std::fs::write(&path, content).unwrap();
    path
}

const TEXTS: [&str; 8] = [
    "good", "bad", "great!", "ok", "not good", "a b c", "so bad", "the",
];

/// The results of `classify` for `TEXTS`, from which the tests compute the expected metrics.
fn answers(model: &Path) -> Vec<Value> {
    json_lines(&run(
        ["classify".as_ref(), "--model".as_ref(), model.as_os_str()],
        TEXTS.join("\n"),
    ))
}

#[test]
fn metrics_match_classify() {
    let model = tiny("bert-gelu-new");
    let labels = ["negative", "neutral", "positive"];
    let expected: Vec<usize> = (0..TEXTS.len()).map(|i| i % 3).collect();
    let lines = |label: &dyn Fn(usize) -> Value| -> String {
        let rows = TEXTS.iter().zip(&expected);
        // Blank lines are skipped.
        rows.map(|(text, &id)| format!("{}\n\n", json!({"text": text, "label": label(id)})))
            .collect()
    };
    let by_id = text_file(&lines(&|id| json!(id)));
    let by_name = text_file(&lines(&|id| json!(labels[id].to_uppercase())));
    let reports = json_lines(&evaluate(&model, &["--json"], &[by_id.clone(), by_name]));
    assert_eq!(reports.len(), 2);
    for field in ["accuracy", "macro_f1", "ece", "classes"] {
        assert_eq!(reports[0][field], reports[1][field]);
    }
    assert_eq!(reports[0]["file"], by_id.to_str().unwrap());
    assert_eq!(reports[0]["compared"], json!(labels));
    assert_eq!(reports[0]["ece_bins"], 15);

    let answers = answers(&model);
    let right = |i: usize| answers[i]["label"] == labels[expected[i]];
    let hits = |count: usize| (0..count).filter(|&i| right(i)).count() as f64;
    assert_eq!(
        (&reports[0]["texts"], &reports[0]["accuracy"]),
        (&json!(8), &json!(hits(8) / 8.0))
    );
    for (class, support) in [3, 3, 2].into_iter().enumerate() {
        let hits = (0..8).filter(|&i| expected[i] == class && right(i)).count() as f64;
        let report = &reports[0]["classes"][class];
        assert_eq!(report["support"], support);
        assert_eq!(report["recall"], hits / f64::from(support));
    }
    let first = json_lines(&evaluate(&model, &["--json", "--limit", "5"], &[by_id]));
    assert_eq!(
        (&first[0]["texts"], &first[0]["accuracy"]),
        (&json!(5), &json!(hits(5) / 5.0))
    );
}

#[test]
fn without_neutral_texts_neutral_is_not_compared() {
    let model = tiny("bert-gelu-new");
    let answers = answers(&model);
    let score = |answer: &Value, class: usize| answer["scores"][class].as_f64().unwrap();
    let lines: Vec<_> = TEXTS
        .iter()
        .zip([0, 2].iter().cycle())
        .map(|(text, label)| json!({"text": text, "label": label}))
        .collect();
    let report = &json_lines(&evaluate(&model, &["--json"], &[file(&lines)]))[0];
    assert_eq!(report["compared"], json!(["negative", "positive"]));
    let hits = answers
        .iter()
        .zip(&lines)
        .filter(|(answer, line)| (score(answer, 2) > score(answer, 0)) == (line["label"] == 2))
        .count();
    assert_eq!(report["accuracy"], json!(hits as f64 / 8.0));
    // With a neutral text all three classes are compared, even if it is beyond the limit.
    let lines = [&lines[..], &[json!({"text": "ok", "label": 1})]].concat();
    let report = &json_lines(&evaluate(
        &model,
        &["--json", "--limit", "8"],
        &[file(&lines)],
    ))[0];
    assert_eq!(
        (
            &report["texts"],
            report["compared"].as_array().unwrap().len()
        ),
        (&json!(8), 3)
    );
}

#[test]
fn the_table_is_readable() {
    let lines = [
        json!({"text": "good", "label": 0}),
        json!({"text": "bad", "label": 1}),
    ];
    let output = evaluate(&tiny("bert-binary"), &[], &[file(&lines)]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "a progress bar belongs on a terminal only"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "2 texts",
        "accuracy",
        "macro-F1",
        "ECE",
        "15 bins",
        "precision",
        "recall",
        "NEGATIVE",
        "POSITIVE",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn mistakes_in_a_file_are_reported_first() {
    for (content, reason) in [
        ("{\"text\": \"a\", \"label\": 2}", "Line 1 of "),
        (
            "{\"text\": \"a\", \"label\": 2}",
            "has the label 2, which the model lacks: it has 0 (NEGATIVE), 1 (POSITIVE).",
        ),
        (
            "{\"text\": \"a\", \"label\": \"happy\"}",
            "has the label \"happy\", which the model lacks",
        ),
        ("{\"text\": \"a\", \"label\": -1}", "has the label -1"),
        ("{\"text\": \"a\", \"label\": 0.5}", "has the label 0.5"),
        ("{\"text\": \"a\"}", "has no field \"label\"."),
        ("{\"label\": 1}", "has no field \"text\"."),
        (
            "{\"text\": \"a\", \"label\": 1}\n\n{\"text\": 5}",
            "Line 3 of ",
        ),
        ("text,label\ngood,1\n", "is not JSON"),
        ("", "is empty."),
        ("\n \n", "is empty."),
    ] {
        let output = evaluate(&tiny("bert-binary"), &[], &[text_file(content)]);
        assert_fails(&output, reason);
        assert!(output.stdout.is_empty());
    }
    let missing = scratch().join("missing.jsonl");
    let good = file(&[json!({"text": "good", "label": 0})]);
    let output = evaluate(&tiny("bert-binary"), &[], &[good, missing]);
    assert_fails(&output, "missing.jsonl was not found.");
    assert!(output.stdout.is_empty());
    assert_fails(
        &evaluate(&tiny("bert-binary"), &[], &[scratch()]),
        "could not be read",
    );
}
