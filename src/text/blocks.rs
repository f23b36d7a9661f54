//! Long paragraphs in blocks. No sentence reaches from one block into another, and where they end depends on a few words
//! only: so an edit leaves all other blocks as they are, even where a paragraph has a megabyte.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::abbreviations::{is_never_last, stands_anywhere};
use super::lines::{goes_on_in_next, line_end, paragraphs};

/// How many bytes on both sides of a full stop choose it.
const AROUND: usize = 6;

/// Shorter paragraphs are one block, in bytes.
const LONG: usize = 16_384;

/// A block ends at one of so many places where a sentence certainly ends: chosen by the words around, so that an edit moves no
/// other. Where a text repeats itself and none is chosen, it ends at the first such place behind [`LONG`].
const ONE_OF: u64 = 16;

/// The blocks of `text`: byte ranges in order, with nothing but blanks between them.
pub(super) fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        if paragraph.len() < LONG {
            found.push(paragraph);
            continue;
        }
        let mut start = paragraph.start;
        let mut line = start;
        while line < paragraph.end {
            let (end, next) = line_end(&text[..paragraph.end], line);
            for stop in full_stops(text, line..end) {
                if stop - start > LONG || is_chosen(&text.as_bytes()[stop - AROUND..stop + AROUND])
                {
                    found.push(start..stop);
                    start = stop;
                }
            }
            if next < paragraph.end
                && (next - start > LONG
                    || is_chosen(first_line(&text[next..paragraph.end]).as_bytes()))
                && is_sure_line_end(&text[start.max(line)..end], &text[next..paragraph.end])
            {
                found.push(start..end);
                start = next;
            }
            line = next;
        }
        if !text[start..paragraph.end].trim().is_empty() {
            found.push(start..paragraph.end);
        }
    }
    found
}

/// Places behind a full stop that follows a plain word and precedes another: `the house. When`.
fn full_stops(text: &str, line: Range<usize>) -> impl Iterator<Item = usize> {
    const LEAST_LETTERS: usize = 4;
    let bytes = text.as_bytes();
    // Room for what is looked at on both sides.
    let places = line.start + AROUND..line.end.saturating_sub(AROUND).max(line.start + AROUND);
    places.filter_map(move |at| {
        if bytes[at] != b'.'
            || bytes[at + 1] != b' '
            || !bytes[at + 2].is_ascii_uppercase()
            || !bytes[at + 3].is_ascii_lowercase()
        {
            return None;
        }
        let letters = bytes[line.start..at].iter().rev();
        let letters = letters.take_while(|b| b.is_ascii_lowercase()).count();
        let word = text.get(at - letters..at)?;
        let is_plain = letters >= LEAST_LETTERS
            && bytes.get(at.wrapping_sub(letters + 1)) == Some(&b' ')
            && !is_never_last(word)
            && !stands_anywhere(word);
        is_plain.then_some(at + 1)
    })
}

fn first_line(text: &str) -> &str {
    &text[..line_end(text, 0).0]
}

/// Whether a line certainly ends its sentence. `rest` begins with the next line.
fn is_sure_line_end(line: &str, rest: &str) -> bool {
    let next = first_line(rest);
    // A second line of an item may stand indented.
    !next.starts_with([' ', '\t'])
        && !line.trim().is_empty()
        && !goes_on_in_next(line.trim(), next.trim())
}

fn is_chosen(around: &[u8]) -> bool {
    let mut hasher = DefaultHasher::new();
    around.hash(&mut hasher);
    hasher.finish().is_multiple_of(ONE_OF)
}
