use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{assert_fails, json_lines, program, run, tiny};

fn classify(args: &[&str], input: impl AsRef<[u8]>) -> std::process::Output {
    let model = tiny("bert-binary");
    let mut all = vec!["classify", "--model", model.to_str().unwrap()];
    all.extend(args);
    run(all, input)
}

/// Texts, logits and token counts from transformers.
fn golden() -> Vec<(String, Vec<f64>, u64)> {
    let file = std::fs::read(tiny("bert-binary").join("golden.json")).unwrap();
    let golden: Value = serde_json::from_slice(&file).unwrap();
    let cases = golden["cases"].as_array().unwrap().iter();
    let cases = cases.filter_map(|case| {
        let logits = case["logits"]
            .as_array()?
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        Some((
            case["text"].as_str()?.to_owned(),
            logits,
            case["tokens"].as_u64()?,
        ))
    });
    let cases: Vec<_> = cases.collect();
    assert!(cases.len() > 5);
    cases
}

#[test]
fn every_backend_matches_transformers() {
    let cases = golden();
    let input: String = cases
        .iter()
        .map(|(text, ..)| json!({"text": text}).to_string() + "\n")
        .collect();
    // The kernels compute in int8, whatever the format of the file.
    for (backend, bound) in [
        ("candle", 1e-3),
        ("auto", 1e-3),
        ("native", 0.2),
        ("scalar", 0.2),
    ] {
        let answers = json_lines(&classify(&["--backend", backend], &input));
        assert_eq!(answers.len(), cases.len());
        for (answer, (text, logits, tokens)) in answers.iter().zip(&cases) {
            for (i, expected) in logits.iter().enumerate() {
                let found = answer["logits"][i].as_f64().unwrap();
                assert!(
                    (found - expected).abs() < bound,
                    "{backend}, {text:?}: {answer}, not {logits:?}"
                );
            }
            if *tokens > 2 && (logits[1] - logits[0]).abs() > 2.0 * bound {
                let best = usize::from(logits[1] > logits[0]);
                assert_eq!(answer["label"], ["NEGATIVE", "POSITIVE"][best], "{text}");
            }
            assert_eq!(answer["tokens"], *tokens, "{text}");
            let scores = answer["scores"].as_array().unwrap();
            let sum: f64 = scores.iter().filter_map(Value::as_f64).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{answer}");
        }
    }
}

#[test]
fn fields_match_the_help() {
    let answers = json_lines(&classify(&[], "good\n"));
    let fields: Vec<_> = answers[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(fields, ["label", "logits", "scores", "tokens", "truncated"]);
}

#[test]
fn every_line_is_answered() {
    let answers = json_lines(&classify(&[], "\u{feff}good\r\n\r\nbad\n   \nok"));
    assert_eq!(answers.len(), 5);
    let nothing: Vec<_> = answers.iter().map(|a| a["label"].is_null()).collect();
    assert_eq!(nothing, [false, true, false, true, false]);
    assert_eq!(answers[1]["tokens"], 2);
    assert_eq!(
        answers[0],
        json_lines(&classify(&[], "good"))[0],
        "the byte order mark is no text"
    );
    assert_eq!(json_lines(&classify(&[], "")).len(), 0);
}

#[test]
fn jsonl_is_detected_by_its_brace() {
    let text = json_lines(&classify(&[], "good\n"));
    assert_eq!(json_lines(&classify(&[], "{\"text\": \"good\"}\n\n")), text);
    assert_eq!(
        json_lines(&classify(&["--format", "jsonl"], "\n{\"text\": \"good\"}")),
        text
    );
    assert_ne!(
        json_lines(&classify(&["--format", "text"], "{\"text\": \"good\"}")),
        text
    );
}

#[test]
fn echo_copies_the_input() {
    let line = r#"{"id":7,"label":"gold","text":"good"}"#;
    let answers = json_lines(&classify(&["--echo"], line));
    assert_eq!(
        answers[0]["input"],
        serde_json::from_str::<Value>(line).unwrap()
    );
    assert_ne!(answers[0]["label"], "gold");
    let answers = json_lines(&classify(&["--echo"], "a \"b\"\n"));
    assert_eq!(answers[0]["input"], "a \"b\"");
}

#[test]
fn the_first_nonblank_line_decides_the_format() {
    let expected = json_lines(&classify(&[], "good\nbad\n"));
    for input in [
        "\n{\"text\":\"good\"}\n{\"text\":\"bad\"}\n",
        "\u{feff} \r\n\t{\"text\":\"good\"}\r\n  {\"text\":\"bad\"}\r\n",
        "[{\"text\":\"good\"},{\"text\":\"bad\"}]",
        "\n[\n  {\n \"text\": \"good\"\n},\r\n {\"text\": \"bad\"}\n]\n\n",
        "[ \"good\", \"bad\" ]",
        "{\n  \"text\": \"good\"\n}\n{\n  \"a\": {\"b\": {}\n},\n  \"text\": \"bad\"\n}\n",
    ] {
        assert_eq!(json_lines(&classify(&[], input)), expected, "{input:?}");
    }
    assert_eq!(json_lines(&classify(&[], "[]")).len(), 0);
    assert_eq!(json_lines(&classify(&[], "\n\n[sigh] good\n\n")).len(), 4);
    assert_eq!(json_lines(&classify(&[], "\n \n")).len(), 2);
    for (input, reason) in [
        ("[\n{\"text\": \"good\"},\n", "is not a JSON array: EOF"),
        ("[\"good\"]\n[\"bad\"]", "is not a JSON array: trailing"),
        ("[\"good\", 1]", "Item 2 of standard input is JSON, but not"),
        ("[{\"txt\": 1}]", "Item 1 of standard input has no field"),
        (
            "[\"good\" she said",
            "pass --format text if it is plain text",
        ),
    ] {
        assert_fails(&classify(&[], input), reason);
    }
}

#[test]
fn echo_is_verbatim() {
    for object in [
        r#"{"id":138901234567890123456,"text":"good","z":1,"a":2,"price":1.10}"#,
        r#"{"text": "g\u006fod", "a": {"z": [1.0, 1E2], "b": -0}, "a": "\ud83d\ude00 \/"}"#,
    ] {
        for input in [
            object.to_owned(),
            format!("  {object}\r\n"),
            format!("[\n{object}\n]"),
        ] {
            let output = classify(&["--echo"], input);
            let stdout = String::from_utf8(output.stdout).unwrap();
            assert!(
                stdout.ends_with(&format!(",\"input\":{object}}}\n")),
                "{stdout}"
            );
        }
    }
}

#[test]
fn utf_16_is_rejected() {
    let utf16: Vec<u8> = "good\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for mark in [&b"\xff\xfe"[..], b"", b"\xfe\xff\0"] {
        assert_fails(&classify(&[], [mark, &utf16[..]].concat()), "is UTF-16");
    }
}

#[test]
fn lines_before_a_bad_one_are_answered() {
    for (third, reason) in [
        (
            "{\"text\": \"a\"",
            "Line 3 of standard input is not JSON: EOF while parsing an object at column 12.",
        ),
        (
            "\"good\"",
            "Line 3 of standard input is JSON, but not an object",
        ),
        (
            "{\"txt\": \"good\"}",
            "Line 3 of standard input has no field \"text\".",
        ),
        (
            "{\"text\": null}",
            "Line 3 of standard input has a field \"text\" that is not a string.",
        ),
        (
            "{\"text\": \"\\ud800\"}",
            "Line 3 of standard input is not JSON: ",
        ),
    ] {
        let output = classify(
            &[],
            format!("{{\"text\": \"good\"}}\n\n{third}\n{{\"text\": \"bad\"}}\n"),
        );
        assert_fails(&output, reason);
        assert_eq!(output.stdout.lines().count(), 1);
    }
    let nested = format!("{{\"text\": \"a\"}}\n{}\n", "[".repeat(100_000));
    assert_fails(
        &classify(&[], nested),
        "Line 2 of standard input is not JSON: recursion limit exceeded",
    );
}

#[test]
fn text_detected_as_json_gets_advice() {
    assert_fails(
        &classify(&[], "{sigh} good\n"),
        "pass --format text if it is plain text",
    );
    assert_eq!(
        json_lines(&classify(&["--format", "text"], "{sigh} good\n")).len(),
        1
    );
}

#[test]
fn invalid_utf8() {
    let output = classify(&[], b"good\ncaf\xe9\n");
    assert_fails(
        &output,
        "Line 2 of standard input is not UTF-8 from byte 4 on.",
    );
}

#[test]
fn long_text_is_truncated() {
    let answers = json_lines(&classify(
        &[],
        "good ".repeat(600) + "\n" + &"good ".repeat(510),
    ));
    assert_eq!(
        (&answers[0]["tokens"], &answers[0]["truncated"]),
        (&json!(512), &json!(true))
    );
    assert_eq!(
        (&answers[1]["tokens"], &answers[1]["truncated"]),
        (&json!(512), &json!(false))
    );
}

#[test]
fn answers_are_streamed() {
    let mut child = program()
        .args(["classify", "--model"])
        .arg(tiny("bert-binary"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for text in ["good\n", "bad\n"] {
        stdin.write_all(text.as_bytes()).unwrap();
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.starts_with("{\"label\":"), "{answer}");
    }
    drop(stdin);
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = program()
        .args(["classify", "--model"])
        .arg(tiny("bert-binary"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"good\n").unwrap();
    answers.read_line(&mut String::new()).unwrap();
    drop(answers);
    stdin.write_all("good\n".repeat(3).as_bytes()).unwrap();
    // Standard input stays open: the program must not wait for more.
    let status = child.wait().unwrap();
    drop(stdin);
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn usage_errors_are_explained() {
    for args in [
        &["classify"][..],
        &["classify", "--model", "x", "--backend", "gpu"],
        &["sing"],
        &[],
    ] {
        let output = run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
    let help = run(["classify", "--help"], "");
    assert_eq!(help.status.code(), Some(0));
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("truncated")
    );
}

#[test]
fn with_errors_recorded_each_line_has_one_of_the_output() {
    let input = b"\n{\"text\": \"good\"}\n{\"text\": 1}\nnot JSON\n\n{\"text\": \"caf\xe9\"}\n{\"text\": \"\"}\n{\"text\": \"bad\", \"id\": 7}";
    let lines = json_lines(&classify(&["--on-error", "record", "--echo"], input));
    let errors: Vec<_> = lines.iter().map(|line| line["error"].as_str()).collect();
    assert_eq!(
        errors,
        [
            Some("The line is blank."),
            None,
            Some("Line 3 of standard input has a field \"text\" that is not a string."),
            Some("Line 4 of standard input is not JSON: expected ident at column 2."),
            Some("The line is blank."),
            Some(
                "Line 6 of standard input is not UTF-8 from byte 14 on. Convert it first, for example with iconv."
            ),
            None,
            None,
        ]
    );
    assert!(lines[1]["label"].is_string() && lines[7]["label"].is_string());
    assert_eq!(lines[6]["label"], Value::Null);
    assert_eq!(lines[7]["input"], json!({ "text": "bad", "id": 7 }));
    assert_eq!(lines[3]["input"], json!("not JSON"));
    assert_eq!(lines[5]["input"], Value::Null);
    // Plain text: blank lines are texts, and the last one needs no line break.
    let text = json_lines(&classify(&["--on-error", "record"], "\n\ngood\n[1]\n"));
    assert_eq!(text.len(), 4);
    assert!(text.iter().all(|line| line.get("error").is_none()));
    assert_eq!(
        json_lines(&classify(&["--on-error", "record"], "\n\n")).len(),
        2
    );
    // Without it the first mistake ends the run.
    assert_fails(
        &classify(&["--format", "jsonl"], "not JSON\n"),
        "is not JSON",
    );
}
