//! Merges the files in which transformers stores a tokenizer into one `tokenizer.json`.

use serde_json::{Map, Value, json};

use super::vocab_txt::from_vocabulary;
use crate::model::folder::{ADDED_TOKENS, SPECIAL_TOKENS, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY};
use crate::model::impostor;
use crate::{Error, Result};

/// Contents of a tokenizer's files; `None` for a file that the model does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenizerFiles<'a> {
    /// `tokenizer.json`.
    pub tokenizer_json: Option<&'a [u8]>,
    /// `vocab.txt`, used only without `tokenizer.json`.
    pub vocab_txt: Option<&'a [u8]>,
    /// `tokenizer_config.json`.
    pub tokenizer_config: Option<&'a [u8]>,
    /// `added_tokens.json`, used only with `vocab.txt`.
    pub added_tokens: Option<&'a [u8]>,
    /// `special_tokens_map.json`, used only with `vocab.txt`.
    pub special_tokens_map: Option<&'a [u8]>,
}

impl TokenizerFiles<'_> {
    /// Merges the files into one `tokenizer.json`, like transformers' `BertTokenizerFast`.
    ///
    /// # Errors
    /// [`Error::NotFound`] without both `tokenizer.json` and `vocab.txt`, [`Error::Malformed`] for a file that is not
    /// JSON, and those of [`from_vocabulary`].
    pub fn to_json(self) -> Result<Vec<u8>> {
        let settings = object(self.tokenizer_config, TOKENIZER_CONFIG)?;
        if let Some(bytes) = self.tokenizer_json {
            // Unchanged if nothing overrides it.
            if settings.is_empty() || impostor::refuse(bytes, TOKENIZER).is_err() {
                return Ok(bytes.to_vec());
            }
            let mut tokenizer = object(Some(bytes), TOKENIZER)?;
            override_normalizer(&mut tokenizer, &settings)?;
            add(&mut tokenizer, declared(&settings));
            return Ok(Value::from(tokenizer).to_string().into_bytes());
        }
        let Some(vocabulary) = self.vocab_txt else {
            return Err(Error::NotFound {
                file: TOKENIZER.into(),
                status: None,
            });
        };
        impostor::refuse(vocabulary, VOCABULARY)?;
        let map = object(self.special_tokens_map, SPECIAL_TOKENS)?;
        let json = from_vocabulary(vocabulary, self.tokenizer_config)?;
        let mut tokenizer = object(Some(&json), VOCABULARY)?;
        let added = if settings.contains_key("added_tokens_decoder") {
            declared(&settings)
        } else {
            let special = special_tokens(&map);
            let list = object(self.added_tokens, ADDED_TOKENS)?;
            list.into_iter()
                .filter_map(|(content, id)| {
                    let is_special = special.contains(&content);
                    Some(token(id.as_u64()?, &content, is_special))
                })
                .collect()
        };
        add(&mut tokenizer, added);
        Ok(Value::from(tokenizer).to_string().into_bytes())
    }
}

fn object(bytes: Option<&[u8]>, file: &str) -> Result<Map<String, Value>> {
    let Some(bytes) = bytes else {
        return Ok(Map::new());
    };
    impostor::refuse(bytes, file)?;
    serde_json::from_slice(bytes).map_err(|e| Error::Malformed {
        file: file.into(),
        reason: e.to_string(),
    })
}

/// Applies the normalizer settings of `tokenizer_config.json`, which override those of `tokenizer.json`.
fn override_normalizer(
    tokenizer: &mut Map<String, Value>,
    settings: &Map<String, Value>,
) -> Result<()> {
    // These generic classes ignore normalizer settings.
    let class = settings.get("tokenizer_class").and_then(Value::as_str);
    let is_generic = matches!(class, Some("PreTrainedTokenizerFast" | "TokenizersBackend"));
    let Some(normalizer) = tokenizer.get_mut("normalizer") else {
        return Ok(());
    };
    if is_generic || normalizer["type"] != "BertNormalizer" {
        return Ok(());
    }
    for (setting, key) in [
        ("do_lower_case", "lowercase"),
        ("strip_accents", "strip_accents"),
        ("tokenize_chinese_chars", "handle_chinese_chars"),
    ] {
        match settings.get(setting) {
            None => {}
            Some(value) if value.is_boolean() || (key == "strip_accents" && value.is_null()) => {
                normalizer[key] = value.clone();
            }
            Some(value) => {
                return Err(Error::Malformed {
                    file: TOKENIZER_CONFIG.into(),
                    reason: format!("{setting} is {value}, not true or false"),
                });
            }
        }
    }
    Ok(())
}

/// The tokens of `added_tokens_decoder` in `tokenizer_config.json`.
fn declared(settings: &Map<String, Value>) -> Vec<Value> {
    let decoder = settings.get("added_tokens_decoder");
    let entries = decoder.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(id, entry)| {
            let is = |key: &str| entry[key].as_bool();
            let special = is("special").unwrap_or(false);
            let mut token = token(id.trim().parse().ok()?, entry["content"].as_str()?, special);
            for key in ["single_word", "lstrip", "rstrip", "normalized"] {
                if let Some(value) = is(key) {
                    token[key] = value.into();
                }
            }
            Some(token)
        })
        .collect()
}

fn token(id: u64, content: &str, special: bool) -> Value {
    json!({
        "id": id, "content": content, "special": special, "normalized": !special,
        "single_word": false, "lstrip": false, "rstrip": false,
    })
}

/// The contents of all tokens in `special_tokens_map.json`: strings, `AddedToken` objects, or lists of these.
fn special_tokens(map: &Map<String, Value>) -> Vec<String> {
    let content = |value: &Value| {
        value
            .as_str()
            .or(value["content"].as_str())
            .map(String::from)
    };
    map.values()
        .flat_map(|value| match value {
            Value::Array(list) => list.iter().filter_map(content).collect(),
            one => content(one).into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

/// Adds tokens to `added_tokens` of `tokenizer`; tokens already there are kept.
fn add(tokenizer: &mut Map<String, Value>, mut added: Vec<Value>) {
    added.sort_by_key(|token| token["id"].as_u64());
    let mut list = match tokenizer.remove("added_tokens") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    for token in added {
        let content = token["content"].as_str().unwrap_or_default().to_owned();
        if list.iter().any(|old| old["content"] == token["content"]) || content.is_empty() {
            continue;
        }
        // The tokenizers crate ignores the id of an added token that is not in the vocabulary and assigns the next one.
        if let Some(Value::Object(model)) = tokenizer.get_mut("model")
            && let Some(Value::Object(vocabulary)) = model.get_mut("vocab")
        {
            vocabulary.entry(content).or_insert(token["id"].clone());
        }
        list.push(token);
    }
    tokenizer.insert("added_tokens".into(), list.into());
}
