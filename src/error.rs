//! What can go wrong, and what the page makes of it.

use serde::{Deserialize, Serialize};

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong between a model's files and a prediction.
///
/// Each message is one sentence that names the file or tensor, what was expected and what was found. What the
/// user can do about it follows from [`Error::kind`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be fetched or read at all.
    #[error("{file} could not be read: {reason}.")]
    Unreachable {
        /// The file's name or URL.
        file: String,
        /// The system's or the server's words.
        reason: String,
    },
    /// A file could not be written.
    #[error("{file} could not be written: {reason}.")]
    Unwritable {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The server answered, but has no such file.
    #[error("{file} was not found{}.", .status.map(|s| format!(" (HTTP status {s})")).unwrap_or_default())]
    NotFound {
        /// The file's name or URL.
        file: String,
        /// The HTTP status, where there was one.
        status: Option<u16>,
    },
    /// A file is not what its name says: truncated, of another format, or with numbers that cannot be true.
    #[error("{file} is damaged or not a model file: {reason}.")]
    Malformed {
        /// The file's name or URL.
        file: String,
        /// Where in the file, what was expected and what was found.
        reason: String,
    },
    /// The model is of a kind this program cannot run.
    #[error("This model cannot be run: {what} is {found}, and only {supported} can be read.")]
    Unsupported {
        /// The property, as Hugging Face or GGUF name it.
        what: &'static str,
        /// The model's value of it.
        found: String,
        /// What could be run.
        supported: &'static str,
    },
    /// A tensor the architecture needs is not in the file.
    #[error("{file} has no tensor {tensor}{hint}.")]
    MissingTensor {
        /// The file's name or URL.
        file: String,
        /// The tensor's name as that file would have it.
        tensor: String,
        /// Why it matters, as a clause that begins with a comma or colon; may be empty.
        hint: &'static str,
    },
    /// A tensor has other dimensions than `config.json` promises.
    #[error("Tensor {tensor} has shape {found:?}, but {expected:?} was expected.")]
    Shape {
        /// The tensor's name in its file.
        tensor: String,
        /// Dimensions by `config.json`, outermost first.
        expected: Vec<usize>,
        /// Dimensions in the file, outermost first.
        found: Vec<usize>,
    },
    /// The labels of `config.json` are not as many as the classifier tells apart.
    #[error(
        "config.json names {labels} labels, but {tensor} in {file} has {rows} rows, one for each."
    )]
    LabelCount {
        /// Labels by `config.json`.
        labels: usize,
        /// The weights' name or URL.
        file: String,
        /// The classifier's name there.
        tensor: String,
        /// Its rows.
        rows: usize,
    },
    /// A tensor holds NaN or infinity. (Not in the page, which would need code for printing floats.)
    #[cfg(feature = "inference")]
    #[error(
        "Tensor {tensor} holds {found} at element {index}, where only finite numbers make sense."
    )]
    NotFinite {
        /// The tensor's name in its file.
        tensor: String,
        /// Which element, or which block's scale.
        index: usize,
        /// The value.
        found: f32,
    },
    /// Two files that belong together do not fit each other.
    #[error("{left} and {right} do not belong together: {reason}.")]
    Mismatch {
        /// One file.
        left: String,
        /// The other file.
        right: String,
        /// Which numbers differ.
        reason: String,
    },
    /// What was asked for makes no sense for this model.
    #[error("{0}.")]
    Input(String),
    /// The user, or the program on the user's behalf, called it off.
    #[error("The download was cancelled.")]
    Cancelled,
    /// The browser lacks something, or refused something.
    #[error("{0}.")]
    Browser(String),
    /// The worker that runs the model stopped without being asked to.
    #[error("The part of the page that reads the text stopped: {0}.")]
    Crashed(String),
    /// candle refused an operation: a defect of ours, since shapes are checked on loading.
    #[cfg(feature = "inference")]
    #[error("The model could not be evaluated: {0}.")]
    Candle(#[from] candle_core::Error),
}

/// What a failure means to the person in front of it. It decides the page's sentence and the action it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Network trouble: trying again may help.
    Network,
    /// The file is not where it should be: the address is wrong, or the site is incomplete.
    NotFound,
    /// The file is damaged: fetching it anew may help.
    Malformed,
    /// The file is whole, but of a kind that cannot be run here: another model is needed.
    Unsupported,
    /// The request made no sense: nothing to retry.
    Input,
    /// Called off on purpose: offer to start again.
    Cancelled,
    /// The browser is too old or too restricted.
    Browser,
    /// The worker crashed: it is being restarted.
    Crashed,
    /// A defect of this program.
    Internal,
}

impl Error {
    /// What this failure means to the person in front of it.
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
            Self::Input(_) | Self::Unwritable { .. } => ErrorKind::Input,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Browser(_) => ErrorKind::Browser,
            Self::Crashed(_) => ErrorKind::Crashed,
            #[cfg(feature = "inference")]
            Self::Candle(_) => ErrorKind::Internal,
        }
    }
}
