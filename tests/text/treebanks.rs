//! Sentence boundaries against those of Universal Dependencies, which this repository does not hold. By hand:
//! `TREEBANKS=folder cargo test --no-default-features --test text treebanks -- --ignored --nocapture` with `.conllu`
//! files in the folder.

use std::collections::HashSet;
use std::{env, fs};

use live_sentiment::text::sentences::sentences;

/// The sentences of a treebank, joined as they stood: `between` where it has a blank, and a blank line between paragraphs.
/// Headings and addresses, which no mark ends, stood in lines of their own, which the treebanks do not tell.
fn read(conllu: &str, between: &str) -> (String, Vec<usize>) {
    let (mut text, mut ends) = (String::new(), Vec::new());
    let mut space = String::new();
    for line in conllu.lines() {
        let new_paragraph = line.starts_with("# newpar") || line.starts_with("# newdoc");
        if new_paragraph && !text.is_empty() {
            "\n\n".clone_into(&mut space);
        } else if let Some(sentence) = line.strip_prefix("# text = ") {
            text += &space;
            text += sentence.trim();
            ends.push(text.len());
            between.clone_into(&mut space);
        } else if line.contains("SpaceAfter=No") {
            space.clear();
        } else if line.starts_with(|c: char| c.is_ascii_digit()) {
            between.clone_into(&mut space);
        }
    }
    (text, ends)
}

/// Puts line breaks in the place of blanks, so that no line has more than 72 characters if it can be helped.
fn wrapped(text: &str) -> String {
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let length = word.chars().count();
        if column + length > 73 && wrapped.ends_with(' ') {
            wrapped.pop();
            wrapped.push('\n');
            column = 0;
        }
        wrapped += word;
        column = if word.ends_with('\n') {
            0
        } else {
            column + length
        };
    }
    wrapped
}

#[test]
#[ignore = "needs treebanks"]
fn treebanks() {
    let folder = env::var("TREEBANKS").expect("TREEBANKS names a folder");
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let conllu = fs::read_to_string(entry.path()).expect("a text");
        for (between, wraps) in [(" ", false), (" ", true), ("\n", false)] {
            let (text, expected) = read(&conllu, between);
            let text = if wraps { wrapped(&text) } else { text };
            let expected: HashSet<_> = expected.into_iter().collect();
            let found: HashSet<_> = sentences(&text).iter().map(|range| range.end).collect();
            let right = expected.intersection(&found).count() as f64;
            let (precision, recall) = (right / found.len() as f64, right / expected.len() as f64);
            let f1 = 2.0 * precision * recall / (precision + recall);
            println!(
                "{:?} joined by {between:?}, wrapped {wraps}: F1 {f1:.4}, precision {precision:.4}, recall {recall:.4}",
                entry.file_name()
            );
            if env::var("SHOW").is_ok() {
                let around = |at: usize| {
                    let from = text.floor_char_boundary(at.saturating_sub(50));
                    let to = text.ceil_char_boundary((at + 30).min(text.len()));
                    format!("{:?} | {:?}", &text[from..at], &text[at..to])
                };
                let mut wrong: Vec<_> = expected.symmetric_difference(&found).collect();
                wrong.sort();
                for &at in wrong {
                    println!(
                        "{} {}",
                        if found.contains(&at) {
                            "false"
                        } else {
                            "lacks"
                        },
                        around(at)
                    );
                }
            }
        }
    }
}
