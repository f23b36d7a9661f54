//! Long paragraphs in blocks. No sentence reaches from one block into another, and where they end depends on a few words
//! only: so an edit leaves all other blocks as they are, even where a paragraph has a megabyte.

use std::ops::Range;

use super::abbreviations::{is_never_last, stands_anywhere};
use super::lines::{goes_on_in_next, line_end, paragraphs};

/// How many bytes on both sides of a full stop choose it.
const AROUND: usize = 6;

/// Shorter paragraphs are one block, in bytes: what a key costs in one is the time that its sentences take.
const LONG: usize = 4_096;

/// A block ends at one of so many places where a sentence certainly ends: chosen by the words around, so that an edit moves no
/// other. Where a text repeats itself and none is chosen, it ends at the first such place behind [`LONG`].
const ONE_OF: u32 = 16;

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
                // What costs most comes last: a megabyte has tens of thousands of stops.
                if (stop - start > LONG
                    || is_chosen(&text.as_bytes()[stop - AROUND..stop + AROUND]))
                    && follows_plain_word(text, line, stop)
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

/// Places behind a full stop that precedes a capitalized word, or `I` and another word: `house. When`, `house. I was`.
fn full_stops(text: &str, line: Range<usize>) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    // Room for what is looked at on both sides.
    let places = line.start + AROUND..line.end.saturating_sub(AROUND).max(line.start + AROUND);
    let is_full_stop = |&at: &usize| {
        bytes[at] == b'.'
            && bytes[at + 1] == b' '
            && match (bytes[at + 2], bytes[at + 3]) {
                (b'I', b' ') => bytes[at + 4].is_ascii_lowercase(),
                (first, second) => first.is_ascii_uppercase() && second.is_ascii_lowercase(),
            }
    };
    places.filter(is_full_stop).map(|at| at + 1)
}

/// Whether the full stop before `stop` follows a plain word of the line that begins at `line`, after which a sentence
/// certainly ends: ` the house.`
fn follows_plain_word(text: &str, line: usize, stop: usize) -> bool {
    const LEAST_LETTERS: usize = 4;
    let (bytes, at) = (text.as_bytes(), stop - 1);
    let letters = bytes[line..at].iter().rev();
    let letters = letters.take_while(|b| b.is_ascii_lowercase()).count();
    letters >= LEAST_LETTERS
        && bytes.get(at.wrapping_sub(letters + 1)) == Some(&b' ')
        && text
            .get(at - letters..at)
            .is_some_and(|word| !is_never_last(word) && !stands_anywhere(word))
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

/// By FNV-1a, whose highest bits depend on all bytes.
fn is_chosen(around: &[u8]) -> bool {
    let mix = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    around.iter().fold(0x811c_9dc5, mix) >> (u32::BITS - ONE_OF.ilog2()) == 0
}
