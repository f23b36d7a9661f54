//! What there is to say about how a text was read: how much of it, and what the model did not know. No browser
//! here, so that it is tested natively.

use super::format::{Amount, Write, count};
use crate::types::{Prediction, Token};

/// How much of a long text is looked at, in UTF-16 code units: what is said beside the verdict must not take longer the longer
/// the text is.
pub const MAX_LOOKED_AT: usize = 100_000;

/// How much is marked as unread, in bytes, and how much may stand before it.
const MAX_MARKED: usize = 20_000;

/// Words are counted where they are shorter than this on average, in characters. Others, as in Chinese, are written
/// without spaces, and there characters are counted.
const LONGEST_MEAN_WORD: usize = 15;

/// How many different unknown symbols are shown.
const UNKNOWN_SHOWN: usize = 4;

/// How long a symbol is shown, and the end of what was read, in characters.
const SYMBOL_CHARS: usize = 16;
const EXCERPT_CHARS: usize = 24;

/// The first [`MAX_LOOKED_AT`] code units of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beginning {
    /// The text up to there.
    pub text: String,
    /// Whether there is no more.
    pub is_whole: bool,
}

/// What is said beside the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// Where reading stopped, if that was before the text's end.
    pub cut: Option<Truncation>,
    /// What the model did not know.
    pub unknown: Option<Unknown>,
}

/// A text longer than the model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// The text up to where reading stopped; empty where that is too far to be marked.
    pub read: String,
    /// The text from there on, as much as is marked.
    pub rest: String,
    /// Whether the text goes on behind that.
    pub goes_on: bool,
    /// The last words that were read; empty where they were not looked at.
    pub excerpt: String,
    read_count: usize,
    total: usize,
    /// Whether the total is only what was counted.
    is_total_open: bool,
    thing: &'static str,
}

impl Truncation {
    /// How much was read, as a sentence without its end: `Only the first 380 of 5,000 words were read`.
    pub fn sentence(&self, write: Write) -> String {
        "Only the first ".to_owned()
            + &write(Amount::number(self.read_count as u64))
            + if self.is_total_open {
                " of more than "
            } else {
                " of "
            }
            + &count(self.total, self.thing, write)
            + " were read"
    }
}

/// What the model did not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    count: usize,
    thing: &'static str,
    symbols: String,
}

impl Unknown {
    /// As a sentence, up to what it was.
    pub fn sentence(&self, write: Write) -> String {
        count(self.count, self.thing, write) + " this model doesn’t know:"
    }

    /// What it was.
    pub fn symbols(&self) -> &str {
        &self.symbols
    }
}

/// Whether [`notes`] needs the text.
pub fn needs_text(prediction: &Prediction) -> bool {
    prediction.truncated_at.is_some() || prediction.tokens.iter().any(|token| token.unknown)
}

/// What there is to say of how a text was read.
pub fn notes(text: &Beginning, prediction: &Prediction) -> Notes {
    Notes {
        cut: prediction.truncated_at.map(|at| cut(text, at)),
        unknown: unknown(&text.text, &prediction.tokens),
    }
}

fn cut(beginning: &Beginning, at: usize) -> Truncation {
    let text = beginning.text.as_str();
    let (read, rest) = text.split_at(Cursor::new(text).byte_of(at));
    let is_beyond = rest.is_empty() && !beginning.is_whole;
    let words = text.split_whitespace().count();
    let chars = text.chars().count();
    let (read_count, total, thing) = if is_beyond {
        (at, at, "character")
    } else if chars <= words * LONGEST_MEAN_WORD {
        (read.split_whitespace().count(), words, "word")
    } else {
        (read.chars().count(), chars, "character")
    };
    let marked = &rest[..rest.floor_char_boundary(MAX_MARKED)];
    let is_marked = !is_beyond && read.len() <= MAX_MARKED;
    let of_marked = |text: &str| if is_marked { text } else { "" }.to_owned();
    Truncation {
        read: of_marked(read),
        rest: of_marked(marked),
        goes_on: is_marked && (marked.len() < rest.len() || !beginning.is_whole),
        excerpt: if is_beyond {
            String::new()
        } else {
            end_of(read)
        },
        read_count,
        total,
        is_total_open: !beginning.is_whole,
        thing,
    }
}

/// The last words of a text, at most [`EXCERPT_CHARS`] of it, in one line.
fn end_of(text: &str) -> String {
    let text = text.trim_end();
    let from = text
        .char_indices()
        .rev()
        .nth(EXCERPT_CHARS - 1)
        .map_or(0, |(i, _)| i);
    let mut end = &text[from..];
    if from > 0
        && let Some((_, words)) = end.split_once(char::is_whitespace)
    {
        end = words;
    }
    end.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unknown(text: &str, tokens: &[Token]) -> Option<Unknown> {
    let mut cursor = Cursor::new(text);
    let mut shown: Vec<&str> = Vec::new();
    let (mut count, mut is_word) = (0, false);
    for token in tokens.iter().filter(|token| token.unknown) {
        let start = cursor.byte_of(token.start);
        let symbol = text.get(start..cursor.byte_of(token.end))?;
        count += 1;
        is_word |= symbol.contains(|c: char| c.is_ascii_alphanumeric());
        if shown.len() <= UNKNOWN_SHOWN && !symbol.is_empty() && !shown.contains(&symbol) {
            shown.push(symbol);
        }
    }
    let mut symbols = Vec::new();
    for symbol in shown.iter().take(UNKNOWN_SHOWN) {
        let mut beginning: String = symbol.chars().take(SYMBOL_CHARS).collect();
        if symbol.chars().nth(SYMBOL_CHARS).is_some() {
            beginning.push('…');
        }
        symbols.push(beginning);
    }
    if shown.len() > UNKNOWN_SHOWN {
        symbols.push("…".to_owned());
    }
    (count > 0).then(|| Unknown {
        count,
        thing: if is_word { "word" } else { "symbol" },
        symbols: symbols.join(" "),
    })
}

/// Turns UTF-16 indices into byte indices. Indices that rise are found in one walk along the text.
struct Cursor<'a> {
    text: &'a str,
    byte: usize,
    units: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            byte: 0,
            units: 0,
        }
    }

    /// The byte index of a UTF-16 index; the text's length if that lies beyond it.
    fn byte_of(&mut self, utf16: usize) -> usize {
        if utf16 < self.units {
            *self = Self::new(self.text);
        }
        for c in self.text[self.byte..].chars() {
            if self.units >= utf16 {
                break;
            }
            self.units += c.len_utf16();
            self.byte += c.len_utf8();
        }
        self.byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::format::plain;

    fn whole(text: &str) -> Beginning {
        Beginning {
            text: text.to_owned(),
            is_whole: true,
        }
    }

    fn prediction(unknown: &[(usize, usize)], truncated_at: Option<usize>) -> Prediction {
        let token = |&(start, end)| Token {
            id: 100,
            start,
            end,
            unknown: true,
        };
        Prediction {
            label: 0,
            scores: vec![1.0],
            logits: vec![0.0],
            tokens: unknown.iter().map(token).collect(),
            token_count: 2,
            truncated_at,
            millis: 1.0,
        }
    }

    #[test]
    fn byte_indices() {
        // U+1F643 is two UTF-16 units and four bytes.
        let text = "é🙃x";
        let bytes: Vec<_> = [0, 1, 3, 4, 99]
            .map(|i| Cursor::new(text).byte_of(i))
            .to_vec();
        assert_eq!(bytes, [0, 2, 6, 7, 7]);
        let mut cursor = Cursor::new(text);
        assert_eq!([0, 1, 3, 1, 99].map(|i| cursor.byte_of(i)), [0, 2, 6, 2, 7]);
        // Inside a surrogate pair: the next character, never a panic.
        assert_eq!(Cursor::new(text).byte_of(2), 6);
    }

    #[test]
    fn nothing_to_say() {
        assert_eq!(
            notes(&whole("fine"), &prediction(&[], None)),
            Notes::default()
        );
        assert_eq!(notes(&whole(""), &prediction(&[], None)), Notes::default());
    }

    #[test]
    fn unknown_symbols_are_named_once_and_counted_every_time() {
        let said = |text: &str, at: &[(usize, usize)]| {
            let unknown = unknown(text, &prediction(at, None).tokens)?;
            Some(unknown.sentence(plain) + " " + unknown.symbols())
        };
        assert_eq!(
            said("🙃 ok 🙃", &[(0, 2), (6, 8)]).as_deref(),
            Some("2 symbols this model doesn’t know: 🙃")
        );
        assert_eq!(
            said("great🙃", &[(0, 7)]).as_deref(),
            Some("1 word this model doesn’t know: great🙃")
        );
        let long = "x".repeat(99);
        assert_eq!(
            said(&long, &[(0, 99)]).as_deref(),
            Some("1 word this model doesn’t know: xxxxxxxxxxxxxxxx…")
        );
        assert_eq!(
            said("☀☁☂☃☄", &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]).as_deref(),
            Some("5 symbols this model doesn’t know: ☀ ☁ ☂ ☃ …")
        );
    }

    #[test]
    fn long_texts_are_counted_in_words() {
        let text = "one two three four five six seven";
        let cut = cut(&whole(text), "one two three".len());
        assert_eq!(cut.sentence(plain), "Only the first 3 of 7 words were read");
        assert_eq!(cut.excerpt, "one two three");
        assert_eq!(
            cut.read + "|" + &cut.rest,
            "one two three| four five six seven"
        );
    }

    #[test]
    fn texts_without_spaces_are_counted_in_characters() {
        let cut = cut(&whole(&"好".repeat(1_200)), 510);
        assert_eq!(
            cut.sentence(plain),
            "Only the first 510 of 1,200 characters were read"
        );
        assert_eq!(cut.excerpt.chars().count(), EXCERPT_CHARS);
    }

    #[test]
    fn excerpts_begin_with_a_whole_word_and_are_one_line() {
        assert_eq!(
            end_of("The quick brown fox jumps\nover the lazy dog \n"),
            "jumps over the lazy dog"
        );
        assert_eq!(end_of(""), "");
    }

    #[test]
    fn of_a_long_text_only_the_beginning_is_counted_and_marked() {
        let beginning = Beginning {
            text: "word ".repeat(20_000),
            is_whole: false,
        };
        let cut = cut(&beginning, 2_549);
        assert_eq!(
            cut.sentence(plain),
            "Only the first 510 of more than 20,000 words were read"
        );
        assert!(cut.rest.len() <= MAX_MARKED && cut.goes_on);
        // A multi-byte character is not torn.
        let wide = super::cut(&whole(&"é".repeat(30_000)), 1);
        assert!(wide.rest.len() <= MAX_MARKED && wide.goes_on);
    }

    #[test]
    fn what_ends_beyond_the_beginning_is_not_marked() {
        let beginning = Beginning {
            text: "x".repeat(MAX_LOOKED_AT),
            is_whole: false,
        };
        let cut = cut(&beginning, 1_000_510);
        assert_eq!((cut.read.as_str(), cut.goes_on), ("", false));
        assert_eq!(
            cut.sentence(plain),
            "Only the first 1,000,510 of more than 1,000,510 characters were read"
        );
        let unknown = unknown(&beginning.text, &prediction(&[(0, 1_000_000)], None).tokens);
        assert_eq!(
            unknown.map(|unknown| unknown.symbols().chars().count()),
            Some(17)
        );
    }

    #[test]
    fn many_unknown_symbols_take_one_walk() {
        // Looked up one by one from the beginning, they would take minutes.
        let n = 100_000;
        let text = "🙃".repeat(n);
        let at: Vec<_> = (0..n).map(|i| (2 * i, 2 * i + 2)).collect();
        let unknown = unknown(&text, &prediction(&at, None).tokens);
        let sentence = unknown.map(|unknown| unknown.sentence(plain));
        let expected = "100,000 symbols this model doesn’t know:";
        assert_eq!(sentence.as_deref(), Some(expected));
    }
}
