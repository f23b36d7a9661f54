//! The files in which transformers keeps a tokenizer, put together to one `tokenizer.json`.

use serde_json::{Map, Value, json};

use super::vocab_txt::from_vocabulary;
use crate::model::folder::{ADDED_TOKENS, SPECIAL_TOKENS, TOKENIZER_CONFIG, VOCABULARY};
use crate::model::impostor;
use crate::{Error, Result};

/// A tokenizer's files as far as the model has them.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenizerFiles<'a> {
    /// `tokenizer.json`.
    pub tokenizer_json: Option<&'a [u8]>,
    /// `vocab.txt`, which counts where there is no `tokenizer.json`.
    pub vocab_txt: Option<&'a [u8]>,
    /// `tokenizer_config.json`.
    pub tokenizer_config: Option<&'a [u8]>,
    /// `added_tokens.json`, which counts beside `vocab.txt` alone.
    pub added_tokens: Option<&'a [u8]>,
    /// `special_tokens_map.json`, which counts beside `vocab.txt` alone.
    pub special_tokens_map: Option<&'a [u8]>,
}

impl TokenizerFiles<'_> {
    /// The `tokenizer.json` that all of them stand for, as transformers' `BertTokenizerFast` makes it.
    ///
    /// # Errors
    /// [`Error::NotFound`] without `tokenizer.json` and `vocab.txt`, [`Error::Malformed`] for what is not JSON, and
    /// [`from_vocabulary`]'s.
    pub fn to_json(self) -> Result<Vec<u8>> {
        let settings = object(self.tokenizer_config, TOKENIZER_CONFIG)?;
        if let Some(bytes) = self.tokenizer_json {
            // Byte by byte what the model has, if nothing overrules it.
            if settings.is_empty() || impostor::refuse(bytes, "tokenizer.json").is_err() {
                return Ok(bytes.to_vec());
            }
            let mut tokenizer = object(Some(bytes), "tokenizer.json")?;
            overrule(&mut tokenizer, &settings)?;
            add(&mut tokenizer, declared(&settings));
            return Ok(Value::from(tokenizer).to_string().into_bytes());
        }
        let Some(vocabulary) = self.vocab_txt else {
            return Err(Error::NotFound {
                file: "tokenizer.json".into(),
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

/// What `tokenizer_config.json` says of the normalizer counts more than what `tokenizer.json` says.
fn overrule(tokenizer: &mut Map<String, Value>, settings: &Map<String, Value>) -> Result<()> {
    // Of these classes no setting reaches the normalizer.
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

/// The tokens of `added_tokens_decoder`.
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

/// What the map names, strings or descriptions of tokens, and lists of them.
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

/// Adds tokens to those that `tokenizer` has.
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
        // The tokenizers crate numbers tokens that the vocabulary lacks by itself, whatever id they are given.
        if let Some(Value::Object(model)) = tokenizer.get_mut("model")
            && let Some(Value::Object(words)) = model.get_mut("vocab")
        {
            words.entry(content).or_insert(token["id"].clone());
        }
        list.push(token);
    }
    tokenizer.insert("added_tokens".into(), list.into());
}
