//! `live-sentiment classify`: classifies texts from standard input, writes JSON Lines to standard output.

use clap::Args;
use serde::Serialize;

use super::texts::Input;
use super::{Loaded, Model, Result, json};
use crate::document::{Document, Rule, Tone};

/// Classify texts from standard input, one per line
///
/// Writes one JSON object per text, as soon as it is classified, in the order of the input:
///
///   {"label": "positive", "scores": [0.01, 0.04, 0.95], "logits": [-2.5, -0.9, 2.1], "tokens": 9, "truncated": false}
///
/// `scores` (probabilities) and `logits` are in the order of the model's labels, which `live-sentiment inspect` shows.
/// `tokens` is the number of tokens given to the model, special tokens included. `truncated` is true if the text
/// exceeded the model's maximum length and its end was ignored. For a blank text `label` is null, and the scores are
/// meaningless.
///
/// With --sentences a text of any length is read completely, sentence by sentence:
///
///   {"label": "mixed", "scores": [0.48, 0.05, 0.47], "mixed": true, "sentences": [{"start": 0, "end": 17, "label":
///   "positive", "score": 0.96, "scores": [0.01, 0.03, 0.96]}, …]}
///
/// `label` is "mixed" if negative and positive sentences both have a fair share of the text. `start` and `end` count
/// UTF-16 code units, as JavaScript does.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    input: Input,
    /// Read each text sentence by sentence
    #[arg(long)]
    sentences: bool,
}

/// One line of the output. The names are part of the command's interface.
#[derive(Debug, Serialize)]
struct Classified<'a> {
    label: Option<&'a str>,
    scores: &'a [f32],
    logits: &'a [f32],
    tokens: usize,
    truncated: bool,
}

/// One line of the output with `--sentences`.
#[derive(Debug, Serialize)]
struct Analyzed<'a> {
    label: Option<&'a str>,
    scores: &'a [f32],
    mixed: bool,
    sentences: Vec<Sentence<'a>>,
}

#[derive(Debug, Serialize)]
struct Sentence<'a> {
    start: usize,
    end: usize,
    label: &'a str,
    score: f32,
    scores: &'a [f32],
}

pub(super) fn run(options: &Options) -> Result {
    let model = options.model.load()?;
    let answer = if options.sentences { analyze } else { classify };
    options.input.each(|text| answer(&model, text))
}

fn classify(model: &Loaded<'_>, text: &str) -> Result<String> {
    let prediction = model.classify(text)?;
    let label = model.label(prediction.label);
    json(&Classified {
        label: label.filter(|_| !prediction.tokens.is_empty()),
        scores: &prediction.scores,
        logits: &prediction.logits,
        tokens: prediction.token_count,
        truncated: prediction.truncated_at.is_some(),
    })
}

fn analyze(model: &Loaded<'_>, text: &str) -> Result<String> {
    let document = model.read(text)?;
    let info = model.info();
    let summary = document.summary(&info.labels, info.multi_label, &Rule::default());
    let label = match summary.tone {
        Some(Tone::Mixed) => Some("mixed"),
        Some(Tone::Class(class)) => model.label(class),
        None => None,
    };
    json(&Analyzed {
        label,
        scores: &summary.scores,
        mixed: summary.tone == Some(Tone::Mixed),
        sentences: sentences(model, &document),
    })
}

fn sentences<'a>(model: &'a Loaded<'_>, document: &'a Document) -> Vec<Sentence<'a>> {
    let read = document
        .view()
        .filter_map(|view| Some((view.start, view.end, view.verdict?)));
    read.map(|(start, end, verdict)| Sentence {
        start,
        end,
        label: model.label(verdict.label).unwrap_or_default(),
        score: verdict
            .scores
            .get(verdict.label)
            .copied()
            .unwrap_or_default(),
        scores: &verdict.scores,
    })
    .collect()
}
