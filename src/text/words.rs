//! Text to words, as reasons count them: what could be left out of a sentence at once.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::chars::{emoticon, is_emoji, is_pictured_bullet};

/// Words that turn the next one around, in small letters and with straight apostrophes, sorted. Beside these, words
/// that end with `n't`.
const NEGATIONS: &[&str] = &[
    "aucun",
    "aucune",
    "cannot",
    "cant",
    "didnt",
    "dont",
    "geen",
    "hardly",
    "isnt",
    "jamais",
    "jamás",
    "kein",
    "keine",
    "keinem",
    "keinen",
    "keiner",
    "neither",
    "nem",
    "never",
    "nicht",
    "nie",
    "niemals",
    "niet",
    "no",
    "non",
    "nor",
    "not",
    "nunca",
    "não",
    "pas",
    "sans",
    "scarcely",
    "sem",
    "senza",
    "sin",
    "tampoco",
    "wasnt",
    "without",
    "wont",
    "не",
    "нет",
    "ни",
    "никогда",
];

/// Words that may stand between a negation and its word: `not a very good one`.
const BETWEEN: &[&str] = &[
    "a", "all", "an", "any", "at", "be", "been", "ein", "eine", "even", "ever", "muy", "really",
    "sehr", "so", "such", "that", "the", "to", "too", "tout", "très", "un", "una", "une", "very",
    "zu",
];

/// How many of those.
const MAX_BETWEEN: usize = 2;

/// The words of `text`, as ranges of bytes, in order: those of UAX #29 that hold a letter or digit, emoji and emoticons.
/// Words with hyphens and addresses are one word each.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    // Up to here a word was taken whole.
    let mut taken = 0;
    // What stands between the last word and this segment may join them.
    let mut joint = "";
    for (at, segment) in text.split_word_bound_indices() {
        if at < taken {
            continue;
        }
        let end = at + segment.len();
        let after_blank = text[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let whole = if after_blank { token(&text[at..]) } else { 0 };
        if whole > 0 {
            taken = at + whole;
            words.push(at..taken);
        } else if segment.contains(is_word_char) {
            match words.last_mut() {
                Some(last) if is_hyphen(joint) && last.end + joint.len() == at => last.end = end,
                _ => words.push(at..end),
            }
        }
        joint = segment;
    }
    words
}

/// The words of `text`, each negation in one range with the word that it negates: `not good`, `don't like`.
pub fn words_with_negations(text: &str) -> Vec<Range<usize>> {
    let words = words(text);
    let mut units: Vec<Range<usize>> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let last = negated(text, &words, at).unwrap_or(at);
        units.push(words[at].start..words[last].end);
        at = last + 1;
    }
    units
}

/// The index of the word that the one at `at` negates.
fn negated(text: &str, words: &[Range<usize>], at: usize) -> Option<usize> {
    if !is_negation(&text[words[at].clone()]) {
        return None;
    }
    let mut last = at;
    for next in at + 1..words.len().min(at + 2 + MAX_BETWEEN) {
        // Only blanks between: a comma ends what is negated.
        if !text[words[last].end..words[next].start].trim().is_empty() {
            return None;
        }
        last = next;
        if !is_in(BETWEEN, &text[words[next].clone()]) {
            return Some(next);
        }
    }
    None
}

fn is_negation(word: &str) -> bool {
    const LONGEST: usize = 16;
    if word.len() > LONGEST {
        return false;
    }
    let word = word.replace('’', "'");
    word.to_lowercase().ends_with("n't") || is_in(NEGATIONS, &word)
}

fn is_in(table: &[&str], word: &str) -> bool {
    const LONGEST: usize = 16;
    word.len() <= LONGEST && table.binary_search(&word.to_lowercase().as_str()).is_ok()
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_emoji(c) || is_pictured_bullet(c)
}

fn is_hyphen(joint: &str) -> bool {
    matches!(joint, "-" | "\u{2010}" | "\u{2011}")
}

/// The length of the address or emoticon that `text` begins with.
fn token(text: &str) -> usize {
    const MAX_SCHEME: usize = 64;
    let face = emoticon(text);
    if face > 0 {
        return face;
    }
    // Long words are looked at once, not for each of their segments: only the first of them has a blank before it.
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let whole = text[..end].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let scheme = &whole[..whole.floor_char_boundary(MAX_SCHEME)];
    let is_mail = scheme.split_once('@').is_some_and(|(name, host)| {
        name.ends_with(char::is_alphanumeric) && host.starts_with(char::is_alphanumeric)
    });
    if is_mail || scheme.contains("://") || scheme.starts_with("www.") {
        whole.len()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_are_sorted() {
        assert!(super::NEGATIONS.is_sorted() && super::BETWEEN.is_sorted());
    }
}
