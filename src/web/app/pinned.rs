//! A version of the text that was pinned, and what has changed since.

use super::reading::{Answer, Rating, Sentence};
use crate::document::Document;
use crate::text::edits::{Change, changes};

/// How many changes are listed.
pub const MAX_LISTED_CHANGES: usize = 50;

/// A version of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    /// The verdict on the whole.
    pub answer: Option<Answer>,
    sentences: Vec<(Sentence, String)>,
}

/// A sentence that was changed, added or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// What stood there.
    pub before: Option<Version>,
    /// What stands there now.
    pub after: Option<Version>,
}

/// A sentence in one version of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its text.
    pub text: String,
    /// Its verdict, once that is known.
    pub rating: Option<Rating>,
}

impl Pinned {
    /// The text as it stands, with what is known of it.
    pub fn new(document: &Document, sentences: &[Sentence], answer: Option<Answer>) -> Self {
        let texts = document.view().map(|view| view.text.to_owned());
        Self {
            answer,
            sentences: sentences.iter().cloned().zip(texts).collect(),
        }
    }

    /// What has become of it, sentence by sentence, and how many changes there are beyond those.
    pub fn changes(&self, document: &Document, sentences: &[Sentence]) -> (Vec<Changed>, usize) {
        let before: Vec<_> = self
            .sentences
            .iter()
            .map(|(sentence, _)| sentence.hash)
            .collect();
        let texts: Vec<&str> = document.view().map(|view| view.text).collect();
        let old = |at: usize| {
            let (sentence, text) = &self.sentences[at];
            Version {
                text: text.clone(),
                rating: sentence.rating,
            }
        };
        let new = |at: usize| Version {
            text: texts
                .get(at)
                .map(|&text| text.to_owned())
                .unwrap_or_default(),
            rating: sentences
                .get(at)
                .filter(|s| !s.is_stale)
                .and_then(|s| s.rating),
        };
        let all: Vec<_> = changes(&before, &document.hashes())
            .into_iter()
            .filter(|change| !matches!(change, Change::Kept { .. }))
            .collect();
        let listed = all
            .iter()
            .take(MAX_LISTED_CHANGES)
            .map(|&change| match change {
                Change::Replaced { old: was, new: is } => Changed {
                    before: Some(old(was)),
                    after: Some(new(is)),
                },
                Change::Removed { old: was } => Changed {
                    before: Some(old(was)),
                    after: None,
                },
                Change::Added { new: is } | Change::Kept { new: is, .. } => Changed {
                    before: None,
                    after: Some(new(is)),
                },
            });
        (
            listed.collect(),
            all.len().saturating_sub(MAX_LISTED_CHANGES),
        )
    }
}
