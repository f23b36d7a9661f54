//! Which row is the header, and which column holds what: guessed by the cells, for a person to correct.

use super::dates::{self, Order};
use crate::text::words::words;
use crate::types::table::Roles;

/// Names that columns of texts have, as a word of their heading.
const TEXT_NAMES: [&str; 34] = [
    "answer",
    "body",
    "comment",
    "comments",
    "content",
    "description",
    "feedback",
    "message",
    "note",
    "notes",
    "opinion",
    "post",
    "remark",
    "remarks",
    "response",
    "review",
    "sentence",
    "text",
    "tweet",
    "verbatim",
    "kommentar",
    "antwort",
    "bewertung",
    "nachricht",
    "comentario",
    "opinión",
    "reseña",
    "texto",
    "commentaire",
    "avis",
    "texte",
    "commento",
    "recensione",
    "testo",
];
const LABEL_NAMES: [&str; 7] = [
    "label",
    "sentiment",
    "polarity",
    "class",
    "category",
    "target",
    "gold",
];

/// A group has no more values than this among the rows looked at, and fewer than a third of them.
const MAX_GROUPS: usize = 30;

/// Characters of a cell that are looked at.
const MAX_LOOKED_AT: usize = 400;

/// What a cell looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Empty,
    Number,
    Date,
    /// An address, a mail address, an id: something without blanks that is no word.
    Code,
    /// One word or a few.
    Phrase,
    /// Something one reads.
    Prose,
}

pub(super) fn shape(cell: &str) -> Shape {
    let cell = cell.trim();
    // The beginning tells.
    let cell = match cell.char_indices().nth(MAX_LOOKED_AT) {
        Some((end, _)) => &cell[..end],
        None => cell,
    };
    if cell.is_empty() {
        return Shape::Empty;
    }
    let is_date = dates::day(cell, Order::DayFirst).is_some()
        || dates::day(cell, Order::MonthFirst).is_some();
    if is_date && cell.len() <= 35 {
        return Shape::Date;
    }
    if is_number(cell) {
        return Shape::Number;
    }
    let has_digit_or_sign =
        |c: char| c.is_ascii_digit() || matches!(c, '@' | '/' | '_' | '#' | '\\');
    if !cell.contains(char::is_whitespace) && cell.is_ascii() && cell.contains(has_digit_or_sign) {
        return Shape::Code;
    }
    // Words are longer or shorter; scripts without blanks have many in a row.
    let count = words(cell).len();
    if count >= 4 || (cell.len() >= 30 && count >= 3) {
        Shape::Prose
    } else {
        Shape::Phrase
    }
}

/// Whether a cell is a number as people write them: `1,234.5`, `1.234,5`, `12 %`, `€ 3`.
fn is_number(cell: &str) -> bool {
    let rest = cell.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '%' | '€' | '$' | '£' | '+' | '-')
    });
    rest.contains(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| {
            c.is_ascii_digit()
                || matches!(
                    c,
                    '.' | ',' | '\u{a0}' | '\u{202f}' | ':' | 'e' | 'E' | '-' | '+'
                )
        })
}

/// Whether the first of `rows` names the columns.
pub fn has_header(rows: &[Vec<String>]) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    let is_name = |cell: &String| {
        let is_short = cell.chars().count() <= 60 && !cell.trim_end().ends_with(['.', '!', '…']);
        is_short && !matches!(shape(cell), Shape::Number | Shape::Date)
    };
    let named = first.iter().filter(|cell| !cell.trim().is_empty()).count();
    if named == 0 || !first.iter().all(is_name) {
        return false;
    }
    if first
        .iter()
        .any(|cell| is_known(cell, &TEXT_NAMES) || is_known(cell, &LABEL_NAMES))
    {
        return true;
    }
    if rest.is_empty() {
        // Names and nothing else, or one row of words: several short cells are names.
        return first.len() > 1 && named == first.len();
    }
    // A column whose cells are all of one shape, or long, under a cell that is not.
    let tells = |(column, name): (usize, &String)| {
        let cells = || {
            rest.iter()
                .filter_map(|row| row.get(column))
                .filter(|cell| !cell.trim().is_empty())
        };
        let count = cells().count();
        if count == 0 || name.trim().is_empty() {
            return 0;
        }
        let shapes = |wanted: Shape| cells().filter(|cell| shape(cell) == wanted).count();
        let typed = shapes(Shape::Number) + shapes(Shape::Date) + shapes(Shape::Code);
        let length = cells().map(|cell| cell.chars().count()).sum::<usize>() / count;
        let is_repeated = cells().any(|cell| cell == name);
        let name_is_code = shape(name) == Shape::Code && !name.contains('_');
        match () {
            () if is_repeated => -1,
            () if typed * 10 >= count * 8 && !name_is_code => 2,
            () if shapes(Shape::Prose) * 2 >= count && shape(name) != Shape::Prose => 1,
            () if length >= 3 * name.chars().count().max(4) => 1,
            () => 0,
        }
    };
    first.iter().enumerate().map(tells).sum::<i32>() > 0
}

/// Whether a heading has one of `names` as a word.
fn is_known(heading: &str, names: &[&str]) -> bool {
    let lower = heading.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| names.contains(&word))
}

/// What the columns under `names` are, by some of their rows.
pub fn guess(names: &[String], rows: &[Vec<String>]) -> Roles {
    let cells = |column: usize| {
        rows.iter()
            .map(move |row| row.get(column).map_or("", String::as_str))
    };
    let name = |column: usize| names.get(column).map_or("", String::as_str);
    let text = (0..names.len())
        .map(|column| {
            (
                column,
                prose(cells(column), is_known(name(column), &TEXT_NAMES)),
            )
        })
        .filter(|&(_, score)| score > 0.0)
        // The first of equals.
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(column, _)| column);
    let others = || (0..names.len()).filter(|&column| Some(column) != text);
    let share = |column: usize, wanted: Shape| {
        let shapes = || {
            cells(column)
                .map(shape)
                .filter(|&shape| shape != Shape::Empty)
        };
        let count = shapes().count();
        count > 0 && shapes().filter(|&shape| shape == wanted).count() * 10 >= count * 8
    };
    let distinct = |column: usize| {
        let mut all: Vec<_> = cells(column)
            .filter(|cell| !cell.trim().is_empty())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        (all.len(), count)
    };
    let date = others().find(|&column| share(column, Shape::Date));
    let label = others().find(|&column| {
        let (distinct, count) = distinct(column);
        is_known(name(column), &LABEL_NAMES) && (distinct <= 10 || distinct * 4 <= count)
    });
    let group = others().find(|&column| {
        let (distinct, count) = distinct(column);
        let is_group = (2..=MAX_GROUPS).contains(&distinct) && distinct * 3 <= count;
        is_group && Some(column) != date && Some(column) != label && share(column, Shape::Phrase)
    });
    Roles {
        text,
        group,
        date,
        label,
    }
}

/// How much a column looks like texts that people wrote: their mean length, as far as they are prose.
fn prose<'a>(cells: impl Iterator<Item = &'a str>, has_name: bool) -> f64 {
    let (mut length, mut fit, mut count) = (0.0, 0.0, 0);
    for cell in cells {
        let shape = shape(cell);
        if shape == Shape::Empty {
            continue;
        }
        count += 1;
        fit += match shape {
            Shape::Prose => 1.0,
            Shape::Phrase => 0.25,
            _ => 0.0,
        };
        length += cell.chars().take(MAX_LOOKED_AT).count() as f64;
    }
    if count == 0 {
        return 0.0;
    }
    let count = f64::from(count);
    fit / count * (length / count) * if has_name { 3.0 } else { 1.0 }
}
