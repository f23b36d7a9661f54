//! The files of a tokenizer: `tokenizer.json` or else `vocab.txt`, and those beside it, as far as they are there.

use super::may_be_absent;
use crate::model::folder::{
    ADDED_TOKENS, SPECIAL_TOKENS, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY, beside,
};
use crate::model::tokenizer::TokenizerFiles;
use crate::{Error, Result};

/// Collects the files of a tokenizer by their names. `get` gets one that should be there; `find` one that may be absent, and is
/// told how many files of the tokenizer came before.
///
/// # Errors
/// Why there is no `tokenizer.json` where there is no `vocab.txt` either; otherwise those of `get` and `find`.
pub(super) async fn collect<T>(
    get: impl AsyncFn(&'static str) -> Result<T>,
    find: impl AsyncFn(usize, &'static str) -> Result<Option<T>>,
) -> Result<Vec<(&'static str, T)>> {
    let first = match get(TOKENIZER).await {
        Err(missing) if may_be_absent(&missing) => match find(0, VOCABULARY).await {
            Ok(Some(file)) => (VOCABULARY, file),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            _ => return Err(missing),
        },
        file => (TOKENIZER, file?),
    };
    let mut files = vec![first];
    for name in beside(files[0].0) {
        if let Some(file) = find(files.len(), name).await? {
            files.push((name, file));
        }
    }
    Ok(files)
}

/// The `tokenizer.json` that they all stand for.
///
/// # Errors
/// [`TokenizerFiles::to_json`]'s.
pub(super) fn to_json(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let file = |wanted: &str| {
        let found = files.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, bytes)| bytes.as_slice())
    };
    TokenizerFiles {
        tokenizer_json: file(TOKENIZER),
        vocab_txt: file(VOCABULARY),
        tokenizer_config: file(TOKENIZER_CONFIG),
        added_tokens: file(ADDED_TOKENS),
        special_tokens_map: file(SPECIAL_TOKENS),
    }
    .to_json()
}
