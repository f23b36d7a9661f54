//! Tokenization by the `tokenizers` crate, from a model's own `tokenizer.json`.

mod files;
mod plain;
mod vocab_txt;

use serde_json::{Map, Value};
use tokenizers::tokenizer::{Encoding, NormalizedString, Normalizer, PostProcessor};
use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, TruncationDirection};

use crate::model::config::Config;
use crate::model::{folder, impostor};
use crate::text::Offsets;
use crate::types::Token;
use crate::{Error, Result};

pub use files::TokenizerFiles;
use plain::Plain;
pub use vocab_txt::from_vocabulary;

/// Largest `max_input_chars_per_word` (100 in BERT). WordPiece takes time quadratic in it, times the length of the word
/// or of the prefix.
const MAX_WORD: usize = 1000;
/// Longest `continuing_subword_prefix` in bytes (`##` in BERT).
const MAX_PREFIX: usize = 32;

/// A WordPiece tokenizer that adds `[CLS]` and `[SEP]`.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    unknown: u32,
    pad: u32,
    /// Maximum sequence length, special tokens included.
    max_tokens: usize,
    vocabulary: usize,
    /// Whether typographic variants are replaced by plain characters.
    is_plain: bool,
}

/// The encoding of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// Token ids, `[CLS]` first and `[SEP]` last.
    pub ids: Vec<u32>,
    /// The tokens between those two, with their positions.
    pub tokens: Vec<Token>,
    /// UTF-16 index after the last token, if the text was truncated.
    pub truncated_at: Option<usize>,
}

/// A batch of texts, padded to one length, like the result of `encode_plus`. Padding is always on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// `[batch, tokens]`, row-major.
    pub input_ids: Vec<u32>,
    /// Number of tokens of each text, padding excluded.
    pub lengths: Vec<usize>,
    /// Number of tokens of each text, padding included.
    pub tokens: usize,
}

/// The padded length of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// That of the longest text of the batch: `padding=True` in transformers.
    Longest,
    /// This many tokens: `padding='max_length'`. Longer texts are truncated.
    MaxLength(usize),
}

impl Tokenizer {
    /// Parses `tokenizer.json` and checks that it matches `config`. Truncation and padding settings of the file are
    /// ignored: the caller decides both.
    ///
    /// ```
    /// use live_sentiment::model::{config::Config, tokenizer::Tokenizer};
    ///
    /// let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/public/models/minilm-sentiment");
    /// let read = |name: &str| std::fs::read(format!("{dir}/{name}"));
    /// let config = Config::parse(&read("config.json")?)?;
    /// let tokenizer = Tokenizer::parse(&read("tokenizer.json")?, &config)?;
    /// let encoded = tokenizer.encode("Great!")?;
    /// assert_eq!(encoded.ids.len(), 4, "[CLS] great ! [SEP]");
    /// assert_eq!((encoded.tokens[1].start, encoded.tokens[1].end), (5, 6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Malformed`] for a damaged file, [`Error::Unsupported`] for a model other than WordPiece,
    /// [`Error::Mismatch`] if an id of the vocabulary has no embedding.
    pub fn parse(json: &[u8], config: &Config) -> Result<Self> {
        const FILE: &str = folder::TOKENIZER;
        let malformed = |reason: String| Error::Malformed {
            file: FILE.into(),
            reason,
        };
        impostor::refuse(json, FILE)?;
        // tokenizers 0.23.2 panics on JSON truncated within the decoder, on a malformed `Precompiled` normalizer, and
        // on templates that reference missing parts. So these are checked first, and unneeded parts are removed.
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
                "its post_processor omits the text, or references an undefined token or a second text"
                    .into(),
            ));
        }
        // Checked before the tokenizer is built, because that already normalizes the added tokens.
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
                "it allows words of {} characters and its prefix has {prefix} bytes; the limits are {MAX_WORD} and {MAX_PREFIX}",
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
                "it does not add [CLS] before and [SEP] after a text".into(),
            ));
        }

        let rows = config.encoder.vocab_size;
        let size = inner.get_vocab_size(true);
        let largest = inner.get_vocab(true).into_values().max().unwrap_or(0) as usize;
        // Unused rows are common: tables are rounded up, or have room for tokens that were never added.
        if largest >= rows {
            return Err(Error::Mismatch {
                left: FILE.into(),
                right: folder::CONFIG.into(),
                reason: format!(
                    "the vocabulary has {size} tokens with ids up to {largest}, but the model has {rows} embeddings"
                ),
            });
        }
        let pad = config.encoder.pad_token_id;
        let pad = u32::try_from(pad)
            .ok()
            .filter(|&pad| (pad as usize) < rows)
            .ok_or_else(|| Error::Mismatch {
                left: FILE.into(),
                right: folder::CONFIG.into(),
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

    /// Maximum sequence length, special tokens included: `max_position_embeddings`.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Number of token ids: `vocab_size`.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Whether the tokenizer is case-sensitive.
    pub fn is_cased(&self) -> bool {
        let mut text = NormalizedString::from("A");
        let normalized = self.inner.get_normalizer().map(|n| n.normalize(&mut text));
        !matches!(normalized, Some(Ok(()))) || text.get() == "A"
    }

    /// The tokens that start a word (without the prefix `##`), in no particular order.
    pub fn whole_words(&self) -> impl Iterator<Item = String> {
        let prefix = match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => model.continuing_subword_prefix.clone(),
            _ => String::new(),
        };
        let words = self.inner.get_vocab(false).into_keys();
        words.filter(move |word| prefix.is_empty() || !word.starts_with(&prefix))
    }

    /// Tokenizes one text of any length, truncated to [`Self::max_tokens`].
    ///
    /// # Errors
    /// [`Error::Malformed`] if a rule of the tokenizer fails on the text.
    pub fn encode(&self, text: &str) -> Result<Encoded> {
        self.encode_to(text, self.max_tokens)
    }

    fn encode_to(&self, text: &str, max_tokens: usize) -> Result<Encoded> {
        let failed = |e: tokenizers::Error| Error::Malformed {
            file: folder::TOKENIZER.into(),
            reason: e.to_string(),
        };
        let post_processor = self.inner.get_post_processor();
        let special = post_processor.map_or(0, |p| p.added_tokens(false));
        let room = max_tokens.saturating_sub(special);
        let (mut encoding, plain) = self.encode_prefix(text, room).map_err(failed)?;
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

    /// Tokenizes a prefix of the text with more than `room` tokens, or the whole text if it has fewer. So a long text
    /// costs no more than a short one.
    fn encode_prefix(
        &self,
        text: &str,
        room: usize,
    ) -> tokenizers::Result<(Encoding, Option<Plain>)> {
        // Added tokens may contain spaces, so a cut can change the last tokens before it.
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
    /// Those of [`Self::encode`]; [`Error::Input`] for a `max_length` below 2 or above [`Self::max_tokens`].
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

    /// The tokens with their positions in the text, converted from UTF-8 to UTF-16.
    fn tokens(&self, text: &str, plain: Option<&Plain>, encoding: &Encoding) -> Vec<Token> {
        let spans = encoding.get_offsets().iter();
        let spans: Vec<_> = spans
            .map(|&(start, end)| plain.map_or((start, end), |plain| plain.origin(start, end)))
            .collect();
        // Of a long text only the beginning was read.
        let read = spans.iter().map(|span| span.1).max().unwrap_or(0);
        let places = Offsets::new(&text[..text.ceil_char_boundary(read)]);
        encoding
            .get_ids()
            .iter()
            .zip(spans)
            .map(|(&id, (start, end))| Token {
                id,
                start: places.utf16(start),
                end: places.utf16(end),
                unknown: id == self.unknown,
            })
            .collect()
    }
}

impl Batch {
    /// A batch of one text, without padding.
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

    /// `[batch, tokens]`, 1 for a token and 0 for padding, as in transformers.
    pub fn attention_mask(&self) -> Vec<u32> {
        self.lengths
            .iter()
            .flat_map(|&length| (0..self.tokens).map(move |t| u32::from(t < length)))
            .collect()
    }
}

/// Whether a normalizer is or contains a `Precompiled` one, as SentencePiece models have it.
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

/// Whether a normalizer expands a text by at most a constant factor. Two dozen unbounded ones in a row, each doubling the
/// text (`a` to `aa`), would let a file of 2 KB exhaust the memory. Replacing a string by one of the same length or
/// shorter is harmless.
fn normalizer_is_bounded(normalizer: &NormalizerWrapper) -> bool {
    match normalizer {
        NormalizerWrapper::Sequence(list) => list.as_ref().iter().all(normalizer_is_bounded),
        // The pattern is accessible only through its JSON. A regular expression could match anything.
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

/// The same for a pre-tokenizer: these two, which WordPiece models do not use, rewrite the text.
fn pre_tokenizer_is_bounded(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::Sequence(list) => list.as_ref().iter().all(pre_tokenizer_is_bounded),
        PreTokenizerWrapper::ByteLevel(_) | PreTokenizerWrapper::Metaspace(_) => false,
        _ => true,
    }
}

/// Whether every `TemplateProcessing` in a post-processor contains the text exactly once and references only parts that
/// exist.
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
