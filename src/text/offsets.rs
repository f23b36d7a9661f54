//! Places in a text: UTF-8 indices, as Rust counts them, to UTF-16 ones, as JavaScript does, and back.

/// Bytes between two entries of the table.
const STEP: usize = 128;

/// Maps indices of one text. Built in one pass; each look-up then reads at most `STEP` bytes or units, in any order.
#[derive(Debug, Clone)]
pub struct Offsets<'a> {
    text: &'a str,
    /// For each multiple of [`STEP`]: the UTF-16 index of the character that begins there or reaches across it.
    /// Empty for ASCII, where both indices are the same.
    table: Vec<u32>,
    utf16_len: usize,
}

impl<'a> Offsets<'a> {
    /// Looks through `text` once.
    pub fn new(text: &'a str) -> Self {
        if text.is_ascii() {
            return Self {
                text,
                table: Vec::new(),
                utf16_len: text.len(),
            };
        }
        let mut table = Vec::with_capacity(text.len() / STEP + 1);
        let (mut begin, mut units) = (0, 0);
        for mark in (0..text.len()).step_by(STEP) {
            let end = text.floor_char_boundary(mark);
            units += utf16_len(&text[begin..end]);
            begin = end;
            // No text that fits a browser's memory has more units than this can count.
            table.push(u32::try_from(units).unwrap_or(u32::MAX));
        }
        Self {
            text,
            table,
            utf16_len: units + utf16_len(&text[begin..]),
        }
    }

    /// The UTF-16 index of a UTF-8 one. Inside a character it is the character's beginning, behind the end the end.
    pub fn utf16(&self, utf8: usize) -> usize {
        if utf8 >= self.text.len() {
            return self.utf16_len;
        }
        let Some(&units) = self.table.get(utf8 / STEP) else {
            return utf8;
        };
        let from = self.text.floor_char_boundary(utf8 / STEP * STEP);
        units as usize + utf16_len(&self.text[from..self.text.floor_char_boundary(utf8)])
    }

    /// The UTF-8 index of a UTF-16 one. Inside a character it is the character's beginning, behind the end the end.
    pub fn utf8(&self, utf16: usize) -> usize {
        if utf16 >= self.utf16_len {
            return self.text.len();
        }
        let after = self.table.partition_point(|&units| units as usize <= utf16);
        let Some(entry) = after.checked_sub(1) else {
            return utf16;
        };
        let from = self.text.floor_char_boundary(entry * STEP);
        let mut units = self.table[entry] as usize;
        for (at, character) in self.text[from..].char_indices() {
            units += character.len_utf16();
            if units > utf16 {
                return from + at;
            }
        }
        self.text.len()
    }

    /// How long the text is for JavaScript.
    pub fn utf16_len(&self) -> usize {
        self.utf16_len
    }
}

/// Each character is one unit, and those of four bytes are two.
fn utf16_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0))
        .sum()
}
