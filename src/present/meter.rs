//! Which probabilities are listed, and in which whole percents. The work grows with the number of labels and no faster; what is
//! listed does not grow at all.

use super::format::{Amount, Share, Write, apportion};
use super::labels::{
    self, CONFIDENCE_THRESHOLD, MAX_LISTED_LABELS, MAX_STACKED_LABELS, Polarity, Verdict, heading,
};

/// A label and its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The label as the model has it.
    pub label: String,
    /// As people read it.
    pub name: String,
    /// What it means, by its name.
    pub polarity: Polarity,
    /// Its probability; `None` while there is no text.
    pub share: Option<Share>,
}

/// The most likely labels, from negative to positive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meter {
    /// At most [`MAX_LISTED_LABELS`].
    pub rows: Vec<Row>,
    /// How many labels are not listed.
    pub others: usize,
    /// What the others have together, where exactly one label holds: with the rows' it makes 100%.
    pub rest: Option<Share>,
    /// Whether all labels share one bar.
    pub is_stacked: bool,
    /// The row of the most likely label.
    top: usize,
}

impl Meter {
    /// Of a text's `scores`, of which that of class `top` is the highest.
    pub fn new(labels: &[String], multi_label: bool, scores: &[f32], top: usize) -> Self {
        let score = |class: usize| scores.get(class).map_or(0.0, |&score| clamped(score));
        let listed = most_likely(labels, top, score);
        let mut exact: Vec<f32> = listed.iter().map(|&class| score(class)).collect();
        let mut meter = Self::listing(labels, multi_label, &listed);
        meter.top = listed.iter().position(|&class| class == top).unwrap_or(0);
        let has_rest = meter.others > 0 && !multi_label;
        if has_rest {
            exact.push(clamped(1.0 - exact.iter().sum::<f32>()));
        }
        let percents = if multi_label {
            exact.iter().map(|score| nearest(*score)).collect()
        } else {
            apportion(&exact)
        };
        let shares = exact.into_iter().zip(percents);
        let mut shares = shares.map(|(score, percent)| Share { percent, score });
        for row in &mut meter.rows {
            row.share = shares.next();
        }
        meter.rest = shares.next();
        meter
    }

    /// Before there is a text.
    pub fn without_scores(labels: &[String], multi_label: bool) -> Self {
        let listed = most_likely(labels, 0, |_| 0.0);
        Self::listing(labels, multi_label, &listed)
    }

    /// The most likely label.
    pub fn top(&self) -> Option<&Row> {
        self.rows.get(self.top)
    }

    /// The most likely label and its probability.
    pub fn top_share(&self) -> Option<(&Row, Share)> {
        let top = self.top()?;
        Some((top, top.share?))
    }

    /// Whether the most likely label is likely enough to say so.
    pub fn is_sure(&self) -> bool {
        self.top_share()
            .is_some_and(|(_, share)| share.score >= CONFIDENCE_THRESHOLD)
    }

    /// The verdict in words; `None` without scores.
    pub fn verdict(&self, write: Write) -> Option<Verdict> {
        let (top, share) = self.top_share()?;
        let share = write(Amount::percent(share));
        Some(labels::verdict(&top.label, &share, self.is_sure()))
    }

    fn listing(labels: &[String], multi_label: bool, listed: &[usize]) -> Self {
        let row = |&class: &usize| Row {
            label: labels[class].clone(),
            name: heading(&labels[class]),
            polarity: Polarity::of(&labels[class]),
            share: None,
        };
        Self {
            rows: listed.iter().map(row).collect(),
            others: labels.len() - listed.len(),
            rest: None,
            is_stacked: !multi_label && labels.len() <= MAX_STACKED_LABELS,
            top: 0,
        }
    }
}

/// The classes that are listed, from negative to positive. `top` is always among them, whatever else has its score.
fn most_likely(labels: &[String], top: usize, score: impl Fn(usize) -> f32) -> Vec<usize> {
    // Sorted by score, ties in the model's order: a walk along all labels with one short list.
    let mut listed: Vec<usize> = Vec::with_capacity(MAX_LISTED_LABELS + 1);
    listed.extend((0..labels.len()).filter(|&class| class == top));
    let first = listed.len();
    for class in (0..labels.len()).filter(|&class| class != top) {
        let before = listed.iter().skip(first);
        let place = first
            + before
                .take_while(|&&other| score(other) >= score(class))
                .count();
        if place < MAX_LISTED_LABELS {
            listed.insert(place, class);
            listed.truncate(MAX_LISTED_LABELS);
        }
    }
    listed.sort_by_key(|&class| (Polarity::of(&labels[class]), class));
    listed
}

/// Between 0 and 1; what is no number is 0.
fn clamped(score: f32) -> f32 {
    if score.is_nan() {
        0.0
    } else {
        score.clamp(0.0, 1.0)
    }
}

fn nearest(score: f32) -> u32 {
    (score * 100.0 + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn labels(n: usize) -> Vec<String> {
        (0..n).map(|class| format!("LABEL_{class}")).collect()
    }

    fn percents(meter: &Meter) -> Vec<u32> {
        let shares = meter.rows.iter().map(|row| row.share);
        let shares = shares.chain([meter.rest]);
        shares.flatten().map(|share| share.percent).collect()
    }

    #[test]
    fn three_labels_stand_from_negative_to_positive() {
        let labels = ["positive", "other", "negative", "neutral"].map(String::from);
        let meter = Meter::new(&labels, false, &[0.126, 0.0, 0.748, 0.126], 2);
        let names: Vec<_> = meter.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["Negative", "Neutral", "Positive", "Other"]);
        assert_eq!(percents(&meter), [75, 13, 12, 0]);
        assert_eq!(meter.top().map(|row| row.label.as_str()), Some("negative"));
        assert!(meter.is_stacked);
        let empty = Meter::without_scores(&labels, false);
        assert_eq!((empty.rows.len(), percents(&empty)), (4, Vec::new()));
    }

    #[test]
    fn the_work_for_many_labels_is_a_few_looks_at_each() {
        for n in [7, 28, 3_000, 100_000] {
            let looks = Cell::new(0);
            let score = |class: usize| {
                looks.set(looks.get() + 1);
                // Rising, which is the worst case.
                class as f32
            };
            let listed = most_likely(&labels(n), n - 1, score);
            assert_eq!(listed.len(), MAX_LISTED_LABELS);
            assert_eq!(listed.iter().max(), Some(&(n - 1)));
            assert!(looks.get() <= 2 * MAX_LISTED_LABELS * n, "{n}: {looks:?}");
        }
    }

    #[test]
    fn what_is_listed_of_one_distribution_sums_to_100_with_the_rest() {
        for n in [7, 28, 150, 3_000] {
            let even = vec![1.0 / n as f32; n];
            let mut peaked = vec![0.25 / (n - 2) as f32; n];
            peaked[3] = 0.5;
            peaked[n - 1] = 0.25;
            for (scores, top) in [(even, 0), (peaked, 3)] {
                let meter = Meter::new(&labels(n), false, &scores, top);
                assert_eq!(meter.rows.len(), MAX_LISTED_LABELS);
                assert_eq!(meter.others, n - MAX_LISTED_LABELS);
                assert_eq!(percents(&meter).iter().sum::<u32>(), 100, "{n}");
                assert!(!meter.is_stacked);
            }
        }
    }

    #[test]
    fn independent_scores_are_never_apportioned_even_if_they_sum_to_one() {
        let three = ["a", "b", "c"].map(String::from);
        for scores in [[0.604, 0.204, 0.194], [0.9, 0.806, 0.004], [0.0, 0.0, 0.0]] {
            let meter = Meter::new(&three, true, &scores, 0);
            let nearest = scores.map(|score| (score * 100.0 + 0.5) as u32);
            assert_eq!(percents(&meter), nearest, "{scores:?}");
            assert!(!meter.is_stacked && meter.rest.is_none());
        }
        let many = Meter::new(&labels(9), true, &[0.1; 9], 4);
        assert_eq!((many.rest, many.others), (None, 3));
    }

    #[test]
    fn one_distribution_is_apportioned_even_if_rounding_moved_its_sum() {
        let meter = Meter::new(&labels(2), false, &[0.6, 0.392], 0);
        assert_eq!(percents(&meter).iter().sum::<u32>(), 100);
    }

    #[test]
    fn ties_go_to_the_models_order_but_the_top_stays() {
        let meter = Meter::new(&labels(20), true, &[1.0; 20], 17);
        let listed: Vec<_> = meter.rows.iter().map(|row| row.label.as_str()).collect();
        let first = ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"];
        assert_eq!(listed[..5], first);
        assert_eq!(meter.top().map(|row| row.label.as_str()), Some("LABEL_17"));
    }

    #[test]
    fn strange_scores_do_no_harm() {
        for scores in [&[][..], &[f32::NAN; 3], &[2.0, -1.0, f32::INFINITY]] {
            for multi_label in [false, true] {
                let meter = Meter::new(&labels(3), multi_label, scores, 9);
                assert_eq!(meter.rows.len(), 3, "{scores:?}");
            }
        }
        assert_eq!(Meter::new(&[], false, &[], 0).top(), None);
    }
}
