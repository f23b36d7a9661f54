//! The word before a full stop, and what it says about the stop.

use super::abbreviations::{
    is_and_so_on, is_never_last, makes_ordinal, stands_anywhere, stands_before_numbers,
};
use super::chars::{is_east_asian, is_stop};
use super::next::{Begins, Next};

/// The word before a stop.
#[derive(Debug)]
pub(super) struct WordBefore<'a> {
    /// Letters, digits and full stops within: `p.m`. Of a long word the end.
    pub(super) text: &'a str,
    /// Whether a blank is between it and the stop.
    pub(super) is_apart: bool,
    /// The sentence up to the word.
    head: &'a str,
}

/// What a word is, for the stop behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `Mr`, `e.g`
    NeverLast,
    /// `U.S`, `Inc`, `J`
    Abbreviation,
    /// `etc`
    AndSoOn,
    /// `p.m`
    Clock,
    /// `No`
    BeforeNumber,
    /// `3`, `24.12`
    ShortNumber,
    /// `XIV`
    Roman,
    Word,
}

impl<'a> WordBefore<'a> {
    /// The word before `stop` in the sentence that begins at `start`.
    pub(super) fn of(block: &'a str, start: usize, stop: usize) -> Self {
        const MAX_LETTERS: usize = 24;
        let sentence = &block[start..stop];
        let length: usize = sentence
            .chars()
            .rev()
            .take(MAX_LETTERS)
            .take_while(|&c| is_word_char(c))
            .map(char::len_utf8)
            .sum();
        let (head, text) = sentence.split_at(sentence.len() - length);
        Self {
            text,
            is_apart: text.is_empty() && head.ends_with(char::is_whitespace),
            head,
        }
    }

    /// How many letters the word ends with.
    pub(super) fn letters(&self) -> usize {
        let letters = self.text.chars().rev();
        letters.take_while(|c| c.is_alphabetic()).count()
    }

    /// Whether the word is in an address of the Web or of mail, or in a path.
    pub(super) fn is_in_address(&self) -> bool {
        const MAX_BYTES: usize = 200;
        let from = self.head.len().saturating_sub(MAX_BYTES);
        let head = &self.head[self.head.ceil_char_boundary(from)..];
        let token = head.rsplit(char::is_whitespace).next().unwrap_or(head);
        token.contains(['/', '@', '_', '=', '\\'])
            || token.starts_with("www.")
            || self.text.starts_with("www.")
    }

    fn has_fewer_words_before_than(&self, count: usize) -> bool {
        const MAX_BYTES: usize = 60;
        let head = &self.head[..self.head.floor_char_boundary(MAX_BYTES)];
        head.len() == self.head.len() && head.split_whitespace().count() < count
    }

    fn role(&self) -> Role {
        let word = self.text;
        let small = word.to_lowercase();
        let small = small.as_str();
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let has_only = |is: fn(char) -> bool| word.chars().all(is);
        let capitals = letters > 1 && has_only(char::is_uppercase);
        // The end of `can't`
        let is_contraction = self
            .head
            .strip_suffix(['\'', '’'])
            .is_some_and(|head| head.ends_with(char::is_alphabetic));
        if is_contraction && letters == 1 {
            Role::Word
        } else if word
            .split('.')
            .all(|part| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit()))
        {
            Role::ShortNumber
        } else if matches!(small, "a.m" | "p.m") {
            Role::Clock
        } else if is_never_last(small) {
            // `in Oakland, CA.`
            if capitals {
                Role::Abbreviation
            } else {
                Role::NeverLast
            }
        } else if is_and_so_on(small) {
            Role::AndSoOn
        } else if stands_before_numbers(small) || small.ends_with("str") {
            Role::BeforeNumber
        } else if stands_anywhere(small) || is_initials(word) {
            Role::Abbreviation
        } else if capitals && has_only(|c| matches!(c, 'I' | 'V' | 'X' | 'L')) {
            Role::Roman
        } else {
            Role::Word
        }
    }
}

/// `J`, `U.S`, `Ph.D`: parts of one or two letters, or one letter. With their vowel sign those of Indic scripts are two.
fn is_initials(word: &str) -> bool {
    let mut parts = word.split('.');
    let is_short = |part: &str, most: usize| {
        let mut letters = part.chars();
        let count = letters.by_ref().take(most + 1).count();
        (1..=most).contains(&count) && part.chars().all(|c| c.is_alphabetic() && !is_east_asian(c))
    };
    let is_indic = word.starts_with(|c| matches!(c, '\u{900}'..='\u{dff}'));
    let most = if is_indic || word.contains('.') { 2 } else { 1 };
    parts.all(|part| is_short(part, most))
}

fn is_word_char(c: char) -> bool {
    // Vowel signs of Indic scripts are no letters to std.
    let is_sign = matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}') && !is_stop(c);
    c.is_alphanumeric() || is_sign || matches!(c, '.' | '°' | 'º' | 'ª' | '§' | '№')
}

/// Whether a sentence ends with the single full stop behind this word, where `next` comes.
pub(super) fn ends_before(before: &WordBefore, closed: bool, next: &Next) -> bool {
    if !next.gap {
        let is_word = || before.role() == Role::Word;
        return match next.begins {
            Begins::Capital => is_word() && (closed || is_glued(before, next)),
            // 好.我 but not U.S.的
            Begins::Caseless => {
                !closed && before.text.ends_with(|c: char| !c.is_ascii()) && is_word()
            }
            _ => false,
        };
    }
    let role = before.role();
    match (next.begins, role) {
        (Begins::Small, _) if closed => false,
        (Begins::Small, Role::Abbreviation) => matches!(before.text, "I" | "i"),
        (Begins::Small, Role::Word) => !looks_shortened(before.text),
        (Begins::Small, role) => role == Role::BeforeNumber,
        (Begins::Digit, Role::Word | Role::Roman | Role::AndSoOn) => true,
        (Begins::Digit, Role::ShortNumber) => !next.is_ordinal(),
        (Begins::Digit, _) => false,
        (Begins::Capital | Begins::Caseless, role) => match role {
            Role::NeverLast => false,
            Role::Abbreviation => next.is_starter(),
            Role::Clock => {
                !next.is_date() && !next.is_zone() && !before.has_fewer_words_before_than(3)
            }
            Role::ShortNumber => !is_ordinal(before, next),
            Role::BeforeNumber | Role::AndSoOn | Role::Roman | Role::Word => true,
        },
        (_, role) => role != Role::NeverLast,
    }
}

/// `world.Today`, `1,000.That`, but not `System.out`, `java.util.List`, `ASP.NET`.
fn is_glued(before: &WordBefore, next: &Next) -> bool {
    const ENOUGH: usize = 3;
    let word = before.text;
    let is_long = word.chars().nth(ENOUGH - 1).is_some();
    let ends_small = word.ends_with(|c: char| c.is_lowercase() || c.is_ascii_digit());
    let is_plain = !word.contains('.') && !before.is_in_address();
    is_long && ends_small && is_plain && next.is_sentence()
}

/// `am 3. Oktober`, `der 2. Weltkrieg`
fn is_ordinal(before: &WordBefore, next: &Next) -> bool {
    const MAX_LETTERS: usize = 7;
    let head = before.head.trim_end_matches(' ');
    let letters = head.chars().rev().take_while(|c| c.is_alphabetic());
    let length: usize = letters.take(MAX_LETTERS + 1).map(char::len_utf8).sum();
    let previous = &head[head.len() - length..];
    next.is_date() || makes_ordinal(&previous.to_lowercase()) && !next.is_starter()
}

/// Without a vowel: `qty`, `bhf`.
fn looks_shortened(word: &str) -> bool {
    const MAX_LETTERS: usize = 4;
    !word.is_empty()
        && word.len() <= MAX_LETTERS
        && word
            .bytes()
            .all(|b| b.is_ascii_alphabetic() && !b"aeiouyAEIOUY".contains(&b))
}
