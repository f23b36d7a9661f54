//! What there is to say about how a text was read: how much of it, and what the model did not know. No browser
//! here, so that it is tested natively.

use super::format::{count, grouped};
use crate::types::Prediction;

/// Words are counted where they are shorter than this on average, in characters. Others, as in Chinese, are written
/// without spaces, and there characters are counted.
const LONGEST_MEAN_WORD: usize = 15;

/// How many different unknown symbols are shown.
const UNKNOWN_SHOWN: usize = 4;

/// How long a symbol is shown, and the end of what was read, in characters.
const SYMBOL_CHARS: usize = 16;
const EXCERPT_CHARS: usize = 24;

/// What is said beside the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// Where reading stopped, if that was before the text's end.
    pub cut: Option<Truncation>,
    /// What the model did not know, as a sentence.
    pub unknown: Option<String>,
}

/// A text longer than the model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// The text up to where reading stopped.
    pub read: String,
    /// The text from there on.
    pub rest: String,
    /// How much was read, as a sentence without its end: `Only the first 380 of 5,000 words were read`.
    pub sentence: String,
    /// The last words that were read.
    pub excerpt: String,
}

/// Looks at what became of `text`.
pub fn notes(text: &str, prediction: &Prediction) -> Notes {
    Notes {
        cut: prediction.truncated_at.map(|at| cut(text, at)),
        unknown: unknown(text, prediction),
    }
}

fn cut(text: &str, at: usize) -> Truncation {
    let (read, rest) = text.split_at(byte_of(text, at));
    let words = text.split_whitespace().count();
    let chars = text.chars().count();
    let (read_count, total, thing) = if chars <= words * LONGEST_MEAN_WORD {
        (read.split_whitespace().count(), words, "word")
    } else {
        (read.chars().count(), chars, "character")
    };
    Truncation {
        read: read.to_owned(),
        rest: rest.to_owned(),
        sentence: "Only the first ".to_owned()
            + &grouped(read_count as u64)
            + " of "
            + &count(total, thing)
            + " were read",
        excerpt: end_of(read),
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

fn unknown(text: &str, prediction: &Prediction) -> Option<String> {
    let mut shown: Vec<&str> = Vec::new();
    let mut total = 0;
    for token in prediction.tokens.iter().filter(|token| token.unknown) {
        let symbol = text.get(byte_of(text, token.start)..byte_of(text, token.end))?;
        total += 1;
        if !shown.contains(&symbol) {
            shown.push(symbol);
        }
    }
    if total == 0 {
        return None;
    }
    let is_word = shown
        .iter()
        .any(|s| s.contains(|c: char| c.is_ascii_alphanumeric()));
    let thing = if is_word { "word" } else { "symbol" };
    let mut sentence = count(total, thing) + " this model doesn’t know:";
    for symbol in shown.iter().take(UNKNOWN_SHOWN) {
        sentence.push(' ');
        sentence.extend(symbol.chars().take(SYMBOL_CHARS));
        if symbol.chars().nth(SYMBOL_CHARS).is_some() {
            sentence.push('…');
        }
    }
    if shown.len() > UNKNOWN_SHOWN {
        sentence.push_str(" …");
    }
    Some(sentence)
}

/// The byte index of a UTF-16 index; the text's length if that lies beyond it.
fn byte_of(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= utf16 {
            return byte;
        }
        units += c.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Token;

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
        let bytes: Vec<_> = [0, 1, 3, 4, 99].map(|i| byte_of(text, i)).to_vec();
        assert_eq!(bytes, [0, 2, 6, 7, 7]);
        // Inside a surrogate pair: the next character, never a panic.
        assert_eq!(byte_of(text, 2), 6);
    }

    #[test]
    fn nothing_to_say() {
        assert_eq!(notes("fine", &prediction(&[], None)), Notes::default());
        assert_eq!(notes("", &prediction(&[], None)), Notes::default());
    }

    #[test]
    fn unknown_symbols_are_named_once_and_counted_every_time() {
        let said = |text: &str, at: &[(usize, usize)]| unknown(text, &prediction(at, None));
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
        let cut = cut(text, "one two three".len());
        assert_eq!(cut.sentence, "Only the first 3 of 7 words were read");
        assert_eq!(cut.excerpt, "one two three");
        assert_eq!(
            cut.read + "|" + &cut.rest,
            "one two three| four five six seven"
        );
    }

    #[test]
    fn texts_without_spaces_are_counted_in_characters() {
        let cut = cut(&"好".repeat(1_200), 510);
        assert_eq!(
            cut.sentence,
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
}
