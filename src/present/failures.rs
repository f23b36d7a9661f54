//! The sentence and the button for each kind of failure.

use crate::ErrorKind;

/// What the page says when something failed, and what it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureMessage {
    /// What happened, in a few words.
    pub title: &'static str,
    /// What that means or what to do.
    pub advice: &'static str,
    /// The button that may help, by its words.
    pub action: Option<&'static str>,
}

/// The sentences for a failure. `online` is what the browser says of its network.
pub fn message(kind: ErrorKind, online: bool) -> FailureMessage {
    let (title, advice, action) = match kind {
        ErrorKind::Network if !online => (
            "You are offline",
            "The model is not on this device yet. It has to be downloaded once, so connect and try again.",
            Some("Try again"),
        ),
        ErrorKind::Network => (
            "The model could not be downloaded",
            "Check the connection, then try again. Your text stays where it is.",
            Some("Try again"),
        ),
        ErrorKind::NotFound => (
            "The model is not where it should be",
            "This site seems incomplete. If it is yours, check that the model’s folder was uploaded.",
            Some("Try again"),
        ),
        ErrorKind::Malformed => (
            "The model’s files are damaged",
            "Trying again downloads them again. If that does not help, the copy on the server is damaged too.",
            Some("Try again"),
        ),
        ErrorKind::Unsupported => (
            "This model cannot be run here",
            "Its files are whole, but of a kind that this page cannot read. Another model is needed.",
            None,
        ),
        ErrorKind::Input => (
            "This text could not be read",
            "Nothing is lost. Change the text, and it is read again.",
            None,
        ),
        ErrorKind::Cancelled => (
            "Loading was cancelled",
            "Without the model your text cannot be read.",
            Some("Load the model"),
        ),
        ErrorKind::Browser => (
            "This browser cannot run the model",
            "It may be too old, or set to forbid it. Chrome 96, Firefox 114, Safari 16.4 and later can.",
            Some("Try again"),
        ),
        ErrorKind::Crashed => (
            "The model stopped and did not recover",
            "The part of the page that runs the model failed several times. Your text is still here.",
            Some("Start it again"),
        ),
        ErrorKind::Internal => (
            "Something went wrong in this program",
            "That is a mistake of ours, not of your text.",
            Some("Try again"),
        ),
    };
    FailureMessage {
        title,
        advice,
        action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_words() {
        let all = ErrorKind::ALL;
        let mut said: Vec<_> = all.iter().map(|&kind| message(kind, true).title).collect();
        said.push(message(ErrorKind::Network, false).title);
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), all.len() + 1, "two failures with one sentence");
        for kind in all {
            let FailureMessage { title, advice, .. } = message(kind, true);
            assert!(!title.ends_with('.') && advice.ends_with('.'), "{kind:?}");
        }
    }
}
