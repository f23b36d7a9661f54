//! What comes behind a place where a sentence may end.

use super::abbreviations::{is_date, is_domain, is_starter};
use super::chars::{blanks, goes_on, is_caseless, is_line_break, is_opener, space};
use super::lists::marker;

/// How the text goes on, its first opening quotes and brackets left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    Nothing,
    /// An item of a list, in a line of its own.
    Item,
    /// What only goes on: a comma, a closing bracket.
    Rest,
    Small,
    Capital,
    Digit,
    Caseless,
    Sign,
}

#[derive(Debug)]
pub(super) struct Next<'a> {
    pub(super) begins: Begins,
    /// Whether anything is between.
    pub(super) gap: bool,
    /// Whether it opens with `¿` or `¡`.
    pub(super) is_inverted: bool,
    /// Its first word, up to an apostrophe.
    word: &'a str,
    /// From that word on.
    rest: &'a str,
}

impl<'a> Next<'a> {
    /// `is_apart` says that there was something between already.
    pub(super) fn of(text: &'a str, is_apart: bool) -> Self {
        const MAX_OPENERS: usize = 8;
        const MAX_LETTERS: usize = 24;
        let gap = space(text);
        let after = &text[gap..];
        let opened: usize = after
            .chars()
            .take(MAX_OPENERS)
            .take_while(|&c| is_opener(c))
            .map(char::len_utf8)
            .sum();
        let rest = &after[opened..];
        let word = rest
            .char_indices()
            .take(MAX_LETTERS)
            .take_while(|(_, c)| c.is_alphabetic())
            .last()
            .map_or("", |(at, c)| &rest[..at + c.len_utf8()]);
        let is_new_line = text[..gap].contains(is_line_break);
        let begins = match rest.chars().next() {
            None if opened == 0 => Begins::Nothing,
            _ if is_new_line && marker(after).is_some() => Begins::Item,
            None => Begins::Rest,
            Some('-' | '–' | '—') if gap > 0 && opened == 0 => behind_dash(rest),
            Some(c) if goes_on(c) && opened == 0 && !is_new_line => Begins::Rest,
            Some(c) if c.is_numeric() => Begins::Digit,
            Some(c) if c.is_lowercase() => Begins::Small,
            Some(c) if is_caseless(c) => Begins::Caseless,
            Some(c) if c.is_alphabetic() => Begins::Capital,
            Some(c) if c.is_whitespace() || goes_on(c) => Begins::Rest,
            Some(_) => Begins::Sign,
        };
        Self {
            begins,
            gap: gap > 0 || is_apart,
            is_inverted: after[..opened].contains(['¿', '¡']),
            word,
            rest,
        }
    }

    pub(super) fn is_starter(&self) -> bool {
        is_starter(&self.word.to_lowercase())
    }

    /// A month, a weekday, a part of a country that has its own time.
    pub(super) fn is_date(&self) -> bool {
        is_date(&self.word.to_lowercase())
    }

    /// Capitals only, as `EST`.
    pub(super) fn is_zone(&self) -> bool {
        self.word.len() > 1 && self.word.chars().all(char::is_uppercase)
    }

    /// A capital with small letters behind it.
    pub(super) fn is_word(&self) -> bool {
        self.word.chars().nth(1).is_some_and(char::is_lowercase)
    }

    /// Whether it may be the next sentence without a blank between, rather than a part of a name or of code.
    pub(super) fn is_sentence(&self) -> bool {
        let behind = &self.rest[self.word.len()..];
        let mut behind = behind.chars();
        let is_code = match behind.next() {
            Some('(' | '_' | '/' | '=' | '@' | '[' | '<') => true,
            Some('.' | ':') => behind.next().is_some_and(char::is_alphanumeric),
            _ => false,
        };
        self.is_word() && !is_code && !is_domain(&self.word.to_lowercase())
    }

    /// One or two digits and a stop: `3. 10. 2020`.
    pub(super) fn is_ordinal(&self) -> bool {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        digits < 3 && self.rest[digits..].starts_with('.')
    }

    /// Behind a quote: who said it.
    pub(super) fn is_speech(&self) -> bool {
        const PARTICLES: [char; 10] = ['と', 'っ', 'な', 'の', 'で', 'が', 'は', 'を', 'に', 'も'];
        self.rest.starts_with(PARTICLES)
            || self
                .rest
                .chars()
                .take(4)
                .any(|c| matches!(c, '说' | '說' | '道' | '问' | '問'))
    }
}

/// `“Really?” – he asked`: a dash before a small letter goes on.
fn behind_dash(rest: &str) -> Begins {
    let words = rest.trim_start_matches(['-', '–', '—']);
    let words = &words[blanks(words)..];
    match words.chars().next() {
        Some(c) if c.is_lowercase() => Begins::Rest,
        _ => Begins::Sign,
    }
}
