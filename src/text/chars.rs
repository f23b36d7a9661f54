//! What kind of character ends, closes, opens or goes on a sentence.

/// Full stops and ellipses, which need a look at the words around them. All other marks that end sentences, of any
/// script, are found by UAX #29.
pub(super) fn is_full_stop(c: char) -> bool {
    matches!(c, '.' | '…' | '‥' | '․' | '﹒' | '．')
}

/// What may stand in a row at a sentence's end.
pub(super) fn is_stop(c: char) -> bool {
    is_full_stop(c)
        || matches!(
            c,
            '!' | '?'
                | '！'
                | '？'
                | '。'
                | '｡'
                | '‼'
                | '‽'
                | '⁇'
                | '⁈'
                | '⁉'
                | '؟'
                | '۔'
                | '।'
                | '॥'
                | '։'
                | '።'
        )
}

/// Quotes and brackets that belong to the stop they stand behind. Straight ones do too, since nothing is between;
/// so do „German“ ones, which open English quotations.
pub(super) fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | ')'
            | ']'
            | '}'
            | '”'
            | '’'
            | '“'
            | '‘'
            | '«'
            | '‹'
            | '»'
            | '›'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '］'
            | '｝'
            | '｣'
            | '*'
            | '_'
    )
}

/// What may stand before the first word of a sentence.
pub(super) fn is_opener(c: char) -> bool {
    matches!(
        c,
        '`' | '"'
            | '\''
            | '('
            | '['
            | '{'
            | '“'
            | '‘'
            | '”'
            | '’'
            | '„'
            | '‚'
            | '«'
            | '‹'
            | '»'
            | '›'
            | '「'
            | '『'
            | '（'
            | '【'
            | '《'
            | '〈'
            | '［'
            | '｢'
            | '¿'
            | '¡'
            | '*'
            | '_'
    )
}

/// What cannot begin a sentence.
pub(super) fn goes_on(c: char) -> bool {
    matches!(
        c,
        ',' | ';'
            | ':'
            | '，'
            | '、'
            | '；'
            | '：'
            | '،'
            | '؛'
            | ')'
            | ']'
            | '}'
            | '）'
            | '】'
            | '」'
            | '』'
            | '》'
            | '/'
            | '='
            | '+'
            | '&'
            | '|'
            | '%'
    ) || is_stop(c)
}

/// A letter of a script that has no capitals, or a sign of one.
pub(super) fn is_caseless(c: char) -> bool {
    c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()
}

/// Scripts that are written without spaces, and Hangul, where one letter is a word.
pub(super) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ffee}' | '\u{20000}'..='\u{3fffd}')
}

/// A pictograph that stands for itself. Not `©`, `™` and arrows, which are part of a text.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{2b55}' | '\u{231a}' | '\u{231b}'
        | '\u{23e9}'..='\u{23fa}' | '\u{2b1b}' | '\u{2b1c}' | '\u{1fb00}'..='\u{1fbff}')
        && !is_pictured_bullet(c)
}

/// Emoji that begin a line or an item rather than end a sentence.
pub(super) fn is_pictured_bullet(c: char) -> bool {
    matches!(
        c,
        '✅' | '❌'
            | '✔'
            | '✖'
            | '✓'
            | '✗'
            | '➡'
            | '➤'
            | '➜'
            | '👉'
            | '🔹'
            | '🔸'
            | '▶'
            | '❗'
            | '❓'
    )
}

/// What changes the emoji before it: joiners, skin tones, variation selectors, tags, the frame of a keycap.
fn is_emoji_part(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}' | '♀' | '♂')
}

/// The length of the emoji and emoticons that `text` begins with, spaces between them included.
pub(super) fn emoji_run(text: &str) -> usize {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let gap = if end == 0 { 0 } else { blanks(rest) };
        let one = one_emoji(&rest[gap..]);
        if one == 0 {
            return end;
        }
        end += gap + one;
    }
}

fn one_emoji(text: &str) -> usize {
    if !text.starts_with(is_emoji) {
        return emoticon(text);
    }
    text.find(|c| !is_emoji(c) && !is_emoji_part(c))
        .unwrap_or(text.len())
}

/// The length of `:-)` and its like, if `text` begins with one that stands alone.
pub(super) fn emoticon(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = match bytes {
        [b'<', b'3', ..] => 2,
        [b':' | b';' | b'=' | b'8' | b'x' | b'X', ..] => {
            let mut at = 1;
            at += usize::from(bytes.get(at) == Some(&b'\''));
            at += usize::from(matches!(bytes.get(at), Some(b'-' | b'^' | b'o')));
            match (bytes[0], bytes.get(at)) {
                (b'x' | b'X', Some(b'D')) => at + 1,
                (
                    b':' | b';' | b'=',
                    Some(
                        b')' | b'(' | b'D' | b'P' | b'p' | b'|' | b'/' | b'*' | b'3' | b'O' | b']'
                        | b'[',
                    ),
                ) => at + 1,
                (b'8', Some(b')')) if at > 1 => at + 1,
                _ => return 0,
            }
        }
        _ => return 0,
    };
    // `:)))`
    while at > 0
        && bytes
            .get(at)
            .is_some_and(|byte| *byte == bytes[at - 1] && b")(D".contains(byte))
    {
        at += 1;
    }
    let stands_alone = text[at..]
        .chars()
        .next()
        .is_none_or(|c| c.is_whitespace() || is_emoji(c));
    if stands_alone { at } else { 0 }
}

/// The length of the white space that `text` begins with, without line breaks.
pub(super) fn blanks(text: &str) -> usize {
    text.find(|c: char| !c.is_whitespace() || is_line_break(c))
        .unwrap_or(text.len())
}

/// The length of the white space that `text` begins with.
pub(super) fn space(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

pub(super) fn is_line_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}
