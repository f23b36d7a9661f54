//! What this device keeps: the name of the cache and the grammar of its keys, which the worker writes and the page lists. No
//! browser here but in `listing`, so that it is tested natively.
//!
//! A file is kept under its SHA-256, in the segments it arrived in. Keys are URLs that no server is ever asked for:
//!
//! ```text
//! /live-sentiment/DIGEST/START+LENGTH   a segment
//! /live-sentiment/DIGEST/whole          all segments are there, and their digest was right
//! /live-sentiment/model/ADDRESS         the files.json of a model that is there whole
//! /live-sentiment/coming/ADDRESS        the same of one that is being fetched
//! ```

#[cfg(feature = "client")]
mod listing;

use crate::web::address;

#[cfg(feature = "client")]
pub use listing::{Model, kept, models};

/// The cache's name, in the browser's Cache Storage.
pub const CACHE: &str = "live-sentiment-models";

/// What the paths of all keys begin with.
const ROOT: &str = "/live-sentiment/";

/// What an entry of the cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A part of a file.
    Segment {
        /// The file's SHA-256, in hexadecimal.
        digest: String,
        /// Where in the file it begins.
        start: u64,
        /// Bytes.
        length: u64,
    },
    /// Says that a file is whole.
    Whole {
        /// The file's SHA-256, in hexadecimal.
        digest: String,
    },
    /// The list of the files of a model that is there whole.
    Model {
        /// As `Request::Load` takes it.
        address: String,
    },
    /// The same of a model that is being fetched.
    Coming {
        /// As `Request::Load` takes it.
        address: String,
    },
}

impl Key {
    /// What the key with this URL stands for; `None` for one of another kind, such as a later release may have.
    pub fn parse(url: &str) -> Option<Self> {
        // An origin has no such part, so that this is the first.
        let (_, path) = url.split_once(ROOT)?;
        let (folder, name) = path.split_once('/')?;
        // The address is encoded as a whole, so that it has no slash of its own.
        if folder.is_empty() || name.is_empty() || name.contains('/') {
            return None;
        }
        let digest = folder.to_owned();
        match (folder, name) {
            ("model", address) => Some(Self::Model {
                address: address::decoded(address),
            }),
            ("coming", address) => Some(Self::Coming {
                address: address::decoded(address),
            }),
            (_, "whole") => Some(Self::Whole { digest }),
            (_, segment) => {
                let (start, length) = segment.split_once('+')?;
                Some(Self::Segment {
                    digest,
                    start: start.parse().ok()?,
                    length: length.parse().ok()?,
                })
            }
        }
    }

    /// The key's URL on its origin.
    pub fn path(&self) -> String {
        let (folder, name) = match self {
            Self::Segment {
                digest,
                start,
                length,
            } => (digest.as_str(), format!("{start}+{length}")),
            Self::Whole { digest } => (digest.as_str(), "whole".to_owned()),
            Self::Model { address } => ("model", address::encoded(address)),
            Self::Coming { address } => ("coming", address::encoded(address)),
        };
        format!("{ROOT}{folder}/{name}")
    }

    /// The SHA-256 of the file that the entry belongs to, if it is a file's.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Self::Segment { digest, .. } | Self::Whole { digest } => Some(digest),
            Self::Model { .. } | Self::Coming { .. } => None,
        }
    }
}

/// The models on this device, all together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// What to call each.
    pub names: Vec<String>,
    /// Their size, with what there is of files that were not fetched to the end.
    pub bytes: u64,
    /// Whether the browser has promised not to remove them by itself, or takes no such question.
    pub is_safe: bool,
}

impl Kept {
    /// Counts an entry by its key's URL.
    pub fn add(&mut self, url: &str) {
        match Key::parse(url) {
            Some(Key::Segment { length, .. }) => self.bytes = self.bytes.saturating_add(length),
            Some(Key::Model { address }) => {
                self.names.push(address::name(&address::decoded(&address)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let digest = "ab".repeat(32);
        let address = "https://a.example/models/whole/0+1/ä b%20c/?x=1&y=%2F#z".to_owned();
        for key in [
            Key::Segment {
                digest: digest.clone(),
                start: 0,
                length: u64::MAX,
            },
            Key::Whole { digest },
            Key::Model {
                address: address.clone(),
            },
            Key::Coming { address },
            Key::Model {
                address: "dropped:live-sentiment/model/".to_owned(),
            },
        ] {
            for origin in ["", "https://a.example", "http://localhost:8080"] {
                let url = origin.to_owned() + &key.path();
                assert_eq!(Key::parse(&url).as_ref(), Some(&key), "{url}");
            }
        }
        let key = Key::Model {
            address: "https://a.example/ü(1)/".to_owned(),
        };
        // As earlier releases wrote it.
        assert_eq!(
            key.path(),
            "/live-sentiment/model/https%3A%2F%2Fa.example%2F%C3%BC(1)%2F"
        );
    }

    #[test]
    fn other_entries_stand_for_nothing() {
        for url in [
            "",
            "nonsense",
            "https://a.example/live-sentiment/",
            "https://a.example/live-sentiment/model/",
            "https://a.example/live-sentiment/ab12/",
            "https://a.example/live-sentiment/ab12/part",
            "https://a.example/live-sentiment/ab12/1+",
            "https://a.example/live-sentiment/ab12/-1+2",
            "https://a.example/live-sentiment/registry",
            "https://a.example/live-sentiment/ab12/whole/more",
        ] {
            assert_eq!(Key::parse(url), None, "{url}");
        }
    }

    #[test]
    fn what_is_kept_is_counted_by_its_keys() {
        let mut kept = Kept::default();
        for key in [
            "https://a.example/live-sentiment/ab12/0+1000",
            "https://a.example/live-sentiment/ab12/1000+24",
            "https://a.example/live-sentiment/ab12/whole",
            "https://a.example/live-sentiment/cd34/0+300",
            "https://a.example/live-sentiment/coming/https%3A%2F%2Fa.example%2Fmodels%2Fnext%2F",
            "https://a.example/live-sentiment/model/https%3A%2F%2Fa.example%2Fmodels%2Fminilm%2F",
            "nonsense",
        ] {
            kept.add(key);
        }
        assert_eq!((kept.bytes, kept.names), (1_324, vec!["minilm".to_owned()]));
    }
}
