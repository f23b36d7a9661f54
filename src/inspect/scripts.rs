//! The scripts of a vocabulary's words: a hint at the languages that a model supports.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::types::Script;

/// Scripts below this share are omitted: BERT's English vocabulary has single letters of most scripts.
const RARE: f32 = 0.01;

/// Unicode blocks of each script, for the scripts that multilingual vocabularies contain.
const SCRIPTS: [(&str, &[RangeInclusive<char>]); 16] = [
    (
        "Latin",
        &[
            'A'..='Z',
            'a'..='z',
            '\u{aa}'..='\u{24f}',
            '\u{1e00}'..='\u{1eff}',
        ],
    ),
    ("Greek", &['\u{370}'..='\u{3ff}', '\u{1f00}'..='\u{1fff}']),
    ("Cyrillic", &['\u{400}'..='\u{52f}']),
    ("Armenian", &['\u{530}'..='\u{58f}']),
    ("Hebrew", &['\u{590}'..='\u{5ff}']),
    ("Arabic", &['\u{600}'..='\u{6ff}', '\u{750}'..='\u{77f}']),
    ("Devanagari", &['\u{900}'..='\u{97f}']),
    ("Bengali", &['\u{980}'..='\u{9ff}']),
    ("Tamil", &['\u{b80}'..='\u{bff}']),
    ("Telugu", &['\u{c00}'..='\u{c7f}']),
    ("Thai", &['\u{e00}'..='\u{e7f}']),
    ("Georgian", &['\u{10a0}'..='\u{10ff}']),
    (
        "Hangul",
        &['\u{1100}'..='\u{11ff}', '\u{ac00}'..='\u{d7af}'],
    ),
    ("Kana", &['\u{3040}'..='\u{30ff}']),
    (
        "Han",
        &[
            '\u{3400}'..='\u{4dbf}',
            '\u{4e00}'..='\u{9fff}',
            '\u{20000}'..='\u{323af}',
        ],
    ),
    ("Ethiopic", &['\u{1200}'..='\u{137f}']),
];

/// The scripts of these words and their shares, most common first. Words without letters are not counted.
pub(super) fn shares(words: impl Iterator<Item = String>) -> Vec<Script> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in words.filter_map(|word| script(&word)) {
        *counts.entry(name).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let mut shares: Vec<Script> = counts
        .into_iter()
        .map(|(name, count)| Script {
            name: name.into(),
            share: count as f32 / total as f32,
        })
        .filter(|script| script.share >= RARE)
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares
}

/// The script of a word's first letter.
fn script(word: &str) -> Option<&'static str> {
    // Special and unused tokens are in brackets.
    if word.starts_with('[') && word.len() > 1 {
        return None;
    }
    let letter = word.chars().find(|c| c.is_alphabetic())?;
    SCRIPTS
        .iter()
        .find(|(_, ranges)| ranges.iter().any(|range| range.contains(&letter)))
        .map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_words_script_is_that_of_its_first_letter() {
        for (word, expected) in [
            ("film", Some("Latin")),
            ("über", Some("Latin")),
            ("'s", Some("Latin")),
            ("фильм", Some("Cyrillic")),
            ("电", Some("Han")),
            ("の", Some("Kana")),
            ("영화", Some("Hangul")),
            ("فيلم", Some("Arabic")),
            ("1999", None),
            ("!", None),
            ("[unused12]", None),
            ("[CLS]", None),
        ] {
            assert_eq!(script(word), expected, "{word}");
        }
    }

    #[test]
    fn rare_scripts_are_omitted() {
        let words = (0..197).map(|i| format!("w{i}"));
        let others = ["да", "нет", "ό"].map(String::from);
        let shares = shares(words.chain(others));
        let names: Vec<_> = shares.iter().map(|script| script.name.as_str()).collect();
        assert_eq!(names, ["Latin", "Cyrillic"]);
        assert!((shares[0].share - 0.985).abs() < 1e-6);
        assert!(super::shares(std::iter::empty()).is_empty());
    }
}
