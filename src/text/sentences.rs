//! Text to sentences: UAX #29, and what it lacks: abbreviations, initials, ellipses, lists, wrapped lines, emoji.
//!
//! Nothing outside a paragraph decides on a sentence in it, and little outside its own lines does. A long paragraph is
//! read in `blocks`.

use std::collections::HashMap;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::abbreviations::is_exclaimed;
use super::before::{WordBefore, ends_before};
use super::blocks::blocks;
use super::chars::{
    blanks, emoji_run, emoticon, is_closer, is_emoji, is_full_stop, is_line_break, is_opener,
    is_stop, space,
};
use super::lines::{goes_on_in_next, line_end};
use super::lists::{Kind, is_round, marker};
use super::next::{Begins, Next};

/// The sentences of `text`, as ranges of bytes, in order. They begin and end with a character that is not blank, and
/// between them there are only blanks.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    Segmenter::default().sentences(text)
}

/// Finds sentences, and remembers those of the last text: where that was edited, only what is around is looked at again.
#[derive(Debug, Clone, Default)]
pub struct Segmenter {
    text: String,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
struct Block {
    /// Where it is, in bytes of the text.
    range: Range<usize>,
    /// Its sentences, in bytes of the block.
    sentences: Vec<Range<usize>>,
}

impl Segmenter {
    /// As [`sentences`].
    pub fn sentences(&mut self, text: &str) -> Vec<Range<usize>> {
        let ranges = blocks(text);
        let mut before = std::mem::take(&mut self.blocks);
        // Bytes are compared from both ends, which is many times faster than hashing them.
        let is_same = |(old, new): &(&Block, &Range<usize>)| {
            self.text.as_bytes()[old.range.clone()] == text.as_bytes()[(*new).clone()]
        };
        let front = before.iter().zip(&ranges).take_while(is_same).count();
        let ends = before[front..]
            .iter()
            .rev()
            .zip(ranges[front..].iter().rev());
        let back = ends.take_while(is_same).count();
        let behind = before.split_off(before.len() - back);
        before.truncate(front);

        // A text that repeats itself is read once.
        let mut read: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
        let changed = ranges[front..ranges.len() - back].iter().map(|range| {
            let block = &text[range.clone()];
            let sentences = read
                .entry(block)
                .or_insert_with(|| sentences_of_block(block));
            sentences.clone()
        });
        let changed: Vec<_> = changed.collect();
        let kept = |block: Block| block.sentences;
        let all = before.into_iter().map(kept).chain(changed);
        let all = all.chain(behind.into_iter().map(kept));
        let block = |(range, sentences)| Block { range, sentences };
        self.blocks = ranges.into_iter().zip(all).map(block).collect();
        text.clone_into(&mut self.text);

        let places = self.blocks.iter().flat_map(|Block { range, sentences }| {
            let place = |it: &Range<usize>| range.start + it.start..range.start + it.end;
            sentences.iter().map(place)
        });
        places.collect()
    }
}

fn sentences_of_block(block: &str) -> Vec<Range<usize>> {
    let mut places = Scanner::new(block).run();
    // Those of UAX #29 come after the others of their stretch. Two rising rows: this takes linear time.
    places.sort_by_key(|place| place.end);
    let mut splitter = Splitter::new(block);
    for place in places {
        splitter.look_at(&place);
    }
    splitter.finish();
    splitter.found
}

/// A place where a sentence may end.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Behind what belongs to the sentence: stops, closing quotes, emoji.
    end: usize,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Stop(Stop),
    /// An emoji that begins at this index.
    Emoji(usize),
    /// A mark of a list within a line comes next.
    Item(Kind),
    /// A line ends that begins at this index.
    Line(usize),
}

/// Marks that may end a sentence: `?!`, `...`, `. . .`
#[derive(Debug, Clone, Copy)]
struct Stop {
    from: usize,
    /// The end of the marks; quotes and brackets may follow up to the place's end.
    to: usize,
}

/// Collects the places of one paragraph.
struct Scanner<'a> {
    block: &'a str,
    places: Vec<Place>,
}

impl<'a> Scanner<'a> {
    fn new(block: &'a str) -> Self {
        Self {
            block,
            places: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Place> {
        let block = self.block;
        // Where UAX #29 has not looked yet, where the line begins, and the end of what is not blank.
        let (mut stretch, mut line, mut solid) = (0, 0, 0);
        let mut at = 0;
        let mut previous = '\n';
        while let Some(c) = block[at..].chars().next() {
            let rest = &block[at..];
            let after_blank = previous.is_whitespace();
            let mut next = at + c.len_utf8();
            if is_full_stop(c) {
                self.uax29(stretch..at);
                let place = full_stop(block, at);
                next = place.end;
                self.places.push(place);
                stretch = next;
                solid = next;
            } else if is_line_break(c) {
                next = line_end(block, at).1;
                self.push(solid, What::Line(line));
                line = next;
            } else if is_emoji(c) || after_blank && emoticon(rest) > 0 {
                next = at + emoji_run(rest).max(c.len_utf8());
                self.push(next, What::Emoji(at));
                solid = next;
            } else if !c.is_whitespace() {
                if after_blank && let Some(mark) = inline_mark(c, rest) {
                    self.push(solid, What::Item(mark));
                }
                solid = next;
            }
            previous = block[..next].chars().next_back().unwrap_or(c);
            at = next;
        }
        self.uax29(stretch..block.len());
        self.places
    }

    fn push(&mut self, end: usize, what: What) {
        self.places.push(Place { end, what });
    }

    /// What UAX #29 finds between two full stops. It sees none of those: they are judged here, and its own look at
    /// what comes behind them takes quadratic time in unicode-segmentation 1.13.
    fn uax29(&mut self, stretch: Range<usize>) {
        let text = &self.block[stretch.clone()];
        // Most stretches of most texts.
        if text.bytes().all(|b| b.is_ascii() && b != b'!' && b != b'?') {
            return;
        }
        for (at, piece) in text.split_sentence_bound_indices() {
            // UAX #29 takes opening quotes and brackets for closing ones: 。《
            let is_open = |c| is_opener(c) && !is_closer(c);
            let whole = piece.trim_end().trim_end_matches(is_open).trim_end();
            let bare = whole.trim_end_matches(is_closer);
            let is_inner = at + piece.len() < text.len() && !piece.ends_with(is_line_break);
            if bare.ends_with(is_stop) || is_inner && !bare.is_empty() {
                let begin = stretch.start + at;
                let marks = bare.trim_end_matches(is_stop).len();
                let last = bare.chars().next_back().map_or(0, char::len_utf8);
                let stop = Stop {
                    from: begin + marks.min(bare.len() - last),
                    to: begin + bare.len(),
                };
                self.push(closed_at(self.block, stop.to), What::Stop(stop));
            }
        }
    }
}

/// The mark of a list that may begin within a line.
fn inline_mark(first: char, rest: &str) -> Option<Kind> {
    let may = first.is_ascii_alphanumeric() || first == '(' || is_round(first);
    let kind = if may { marker(rest)?.kind } else { return None };
    kind.works_inline().then_some(kind)
}

/// The full stops, further marks and closing characters from `at` on.
fn full_stop(block: &str, at: usize) -> Place {
    let mut to = at;
    loop {
        let rest = &block[to..];
        let marks = rest.len() - rest.trim_start_matches(is_stop).len();
        to += marks;
        // `. . .`, but not `the .NET runtime`
        let gap = blanks(&block[to..]);
        let mut then = block[to + gap..].chars();
        let is_spaced = gap > 0
            && then.next().is_some_and(is_full_stop)
            && !then.next().is_some_and(char::is_alphanumeric);
        if !is_spaced {
            break;
        }
        to += gap;
    }
    let mut end = closed_at(block, to);
    // A reference: `as was shown.[12]`
    if block[end..].starts_with('[') {
        let inside = &block[end + 1..];
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && inside[digits..].starts_with(']') {
            end += digits + 2;
        }
    }
    Place {
        end,
        what: What::Stop(Stop { from: at, to }),
    }
}

/// The end of the quotes and brackets that close behind `at`. What closes in one language opens in another: before a
/// letter it opens.
fn closed_at(block: &str, at: usize) -> usize {
    let mut rest = block[at..].char_indices().peekable();
    while let Some((after, c)) = rest.next() {
        let next = rest.peek().map(|&(_, next)| next);
        let opens = matches!(c, '“' | '‘' | '»' | '›' | '«' | '‹')
            && next.is_some_and(char::is_alphanumeric);
        if opens || !is_closer(c) {
            return at + after;
        }
    }
    block.len()
}

/// Goes through the places of one paragraph and decides.
struct Splitter<'a> {
    block: &'a str,
    found: Vec<Range<usize>>,
    /// Where the current sentence begins, and its first word behind list marks and opening quotes.
    start: usize,
    content: usize,
    /// The last mark of the list that is being read.
    list: Option<Kind>,
}

impl<'a> Splitter<'a> {
    fn new(block: &'a str) -> Self {
        let mut splitter = Self {
            block,
            found: Vec::new(),
            start: 0,
            content: 0,
            list: None,
        };
        splitter.begin(0, true);
        splitter
    }

    /// A sentence begins behind the blanks at `from`.
    fn begin(&mut self, from: usize, at_line_start: bool) {
        let block = self.block;
        self.start = from + space(&block[from..]);
        self.content = self.start;
        let rest = &block[self.start..];
        if let Some(mark) = marker(rest) {
            let follows = self.list.is_some_and(|list| mark.kind.follows(list));
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            if at_line_start || follows || is_number {
                self.content += mark.len;
            }
            if at_line_start || follows {
                self.list = Some(mark.kind);
            }
        }
        self.content += self.block[self.content..]
            .find(|c| !is_opener(c) && !is_closer(c))
            .unwrap_or(0);
    }

    fn end(&mut self, end: usize) {
        self.found.push(self.start..end);
        let gap = &self.block[end..];
        let gap = &gap[..space(gap)];
        self.begin(end, gap.contains(is_line_break));
    }

    fn finish(&mut self) {
        let end = self.block.trim_end().len();
        if self.start < end {
            self.found.push(self.start..end);
        }
    }

    fn look_at(&mut self, place: &Place) {
        // Part of the sentence before, as an emoji behind its stop.
        if place.end <= self.start {
            return;
        }
        let end = match place.what {
            What::Stop(stop) => self.stop(stop, place.end),
            What::Emoji(from) => self.emoji(from, place.end),
            What::Item(kind) => self
                .list
                .is_some_and(|list| kind.follows(list))
                .then_some(place.end),
            What::Line(line) => self.line(line, place.end),
        };
        if let Some(end) = end {
            self.end(end);
        }
    }

    /// Where the sentence ends that has a stop here; `None` if it goes on.
    fn stop(&self, stop: Stop, end: usize) -> Option<usize> {
        let block = self.block;
        // A mark of a list, or marks and nothing else.
        if stop.from <= self.content {
            return None;
        }
        let closed = stop.to < end;
        let end = spaced_closer(block, end);
        // Emoji behind the stop belong to the sentence.
        let gap = blanks(&block[end..]);
        let emoji = emoji_run(&block[end + gap..]);
        let end = if emoji > 0 { end + gap + emoji } else { end };
        let next = Next::of(&block[end..], emoji > 0);
        let before = WordBefore::of(block, self.content, stop.from);

        let marks = &block[stop.from..stop.to];
        match next.begins {
            Begins::Nothing | Begins::Item => return Some(end),
            Begins::Rest => return None,
            _ => {}
        }
        // `[...]`, `(!)`
        if closed && before.text.is_empty() && block[..stop.from].ends_with(['(', '[']) {
            return None;
        }
        if next.is_inverted && next.gap {
            return Some(end);
        }
        let after_mark = block[..stop.from].ends_with(|c| is_stop(c) && !is_full_stop(c));
        let ends = if after_mark || !marks.chars().all(|c| is_full_stop(c) || c.is_whitespace()) {
            ends_with_mark(marks, closed, &before, &next)
        } else if dots(marks) > 1 {
            ends_with_ellipsis(marks, &before, &next)
        } else {
            ends_before(&before, closed, &next)
        };
        ends.then_some(end)
    }

    /// An emoji ends a sentence of two words or more, where a capital follows.
    fn emoji(&self, from: usize, end: usize) -> Option<usize> {
        const ENOUGH: usize = 64;
        let head = self.block.get(self.content..from)?;
        let beginning = &head[..head.floor_char_boundary(ENOUGH)];
        let is_long = beginning.len() < head.len() || beginning.split_whitespace().nth(1).is_some();
        let next = Next::of(&self.block[end..], true);
        let ends = match next.begins {
            Begins::Nothing => true,
            Begins::Capital => is_long,
            Begins::Caseless => is_long && self.block[end..].starts_with(char::is_whitespace),
            _ => false,
        };
        ends.then_some(end)
    }

    fn line(&self, line: usize, end: usize) -> Option<usize> {
        // More than a typing error.
        const INDENTED: usize = 2;
        let block = self.block;
        let next = end + space(&block[end..]);
        if next == block.len() {
            return None;
        }
        let indent = next - line_end(block, end).1;
        let next = block[next..line_end(block, next).0].trim_end();
        let line = &block[line + space(&block[line..])..end];
        // `- an item` and its second line.
        let is_item = self.list.is_some() && self.content > self.start;
        let wraps =
            goes_on_in_next(line, next) || is_item && indent >= INDENTED && marker(next).is_none();
        (!wraps).then_some(end)
    }
}

/// `« C’est bon. »`: French sets a space before the closing quote. German »quotes« open with the same one.
fn spaced_closer(block: &str, end: usize) -> usize {
    let rest = &block[end..];
    let gap = blanks(rest);
    let quote = &rest[gap..];
    if gap == 0 || !quote.starts_with(['»', '›']) {
        return end;
    }
    let mut behind = quote.chars();
    behind.next();
    match behind.next() {
        Some(c) if c.is_alphanumeric() || is_opener(c) => end,
        _ => end + gap + '»'.len_utf8(),
    }
}

fn dots(marks: &str) -> usize {
    let dots = |c| match c {
        '…' => 3,
        '‥' => 2,
        _ => usize::from(is_full_stop(c)),
    };
    marks.chars().map(dots).sum()
}

/// `!`, `?` and their like in all scripts.
fn ends_with_mark(marks: &str, closed: bool, before: &WordBefore, next: &Next) -> bool {
    if !marks.is_ascii() {
        // 「すごい。」と言った
        return !(closed && !next.gap && next.is_speech());
    }
    let is_name = marks == "!" && !closed && is_exclaimed(&before.text.to_lowercase());
    match next.begins {
        // `foo?.bar`, `a?b=1`, but `Wow!Great`
        Begins::Capital if !next.gap => before.letters() > 1 && !before.is_in_address(),
        Begins::Caseless if !next.gap => !before.is_in_address(),
        _ if !next.gap => false,
        Begins::Small => !closed && !is_name,
        Begins::Capital => !is_name || next.is_starter(),
        _ => true,
    }
}

fn ends_with_ellipsis(marks: &str, before: &WordBefore, next: &Next) -> bool {
    match next.begins {
        Begins::Capital if !next.gap => before.letters() > 0 && next.is_word(),
        _ if !next.gap => false,
        Begins::Small => false,
        // `the thing is . . . I didn't mean it`
        Begins::Capital => !(dots(marks) == 3 && marks.contains(' ') && before.is_apart),
        Begins::Digit => !before.is_apart,
        _ => true,
    }
}
