//! Replaces typographic variants by plain characters, for models with `live_sentiment.normalize_text` in `config.json`.

use tokenizers::tokenizer::NormalizedString;

/// A text in plain characters, with the origin of each byte.
pub(super) struct Plain {
    pub(super) text: String,
    /// For each byte of `text`: start and end, in bytes of the original, of the characters it comes from.
    origins: Vec<(usize, usize)>,
}

impl Plain {
    /// Replaces characters that have a plain form, except those for which `is_known` holds (they are in the vocabulary).
    pub(super) fn of(text: &str, is_known: impl Fn(char) -> bool) -> Self {
        let mut plain = Self {
            text: String::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len()),
        };
        let mut characters = text.char_indices().peekable();
        let mut previous = ' ';
        while let Some((start, c)) = characters.next() {
            let end = start + c.len_utf8();
            // Of an emoji ZWJ sequence only the first emoji is kept: gender, hair and the like carry no sentiment.
            if c == '\u{200d}' && is_pictograph(previous) {
                let joined = characters.next_if(|&(_, next)| is_pictograph(next));
                plain.extend_last(joined.map_or(end, |(at, next)| at + next.len_utf8()));
            } else if is_modifier(c) {
                plain.extend_last(end);
            } else {
                previous = c;
                plain.push(c, start, end, &is_known);
            }
        }
        plain
    }

    fn push(&mut self, c: char, start: usize, end: usize, is_known: &impl Fn(char) -> bool) {
        let length = self.text.len();
        match replacement(c) {
            Some(replacement) if !is_known(c) => self.text.push_str(replacement),
            None if is_compatible(c) => {
                self.text
                    .push_str(NormalizedString::from(c.to_string()).nfkc().get());
            }
            _ => self.text.push(c),
        }
        self.origins
            .resize(self.origins.len() + self.text.len() - length, (start, end));
    }

    /// Attributes dropped characters, up to byte `end`, to the character before them.
    fn extend_last(&mut self, end: usize) {
        let Some(&(start, old_end)) = self.origins.last() else {
            return;
        };
        for origin in self.origins.iter_mut().rev() {
            if *origin != (start, old_end) {
                break;
            }
            origin.1 = end;
        }
    }

    /// Maps a byte range of `text` to the original.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.origins.get(start).map_or(0, |origin| origin.0);
        let last = end.checked_sub(1).and_then(|at| self.origins.get(at));
        (first, last.map_or(first, |origin| origin.1.max(first)))
    }
}

/// Skin tones, variation selectors, and the combining enclosing keycap: dropped.
fn is_modifier(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}')
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Full-width and half-width forms, mathematical letters, ligatures: replaced by their NFKC form.
fn is_compatible(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ffee}' | '\u{1d400}'..='\u{1d7ff}' | '\u{fb00}'..='\u{fb06}')
}

fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '‹' | '›' | 'ʼ' | 'ʹ' | 'ꞌ' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
        '…' => "...",
        '‼' => "!!",
        '⁇' => "??",
        '⁈' => "?!",
        '⁉' => "!?",
        '\u{2800}' | '\u{3164}' => " ",
        _ if c.is_whitespace() && !c.is_ascii() => " ",
        _ => return None,
    })
}
