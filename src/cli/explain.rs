//! `live-sentiment explain`: the reasons of verdicts, word by word.

use clap::Args;
use serde::Serialize;

use super::texts::Input;
use super::{Loaded, Model, Result, json};
use crate::explain::{Occlusion, Reason};
use crate::text::Offsets;

/// Say which words carry the verdict, for texts from standard input
///
/// Writes one JSON object per text, in the order of the input:
///
///   {"sentences": [{"start": 0, "end": 18, "label": "negative", "score": 0.98, "words": [{"start": 4, "end": 8, "text":
///   "food", "weight": 0.01}, {"start": 13, "end": 17, "text": "cold", "weight": 0.61}]}]}
///
/// Each sentence is explained by itself. `weight` is what the probability of its label loses when the word is left out:
/// positive for a word that speaks for the label, negative for one that speaks against it. A negation and the word that
/// it negates are one. `start` and `end` count UTF-16 code units of the text, as JavaScript does.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    input: Input,
}

#[derive(Debug, Serialize)]
struct Explained<'a> {
    sentences: Vec<Sentence<'a>>,
}

#[derive(Debug, Serialize)]
struct Sentence<'a> {
    start: usize,
    end: usize,
    label: &'a str,
    score: f32,
    words: Vec<Word<'a>>,
}

#[derive(Debug, Serialize)]
struct Word<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    weight: f32,
}

pub(super) fn run(options: &Options) -> Result {
    let model = options.model.load()?;
    options.input.each(|text| explain(&model, text))
}

fn explain(model: &Loaded<'_>, text: &str) -> Result<String> {
    let document = model.read(text)?;
    let views: Vec<_> = document
        .view()
        .filter_map(|view| {
            let verdict = view.verdict?;
            let score = verdict
                .scores
                .get(verdict.label)
                .copied()
                .unwrap_or_default();
            Some((view.start, view.end, view.text, verdict.label, score))
        })
        .collect();
    let mut occlusions: Vec<_> = views
        .iter()
        .map(|&(_, _, text, label, score)| Occlusion::new(text, label, score))
        .collect();
    let variants: Vec<&str> = occlusions
        .iter()
        .flat_map(|occlusion| occlusion.variants().iter().map(String::as_str))
        .collect();
    let mut predictions = model.classify_all(&variants, || ())?.into_iter();
    let mut sentences = Vec::with_capacity(views.len());
    for (occlusion, &(start, end, text, label, score)) in occlusions.iter_mut().zip(&views) {
        for index in 0..occlusion.variants().len() {
            if let Some(prediction) = predictions.next() {
                occlusion.answer(index, &prediction.scores);
            }
        }
        let offsets = Offsets::new(text);
        let reasons = occlusion.reasons().unwrap_or_default();
        let word = |reason: Reason| Word {
            start: start + reason.start,
            end: start + reason.end,
            text: text
                .get(offsets.utf8(reason.start)..offsets.utf8(reason.end))
                .unwrap_or_default(),
            weight: reason.weight,
        };
        sentences.push(Sentence {
            start,
            end,
            label: model.label(label).unwrap_or_default(),
            score,
            words: reasons.into_iter().map(word).collect(),
        });
    }
    json(&Explained { sentences })
}
