//! Text to token ids, by the `tokenizers` crate from a model's own `tokenizer.json`.

mod files;
mod plain;
mod vocab_txt;

use serde_json::{Map, Value};
use tokenizers::tokenizer::{Encoding, NormalizedString, Normalizer, PostProcessor};
use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, TruncationDirection};

use crate::model::config::Config;
use crate::model::impostor;
use crate::types::Token;
use crate::{Error, Result};

pub use files::TokenizerFiles;
use plain::Plain;
pub use vocab_txt::from_vocabulary;

/// BERT's own is 100. Each word costs the square of its length, times the length itself or the prefix's.
const MAX_WORD: usize = 1000;
/// BERT's own is `##`.
const MAX_PREFIX: usize = 32;

/// A WordPiece tokenizer that adds `[CLS]` and `[SEP]`.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    unknown: u32,
    pad: u32,
    /// The most tokens a model takes, special tokens included.
    max_tokens: usize,
    vocabulary: usize,
    /// Whether characters are rewritten as others that read the same.
    is_plain: bool,
}

/// What the model is given for one text, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Token ids, `[CLS]` first and `[SEP]` last.
    pub ids: Vec<u32>,
    /// The tokens between those two.
    pub tokens: Vec<Token>,
    /// UTF-16 index behind the last token read, if there were more.
    pub truncated_at: Option<usize>,
}

/// Texts side by side, padded to one length, as `encode_plus` returns them. Padding is always on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// `[batch, tokens]`, row-major.
    pub input_ids: Vec<u32>,
    /// Tokens of each text that are not padding.
    pub lengths: Vec<usize>,
    /// Tokens of each text, padding included.
    pub tokens: usize,
}

/// How far texts of a batch are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// To the longest text of the batch: `padding=True`.
    Longest,
    /// To this many tokens: `padding='max_length'`. Longer texts are cut off there.
    MaxLength(usize),
}

impl Tokenizer {
    /// Reads `tokenizer.json` and checks that it belongs to the model that `config` describes. Truncation and
    /// padding that the file may ask for are switched off: both are decided here.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] for another model than WordPiece, [`Error::Mismatch`] if the
    /// vocabulary does not fit the embeddings.
    pub fn parse(json: &[u8], config: &Config) -> Result<Self> {
        const FILE: &str = "tokenizer.json";
        let malformed = |reason: String| Error::Malformed {
            file: FILE.into(),
            reason,
        };
        impostor::refuse(json, FILE)?;
        // tokenizers 0.23.2 panics on JSON that breaks off within the decoder, on a bad `Precompiled` normalizer, and
        // on templates with parts that do not exist: so these are looked at first, and what is not needed left out.
        let mut file: Map<String, Value> =
            serde_json::from_slice(json).map_err(|e| malformed(e.to_string()))?;
        for unneeded in ["decoder", "truncation", "padding"] {
            file.remove(unneeded);
        }
        if file.get("normalizer").is_some_and(has_precompiled) {
            return Err(Error::Unsupported {
                what: "the tokenizer's normalizer",
                found: "Precompiled".into(),
                supported: "the normalizers of WordPiece models",
            });
        }
        if !file.get("post_processor").is_none_or(template_is_sound) {
            return Err(malformed(
                "its post_processor leaves the text out, or names a token or a second text that is not there"
                    .into(),
            ));
        }
        // Before the whole is put together, which normalizes added tokens.
        let part = |key| file.get(key).cloned().unwrap_or_default();
        let normalizer: Option<NormalizerWrapper> =
            serde_json::from_value(part("normalizer")).map_err(|e| malformed(e.to_string()))?;
        let pre_tokenizer: Option<PreTokenizerWrapper> =
            serde_json::from_value(part("pre_tokenizer")).map_err(|e| malformed(e.to_string()))?;
        let is_bounded = normalizer.as_ref().is_none_or(normalizer_is_bounded)
            && pre_tokenizer.as_ref().is_none_or(pre_tokenizer_is_bounded);
        if !is_bounded {
            return Err(Error::Unsupported {
                what: "the tokenizer's normalizer or pre_tokenizer",
                found: "one that can make texts much longer".into(),
                supported: "those of WordPiece models",
            });
        }
        let inner: tokenizers::Tokenizer =
            serde_json::from_value(file.into()).map_err(|e| malformed(e.to_string()))?;

        let ModelWrapper::WordPiece(model) = inner.get_model() else {
            return Err(Error::Unsupported {
                what: "the tokenizer's model",
                found: "something else".into(),
                supported: "WordPiece",
            });
        };
        let prefix = model.continuing_subword_prefix.len();
        if model.max_input_chars_per_word > MAX_WORD || prefix > MAX_PREFIX {
            return Err(malformed(format!(
                "its words may have {} characters and its prefix has {prefix} bytes, where {MAX_WORD} and {MAX_PREFIX} are the most",
                model.max_input_chars_per_word
            )));
        }
        let special = |token: &str| {
            inner
                .token_to_id(token)
                .ok_or_else(|| malformed(format!("its vocabulary lacks the token {token}")))
        };
        let (cls, sep, unknown) = (
            special("[CLS]")?,
            special("[SEP]")?,
            special(&model.unk_token)?,
        );
        let frame = inner
            .encode_fast("", true)
            .map_err(|e| malformed(e.to_string()))?;
        if frame.get_ids() != [cls, sep] {
            return Err(malformed(
                "it does not put [CLS] before and [SEP] behind a text".into(),
            ));
        }

        let rows = config.encoder.vocab_size;
        let words = inner.get_vocab_size(true);
        let largest = inner.get_vocab(true).into_values().max().unwrap_or(0) as usize;
        // Rows that no word has are common: tables are rounded up, or made for words that never came.
        if largest >= rows {
            return Err(Error::Mismatch {
                left: FILE.into(),
                right: "config.json".into(),
                reason: format!(
                    "the vocabulary has {words} words with ids up to {largest}, the model {rows} embeddings"
                ),
            });
        }
        let pad = config.encoder.pad_token_id;
        let pad = u32::try_from(pad)
            .ok()
            .filter(|&pad| (pad as usize) < rows)
            .ok_or_else(|| Error::Mismatch {
                left: FILE.into(),
                right: "config.json".into(),
                reason: format!("pad_token_id is {pad}, but there are {rows} embeddings"),
            })?;
        Ok(Self {
            inner,
            unknown,
            pad,
            max_tokens: config.encoder.max_position_embeddings,
            vocabulary: rows,
            is_plain: config.normalize_text,
        })
    }

    /// The most tokens a text may have, special tokens included: `max_position_embeddings`.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// How many ids there are: `vocab_size`.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Whether capitals and small letters make different tokens.
    pub fn is_cased(&self) -> bool {
        let mut text = NormalizedString::from("A");
        let normalized = self.inner.get_normalizer().map(|n| n.normalize(&mut text));
        !matches!(normalized, Some(Ok(()))) || text.get() == "A"
    }

    /// The tokens that are not the rest of a word, in no particular order.
    pub fn whole_words(&self) -> impl Iterator<Item = String> {
        let prefix = match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => model.continuing_subword_prefix.clone(),
            _ => String::new(),
        };
        let words = self.inner.get_vocab(false).into_keys();
        words.filter(move |word| prefix.is_empty() || !word.starts_with(&prefix))
    }

    /// Tokenizes one text of any length, keeping at most [`Self::max_tokens`].
    ///
    /// # Errors
    /// [`Error::Malformed`] if the tokenizer's own rules fail on the text.
    pub fn encode(&self, text: &str) -> Result<Encoded> {
        self.encode_to(text, self.max_tokens)
    }

    fn encode_to(&self, text: &str, max_tokens: usize) -> Result<Encoded> {
        let failed = |e: tokenizers::Error| Error::Malformed {
            file: "tokenizer.json".into(),
            reason: e.to_string(),
        };
        let post_processor = self.inner.get_post_processor();
        let special = post_processor.map_or(0, |p| p.added_tokens(false));
        let room = max_tokens.saturating_sub(special);
        let (mut encoding, plain) = self.encode_beginning(text, room).map_err(failed)?;
        let truncated = encoding.len() > room;
        if truncated {
            encoding.truncate(room, 0, TruncationDirection::Right);
            encoding.take_overflowing();
        }
        let tokens = self.tokens(text, plain.as_ref(), &encoding);
        let truncated_at = truncated.then(|| tokens.last().map_or(0, |token| token.end));
        let encoding = self
            .inner
            .post_process(encoding, None, true)
            .map_err(failed)?;
        Ok(Encoded {
            ids: encoding.get_ids().to_vec(),
            tokens,
            truncated_at,
        })
    }

    /// Tokenizes as much of a text as holds more than `room` tokens, if it has so many: of a long one the rest is not looked at.
    fn encode_beginning(
        &self,
        text: &str,
        room: usize,
    ) -> tokenizers::Result<(Encoding, Option<Plain>)> {
        // A token that was added may hold spaces, so that a cut could change the last tokens before it.
        const MARGIN: usize = 64;
        let splits_at_spaces = matches!(
            self.inner.get_pre_tokenizer(),
            Some(PreTokenizerWrapper::BertPreTokenizer(_))
        );
        let mut wanted = 16 * (room + MARGIN);
        while splits_at_spaces && wanted < text.len() {
            let before = &text[..text.floor_char_boundary(wanted)];
            if let Some(cut) = before.rfind(char::is_whitespace) {
                let (encoding, plain) = self.encode_whole(&text[..cut])?;
                if encoding.len() > room + MARGIN {
                    return Ok((encoding, plain));
                }
            }
            wanted = wanted.saturating_mul(4);
        }
        self.encode_whole(text)
    }

    fn encode_whole(&self, text: &str) -> tokenizers::Result<(Encoding, Option<Plain>)> {
        let plain = self.is_plain.then(|| {
            let is_known = |c: char| self.inner.token_to_id(c.encode_utf8(&mut [0; 4])).is_some();
            Plain::of(text, is_known)
        });
        let read = plain.as_ref().map_or(text, |plain| plain.text.as_str());
        Ok((self.inner.encode(read, false)?, plain))
    }

    /// Tokenizes several texts and pads them to one length.
    ///
    /// # Errors
    /// As [`Self::encode`]; [`Error::Input`] for a `max_length` the model cannot take.
    pub fn encode_batch(&self, texts: &[&str], padding: Padding) -> Result<(Batch, Vec<Encoded>)> {
        let max_tokens = match padding {
            Padding::Longest => self.max_tokens,
            Padding::MaxLength(length) if (2..=self.max_tokens).contains(&length) => length,
            Padding::MaxLength(length) => {
                return Err(Error::Input(format!(
                    "max_length is {length}, but the model takes 2 to {} tokens",
                    self.max_tokens
                )));
            }
        };
        let encoded = texts
            .iter()
            .map(|text| self.encode_to(text, max_tokens))
            .collect::<Result<Vec<_>>>()?;
        let tokens = match padding {
            Padding::Longest => encoded.iter().map(|e| e.ids.len()).max().unwrap_or(0),
            Padding::MaxLength(length) => length,
        };
        let mut input_ids = Vec::with_capacity(tokens * encoded.len());
        for (row, text) in encoded.iter().enumerate() {
            input_ids.extend_from_slice(&text.ids);
            input_ids.resize((row + 1) * tokens, self.pad);
        }
        let lengths = encoded.iter().map(|e| e.ids.len()).collect();
        Ok((
            Batch {
                input_ids,
                lengths,
                tokens,
            },
            encoded,
        ))
    }

    /// The tokens with their places in the text, from UTF-8 to UTF-16.
    fn tokens(&self, text: &str, plain: Option<&Plain>, encoding: &Encoding) -> Vec<Token> {
        let mut places = Utf16::new(text);
        encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .map(|(&id, &(start, end))| {
                let (start, end) = plain.map_or((start, end), |plain| plain.origin(start, end));
                Token {
                    id,
                    start: places.of(start),
                    end: places.of(end),
                    unknown: id == self.unknown,
                }
            })
            .collect()
    }
}

impl Batch {
    /// One text without padding.
    pub fn single(ids: &[u32]) -> Self {
        Self {
            input_ids: ids.to_vec(),
            lengths: vec![ids.len()],
            tokens: ids.len(),
        }
    }

    /// Number of texts.
    pub fn size(&self) -> usize {
        self.lengths.len()
    }

    /// `[batch, tokens]`, 1 for a token and 0 for padding, as `encode_plus` returns it.
    pub fn attention_mask(&self) -> Vec<u32> {
        self.lengths
            .iter()
            .flat_map(|&length| (0..self.tokens).map(move |t| u32::from(t < length)))
            .collect()
    }
}

/// Whether a normalizer, or one within it, is of the kind that SentencePiece models bring along.
fn has_precompiled(normalizer: &Value) -> bool {
    match normalizer {
        Value::Object(fields) => {
            fields.get("type").is_some_and(|kind| kind == "Precompiled")
                || fields.values().any(has_precompiled)
        }
        Value::Array(list) => list.iter().any(has_precompiled),
        _ => false,
    }
}

/// Whether a text becomes longer by no more than a constant. Two dozen of the others in a row, each of which doubles
/// it (`a` to `aa`), fill the memory from a file of 2 KB. To replace a string by one that is no longer is harmless.
fn normalizer_is_bounded(normalizer: &NormalizerWrapper) -> bool {
    match normalizer {
        NormalizerWrapper::Sequence(list) => list.as_ref().iter().all(normalizer_is_bounded),
        // Its pattern is private, but for its JSON; one that is a regular expression may match anything.
        NormalizerWrapper::Replace(replace) => serde_json::to_value(replace).is_ok_and(|replace| {
            let length = |text: &Value| text.as_str().map(str::len);
            length(&replace["pattern"]["String"])
                .is_some_and(|from| length(&replace["content"]).is_some_and(|to| to <= from))
        }),
        NormalizerWrapper::Prepend(_)
        | NormalizerWrapper::ByteLevel(_)
        | NormalizerWrapper::Precompiled(_) => false,
        _ => true,
    }
}

/// The same for what splits a text into words: these two, of other models than WordPiece, rewrite it.
fn pre_tokenizer_is_bounded(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::Sequence(list) => list.as_ref().iter().all(pre_tokenizer_is_bounded),
        PreTokenizerWrapper::ByteLevel(_) | PreTokenizerWrapper::Metaspace(_) => false,
        _ => true,
    }
}

/// Whether a `TemplateProcessing`, there or in processors within this one, takes a single text exactly once and no
/// other parts than there are.
fn template_is_sound(post_processor: &Value) -> bool {
    let list = |key| post_processor[key].as_array().into_iter().flatten();
    let exists = |piece: &Value| match &piece["SpecialToken"]["id"] {
        Value::String(id) => !post_processor["special_tokens"][id].is_null(),
        _ => piece["Sequence"]["id"] == "A",
    };
    let texts = list("single").filter(|piece| piece["Sequence"].is_object());
    (post_processor["single"].is_null() || texts.count() == 1)
        && list("single").all(exists)
        && list("processors").all(template_is_sound)
}

/// Translates UTF-8 indices of a text to UTF-16 ones, quickly if they come in rising order.
struct Utf16<'a> {
    text: &'a str,
    utf8: usize,
    utf16: usize,
}

impl<'a> Utf16<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            utf8: 0,
            utf16: 0,
        }
    }

    /// An index inside a character counts as the character's beginning.
    fn of(&mut self, utf8: usize) -> usize {
        if utf8 < self.utf8 {
            (self.utf8, self.utf16) = (0, 0);
        }
        // `self.utf8` is always at a character's beginning.
        for character in self.text[self.utf8..].chars() {
            if self.utf8 + character.len_utf8() > utf8 {
                break;
            }
            self.utf8 += character.len_utf8();
            self.utf16 += character.len_utf16();
        }
        self.utf16
    }
}

#[cfg(test)]
mod tests {
    use super::Utf16;

    #[test]
    fn utf16_counts_surrogates() {
        let mut places = Utf16::new("aé🙂b");
        assert_eq!([0, 1, 3, 7, 8].map(|i| places.of(i)), [0, 1, 2, 4, 5]);
        assert_eq!(places.of(1), 1, "going back");
        assert_eq!(places.of(5), 2, "inside the emoji");
        assert_eq!(places.of(99), 5, "behind the end");
    }
}
