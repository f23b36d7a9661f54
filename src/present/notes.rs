//! What there is to say about words and symbols that the model does not know.

use super::format::{Write, count};
use crate::text::Offsets;

/// How many different unknown symbols are shown.
const UNKNOWN_SHOWN: usize = 4;

/// How long a symbol is shown, in characters.
const SYMBOL_CHARS: usize = 16;

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

/// What the model did not know of texts, each with the UTF-16 ranges of it; `None` if it knew everything.
///
/// ```
/// # use live_sentiment::present::{format::plain, notes::unknown};
/// let unknown = unknown([("a 🙃", [(2, 4)].as_slice())]);
/// let said = unknown.map(|unknown| unknown.sentence(plain) + " " + unknown.symbols());
/// assert_eq!(said.as_deref(), Some("1 symbol this model doesn’t know: 🙃"));
/// ```
pub fn unknown<'a>(
    texts: impl IntoIterator<Item = (&'a str, &'a [(usize, usize)])>,
) -> Option<Unknown> {
    let mut shown: Vec<&str> = Vec::new();
    let (mut count, mut is_word) = (0, false);
    for (text, ranges) in texts {
        let offsets = Offsets::new(text);
        for &(start, end) in ranges {
            let start = offsets.utf8(start);
            let symbol = text.get(start..offsets.utf8(end).max(start))?;
            count += 1;
            is_word |= symbol.contains(|c: char| c.is_ascii_alphanumeric());
            if shown.len() <= UNKNOWN_SHOWN && !symbol.is_empty() && !shown.contains(&symbol) {
                shown.push(symbol);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::format::plain;

    fn said(text: &str, at: &[(usize, usize)]) -> Option<String> {
        let unknown = unknown([(text, at)])?;
        Some(unknown.sentence(plain) + " " + unknown.symbols())
    }

    #[test]
    fn nothing_to_say() {
        assert_eq!(said("fine", &[]), None);
        assert_eq!(unknown([]), None);
    }

    #[test]
    fn unknown_symbols_are_listed_once_and_counted_every_time() {
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
        let texts = [("🙃", [(0, 2)].as_slice()), ("🙃 ☂", &[(0, 2), (3, 4)])];
        assert_eq!(
            unknown(texts)
                .map(|unknown| unknown.symbols().to_owned())
                .as_deref(),
            Some("🙃 ☂")
        );
    }

    #[test]
    fn many_unknown_symbols_take_linear_time() {
        // Looked up one by one from the beginning, they would take minutes.
        let n = 100_000;
        let text = "🙃".repeat(n);
        let at: Vec<_> = (0..n).map(|i| (2 * i, 2 * i + 2)).collect();
        let unknown = unknown([(text.as_str(), at.as_slice())]);
        let sentence = unknown.map(|unknown| unknown.sentence(plain));
        let expected = "100,000 symbols this model doesn’t know:";
        assert_eq!(sentence.as_deref(), Some(expected));
    }
}
