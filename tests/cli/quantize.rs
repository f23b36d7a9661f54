use std::path::Path;

use serde_json::Value;

use crate::program::{assert_fails, json_lines, run, scratch, stderr, tiny};

pub(crate) fn quantize(from: &Path, to: &Path, format: &str) -> std::process::Output {
    run(
        [
            "quantize".as_ref(),
            from.as_os_str(),
            to.as_os_str(),
            "--format".as_ref(),
            format.as_ref(),
        ],
        "",
    )
}

fn logits(model: &Path) -> Vec<f64> {
    let output = run(
        ["classify".as_ref(), "--model".as_ref(), model.as_os_str()],
        "good\nso bad\n",
    );
    let answers = json_lines(&output);
    let logits = answers.iter().flat_map(|a| a["logits"].as_array().unwrap());
    logits.filter_map(Value::as_f64).collect()
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn logits_stay_close_in_every_format() {
    for name in [
        "bert-binary",
        "bert-gelu-new",
        "bert-multi-label",
        "bert-stars",
        "bert-emotions",
        "distilbert-binary",
    ] {
        let exact = logits(&tiny(name));
        let mut sizes = vec![];
        // A tiny model has no redundancy that averages out rounding; the default model's bounds are in golden.rs.
        for (format, bound) in [("f16", 0.02), ("q8_0", 0.3), ("q4_0", 4.0)] {
            let model = scratch().join("made/on/the/way");
            let output = quantize(&tiny(name), &model, format);
            assert_eq!(
                (output.status.code(), stderr(&output)),
                (Some(0), ""),
                "{name} {format}"
            );
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(
                said.contains("tensors") && said.contains("model.gguf"),
                "{said}"
            );
            for (exact, found) in exact.iter().zip(logits(&model)) {
                assert!(
                    (exact - found).abs() < bound,
                    "{name} {format}: {found}, not {exact}"
                );
            }
            sizes.push(size(&model.join("model.gguf")));
            let info = &json_lines(&run(
                ["inspect", "--json", "--model", model.to_str().unwrap()],
                "",
            ))[0];
            assert_eq!(info["format"], format.to_uppercase());
            assert_eq!(info["name"], name);
        }
        assert!(sizes.is_sorted_by(|a, b| a > b), "{name}: {sizes:?}");
    }
}

#[test]
fn name_and_license_are_stored() {
    let (from, to) = (tiny("bert-binary"), scratch());
    let args = ["quantize".as_ref(), from.as_os_str(), to.as_os_str()];
    let options = ["--name", "Tiny", "--license", "MIT"].map(AsRef::as_ref);
    assert!(run(args.into_iter().chain(options), "").status.success());
    let info = &json_lines(&run(
        [
            "inspect".as_ref(),
            "--json".as_ref(),
            "--model".as_ref(),
            to.as_os_str(),
        ],
        "",
    ))[0];
    assert_eq!(
        (&info["name"], &info["license"], &info["format"]),
        (&"Tiny".into(), &"MIT".into(), &"Q4_0".into())
    );
}

#[test]
fn unreadable_and_unwritable_files() {
    let empty = scratch();
    assert_fails(
        &quantize(&empty, &scratch(), "q8_0"),
        "config.json was not found.",
    );
    let out = scratch();
    let no_weights = scratch();
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(tiny("bert-binary").join(file), no_weights.join(file)).unwrap();
    }
    assert_fails(
        &quantize(&no_weights, &out, "q8_0"),
        "model.safetensors was not found.",
    );
    assert_eq!(
        std::fs::read_dir(&out).unwrap().count(),
        0,
        "nothing is written before all is well"
    );

    std::fs::write(out.join("file"), "").unwrap();
    assert_fails(
        &quantize(&tiny("bert-binary"), &out.join("file/model"), "q8_0"),
        "could not be written",
    );

    let misuse = quantize(&tiny("bert-binary"), &out, "q2_k");
    assert_eq!(misuse.status.code(), Some(2));
    assert!(stderr(&misuse).contains("q4_0"));
}

fn verified(from: &Path, to: &Path, texts: &Path, format: &str) -> std::process::Output {
    let args = ["quantize".as_ref(), from.as_os_str(), to.as_os_str()];
    let options = ["--format", format, "--verify"].map(AsRef::as_ref);
    run(
        args.into_iter().chain(options).chain([texts.as_os_str()]),
        "",
    )
}

/// The reported numbers match those computed from `classify`.
#[test]
fn verify_compares_with_the_checkpoint() {
    let (lines, json) = (scratch().join("texts"), scratch().join("texts.jsonl"));
    std::fs::write(&lines, "good\n\nso bad\nI love it.\n").unwrap();
    std::fs::write(
        &json,
        "{\"text\": \"good\"}\n{\"text\": \"so bad\", \"label\": 1}\n{\"text\": \"I love it.\"}\n",
    )
    .unwrap();
    for name in ["bert-binary", "bert-emotions", "bert-stars"] {
        let model = scratch();
        let output = verified(&tiny(name), &model, &lines, "q4_0");
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("Of 3 texts, "), "{said}");
        assert_eq!(
            said.contains("labels above 0.5"),
            name == "bert-emotions",
            "{said}"
        );

        // The same folder again, which now has a GGUF too: the reference is still the checkpoint.
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            std::fs::copy(tiny(name).join(file), model.join(file)).unwrap();
        }
        let again = verified(&model, &model, &json, "q4_0");
        let agreement = |said: &str| said.lines().last().unwrap().to_owned();
        assert_eq!(
            agreement(&String::from_utf8(again.stdout).unwrap()),
            agreement(&said)
        );

        let texts = "good\nso bad\nI love it.\n";
        let of = |model: &Path| -> Vec<f64> {
            let args = ["classify".as_ref(), "--model".as_ref(), model.as_os_str()];
            let answers = json_lines(&run(args, texts));
            let logits = answers.iter().flat_map(|a| a["logits"].as_array().unwrap());
            logits.filter_map(Value::as_f64).collect()
        };
        let (exact, found) = (of(&tiny(name)), of(&model));
        let differences: Vec<_> = exact
            .iter()
            .zip(&found)
            .map(|(a, b)| (a - b).abs())
            .collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        let most = differences.iter().copied().fold(0.0, f64::max);
        assert!(
            said.contains(&format!("by {mean:.4} on average, by at most {most:.4}.")),
            "{mean} {most}: {said}"
        );
    }
}

#[test]
fn unreadable_texts_are_reported_first() {
    let (out, texts) = (scratch().join("model"), scratch().join("texts.jsonl"));
    let fails = |expected: &str| {
        assert_fails(
            &verified(&tiny("bert-binary"), &out, &texts, "q8_0"),
            expected,
        );
        assert!(!out.exists());
    };
    fails("texts.jsonl was not found.");
    std::fs::write(&texts, "\n\n").unwrap();
    fails("has no texts.");
    std::fs::write(&texts, "{\"text\": 1}\n").unwrap();
    fails("has a field \"text\" that is not a string.");
}
