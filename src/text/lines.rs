//! Line breaks: which of them end a sentence, and which only wrap it.

use super::abbreviations::{is_never_last, is_unfinished};
use super::chars::{
    emoji_run, goes_on, is_caseless, is_east_asian, is_emoji, is_line_break, is_opener, is_stop,
};
use super::lists::marker;

/// A line without a stop at its end goes on in the next one if it is so wide, in columns, ...
const WRAPPED: usize = 40;
/// ... or so wide, where the next one begins with a capital.
const WRAPPED_BEFORE_CAPITAL: usize = 60;
/// Shorter lines that end with a comma are a salutation, before a capital.
const SALUTATION: usize = 30;

/// The paragraphs of `text`: byte ranges between blank lines, form feeds and paragraph separators.
pub(super) fn paragraphs(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut paragraph = 0..0;
    let mut line = 0;
    while line < text.len() {
        let (end, next) = line_end(text, line);
        if !text[line..end].trim().is_empty() {
            if paragraph.is_empty() {
                paragraph.start = line;
            }
            paragraph.end = end;
        }
        let is_last =
            text[line..end].trim().is_empty() || text[end..next].starts_with(['\u{c}', '\u{2029}']);
        if is_last && !paragraph.is_empty() {
            found.push(paragraph.clone());
            paragraph = 0..0;
        }
        line = next;
    }
    if !paragraph.is_empty() {
        found.push(paragraph);
    }
    found
}

/// Where the line at `from` ends, and where the next one begins.
pub(super) fn line_end(text: &str, from: usize) -> (usize, usize) {
    let mut end = from;
    // By bytes, which is many times faster than by characters: most begin none of these.
    let may_begin = |byte: &u8| matches!(byte, b'\n'..=b'\r' | 0xC2 | 0xE2);
    while let Some(at) = text.as_bytes()[end..].iter().position(may_begin) {
        end += at;
        let Some(c) = text[end..].chars().next() else {
            break;
        };
        let next = end + c.len_utf8();
        if is_line_break(c) {
            let is_crlf = text[end..].starts_with("\r\n");
            return (end, if is_crlf { end + 2 } else { next });
        }
        end = next;
    }
    (text.len(), text.len())
}

/// Whether a sentence that no stop has ended by the end of `line` goes on in the line `next`, both without the blanks
/// around them. Only these two are looked at, so that a key changes nothing far away.
pub(super) fn goes_on_in_next(line: &str, next: &str) -> bool {
    if marker(next).is_some()
        || next.starts_with(['#', '>', '|', '=', '~'])
        || line.starts_with(['#', '|'])
    {
        return false;
    }
    if marker(line).is_some_and(|mark| mark.len == line.len()) {
        return true;
    }
    let Some(last) = line.chars().next_back() else {
        return true;
    };
    if ends_with_emoji(line) {
        return false;
    }
    let begins = next
        .trim_start_matches(is_opener)
        .chars()
        .next()
        .unwrap_or(' ');
    let width = width(line);
    let (word, is_stopped) = last_word(line);
    let is_unfinished =
        matches!(last, '(' | '[' | '„' | '&') || !is_stopped && is_unfinished(&uncapitalized(word));
    match begins {
        _ if matches!(last, ',' | '،' | '、' | '，') => {
            !begins.is_uppercase() || width >= SALUTATION
        }
        _ if last == ':' => begins.is_lowercase() && width >= WRAPPED,
        _ if begins.is_lowercase() => {
            is_stopped || is_unfinished || last == '-' || width >= WRAPPED || has_stop(next)
        }
        _ if begins.is_uppercase() => {
            is_unfinished
                || is_stopped && is_never_last(&word.to_lowercase())
                || !is_stopped && width >= WRAPPED_BEFORE_CAPITAL && is_prose(line, next)
        }
        _ if begins.is_numeric() => is_unfinished || is_stopped || width >= WRAPPED,
        _ if is_caseless(begins) => !is_stopped && width >= WRAPPED,
        _ => goes_on(begins) && !is_stop(begins),
    }
}

/// Whether these lines are of a text with stops, and no list or titles.
fn is_prose(line: &str, next: &str) -> bool {
    line.starts_with(char::is_lowercase) || has_stop(next) || has_stop(line)
}

/// Small letters, but for a single one: `Vitamin A` lacks nothing.
fn uncapitalized(word: &str) -> String {
    if word.len() > 1 {
        word.to_lowercase()
    } else {
        word.to_owned()
    }
}

/// The last word of a line, and whether a stop stands behind it.
fn last_word(line: &str) -> (&str, bool) {
    let bare = line.trim_end_matches(is_stop);
    let from = bare
        .char_indices()
        .rev()
        .take_while(|&(_, c)| c.is_alphanumeric() || c == '.')
        .last()
        .map_or(bare.len(), |(at, _)| at);
    (&bare[from..], bare.len() < line.len())
}

fn ends_with_emoji(line: &str) -> bool {
    // A family of four with its joiners is 25 bytes.
    const LONGEST: usize = 40;
    let tail = &line[line.ceil_char_boundary(line.len().saturating_sub(LONGEST))..];
    let word = tail.rsplit(char::is_whitespace).next().unwrap_or(tail);
    let from = word.find(is_emoji).unwrap_or(0);
    let run = emoji_run(&word[from..]);
    run > 0 && from + run == word.len()
}

/// Whether a sentence ends in this line, which makes the text one that has stops.
fn has_stop(line: &str) -> bool {
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        if is_stop(c) && characters.peek().is_none_or(|next| !next.is_alphanumeric()) {
            return true;
        }
    }
    false
}

fn width(line: &str) -> usize {
    line.chars()
        .map(|c| 1 + usize::from(is_east_asian(c)))
        .sum()
}
