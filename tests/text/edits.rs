//! What an edit did to the sentences of a text.

use live_sentiment::text::edits::{Change, changes, kept};
use proptest::prelude::*;

use super::split;

#[test]
fn what_is_kept_is_in_order() {
    assert_eq!(kept(&[1, 2, 3], &[1, 2, 3]), [Some(0), Some(1), Some(2)]);
    assert_eq!(kept(&[1, 2, 3], &[1, 9, 3]), [Some(0), None, Some(2)]);
    assert_eq!(
        kept(&[1, 2, 3], &[0, 1, 2, 3]),
        [None, Some(0), Some(1), Some(2)]
    );
    assert_eq!(
        kept(&[1, 2, 3, 4], &[4, 1, 2, 3]),
        [None, Some(0), Some(1), Some(2)]
    );
    assert_eq!(kept(&[7, 7, 7], &[7, 7]), [Some(0), Some(1)]);
    assert_eq!(
        kept(&[0, 5, 5, 9], &[1, 5, 5, 2]),
        [None, Some(1), Some(2), None]
    );
    assert_eq!(kept::<u8>(&[], &[]), []);
}

#[test]
fn every_sentence_has_a_change() {
    use Change::{Added, Kept, Removed, Replaced};
    assert_eq!(
        changes(&[1, 2, 3], &[1, 9, 3, 4]),
        [
            Kept { old: 0, new: 0 },
            Replaced { old: 1, new: 1 },
            Kept { old: 2, new: 2 },
            Added { new: 3 }
        ]
    );
    assert_eq!(
        changes(&[1, 2], &[2]),
        [Removed { old: 0 }, Kept { old: 1, new: 0 }]
    );
    assert_eq!(changes(&[1], &[]), [Removed { old: 0 }]);
}

/// Each key changes the sentence that it is in, and where it makes or breaks an end, the one beside it.
#[test]
fn a_key_changes_two_sentences_at_most() {
    for text in documents() {
        let old = split(&text);
        let middle = text.len() / 2;
        let middle = middle..middle + 64;
        for at in middle.filter(|&at| text.is_char_boundary(at)) {
            for key in ["x", "X", " ", ".", "\n", ",", "1", "?", "\"", "😀", "\u{8}"] {
                let mut edited = text.clone();
                if key == "\u{8}" {
                    edited.remove(at);
                } else {
                    edited.insert_str(at, key);
                }
                let new = split(&edited);
                let fresh = kept(&old, &new).iter().filter(|old| old.is_none()).count();
                // A line break in a wrapped sentence may also part it at the breaks that it has.
                let most = if key == "\n" { 3 } else { 2 };
                assert!(
                    fresh <= most,
                    "{fresh} after {key:?} in {:?}",
                    &text[at - 40..at]
                );
            }
        }
    }
}

/// Of 5,000 words: one paragraph, several, wrapped lines, lines without stops, and a list.
fn documents() -> Vec<String> {
    let sentence =
        |n: usize| format!("Dr. Smith said that number {n} was good, e.g. at 3.14 or so");
    let rows = |between: &str| (0..420).map(sentence).collect::<Vec<_>>().join(between);
    vec![
        rows(". "),
        rows(".\n\n"),
        rows(". ").replace(" that ", "\nthat "),
        rows("\n"),
        "1. ".to_owned() + &rows("\n1. "),
        rows("! 😀 "),
    ]
}

proptest! {
    #[test]
    fn changes_name_each_sentence_once(old in prop::collection::vec(0u8..9, 0..30), new in prop::collection::vec(0u8..9, 0..30)) {
        let (mut was, mut is) = (Vec::new(), Vec::new());
        for change in changes(&old, &new) {
            match change {
                Change::Kept { old: one, new: other } => {
                    prop_assert_eq!(old[one], new[other]);
                    was.push(one);
                    is.push(other);
                }
                Change::Replaced { old, new } => {
                    was.push(old);
                    is.push(new);
                }
                Change::Added { new } => is.push(new),
                Change::Removed { old } => was.push(old),
            }
        }
        prop_assert_eq!(was, (0..old.len()).collect::<Vec<_>>());
        prop_assert_eq!(is, (0..new.len()).collect::<Vec<_>>());
    }
}
