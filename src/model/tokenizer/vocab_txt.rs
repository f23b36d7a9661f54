//! Converts `vocab.txt`, the only tokenizer file of older BERT checkpoints, to `tokenizer.json`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::folder::{TOKENIZER_CONFIG, VOCABULARY};
use crate::{Error, Result};

/// Default special tokens of transformers' `BertTokenizer`.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// The keys of `tokenizer_config.json` that are used, with the defaults of transformers' `BertTokenizer`.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    do_lower_case: bool,
    /// Defaults to `do_lower_case`.
    strip_accents: Option<bool>,
    tokenize_chinese_chars: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            do_lower_case: true,
            strip_accents: None,
            tokenize_chinese_chars: true,
        }
    }
}

/// The `tokenizer.json` that transformers' `BertTokenizerFast` builds from `vocab.txt` and `tokenizer_config.json`.
///
/// # Errors
/// [`Error::Malformed`] for a vocabulary that is not UTF-8 or lacks `[UNK]`, `[CLS]` or `[SEP]`, and for settings that
/// are not JSON.
pub fn from_vocabulary(vocabulary: &[u8], settings: Option<&[u8]>) -> Result<Vec<u8>> {
    let malformed = |file: &str, reason: String| Error::Malformed {
        file: file.into(),
        reason,
    };
    let text = std::str::from_utf8(vocabulary)
        .map_err(|e| malformed(VOCABULARY, format!("it is not UTF-8: {e}")))?;
    let settings: Settings = match settings {
        Some(json) => {
            serde_json::from_slice(json).map_err(|e| malformed(TOKENIZER_CONFIG, e.to_string()))?
        }
        None => Settings::default(),
    };
    // The last of duplicate tokens counts, as in a Python dict.
    let ids: HashMap<&str, usize> = text
        .lines()
        .enumerate()
        .map(|(id, token)| (token, id))
        .collect();
    for token in ["[UNK]", "[CLS]", "[SEP]"] {
        if !ids.contains_key(token) {
            return Err(malformed(VOCABULARY, format!("it lacks the token {token}")));
        }
    }
    let special: Vec<Value> = SPECIAL
        .into_iter()
        .filter(|token| ids.contains_key(token))
        .map(|token| {
            json!({
                "id": ids[token], "content": token, "special": true, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false,
            })
        })
        .collect();
    let piece = |token: &str| json!({ "SpecialToken": { "id": token, "type_id": 0 } });
    let frame = |token: &str| json!({ "id": token, "ids": [ids[token]], "tokens": [token] });
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": settings.tokenize_chinese_chars,
            "strip_accents": settings.strip_accents,
            "lowercase": settings.do_lower_case,
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("[CLS]"), { "Sequence": { "id": "A", "type_id": 0 } }, piece("[SEP]")],
            "pair": [],
            "special_tokens": { "[CLS]": frame("[CLS]"), "[SEP]": frame("[SEP]") },
        },
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    });
    Ok(tokenizer.to_string().into_bytes())
}
