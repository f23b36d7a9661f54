//! Parts of sentences that are too long to be read at once, as where a text has no punctuation at all.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// Sentences up to this many bytes are left whole until a model has said that they are too long.
pub(super) const MAX_WHOLE: usize = 2000;
/// A part has at least so many bytes, ...
const MIN_PART: usize = 300;
/// ... and is cut at the first blank after so many. Few texts of this length have more than 512 tokens.
const MAX_PART: usize = 500;

/// The parts of the sentence at `range`. Where they end depends on the words around, so that a key in one of them leaves
/// the others as they are, but for a few beside it.
pub(super) fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    if range.len() <= MAX_WHOLE {
        parts.push(range);
        return parts;
    }
    let mut start = range.start;
    // The last place where a part could end, and the word before it.
    let mut word = start;
    let mut previous = None;
    for (at, c) in text[range.clone()].char_indices() {
        let at = range.start + at;
        let may_cut = c.is_whitespace() || is_ideograph(c) && at > start && !joins(text, at, c);
        if may_cut && !text[start..at].trim().is_empty() {
            let is_mark = at - start >= MIN_PART && is_chosen(&text[word.max(start)..at]);
            if is_mark || at - start >= MAX_PART {
                parts.push(trimmed(text, start..at));
                start = at;
            }
        }
        if previous.is_none_or(char::is_whitespace) || is_ideograph(c) {
            word = at;
        }
        previous = Some(c);
    }
    let rest = trimmed(text, start..range.end);
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// One word of eight.
fn is_chosen(word: &str) -> bool {
    let mut hasher = DefaultHasher::new();
    word.trim().hash(&mut hasher);
    hasher.finish().is_multiple_of(8)
}

/// Two halves, parted at the blank that is nearest the middle; where there is none, between two characters.
pub(super) fn halves(text: &str, range: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let middle = text.floor_char_boundary(range.start + range.len() / 2);
    let before = text[range.start..middle]
        .rfind(char::is_whitespace)
        .map(|at| range.start + at);
    let behind = text[middle..range.end]
        .find(char::is_whitespace)
        .map(|at| middle + at);
    let at = match (before, behind) {
        (Some(before), Some(behind)) if middle - before > behind - middle => behind,
        (Some(at), _) | (None, Some(at)) => at,
        (None, None) => {
            let mut rest = text[middle..range.end].char_indices();
            middle
                + rest
                    .find(|&(at, c)| middle + at > range.start && !joins(text, middle + at, c))?
                    .0
        }
    };
    let (first, second) = (trimmed(text, range.start..at), trimmed(text, at..range.end));
    (!first.is_empty() && !second.is_empty()).then_some((first, second))
}

/// Whether `c` at this index belongs to the character before it: an accent, a skin tone, a part of a family.
fn joins(text: &str, at: usize, c: char) -> bool {
    let is_mark = matches!(c,
        '\u{300}'..='\u{36f}'
        // Thai and Lao vowels and tones, Japanese sound marks.
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{eb1}' | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}'
        | '\u{3099}' | '\u{309a}');
    let is_emoji_part =
        matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}');
    is_mark || is_emoji_part || text[..at].ends_with('\u{200d}')
}

/// Scripts without spaces.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{9fff}' | '\u{e00}'..='\u{eff}' | '\u{20000}'..='\u{3fffd}')
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..start.max(range.start + part.trim_end().len())
}
