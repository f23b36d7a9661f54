//! Marks that list items begin with: `1.` `a)` `(2)` `•` `-`.

use super::chars::{blanks, is_pictured_bullet};

/// A mark at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    /// Its bytes, and those of the blanks behind it.
    pub(super) len: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bullet(char),
    /// A number, or a letter's place in the alphabet, and what stands around it.
    Ordinal {
        value: u32,
        is_letter: bool,
        frame: Frame,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// `1.`
    Stop,
    /// `1)`
    Bracket,
    /// `1.)`
    Both,
    /// `(1)`
    Brackets,
}

impl Kind {
    /// Whether an item with this mark comes right behind one with `previous`.
    pub(super) fn follows(self, previous: Self) -> bool {
        match (previous, self) {
            (Self::Bullet(one), Self::Bullet(other)) => one == other,
            (
                Self::Ordinal {
                    value,
                    is_letter,
                    frame,
                },
                next,
            ) => {
                next == Self::Ordinal {
                    value: value + 1,
                    is_letter,
                    frame,
                }
            }
            _ => false,
        }
    }

    /// Whether it may begin an item in the middle of a line. A hyphen there is a dash, an asterisk a product.
    pub(super) fn works_inline(self) -> bool {
        match self {
            Self::Bullet(bullet) => is_round(bullet),
            Self::Ordinal { .. } => true,
        }
    }
}

/// Bullets that are nothing else.
pub(super) fn is_round(c: char) -> bool {
    matches!(c, '•' | '⁃' | '‣' | '◦' | '▪' | '●' | '■' | '➤')
}

/// The mark that `text` begins with.
pub(super) fn marker(text: &str) -> Option<Marker> {
    let first = text.chars().next()?;
    let is_dash = matches!(first, '-' | '–' | '—' | '*' | '+' | '·' | '○' | '□');
    if !is_dash && !is_round(first) && !is_pictured_bullet(first) {
        return ordinal(text);
    }
    let sign = first.len_utf8();
    // The variation selector of an emoji.
    let sign = sign
        + if text[sign..].starts_with('\u{fe0f}') {
            3
        } else {
            0
        };
    let len = sign + blanks(&text[sign..]);
    if len == sign && !is_round(first) {
        return None;
    }
    // `• 9. The item`
    let inner = ordinal(&text[len..]).map_or(0, |number| number.len);
    Some(Marker {
        len: len + inner,
        kind: Kind::Bullet(first),
    })
}

fn ordinal(text: &str) -> Option<Marker> {
    const MAX_DIGITS: usize = 3;
    let open = usize::from(text.starts_with('('));
    let body = &text[open..];
    let first = body.bytes().next()?;
    let is_letter = first.is_ascii_alphabetic();
    let (value, width) = if is_letter {
        (u32::from(first.to_ascii_lowercase()), 1)
    } else {
        let width = body.bytes().take_while(u8::is_ascii_digit).count();
        if width > MAX_DIGITS {
            return None;
        }
        (body[..width].parse().ok()?, width)
    };
    let tail = body.as_bytes().get(width..).unwrap_or_default();
    let (frame, sign) = match (open, tail) {
        (1, [b')', ..]) => (Frame::Brackets, 1),
        (0, [b'.', b')', ..]) => (Frame::Both, 2),
        (0, [b')', ..]) => (Frame::Bracket, 1),
        (0, [b'.', ..]) => (Frame::Stop, 1),
        _ => return None,
    };
    let end = open + width + sign;
    let gap = blanks(&text[end..]);
    let is_alone = text[end..].chars().next().is_none_or(char::is_whitespace);
    is_alone.then_some(Marker {
        len: end + gap,
        kind: Kind::Ordinal {
            value,
            is_letter,
            frame,
        },
    })
}
