//! A model's address: a folder with files of certain names, or one file of weights in such a folder.

use crate::Error;
use crate::model::folder::WEIGHTS;
use crate::web::address::DROPPED;

/// Where a model's files are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Location<'a> {
    /// The address as it was given, under which the files are kept.
    pub(super) address: &'a str,
    base: &'a str,
    /// The weights' name, if the address gives it.
    weights: Option<&'a str>,
    /// From its question mark on; all files are asked for with it, for it may say who may have them.
    query: &'a str,
}

impl<'a> Location<'a> {
    /// Takes an absolute URL apart: the path of a folder ends with a slash, any other is that of the weights.
    pub(super) fn at(address: &'a str) -> Self {
        Self::elsewhere(address, address)
    }

    /// The files at `url`, which are kept under another address.
    pub(super) fn elsewhere(address: &'a str, url: &'a str) -> Self {
        let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        let (base, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
        Self {
            address,
            base,
            weights: (!name.is_empty()).then_some(name),
            query,
        }
    }

    /// The address of a file in it.
    pub(super) fn url(&self, name: &str) -> String {
        format!("{}{name}{}", self.base, self.query)
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
            file: format!("{}{}", self.base, self.weights().join(" or ")),
            status: None,
        }
    }
}

/// A checkpoint that cannot be read; `found` is one of `OTHER_FORMS`.
pub(super) fn unreadable(found: &str) -> Error {
    Error::Unsupported {
        what: "the checkpoint",
        found: found.to_owned(),
        supported: "a single model.gguf or model.safetensors",
    }
}
