//! Compares token ids and offsets with Hugging Face's on difficult texts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "golden/cases.rs"]
mod cases;

use live_sentiment::model::config::Config;
use live_sentiment::model::tokenizer::{Padding, Tokenizer, from_vocabulary};

fn default_tokenizer() -> Tokenizer {
    let folder = cases::path("public/models/minilm-sentiment");
    let config = std::fs::read(folder.join("config.json")).unwrap();
    let tokenizer = std::fs::read(folder.join("tokenizer.json")).unwrap();
    Tokenizer::parse(&tokenizer, &Config::parse(&config).unwrap()).unwrap()
}

/// The UTF-16 index of every code point, and of the end of the text.
fn utf16_indices(text: &str) -> Vec<usize> {
    let mut indices = vec![0];
    indices.extend(text.chars().scan(0, |index, c| {
        *index += c.len_utf16();
        Some(*index)
    }));
    indices
}

#[test]
fn ids_and_offsets_match_hugging_face() {
    let folder = cases::path("public/models/minilm-sentiment");
    let mut config = Config::parse(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
    // Hugging Face's tokenizer does not normalize text.
    config.normalize_text = false;
    let json = std::fs::read(folder.join("tokenizer.json")).unwrap();
    let tokenizer = Tokenizer::parse(&json, &config).unwrap();
    let golden: cases::Tokens = cases::read("tokens.json");
    assert!(golden.cases.len() > 60, "the corpus is there");
    for case in &golden.cases {
        let text = case.text.expand();
        let encoded = tokenizer.encode(&text).unwrap();
        assert_eq!(encoded.ids, case.ids, "ids of {:?}", case.name);

        let utf16 = utf16_indices(&text);
        let expected: Vec<_> = case
            .offsets
            .chunks(2)
            .map(|o| (utf16[o[0]], utf16[o[1]]))
            .collect();
        let inner = 1..expected.len() - 1;
        let found: Vec<_> = encoded.tokens.iter().map(|t| (t.start, t.end)).collect();
        assert_eq!(found, expected[inner.clone()], "offsets of {:?}", case.name);
        let ids: Vec<_> = encoded.tokens.iter().map(|t| t.id).collect();
        assert_eq!(ids, case.ids[inner], "ids of the tokens of {:?}", case.name);

        // If truncated, `truncated_at` is the end of the last token kept.
        let expected = case.truncated.then(|| expected[expected.len() - 2].1);
        assert_eq!(
            encoded.truncated_at, expected,
            "truncation of {:?}",
            case.name
        );
    }
}

/// For a cased and an uncased model saved by transformers: `vocab.txt` alone gives the same tokenizer.
#[test]
fn vocab_txt_matches_transformers() {
    for (name, settings) in [
        ("bert-binary", None),
        ("bert-binary", Some(r#"{"model_max_length": 64}"#)),
        ("bert-stars", Some(r#"{"do_lower_case": false}"#)),
    ] {
        let folder = cases::path("tests/golden/models").join(name);
        let config = Config::parse(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
        let json = std::fs::read(folder.join("tokenizer.json")).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let words = file["model"]["vocab"].as_object().unwrap();
        let mut lines = vec![""; words.len()];
        for (word, id) in words {
            lines[id.as_u64().unwrap() as usize] = word;
        }
        let made = |newline: &str| {
            let text = lines.join(newline) + newline;
            from_vocabulary(text.as_bytes(), settings.map(str::as_bytes)).unwrap()
        };
        let theirs = Tokenizer::parse(&json, &config).unwrap();
        for newline in ["\n", "\r\n"] {
            let ours = Tokenizer::parse(&made(newline), &config).unwrap();
            assert_eq!(ours.is_cased(), theirs.is_cased());
            let golden: cases::Tokens = cases::read("tokens.json");
            for case in &golden.cases {
                let text = case.text.expand();
                let encoded = [&ours, &theirs].map(|tokenizer| tokenizer.encode(&text).unwrap());
                assert_eq!(encoded[0], encoded[1], "{name}: {:?}", case.name);
            }
        }
    }
}

#[test]
fn invalid_vocabularies_are_rejected() {
    for (words, settings) in [
        ("".as_bytes(), None),
        (b"[PAD]\n[UNK]\n[CLS]\n", None),
        (b"\xff\xfe", None),
        (b"[UNK]\n[CLS]\n[SEP]\n", Some("{")),
        (
            b"[UNK]\n[CLS]\n[SEP]\n",
            Some(r#"{"do_lower_case": "yes"}"#),
        ),
    ] {
        let error = from_vocabulary(words, settings.map(str::as_bytes)).unwrap_err();
        assert!(error.to_string().ends_with('.'), "{error}");
    }
}

#[test]
fn unknown_words_are_flagged() {
    let golden: cases::Tokens = cases::read("tokens.json");
    let tokenizer = default_tokenizer();
    let file = std::fs::read(cases::path("public/models/minilm-sentiment/tokenizer.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let unk = file["model"]["vocab"]["[UNK]"].as_u64().unwrap();
    let mut unknown = 0;
    for case in &golden.cases {
        for token in tokenizer.encode(&case.text.expand()).unwrap().tokens {
            assert_eq!(
                token.unknown,
                u64::from(token.id) == unk,
                "in {:?}",
                case.name
            );
            unknown += usize::from(token.unknown);
        }
    }
    assert!(
        unknown > 50,
        "the corpus holds scripts and emoji that the vocabulary lacks"
    );
}

/// Phones type ’ where keyboards type ': the default model treats them as equal, and offsets refer to the original text.
#[test]
fn typographic_quotes_become_plain_ones() {
    let tokenizer = default_tokenizer();
    let ids = |text: &str| tokenizer.encode(text).unwrap().ids;
    assert_eq!(
        ids("I can’t say “no” to ‘that’"),
        ids("I can't say \"no\" to 'that'")
    );
    let tokens = tokenizer.encode("it’s 🙂").unwrap().tokens;
    let found: Vec<_> = tokens.iter().map(|t| (t.start, t.end)).collect();
    assert_eq!(found, [(0, 2), (2, 3), (3, 4), (5, 7)]);
    assert!(tokens.iter().all(|token| !token.unknown), "emoji are read");
}

/// Skin tone, gender, variation selectors and width change nothing, and offsets refer to the original text.
#[test]
fn typographic_variants_become_plain_characters() {
    let tokenizer = default_tokenizer();
    let ids = |text: &str| tokenizer.encode(text).unwrap().ids;
    for (text, same) in [
        ("👎🏿", "👎"),
        ("Great job 👍🏽!", "Great job 👍!"),
        ("👍🏻👍🏿", "👍👍"),
        ("🤦‍♀️", "🤦"),
        ("🤦🏽‍♂️", "🤦"),
        ("😮‍💨 😵‍💫 😶‍🌫️", "😮 😵 😶"),
        ("❤️‍🔥", "❤"),
        ("so… good", "so... good"),
        ("«good» „bad‟", "\"good\" \"bad\""),
        ("don´t donʼt", "don't don't"),
        ("well‑made − no", "well-made - no"),
        ("ｇｏｏｄ！ 𝗴𝗼𝗼𝗱", "good! good"),
        ("not\u{2800}good\u{202f}at\u{3000}all", "not good at all"),
    ] {
        assert_eq!(ids(text), ids(same), "{text}");
    }
    let places = |text: &str| -> Vec<_> {
        let tokens = tokenizer.encode(text).unwrap().tokens;
        tokens.iter().map(|t| (t.start, t.end)).collect()
    };
    assert_eq!(places("👎🏿 bad"), [(0, 4), (5, 8)]);
    assert_eq!(places("🤦🏽‍♂️ bad"), [(0, 7), (8, 11)]);
    assert_eq!(places("…bad"), [(0, 1), (0, 1), (0, 1), (1, 4)]);
}

/// Text after the last token kept is not tokenized, which shows only in the time taken.
#[test]
fn a_long_text_is_truncated_before_tokenization() {
    let tokenizer = default_tokenizer();
    for piece in ["good ", "a, b\n", "👎🏿 ", "incomprehensibilities "] {
        let long = tokenizer
            .encode(&piece.repeat(20_000_000 / piece.len()))
            .unwrap();
        assert_eq!(long, tokenizer.encode(&piece.repeat(1000)).unwrap());
        assert_eq!(long.ids.len(), 512);
    }
}

/// A normalizer may replace a string only by one of at most the same length; otherwise a text could grow exponentially.
#[test]
fn replacements_must_not_lengthen() {
    let folder = cases::path("public/models/minilm-sentiment");
    let config = Config::parse(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
    let file = std::fs::read(folder.join("tokenizer.json")).unwrap();
    let with = |pattern: &str, content: &str| {
        let mut file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let pattern: serde_json::Value = serde_json::from_str(pattern).unwrap();
        file["normalizer"] =
            serde_json::json!({"type": "Replace", "pattern": pattern, "content": content});
        Tokenizer::parse(&serde_json::to_vec(&file).unwrap(), &config)
    };
    assert!(with(r#"{"String":"ab"}"#, "c").is_ok());
    assert!(with(r#"{"String":"ab"}"#, "cd").is_ok());
    assert!(with(r#"{"String":"a"}"#, "aa").is_err());
    assert!(with(r#"{"String":""}"#, "a").is_err());
    assert!(with(r#"{"Regex":"a+"}"#, "").is_err());
}

/// The article's `encode_plus(text, add_special_tokens=True, max_length=512, padding='max_length', truncation=True,
/// return_attention_mask=True)`.
#[test]
fn encode_plus_of_the_article() {
    let tokenizer = default_tokenizer();
    let golden: cases::Tokens = cases::read("tokens.json");
    assert_eq!(golden.article.len(), 2);
    let texts: Vec<_> = golden
        .article
        .iter()
        .map(|case| case.text.as_str())
        .collect();
    let (batch, _) = tokenizer
        .encode_batch(&texts, Padding::MaxLength(512))
        .unwrap();
    let ids: Vec<_> = golden
        .article
        .iter()
        .flat_map(|case| case.ids.clone())
        .collect();
    let mask: Vec<_> = golden
        .article
        .iter()
        .flat_map(|case| case.mask.clone())
        .collect();
    assert_eq!((batch.size(), batch.tokens), (2, 512));
    assert_eq!(batch.input_ids, ids);
    assert_eq!(batch.attention_mask(), mask);
    // The encoder adds the embedding of token type 0 to every token: that is correct only if all types are 0.
    assert!(
        golden
            .article
            .iter()
            .all(|case| case.type_ids.iter().all(|&t| t == 0))
    );
}

#[test]
fn a_shorter_max_length_truncates() {
    let tokenizer = default_tokenizer();
    let text = "I love this movie! It's fantastic.";
    let whole = tokenizer.encode(text).unwrap();
    for max_length in 2..=whole.ids.len() + 3 {
        let (batch, encoded) = tokenizer
            .encode_batch(&[text], Padding::MaxLength(max_length))
            .unwrap();
        let length = whole.ids.len().min(max_length);
        assert_eq!(batch.tokens, max_length);
        assert_eq!(batch.lengths, [length]);
        assert_eq!(batch.input_ids[..length - 1], whole.ids[..length - 1]);
        assert_eq!(
            batch.input_ids[length - 1],
            whole.ids[whole.ids.len() - 1],
            "[SEP] closes what is kept"
        );
        assert_eq!(
            encoded[0].truncated_at.is_some(),
            max_length < whole.ids.len()
        );
    }
}

/// `tokenizer.json` of the tiny multi-label model asks for truncation at 16 tokens and padding to 32.
#[test]
fn truncation_and_padding_of_tokenizer_json_are_ignored() {
    let folder = cases::path("tests/golden/models/bert-multi-label");
    let json = std::fs::read(folder.join("tokenizer.json")).unwrap();
    let raw: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(raw["truncation"]["max_length"], 16);
    assert_eq!(raw["padding"]["strategy"]["Fixed"], 32);
    let config = std::fs::read(folder.join("config.json")).unwrap();
    let tokenizer = Tokenizer::parse(&json, &Config::parse(&config).unwrap()).unwrap();
    assert_eq!(tokenizer.encode("good").unwrap().ids.len(), 3);
    assert_eq!(tokenizer.encode(&"good ".repeat(50)).unwrap().ids.len(), 52);
    assert_eq!(
        tokenizer.encode(&"good ".repeat(500)).unwrap().ids.len(),
        128
    );
}

/// Every prefix of a text with many surrogate pairs has offsets within it, in order, on character boundaries.
#[test]
fn offsets_are_valid_for_every_prefix() {
    let tokenizer = default_tokenizer();
    let golden: cases::Tokens = cases::read("tokens.json");
    for case in golden.cases.iter().filter(|case| case.ids.len() < 60) {
        let text = case.text.expand();
        if text.len() > 400 {
            continue;
        }
        for (end, _) in text.char_indices() {
            let prefix = &text[..end];
            let utf16 = utf16_indices(prefix);
            for token in tokenizer.encode(prefix).unwrap().tokens {
                assert!(token.start <= token.end, "{prefix:?}");
                assert!(
                    utf16.contains(&token.start) && utf16.contains(&token.end),
                    "{prefix:?}"
                );
            }
        }
    }
}
