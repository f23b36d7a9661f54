//! `live-sentiment evaluate`: measures a model on labelled texts.

mod reasons;
mod rules;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;

use super::input::Lines;
use super::{Loaded, Model, Result, Stop, json, progress_bar};
use crate::eval::metrics::{ECE_BINS, Outcome, Report, compared_classes};

/// Measure accuracy, F1 and calibration on labelled texts
///
/// Each file has one JSON object per line: {"text": "…", "label": 2}. A label is the id or the name of one of the
/// model's classes. If the model's classes are negative, neutral and positive, and a file has only negative and
/// positive texts, only these two classes are compared.
///
/// ECE, the expected calibration error, is the distance between the probability of the predicted label and its
/// accuracy, in 15 bins of equal width, weighted by the number of texts in each.
///
/// --rules compares rules for the label of long texts: the first tokens that the model reads, windows of whole sentences
/// averaged, and sentences weighed by length and confidence. --reasons counts how often a label changes without the
/// three words that carry it most, and without three random ones; with --words, how often people agree on which side the
/// strongest word is.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    /// Files with one {"text": …, "label": …} per line
    #[arg(required = true, value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
    /// Use only the first N texts of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Write one JSON object per file instead of tables
    #[arg(long)]
    json: bool,
    /// Compare rules for the label of long texts
    #[arg(long, conflicts_with = "json")]
    rules: bool,
    /// Test the reasons of verdicts
    #[arg(long, conflicts_with_all = ["json", "rules"])]
    reasons: bool,
    /// Words that people have labelled, in the same format
    #[arg(long, requires = "reasons", value_name = "FILE.jsonl")]
    words: Option<PathBuf>,
}

/// One file, read completely, so that a mistake on its last line is reported at once.
struct LabelledTexts {
    name: String,
    examples: Vec<(String, usize)>,
    classes: Vec<usize>,
}

/// The output of `--json` for one file.
#[derive(Debug, Serialize)]
struct FileReport<'a> {
    file: &'a str,
    compared: Vec<&'a str>,
    ece_bins: usize,
    #[serde(flatten)]
    report: Report,
}

pub(super) fn run(options: &Options) -> Result {
    let model = options.model.load()?;
    let labels = &model.info().labels;
    let files = options
        .files
        .iter()
        .map(|path| LabelledTexts::read(path, labels, options.limit))
        .collect::<Result<Vec<_>>>()?;
    let words = match &options.words {
        Some(path) => reasons::read_words(path, labels)?,
        None => HashMap::new(),
    };
    let texts = files.iter().map(|file| file.examples.len());
    let progress = progress_bar(texts.sum(), "texts");
    for file in &files {
        let text = if options.rules {
            rules::table(file, &model, &progress)?
        } else if options.reasons {
            reasons::table(file, &words, &model, &progress)?
        } else if options.json {
            let report = file.evaluate(&model, &progress)?;
            let report = FileReport {
                file: &file.name,
                compared: file
                    .classes
                    .iter()
                    .map(|&class| name_of(labels, class))
                    .collect(),
                ece_bins: ECE_BINS,
                report,
            };
            json(&report)?
        } else {
            table(file, &file.evaluate(&model, &progress)?, labels)
        };
        progress
            .suspend(|| writeln!(io::stdout(), "{text}"))
            .map_err(|error| Stop::output(&error))?;
    }
    progress.finish_and_clear();
    Ok(())
}

impl LabelledTexts {
    fn read(path: &Path, labels: &[String], limit: Option<u64>) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        let mut examples = vec![];
        while let Some(line) = lines.next_line()? {
            if line.is_blank() {
                continue;
            }
            let fields = line.object()?;
            let text = line.text_field(&fields)?.to_owned();
            let Some(label) = fields.get("label") else {
                return Err(line.error("has no field \"label\"."));
            };
            let class = class_of(label, labels).ok_or_else(|| {
                let known: Vec<_> = labels
                    .iter()
                    .enumerate()
                    .map(|(id, name)| format!("{id} ({name})"))
                    .collect();
                line.error(format!(
                    "has the label {label}, which the model lacks: it has {}.",
                    known.join(", ")
                ))
            })?;
            examples.push((text, class));
        }
        let name = path.display().to_string();
        if examples.is_empty() {
            return Err(Stop::failed(format!(
                "{name} is empty. Each line should be like {{\"text\": \"…\", \"label\": 0}}."
            )));
        }
        // Decided by the whole file: its first lines may lack a class by chance.
        let classes = compared_classes(labels, examples.iter().map(|&(_, class)| class));
        examples.truncate(limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }));
        Ok(Self {
            name,
            examples,
            classes,
        })
    }

    fn evaluate(&self, model: &Loaded<'_>, progress: &ProgressBar) -> Result<Report> {
        let texts: Vec<_> = self
            .examples
            .iter()
            .map(|(text, _)| text.as_str())
            .collect();
        let predictions = model.classify_all(&texts, || progress.inc(1))?;
        let mut outcomes = Vec::with_capacity(self.examples.len());
        for (prediction, (_, expected)) in predictions.iter().zip(&self.examples) {
            outcomes.extend(Outcome::restricted_to(
                &self.classes,
                &prediction.scores,
                &prediction.logits,
                *expected,
            ));
        }
        Report::new(&self.classes, &outcomes)
            .ok_or_else(|| Stop::failed(format!("{} has no texts.", self.name)))
    }
}

/// The class id of a label, which is an id or a name.
fn class_of(label: &Value, labels: &[String]) -> Option<usize> {
    match label {
        Value::Number(id) => id
            .as_u64()
            .and_then(|id| usize::try_from(id).ok())
            .filter(|&id| id < labels.len()),
        Value::String(name) => labels.iter().position(|label| label == name).or_else(|| {
            labels
                .iter()
                .position(|label| label.eq_ignore_ascii_case(name))
        }),
        _ => None,
    }
}

fn name_of(labels: &[String], class: usize) -> &str {
    labels.get(class).map_or("", String::as_str)
}

/// In percent, with one decimal.
fn percent(rate: Option<f64>) -> String {
    rate.map_or("-".into(), |rate| format!("{:.1}", rate * 100.0))
}

fn table(file: &LabelledTexts, report: &Report, labels: &[String]) -> String {
    let widths = file
        .classes
        .iter()
        .map(|&class| name_of(labels, class).chars().count());
    let width = widths.max().unwrap_or(0).max("class".len());
    let mut text = format!("{}: {} texts", file.name, report.texts);
    if file.classes.len() < labels.len() {
        let compared: Vec<_> = file
            .classes
            .iter()
            .map(|&class| name_of(labels, class))
            .collect();
        text += &format!(", only {} (it has no others)", compared.join(" and "));
    }
    text += &format!(
        "\n  accuracy {} %   macro-F1 {} %   ECE {:.3} ({ECE_BINS} bins)\n  {:width$}  precision  recall     F1  texts\n",
        percent(Some(report.accuracy)),
        percent(Some(report.macro_f1)),
        report.ece,
        "class",
    );
    for class in &report.classes {
        text += &format!(
            "  {:width$}  {:>9}  {:>6}  {:>5}  {:>5}\n",
            name_of(labels, class.class),
            percent(class.precision),
            percent(class.recall),
            percent(Some(class.f1)),
            class.support,
        );
    }
    text
}
