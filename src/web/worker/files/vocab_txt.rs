//! Models whose tokenizer is a `vocab.txt`.

use super::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES};
use crate::model::tokenizer::{SETTINGS, VOCABULARY, from_vocabulary};
use crate::{Error, Result};

/// The `tokenizer.json` that a folder's `vocab.txt` stands for. `missing` is why it has none of its own, and what is wrong if it
/// has no `vocab.txt` either; `get` fetches a file that is not longer than so many bytes.
///
/// # Errors
/// `missing`, those of `get`, and [`from_vocabulary`]'s.
pub(super) async fn synthesize_from_vocab<F: Future<Output = Result<Vec<u8>>>>(
    missing: Error,
    get: impl Fn(&'static str, u64) -> F,
) -> Result<Vec<u8>> {
    let Ok(vocabulary) = get(VOCABULARY, MAX_TOKENIZER_BYTES).await else {
        return Err(missing);
    };
    let settings = match get(SETTINGS, MAX_CONFIG_BYTES).await {
        Ok(settings) => Some(settings),
        Err(Error::NotFound { .. } | Error::Malformed { .. }) => None,
        Err(error) => return Err(error),
    };
    from_vocabulary(&vocabulary, settings.as_deref())
}
