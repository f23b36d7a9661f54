//! `evaluate --reasons`: whether the words that are said to carry a verdict do so.

use std::collections::HashMap;
use std::path::Path;

use indicatif::ProgressBar;

use super::{LabelledTexts, percent};
use crate::cli::{Loaded, Result};
use crate::document::polarities;
use crate::explain::{Occlusion, Reason, leave_out};
use crate::present::labels::Polarity;
use crate::text::Offsets;

/// So many words are left out.
const LEFT_OUT: usize = 3;

/// What was counted.
#[derive(Default)]
struct Counts {
    /// Texts with more words than are left out.
    texts: usize,
    /// Of which the label is another without the strongest words, ...
    flipped: usize,
    /// ... and without as many words drawn at random.
    flipped_at_random: usize,
    /// Strongest words that people have labelled.
    labelled: usize,
    /// Those that speak for the side that people say.
    agreed: usize,
}

/// The words that people have labelled negative or positive, from a file of phrases.
pub(super) fn read_words(path: &Path, labels: &[String]) -> Result<HashMap<String, Polarity>> {
    let phrases = LabelledTexts::read(path, labels, None)?;
    let polarities = polarities(labels);
    let mut words = HashMap::new();
    for (text, class) in phrases.examples {
        let polarity = polarities.get(class).copied().unwrap_or(Polarity::Other);
        if matches!(polarity, Polarity::Negative | Polarity::Positive) {
            words.insert(text.to_lowercase(), polarity);
        }
    }
    Ok(words)
}

/// How often leaving out the strongest words changes the label, and how often people agree with the strongest.
pub(super) fn table(
    file: &LabelledTexts,
    words: &HashMap<String, Polarity>,
    model: &Loaded<'_>,
    progress: &ProgressBar,
) -> Result<String> {
    let mut counts = Counts::default();
    let mut random = Random(1);
    for (text, _) in &file.examples {
        count(&mut counts, text, words, model, &mut random)?;
        progress.inc(1);
    }
    let rate =
        |part: usize, whole: usize| percent((whole > 0).then(|| part as f64 / whole.max(1) as f64));
    let mut table = format!(
        "{}: {} texts with more than {LEFT_OUT} words\n  \
         the label changes without the {LEFT_OUT} strongest words: {} %, without {LEFT_OUT} random ones: {} %, {:.1} times as often\n",
        file.name,
        counts.texts,
        rate(counts.flipped, counts.texts),
        rate(counts.flipped_at_random, counts.texts),
        counts.flipped as f64 / counts.flipped_at_random.max(1) as f64,
    );
    if !words.is_empty() {
        table += &format!(
            "  the strongest word was labelled by people in {} texts; its side is theirs in {} %\n",
            counts.labelled,
            rate(counts.agreed, counts.labelled),
        );
    }
    Ok(table)
}

fn count(
    counts: &mut Counts,
    text: &str,
    words: &HashMap<String, Polarity>,
    model: &Loaded<'_>,
    random: &mut Random,
) -> Result {
    let whole = model.classify(text)?;
    let score = whole.scores.get(whole.label).copied().unwrap_or_default();
    let mut occlusion = Occlusion::new(text, whole.label, score);
    let variants: Vec<&str> = occlusion.variants().iter().map(String::as_str).collect();
    let predictions = model.classify_all(&variants, || ())?;
    for (index, prediction) in predictions.iter().enumerate() {
        occlusion.answer(index, &prediction.scores);
    }
    let mut reasons = occlusion.reasons().unwrap_or_default();
    if reasons.len() <= LEFT_OUT {
        return Ok(());
    }
    let drawn = random.draw(&reasons);
    reasons.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let variants = [without(text, &reasons[..LEFT_OUT]), without(text, &drawn)];
    let labels: Vec<_> = model
        .classify_all(&variants.each_ref().map(String::as_str), || ())?
        .iter()
        .map(|prediction| prediction.label)
        .collect();
    counts.texts += 1;
    counts.flipped += usize::from(labels[0] != whole.label);
    counts.flipped_at_random += usize::from(labels[1] != whole.label);

    let polarities = polarities(&model.info().labels);
    let side = match polarities.get(whole.label) {
        Some(Polarity::Negative) => [Polarity::Negative, Polarity::Positive],
        Some(Polarity::Positive) => [Polarity::Positive, Polarity::Negative],
        _ => return Ok(()),
    };
    let strongest = reasons
        .iter()
        .max_by(|one, other| one.weight.abs().total_cmp(&other.weight.abs()));
    let offsets = Offsets::new(text);
    let strongest = strongest.and_then(|reason| {
        let word = text.get(offsets.utf8(reason.start)..offsets.utf8(reason.end))?;
        Some((words.get(&word.to_lowercase())?, reason.weight))
    });
    if let Some((human, weight)) = strongest {
        counts.labelled += 1;
        counts.agreed += usize::from(*human == side[usize::from(weight < 0.0)]);
    }
    Ok(())
}

fn without(text: &str, reasons: &[Reason]) -> String {
    let mut places: Vec<_> = reasons.iter().map(|it| (it.start, it.end)).collect();
    places.sort_unstable();
    leave_out(text, &places)
}

/// The same draws in each run: Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn draw(&mut self, reasons: &[Reason]) -> Vec<Reason> {
        let mut rest = reasons.to_vec();
        let mut drawn = Vec::with_capacity(LEFT_OUT);
        while drawn.len() < LEFT_OUT && !rest.is_empty() {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            drawn.push(rest.swap_remove((self.0 >> 33) as usize % rest.len()));
        }
        drawn
    }
}
