//! A model's folder on disk: finds and opens its files.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::folder::{
    ADDED_TOKENS, OTHER_FORMS, SPECIAL_TOKENS, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY, WEIGHTS,
};
use super::tokenizer::TokenizerFiles;
use crate::{Error, Result};

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| io_error(path, &e))
}

/// The effective `tokenizer.json` of the model in `dir`: see [`TokenizerFiles::to_json`].
pub(crate) fn read_tokenizer(dir: &Path) -> Result<Vec<u8>> {
    let optional = |name: &str| match read(&dir.join(name)) {
        Err(Error::NotFound { .. }) => Ok(None),
        file => file.map(Some),
    };
    let vocab_txt = optional(VOCABULARY)?;
    let tokenizer_json = match read(&dir.join(TOKENIZER)) {
        Err(Error::NotFound { .. }) if vocab_txt.is_some() => None,
        file => Some(file?),
    };
    let [config, added, special] = [TOKENIZER_CONFIG, ADDED_TOKENS, SPECIAL_TOKENS].map(optional);
    let (config, added, special) = (config?, added?, special?);
    TokenizerFiles {
        tokenizer_json: tokenizer_json.as_deref(),
        vocab_txt: vocab_txt.as_deref(),
        tokenizer_config: config.as_deref(),
        added_tokens: added.as_deref(),
        special_tokens_map: special.as_deref(),
    }
    .to_json()
}

/// Path of the weights of the model in `dir`: `model.gguf` unless there is only `model.safetensors`.
pub(crate) fn weights_path(dir: &Path) -> PathBuf {
    let [gguf, safetensors] = WEIGHTS.map(|name| dir.join(name));
    if gguf.exists() || !safetensors.exists() {
        gguf
    } else {
        safetensors
    }
}

/// Opens a weights file; also returns its name for messages.
pub(crate) fn open(path: &Path) -> Result<(File, String)> {
    match File::open(path) {
        Ok(file) => Ok((file, path.display().to_string())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(other_weights(path)),
        Err(e) => Err(io_error(path, &e)),
    }
}

/// The error for missing weights: it names another form of weights that the folder has, if any.
fn other_weights(path: &Path) -> Error {
    for (name, form) in OTHER_FORMS {
        if path.with_file_name(name).exists() {
            return Error::Unsupported {
                what: "the checkpoint",
                found: form.to_owned(),
                supported: "a single model.safetensors (which save_pretrained of transformers writes)",
            };
        }
    }
    Error::NotFound {
        file: path.display().to_string(),
        status: None,
    }
}

fn io_error(path: &Path, error: &std::io::Error) -> Error {
    let file = path.display().to_string();
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { file, status: None },
        _ => Error::Unreachable {
            file,
            reason: error.to_string(),
        },
    }
}
