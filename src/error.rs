//! [`Error`], and the [`ErrorKind`] that decides what the page advises and offers.

use serde::{Deserialize, Serialize};

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure between reading a model's files and returning a prediction.
///
/// Each message is one sentence that names the file or tensor, what was expected and what was found. What the
/// user can do about it follows from [`Error::kind`].
///
/// ```
/// use live_sentiment::{Error, ErrorKind};
///
/// let error = Error::NotFound { file: "model.gguf".into(), status: Some(404) };
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "model.gguf was not found (HTTP status 404).");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be fetched or read.
    #[error("{file} could not be read: {reason}.")]
    Unreachable {
        /// The file's name or URL.
        file: String,
        /// The reason, as the operating system, browser or server reports it.
        reason: String,
    },
    /// A file could not be written.
    #[error("{file} could not be written: {reason}.")]
    Unwritable {
        /// The file's path.
        file: String,
        /// The reason, as the operating system reports it.
        reason: String,
    },
    /// The file does not exist.
    #[error("{file} was not found{}.", .status.map(|s| format!(" (HTTP status {s})")).unwrap_or_default())]
    NotFound {
        /// The file's name or URL.
        file: String,
        /// The HTTP status, if it was requested from a server.
        status: Option<u16>,
    },
    /// A file is truncated, of another format, or has inconsistent contents.
    #[error("{file} is damaged or not a model file: {reason}.")]
    Malformed {
        /// The file's name or URL.
        file: String,
        /// Where in the file, what was expected and what was found.
        reason: String,
    },
    /// The model is intact, but has a property that is not supported.
    #[error("This model cannot be run: {what} is {found}, and only {supported} can be read.")]
    Unsupported {
        /// The property, as Hugging Face or GGUF name it.
        what: &'static str,
        /// Its value in this model.
        found: String,
        /// The supported values.
        supported: &'static str,
    },
    /// A required tensor is not in the file.
    #[error("{file} has no tensor {tensor}{hint}.")]
    MissingTensor {
        /// The file's name or URL.
        file: String,
        /// The tensor's name, in the naming scheme of that file.
        tensor: String,
        /// Why it is required: empty, or a clause that starts with a comma or colon.
        hint: &'static str,
    },
    /// A tensor's shape does not match `config.json`.
    #[error("Tensor {tensor} has shape {found:?}, but {expected:?} was expected.")]
    Shape {
        /// The tensor's name in its file.
        tensor: String,
        /// Shape according to `config.json`, outermost dimension first.
        expected: Vec<usize>,
        /// Shape in the file, outermost dimension first.
        found: Vec<usize>,
    },
    /// The number of labels in `config.json` differs from the number of rows of the classification head.
    #[error(
        "config.json names {labels} labels, but {tensor} in {file} has {rows} rows, one for each."
    )]
    LabelCount {
        /// Number of labels in `config.json`.
        labels: usize,
        /// Name or URL of the weights file.
        file: String,
        /// Name of the head's weight in that file.
        tensor: String,
        /// Number of its rows.
        rows: usize,
    },
    /// A tensor holds NaN or infinity. (Left out of the page's build, to save the code that formats floats.)
    #[cfg(feature = "inference")]
    #[error("Tensor {tensor} holds {found} at element {index}, but only finite numbers are valid.")]
    NotFinite {
        /// The tensor's name in its file.
        tensor: String,
        /// Row-major index of the element, or of the block whose scale it is.
        index: usize,
        /// The value.
        found: f32,
    },
    /// A file cannot be read, or saved, as a table.
    #[error("{file} cannot be used: {reason}.")]
    Table {
        /// The file's name.
        file: String,
        /// What was found, and what can be done about it.
        reason: String,
    },
    /// Two files of the same model are inconsistent with each other.
    #[error("{left} and {right} do not belong together: {reason}.")]
    Mismatch {
        /// One file.
        left: String,
        /// The other file.
        right: String,
        /// What is inconsistent.
        reason: String,
    },
    /// The caller's input is invalid for this model.
    #[error("{0}.")]
    Input(String),
    /// Cancelled by the user or the calling program.
    #[error("The download was cancelled.")]
    Cancelled,
    /// The browser lacks a required feature, or denied its use.
    #[error("{0}.")]
    Browser(String),
    /// The worker that runs the model terminated unexpectedly.
    #[error("The part of the page that runs the model stopped: {0}.")]
    Crashed(String),
    /// candle rejected an operation: a bug in this crate, since shapes are checked on loading.
    #[cfg(feature = "inference")]
    #[error("The model could not be evaluated: {0}.")]
    Candle(#[from] candle_core::Error),
}

/// Category of an [`Error`] by what the user can do about it. It decides the page's advice and the action it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Network failure: a retry may help.
    Network,
    /// The file does not exist: the URL is wrong, or the site is incomplete.
    NotFound,
    /// The file is damaged: fetching it again may help.
    Malformed,
    /// The file is intact but unsupported: another model is needed.
    Unsupported,
    /// The input is invalid: a retry will not help.
    Input,
    /// Cancelled on purpose: offer to start again.
    Cancelled,
    /// The browser is too old or too restricted.
    Browser,
    /// The worker crashed and is being restarted.
    Crashed,
    /// A bug in this program.
    Internal,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Network,
        Self::NotFound,
        Self::Malformed,
        Self::Unsupported,
        Self::Input,
        Self::Cancelled,
        Self::Browser,
        Self::Crashed,
        Self::Internal,
    ];
}

impl Error {
    /// The error's category, by what the user can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::Network,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Malformed { .. } => ErrorKind::Malformed,
            #[cfg(feature = "inference")]
            Self::NotFinite { .. } => ErrorKind::Malformed,
            Self::Unsupported { .. }
            | Self::MissingTensor { .. }
            | Self::Shape { .. }
            | Self::LabelCount { .. }
            | Self::Mismatch { .. } => ErrorKind::Unsupported,
            Self::Input(_) | Self::Table { .. } | Self::Unwritable { .. } => ErrorKind::Input,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Browser(_) => ErrorKind::Browser,
            Self::Crashed(_) => ErrorKind::Crashed,
            #[cfg(feature = "inference")]
            Self::Candle(_) => ErrorKind::Internal,
        }
    }
}
