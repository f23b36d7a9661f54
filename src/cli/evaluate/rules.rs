//! `evaluate --rules`: which rule for the label of a long text is right most often.

use indicatif::ProgressBar;

use super::{LabelledTexts, percent};
use crate::cli::{Loaded, Result, Stop};
use crate::document::{Rule, Verdict, WINDOW_BYTES, Weight, average, windows};
use crate::eval::metrics::{Outcome, Report};

/// Budgets of windows, in bytes, beside the one that is used.
const OTHER_BUDGETS: [usize; 2] = [1_000, 1_800];

/// One rule and the scores by it, `None` where it has nothing to say.
struct Column {
    name: String,
    scores: Vec<Option<Vec<f32>>>,
}

/// A table of accuracy and macro-F1 by rule, for all texts and for those that are longer than the model reads at once.
pub(super) fn table(
    file: &LabelledTexts,
    model: &Loaded<'_>,
    progress: &ProgressBar,
) -> Result<String> {
    let mut columns: Vec<Column> = Vec::new();
    let mut is_long = Vec::with_capacity(file.examples.len());
    for (text, _) in &file.examples {
        let first = model.classify(text)?;
        is_long.push(first.truncated_at.is_some());
        let rules = std::iter::once((
            "first tokens the model reads".to_owned(),
            Some(first.scores),
        ))
        .chain(by_document(model, text)?);
        for (place, (name, scores)) in rules.enumerate() {
            if columns.len() <= place {
                columns.push(Column {
                    name,
                    scores: Vec::new(),
                });
            }
            columns[place].scores.push(scores);
        }
        progress.inc(1);
    }
    let width = columns.iter().map(|column| column.name.len()).max();
    let width = width.unwrap_or(0);
    let long = is_long.iter().filter(|&&it| it).count();
    let mut table = format!(
        "{}: {} texts, {long} of them longer than the model reads at once\n  {:width$}  accuracy  macro-F1  of long ones\n",
        file.name,
        file.examples.len(),
        "rule",
    );
    for column in &columns {
        let all = report(file, column, |_| true)?;
        let of_long = report(file, column, |at| is_long[at]);
        table += &format!(
            "  {:width$}  {:>8}  {:>8}  {:>12}\n",
            column.name,
            percent(Some(all.accuracy)),
            percent(Some(all.macro_f1)),
            percent(of_long.ok().map(|report| report.accuracy)),
        );
    }
    Ok(table)
}

fn report(file: &LabelledTexts, column: &Column, is_in: impl Fn(usize) -> bool) -> Result<Report> {
    let outcomes: Vec<_> = file
        .examples
        .iter()
        .zip(&column.scores)
        .enumerate()
        .filter(|&(at, _)| is_in(at))
        .filter_map(|(_, ((_, expected), scores))| {
            // Scores in place of logits: averages have none, and the order is the same.
            let scores = scores.as_deref()?;
            Outcome::restricted_to(&file.classes, scores, scores, *expected)
        })
        .collect();
    Report::new(&file.classes, &outcomes)
        .ok_or_else(|| Stop::failed(format!("{} has no such texts.", file.name)))
}

/// The scores of a text by each rule that reads it completely.
fn by_document(model: &Loaded<'_>, text: &str) -> Result<Vec<(String, Option<Vec<f32>>)>> {
    let document = model.read(text)?;
    let info = model.info();
    let views: Vec<_> = document.view().collect();
    let verdicts: Vec<&Verdict> = views.iter().filter_map(|view| view.verdict).collect();
    let summary = document.summary(&info.labels, info.multi_label, &Rule::default());
    let mut rules = vec![(
        format!("windows of {WINDOW_BYTES} bytes, averaged"),
        Some(summary.scores),
    )];
    let hashes = document.hashes();
    let lengths: Vec<_> = views.iter().map(|view| view.range.len()).collect();
    for budget in OTHER_BUDGETS {
        let runs: Vec<_> = windows(&hashes, &lengths, budget)
            .into_iter()
            .map(|run| &text[views[run.start].range.start..views[run.end - 1].range.end])
            .collect();
        let predictions = model.classify_all(&runs, || ())?;
        let weighed = runs.iter().zip(&predictions);
        let weighed = weighed.map(|(run, it)| (run.len() as f32, it.scores.as_slice()));
        rules.push((
            format!("windows of {budget} bytes, averaged"),
            Some(average(weighed)),
        ));
    }
    for (name, weight) in [
        ("sentences, all the same", Weight::Equal),
        ("sentences by length", Weight::Length),
        ("sentences by confidence", Weight::Confidence),
        (
            "sentences by length and confidence",
            Weight::LengthAndConfidence,
        ),
    ] {
        let weighed = verdicts
            .iter()
            .map(|it| (weight.of(it), it.scores.as_slice()));
        rules.push((name.to_owned(), Some(average(weighed))));
    }
    for (_, scores) in &mut rules {
        scores.take_if(|scores| scores.is_empty());
    }
    Ok(rules)
}
