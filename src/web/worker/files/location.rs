//! A model's address: a folder with files of certain names, or one file of weights in such a folder.

use crate::Error;
use crate::web::address::DROPPED;

/// Names that a file of weights may have where the address gives none, the first found.
const WEIGHTS: [&str; 2] = ["model.gguf", "model.safetensors"];

/// Checkpoints in a form that cannot be read, by the file that tells, and what they are.
pub(super) const OTHER_FORMS: [(&str, &str); 2] = [
    (
        "model.safetensors.index.json",
        "split into several files (model.safetensors.index.json)",
    ),
    ("pytorch_model.bin", "a Python pickle (pytorch_model.bin)"),
];

/// Where a model's files are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Location<'a> {
    /// The address as it was given, under which the files are kept.
    pub(super) address: &'a str,
    base: &'a str,
    /// The weights' name, if the address gives it.
    weights: Option<&'a str>,
}

impl<'a> Location<'a> {
    /// Takes an absolute URL apart: that of a folder ends with a slash, any other is that of the weights.
    pub(super) fn at(address: &'a str) -> Self {
        let end = address.rfind('/').map_or(0, |slash| slash + 1);
        let (base, name) = address.split_at(end);
        Self {
            address,
            base,
            weights: (!name.is_empty()).then_some(name),
        }
    }

    /// The address of a file in it.
    pub(super) fn url(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    /// Names that the weights may have.
    pub(super) fn weights(&self) -> Vec<&'a str> {
        self.weights
            .map_or_else(|| WEIGHTS.to_vec(), |name| vec![name])
    }

    /// Whether weights of this name are the ones that the address means.
    pub(super) fn selects_weights(&self, name: &str) -> bool {
        self.weights.is_none_or(|weights| weights == name)
    }

    /// Whether its files were dropped on the page, so that they are on this device or nowhere.
    pub(super) fn is_dropped(&self) -> bool {
        self.address.starts_with(DROPPED)
    }

    /// What to say where there are none.
    pub(super) fn no_weights(&self) -> Error {
        Error::NotFound {
            file: self.url(&self.weights().join(" or ")),
            status: None,
        }
    }
}

/// A checkpoint that cannot be read; `found` is one of [`OTHER_FORMS`].
pub(super) fn unreadable(found: &str) -> Error {
    Error::Unsupported {
        what: "the checkpoint",
        found: found.to_owned(),
        supported: "a single model.gguf or model.safetensors",
    }
}
