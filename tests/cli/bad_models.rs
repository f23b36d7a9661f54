//! Missing, truncated, damaged and hostile models: each gives exit code 1 and one sentence, within bounded memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::gguf::{ARRAY, Gguf, STRING, U32, string};
use serde_json::Value;

use crate::program::{assert_fails, finish, run, scratch, tiny};
use crate::quantize::quantize;

/// A model whose files a test may modify: a copy of the tiny BERT, in Q8_0.
fn model() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let dir = scratch();
        assert!(
            quantize(&tiny("bert-binary"), &dir, "q8_0")
                .status
                .success()
        );
        dir
    });
    copy(made)
}

fn copy(dir: &Path) -> PathBuf {
    let copy = scratch();
    for file in std::fs::read_dir(dir).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    copy
}

/// Runs `classify` with 2 GB of address space, a hundred times what the tiny model needs: an allocation that trusts a
/// hostile number fails and aborts.
fn classify(model: &Path) -> Output {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -v 2000000; exec \"$0\" classify --model \"$1\"",
        ])
        .arg(env!("CARGO_BIN_EXE_live-sentiment"))
        .arg(model)
        .env("RUST_BACKTRACE", "1")
        // Each thread reserves address space.
        .env("RAYON_NUM_THREADS", "1");
    finish(&mut command, b"good\n")
}

/// Asserts that the model is rejected after `modify` has changed its GGUF file, with a message that contains `expected`.
#[track_caller]
fn rejected(expected: &str, modify: impl FnOnce(&mut Gguf)) {
    let dir = model();
    let path = dir.join("model.gguf");
    let mut gguf = Gguf::parse(&std::fs::read(&path).unwrap());
    modify(&mut gguf);
    std::fs::write(&path, gguf.to_bytes()).unwrap();
    let output = classify(&dir);
    assert_fails(&output, expected);
    assert!(output.stdout.is_empty());
}

/// The same with a file of the folder replaced by `content`.
#[track_caller]
fn rejected_file(file: &str, content: impl AsRef<[u8]>, expected: &str) {
    let dir = model();
    std::fs::write(dir.join(file), content).unwrap();
    assert_fails(&classify(&dir), expected);
}

fn config_with(from: &str, to: &str) -> String {
    let config = std::fs::read_to_string(tiny("bert-binary").join("config.json")).unwrap();
    assert!(config.contains(from));
    config.replace(from, to)
}

/// Control: the other tests prove nothing if a reassembled file is rejected anyway.
#[test]
fn an_unmodified_model_is_accepted() {
    let dir = model();
    let path = dir.join("model.gguf");
    let bytes = std::fs::read(&path).unwrap();
    let gguf = Gguf::parse(&bytes);
    assert!(gguf.to_bytes() == bytes);
    assert!(classify(&dir).status.success());
}

#[test]
fn missing_files() {
    let nowhere = scratch().join("nowhere");
    assert_fails(
        &classify(&nowhere),
        "nowhere/config.json was not found. Check that ",
    );
    for file in ["config.json", "tokenizer.json", "model.gguf"] {
        let dir = model();
        std::fs::remove_file(dir.join(file)).unwrap();
        assert_fails(&classify(&dir), &format!("{file} was not found."));
        std::fs::create_dir(dir.join(file)).unwrap();
        assert_fails(&classify(&dir), file);
    }
}

#[test]
fn files_of_another_format() {
    const PAGE: &str = "\n<!doctype html><title>404</title>";
    for file in ["config.json", "tokenizer.json", "model.gguf"] {
        rejected_file(file, PAGE, "HTML");
        rejected_file(file, "", file);
        rejected_file(file, "\0".repeat(100), file);
        rejected_file(file, "{}", file);
        rejected_file(file, "version https://git-lfs.github.com/spec/v1\n", file);
    }
}

#[test]
fn truncated_anywhere() {
    let dir = model();
    let path = dir.join("model.gguf");
    let whole = std::fs::read(&path).unwrap();
    // In every section, up to the last byte of the last tensor (two f32, padded to 32 bytes): the magic, the counts, the
    // metadata, the tensor infos, the padding and the data.
    let early = (0..64).step_by(3);
    let header = (64..8192).step_by(401);
    let data = (8192..whole.len()).step_by(5003);
    for length in early.chain(header).chain(data).chain([whole.len() - 25]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_fails(&classify(&dir), "model.gguf is damaged or not a model file");
    }
}

#[test]
fn invalid_counts_and_lengths() {
    for count in [1 << 20, 1 << 40, 1 << 63, u64::MAX] {
        rejected("declares", |gguf| gguf.tensor_count = Some(count));
        rejected("declares", |gguf| gguf.metadata_count = Some(count));
        let length = count.to_le_bytes().to_vec();
        rejected("are left", |gguf| {
            gguf.set("general.name", STRING, length.clone())
        });
        for element in [0u32, 4, 12, STRING] {
            let array = [&element.to_le_bytes()[..], &length].concat();
            rejected("model.gguf is damaged", |gguf| {
                gguf.set("some.array", ARRAY, array)
            });
        }
    }
    // Off by one: what follows is parsed as something else.
    rejected("", |gguf| {
        gguf.tensor_count = Some(gguf.tensors.len() as u64 + 1)
    });
    rejected("", |gguf| {
        gguf.tensor_count = Some(gguf.tensors.len() as u64 - 1)
    });
    rejected("model.gguf", |gguf| gguf.metadata_count = Some(0));
}

/// Otherwise a small file could declare the same bytes for hundreds of layers.
#[test]
fn overlapping_tensors() {
    rejected("together are longer than the file", |gguf| {
        for tensor in &mut gguf.tensors {
            tensor.offset = 0;
        }
        // As long as the largest tensor, the positions: 512 rows of one Q8_0 block.
        gguf.data.truncate(512 * 34);
    });
}

#[test]
fn deeply_nested_arrays() {
    let level = [&ARRAY.to_le_bytes()[..], &1u64.to_le_bytes()].concat();
    rejected("nests arrays too deeply", |gguf| {
        gguf.set("some.array", ARRAY, level.repeat(100_000))
    });
}

#[test]
fn offsets_outside_the_file() {
    for offset in [1 << 30, 1 << 62, u64::MAX, u64::MAX - 31] {
        rejected("token_embd.weight has offset", |gguf| {
            gguf.tensor("token_embd.weight").offset = offset
        });
    }
}

#[test]
fn invalid_alignments() {
    for alignment in [0, 3, 33, 1 << 31, u32::MAX] {
        rejected("alignment", |gguf| {
            gguf.set("general.alignment", U32, alignment.to_le_bytes().to_vec())
        });
    }
}

#[test]
fn dimensions_that_overflow() {
    for dims in [
        vec![32, 1 << 59],
        vec![32, u64::MAX],
        vec![u64::MAX, u64::MAX],
        vec![1 << 32, 1 << 32],
        vec![1 << 16, 1 << 16, 1 << 16, 1 << 16],
        vec![32, 1 << 32],
        vec![32; 5],
        vec![31, 131],
        vec![32, 130],
        vec![0, 131],
        vec![],
    ] {
        rejected("token_embd.weight", |gguf| {
            gguf.tensor("token_embd.weight").dims = dims
        });
    }
    rejected("tensor", |gguf| gguf.tensor("token_embd.weight").kind = 12);
    rejected("tensor", |gguf| {
        gguf.tensor("token_embd.weight").kind = u32::MAX
    });
}

#[test]
fn unsupported_models() {
    rejected("general.architecture is llama", |gguf| {
        gguf.set("general.architecture", STRING, string("llama"))
    });
    rejected(
        "general.architecture is lla\u{fffd}ma\u{fffd}[31m",
        |gguf| gguf.set("general.architecture", STRING, string("lla\nma\x1b[31m")),
    );
    rejected("GGUF version", |gguf| gguf.version = 1);
    rejected("GGUF version", |gguf| gguf.version = 3 << 24);
    let config = config_with(
        "BertForSequenceClassification",
        "RobertaForSequenceClassification",
    );
    rejected_file("config.json", config, "RobertaForSequenceClassification");
    rejected_file(
        "config.json",
        config_with(
            "\"vocab_size\"",
            "\"problem_type\":\"regression\",\"vocab_size\"",
        ),
        "regression",
    );
}

/// Inconsistent numbers in two files.
#[test]
fn label_count_differs_from_the_classifiers() {
    let labels = |names: &str| {
        config_with(
            "\"1\": \"POSITIVE\"",
            &format!("\"1\": \"POSITIVE\"{names}"),
        )
    };
    for backend in ["candle", "scalar"] {
        let dir = copy(&tiny("bert-binary"));
        std::fs::write(dir.join("config.json"), labels(", \"2\": \"MORE\"")).unwrap();
        let args = ["classify", "--backend", backend, "--model"].map(AsRef::as_ref);
        assert_fails(
            &run(args.into_iter().chain([dir.as_os_str()]), "good\n"),
            "model.safetensors has 2 rows, one for each.",
        );
        assert_fails(
            &quantize(&dir, &scratch(), "q8_0"),
            "config.json names 3 labels, but classifier.weight in ",
        );
    }
    rejected_file(
        "config.json",
        config_with("\"0\": \"NEGATIVE\",", ""),
        "id2label has 1 labels, but none with id 0",
    );
    rejected_file(
        "config.json",
        config_with(",\n    \"1\": \"POSITIVE\"", ""),
        "regression (there is one label)",
    );
}

#[test]
fn invalid_padding_and_token_types() {
    for (from, to, reason) in [
        (
            "\"pad_token_id\": 0",
            "\"pad_token_id\": 131",
            "pad_token_id is 131, but there are 131 embeddings",
        ),
        (
            "\"type_vocab_size\": 2",
            "\"type_vocab_size\": 0",
            "type_vocab_size is 0",
        ),
        (
            "\"type_vocab_size\": 2",
            "\"type_vocab_size\": 3",
            "token_types.weight has shape [2, 32], but [3, 32]",
        ),
    ] {
        rejected_file("config.json", config_with(from, to), reason);
    }
}

/// A vocabulary without `[CLS]`, `[SEP]` or the unknown token.
#[test]
fn vocabularies_without_special_tokens() {
    let whole = std::fs::read(tiny("bert-binary").join("tokenizer.json")).unwrap();
    for token in ["[CLS]", "[SEP]", "[UNK]"] {
        let mut tokenizer: Value = serde_json::from_slice(&whole).unwrap();
        let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
        let id = vocabulary.remove(token).unwrap();
        vocabulary.insert("[unused1]".into(), id);
        let only_added = tokenizer.to_string();
        let added = tokenizer["added_tokens"].as_array_mut().unwrap();
        added.retain(|entry| entry["content"] != token);
        rejected_file("tokenizer.json", tokenizer.to_string(), token);
        // The tokenizers crate assigns it the next free id, which has no embedding.
        rejected_file("tokenizer.json", only_added, "tokenizer.json");
    }
    rejected_file(
        "tokenizer.json",
        String::from_utf8(whole)
            .unwrap()
            .replace("\"unk_token\":\"[UNK]\"", "\"unk_token\":\"[OOV]\""),
        "its vocabulary lacks the token [OOV]",
    );
}

/// More tokens than embeddings, and ids without one.
#[test]
fn vocabularies_larger_than_the_embeddings() {
    let whole = std::fs::read(tiny("bert-binary").join("tokenizer.json")).unwrap();
    for id in [131, 1_000_000_000] {
        let mut tokenizer: Value = serde_json::from_slice(&whole).unwrap();
        tokenizer["model"]["vocab"]["surplus"] = id.into();
        rejected_file(
            "tokenizer.json",
            tokenizer.to_string(),
            &format!(
                "the vocabulary has 132 tokens with ids up to {id}, but the model has 131 embeddings"
            ),
        );
    }
}

/// llama.cpp's converter drops a BERT's pooler, and gives the classifier its name if the labels have no names.
#[test]
fn llama_cpps_classifiers_without_a_pooler() {
    rejected("without the pooler the scores", |gguf| {
        gguf.tensors
            .retain(|t| !["cls.weight", "cls.bias"].contains(&t.name.as_str()))
    });
    rejected("cls.output.weight: without the pooler the scores", |gguf| {
        gguf.tensors
            .retain(|t| !["cls.weight", "cls.bias"].contains(&t.name.as_str()));
        gguf.tensor("cls.output.weight").name = "cls.weight".into();
        gguf.tensor("cls.output.bias").name = "cls.bias".into();
    });
    rejected("it has no classification head", |gguf| {
        gguf.tensors.retain(|t| !t.name.starts_with("cls"))
    });
    rejected("queries, keys and values in one matrix", |gguf| {
        gguf.tensors
            .retain(|t| !t.name.starts_with("blk.1.attn_k") && !t.name.starts_with("blk.1.attn_v"));
        gguf.tensor("blk.1.attn_q.weight").name = "blk.1.attn_qkv.weight".into();
    });
}

#[test]
fn sharded_or_pickled_checkpoints() {
    for (file, reason) in [
        (
            "model.safetensors.index.json",
            "split into several files (model.safetensors.index.json)",
        ),
        ("pytorch_model.bin", "a Python pickle (pytorch_model.bin)"),
    ] {
        let dir = copy(&tiny("bert-binary"));
        std::fs::write(dir.join(file), "{}").unwrap();
        // Ignored if the real file exists too.
        assert!(classify(&dir).status.success());
        std::fs::remove_file(dir.join("model.safetensors")).unwrap();
        assert_fails(&classify(&dir), reason);
        assert_fails(&quantize(&dir, &scratch(), "q8_0"), reason);
    }
}

/// Inputs on which the `tokenizers` crate itself panics.
#[test]
fn truncated_tokenizers_and_dangling_references() {
    let whole = std::fs::read_to_string(tiny("bert-binary").join("tokenizer.json")).unwrap();
    for length in (0..whole.len()).step_by(97) {
        rejected_file(
            "tokenizer.json",
            &whole[..length],
            "tokenizer.json is damaged",
        );
    }
    for (from, to, reason) in [
        (
            "\"type\":\"BertNormalizer\"",
            "\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"",
            "Precompiled",
        ),
        (
            "\"SpecialToken\":{\"id\":\"[CLS]\"",
            "\"SpecialToken\":{\"id\":\"[XYZ]\"",
            "post_processor",
        ),
        (
            "\"Sequence\":{\"id\":\"A\"",
            "\"Sequence\":{\"id\":\"B\"",
            "post_processor",
        ),
        (
            "\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\"",
            "\"SpecialToken\"",
            "post_processor",
        ),
    ] {
        assert!(whole.contains(from));
        rejected_file("tokenizer.json", whole.replace(from, to), reason);
    }
}

#[test]
fn tensors_that_are_missing_are_named() {
    let names: Vec<_> = Gguf::parse(&std::fs::read(model().join("model.gguf")).unwrap())
        .tensors
        .into_iter()
        .map(|tensor| tensor.name)
        .collect();
    assert!(names.len() > 30);
    for name in &names {
        rejected(&format!("has no tensor {name}"), |gguf| {
            gguf.tensors.retain(|t| t.name != *name)
        });
    }
    rejected("without the pooler the scores", |gguf| {
        gguf.tensors
            .retain(|t| !t.name.starts_with("cls.") || t.name.starts_with("cls.output"))
    });
    rejected("has two tensors", |gguf| {
        gguf.tensors.push(gguf.tensors[0].clone())
    });
    rejected("has no tensor", |gguf| gguf.tensors.clear());
}

#[test]
fn weights_that_are_not_finite() {
    // The scales of Q8_0 blocks, 34 bytes each, and unquantized f32.
    for (tensor, at, bytes) in [
        ("token_embd.weight", 0, &[0x00, 0x7e][..]),
        ("blk.1.ffn_down.weight", 3 * 34, &[0x00, 0x7c]),
        ("blk.0.attn_q.weight", 34, &[0x00, 0xfc]),
        ("blk.0.attn_q.bias", 8, &f32::NAN.to_le_bytes()),
        ("cls.output.weight", 0, &f32::INFINITY.to_le_bytes()),
    ] {
        rejected(tensor, |gguf| gguf.poke(tensor, at, bytes));
    }
}

/// Finite weights whose logits overflow.
#[test]
fn logits_that_overflow() {
    rejected("logits", |gguf| {
        let row = f32::MAX.to_le_bytes().repeat(32);
        gguf.poke("cls.output.weight", 0, &row);
        gguf.poke("cls.output.bias", 0, &f32::MAX.to_le_bytes().repeat(2));
    });
}

#[test]
fn files_of_different_models() {
    rejected_file(
        "config.json",
        config_with("\"vocab_size\": 131", "\"vocab_size\": 300"),
        "token_embd.weight has shape [131, 32], but [300, 32]",
    );
    rejected_file(
        "config.json",
        config_with("\"vocab_size\": 131", "\"vocab_size\": 100"),
        "do not belong together",
    );
    rejected_file(
        "config.json",
        config_with("\"vocab_size\": 131", "\"vocab_size\": 132"),
        "token_embd.weight has shape [131, 32], but [132, 32]",
    );
    rejected_file(
        "config.json",
        config_with("\"hidden_size\": 32", "\"hidden_size\": 64"),
        "has shape",
    );
    rejected_file(
        "config.json",
        config_with(
            "\"1\": \"POSITIVE\"",
            "\"1\": \"POSITIVE\", \"2\": \"MORE\"",
        ),
        "config.json names 3 labels, but cls.output.weight in",
    );
    rejected_file(
        "config.json",
        config_with("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
        "has no tensor blk.2.",
    );
    for (key, old) in [
        ("hidden_size", 32),
        ("num_hidden_layers", 2),
        ("num_attention_heads", 2),
        ("vocab_size", 131),
        ("max_position_embeddings", 512),
        ("intermediate_size", 64),
        ("type_vocab_size", 2),
    ] {
        for value in [
            "0",
            "-1",
            "4294967295",
            "18446744073709551615",
            "1e300",
            "\"x\"",
        ] {
            let config = config_with(&format!("\"{key}\": {old}"), &format!("\"{key}\": {value}"));
            rejected_file("config.json", config, "");
        }
    }
}

#[test]
fn invalid_safetensors_headers() {
    let whole = std::fs::read(tiny("bert-binary").join("model.safetensors")).unwrap();
    let check = |bytes: &[u8]| {
        let dir = copy(&tiny("bert-binary"));
        std::fs::write(dir.join("model.safetensors"), bytes).unwrap();
        assert_fails(
            &classify(&dir),
            "model.safetensors is damaged or not a model file",
        );
    };
    for length in [0, 7, 8, 9, 100, 2000, whole.len() / 2, whole.len() - 1] {
        check(&whole[..length]);
    }
    for length in [0, 1, 1 << 20, 1 << 62, u64::MAX] {
        check(&[&u64::to_le_bytes(length), &whole[8..]].concat());
    }
    let end = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&whole[8..end]).unwrap();
    for (from, to) in [
        ("\"shape\":[2]", "\"shape\":[18446744073709551615]"),
        ("\"shape\":[2]", "\"shape\":[3]"),
        ("\"shape\":[2]", "\"shape\":[-2]"),
        ("\"shape\":[131,32]", "\"shape\":[4294967296,4294967296]"),
        ("\"data_offsets\":[0,", "\"data_offsets\":[999999999,"),
    ] {
        assert!(header.contains(from), "{header}");
        let header = header.replace(from, to);
        check(
            &[
                &(header.len() as u64).to_le_bytes(),
                header.as_bytes(),
                &whole[end..],
            ]
            .concat(),
        );
    }
}
