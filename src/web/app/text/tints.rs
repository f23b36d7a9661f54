//! What lies behind the field: a copy of its text, itself invisible, whose sentences are tinted and whose words are
//! underlined, since a textarea cannot colour a part of its text.
//!
//! After a key only what it changed is laid out again: pieces are compared with those before, from both ends.

use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use crate::document::{ContentHash, Document};
use crate::present::labels::Polarity;
use crate::text::Offsets;
use crate::web::app::current::{Current, Word};
use crate::web::app::reading::Sentence;

/// Longer texts, in bytes, are not laid out twice.
pub(in crate::web::app) const MAX_TINTED: usize = 100_000;

/// Keeps the last line of the copy when it is empty, as the field does.
const LAST_LINE: &str = "\u{200b}";

/// The copy, as it was made last.
#[derive(Default)]
pub(in crate::web::app) struct Tints {
    pieces: Vec<Piece>,
    /// What comes after the last sentence.
    tail: Option<(String, Node)>,
}

/// A sentence, and the blanks before it.
struct Piece {
    content: Content,
    gap: Node,
    span: Element,
    look: Look,
}

/// What is laid out.
#[derive(PartialEq)]
struct Content {
    gap: String,
    hash: ContentHash,
    marks: Vec<Mark>,
}

/// A word to underline, in bytes of its sentence.
#[derive(PartialEq)]
struct Mark {
    start: usize,
    end: usize,
    tone: &'static str,
}

/// What changes no layout.
#[derive(PartialEq, Default, Clone, Copy)]
struct Look {
    tone: Option<&'static str>,
    /// In percent.
    strength: u32,
    is_current: bool,
}

impl Tints {
    /// Makes `mirror` a copy of the document's text.
    pub(in crate::web::app) fn update(
        &mut self,
        mirror: &Element,
        text: &Document,
        sentences: &[Sentence],
        current: Option<&Current>,
    ) {
        let mut end = 0;
        let mut contents = Vec::with_capacity(sentences.len());
        let mut texts = Vec::with_capacity(sentences.len());
        for (index, view) in text.view().enumerate() {
            let is_current =
                |current: &&Current| current.index == index && current.hash == view.hash;
            contents.push(Content {
                gap: text.text()[end..view.range.start].to_owned(),
                hash: view.hash,
                marks: current.filter(is_current).map(marks).unwrap_or_default(),
            });
            texts.push(view.text);
            end = view.range.end;
        }
        self.lay_out(mirror, contents, &texts, &text.text()[end..]);
        let is_alone = sentences.len() < 2;
        for (index, (piece, sentence)) in self.pieces.iter_mut().zip(sentences).enumerate() {
            let is_current = current.is_some_and(|current| current.index == index);
            piece.show(if is_alone {
                Look::default()
            } else {
                Look::of(sentence, is_current)
            });
        }
    }

    /// Empties the copy.
    pub(in crate::web::app) fn clear(&mut self, mirror: &Element) {
        if !self.pieces.is_empty() || self.tail.is_some() {
            mirror.set_text_content(None);
            *self = Self::default();
        }
    }

    /// The element of a sentence.
    pub(in crate::web::app) fn span(&self, index: usize) -> Option<&Element> {
        self.pieces.get(index).map(|piece| &piece.span)
    }

    fn lay_out(&mut self, mirror: &Element, contents: Vec<Content>, texts: &[&str], tail: &str) {
        let is_same = |(piece, content): &(&Piece, &Content)| piece.content == **content;
        let front = self
            .pieces
            .iter()
            .zip(&contents)
            .take_while(is_same)
            .count();
        let (old, new) = (&self.pieces[front..], &contents[front..]);
        let back = old
            .iter()
            .rev()
            .zip(new.iter().rev())
            .take_while(is_same)
            .count();
        let (old_end, new_end) = (self.pieces.len() - back, contents.len() - back);

        let next = self.pieces.get(old_end).map(|piece| piece.gap.clone());
        let next = next.or_else(|| self.tail.as_ref().map(|(_, node)| node.clone()));
        let middle = contents
            .into_iter()
            .zip(texts)
            .skip(front)
            .take(new_end - front);
        let middle: Vec<_> = middle
            .map(|(content, text)| Piece::new(content, text))
            .collect();
        for piece in &middle {
            for node in [&piece.gap, piece.span.as_ref()] {
                _ = mirror.insert_before(node, next.as_ref());
            }
        }
        for piece in self.pieces.splice(front..old_end, middle) {
            for node in [&piece.gap, piece.span.as_ref()] {
                _ = mirror.remove_child(node);
            }
        }
        match &mut self.tail {
            Some((before, _)) if before == tail => {}
            Some((before, node)) => {
                tail.clone_into(before);
                node.set_text_content(Some(&(tail.to_owned() + LAST_LINE)));
            }
            None => {
                let node = text_node(&(tail.to_owned() + LAST_LINE));
                _ = mirror.append_child(&node);
                self.tail = Some((tail.to_owned(), node));
            }
        }
    }
}

impl Piece {
    fn new(content: Content, text: &str) -> Self {
        let span = element("span");
        let mut at = 0;
        for mark in &content.marks {
            let word = element("u");
            word.set_text_content(Some(&text[mark.start..mark.end]));
            _ = word.set_attribute("data-tone", mark.tone);
            _ = span.append_child(&text_node(&text[at..mark.start]));
            _ = span.append_child(&word);
            at = mark.end;
        }
        _ = span.append_child(&text_node(&text[at..]));
        Self {
            gap: text_node(&content.gap),
            content,
            span,
            look: Look::default(),
        }
    }

    fn show(&mut self, look: Look) {
        if self.look == look {
            return;
        }
        self.look = look;
        let set = |name: &str, value: Option<&str>| match value {
            Some(value) => self.span.set_attribute(name, value),
            None => self.span.remove_attribute(name),
        };
        _ = set("data-tone", look.tone);
        _ = set("data-current", look.is_current.then_some(""));
        // By the object model: the page's policy allows no style in an attribute.
        if let Some(span) = self.span.dyn_ref::<HtmlElement>() {
            _ = span
                .style()
                .set_property("--strength", &(look.strength.to_string() + "%"));
        }
    }
}

impl Look {
    fn of(sentence: &Sentence, is_current: bool) -> Self {
        let polarity = sentence
            .polarity()
            .filter(|&polarity| polarity != Polarity::Neutral);
        let confidence = sentence.rating.map_or(0.0, |rating| rating.confidence);
        Self {
            tone: polarity.map(Polarity::name),
            // From just visible at an even chance to clear.
            strength: (10.0 + 36.0 * (confidence - 0.5).max(0.0)) as u32,
            is_current,
        }
    }
}

fn marks(current: &Current) -> Vec<Mark> {
    let offsets = Offsets::new(&current.text);
    let mut words = current.strongest();
    words.sort_by_key(|word| word.start);
    let mark = |word: &Word| Mark {
        start: offsets.utf8(word.start),
        end: offsets.utf8(word.end),
        tone: word.polarity.name(),
    };
    words.into_iter().map(mark).collect()
}

fn text_node(text: &str) -> Node {
    document().create_text_node(text).into()
}

fn element(name: &str) -> Element {
    // Only a name that is none is an error.
    let made = document().create_element(name);
    made.unwrap_or_else(JsCast::unchecked_into)
}
