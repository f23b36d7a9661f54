//! Accuracy, F1 and calibration of predictions, independent of files and models.
//!
//! Definitions follow scikit-learn's `precision_recall_fscore_support` and `f1_score(average="macro")`, and for the
//! expected calibration error Guo et al., *On Calibration of Modern Neural Networks* (2017), section 2.

use serde::Serialize;

/// Number of bins of the expected calibration error, of equal width: `(0, 1/15]` to `(14/15, 1]`.
pub const ECE_BINS: usize = 15;

/// Label and prediction of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Class id of the label.
    pub expected: usize,
    /// Predicted class id, among the classes compared.
    pub predicted: usize,
    /// Probability of `predicted`, 0 to 1.
    pub confidence: f64,
}

impl Outcome {
    /// The prediction restricted to `classes`: the class with the highest logit (the first of equals) and its
    /// probability. If `classes` omits some of the model's labels, probabilities are renormalized to sum to 1.
    ///
    /// `scores` and `logits` have one element per label of the model. Returns `None` if `classes` is empty or contains
    /// an id out of their range.
    pub fn restricted_to(
        classes: &[usize],
        scores: &[f32],
        logits: &[f32],
        expected: usize,
    ) -> Option<Self> {
        let mut predicted = *classes.first()?;
        let mut total = 0.0;
        for &class in classes {
            if logits.get(class)? > logits.get(predicted)? {
                predicted = class;
            }
            total += f64::from(*scores.get(class)?);
        }
        let mut confidence = f64::from(*scores.get(predicted)?);
        // Not with all classes: multi-label scores do not sum to 1.
        if classes.len() < scores.len() {
            // All scores can underflow if an omitted class takes the whole probability. Then the classes are equally likely.
            confidence = if total > 0.0 {
                confidence / total
            } else {
                1.0 / classes.len() as f64
            };
        }
        Some(Self {
            expected,
            predicted,
            confidence,
        })
    }
}

/// The classes to compare on a data set with the `expected` labels: all of the model's, unless these are negative,
/// neutral and positive, and the data set has only negative and positive, like GLUE's SST-2. The model should not be
/// penalized for predicting a class that the data set does not have.
pub fn compared_classes(
    labels: &[String],
    expected: impl IntoIterator<Item = usize>,
) -> Vec<usize> {
    let mut present = vec![false; labels.len()];
    for class in expected {
        if let Some(seen) = present.get_mut(class) {
            *seen = true;
        }
    }
    let named = |name: &str| {
        labels
            .iter()
            .position(|label| label.eq_ignore_ascii_case(name))
    };
    let polarity = (named("negative"), named("neutral"), named("positive"));
    if let (3, (Some(negative), Some(neutral), Some(positive))) = (labels.len(), polarity)
        && present[negative]
        && present[positive]
        && !present[neutral]
    {
        return vec![negative.min(positive), negative.max(positive)];
    }
    (0..labels.len()).collect()
}

/// Metrics on a data set. All rates are fractions, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of texts.
    pub texts: usize,
    /// Fraction of texts classified correctly.
    pub accuracy: f64,
    /// Unweighted mean F1 of the classes that were expected or predicted at least once.
    pub macro_f1: f64,
    /// Expected calibration error: the mean distance between confidence and accuracy in [`ECE_BINS`] bins, weighted by
    /// the number of texts in each.
    pub ece: f64,
    /// Metrics of each class compared, in the order given.
    pub classes: Vec<ClassReport>,
}

/// Metrics of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// Class id.
    pub class: usize,
    /// True positives divided by predicted positives; `None` if there are none.
    pub precision: Option<f64>,
    /// True positives divided by actual positives; `None` if there are none.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall; 0 without true positives.
    pub f1: f64,
    /// Number of texts with this label.
    pub support: usize,
}

impl Report {
    /// Computes the metrics of `outcomes`, whose classes should all be in `classes`.
    ///
    /// Returns `None` if there are no outcomes: every rate would be 0/0.
    pub fn new(classes: &[usize], outcomes: &[Outcome]) -> Option<Self> {
        if outcomes.is_empty() {
            return None;
        }
        let count = |test: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|o| test(o)).count();
        let classes: Vec<_> = classes
            .iter()
            .map(|&class| {
                let hits = count(&|o| o.expected == class && o.predicted == class);
                let predicted = count(&|o| o.predicted == class);
                let support = count(&|o| o.expected == class);
                ClassReport {
                    class,
                    precision: ratio(hits, predicted),
                    recall: ratio(hits, support),
                    f1: ratio(2 * hits, predicted + support).unwrap_or(0.0),
                    support,
                }
            })
            .collect();
        let seen: Vec<f64> = classes
            .iter()
            .filter(|c| c.precision.is_some() || c.recall.is_some())
            .map(|c| c.f1)
            .collect();
        Some(Self {
            texts: outcomes.len(),
            accuracy: ratio(count(&|o| o.expected == o.predicted), outcomes.len())?,
            macro_f1: seen.iter().sum::<f64>() / seen.len() as f64,
            ece: expected_calibration_error(outcomes),
            classes,
        })
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Guo et al., equation 3: `sum over bins of |bin| / n * |accuracy(bin) - confidence(bin)|`.
fn expected_calibration_error(outcomes: &[Outcome]) -> f64 {
    // For each bin, the sum of hit - confidence: |bin| cancels out.
    let mut gaps = [0.0; ECE_BINS];
    for outcome in outcomes {
        let bin = (outcome.confidence * ECE_BINS as f64).ceil() as usize;
        let hit = f64::from(u8::from(outcome.expected == outcome.predicted));
        gaps[bin.clamp(1, ECE_BINS) - 1] += hit - outcome.confidence;
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / outcomes.len() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcomes(rows: &[(usize, usize, f64)]) -> Vec<Outcome> {
        rows.iter()
            .map(|&(expected, predicted, confidence)| Outcome {
                expected,
                predicted,
                confidence,
            })
            .collect()
    }

    fn report(classes: &[usize], rows: &[(usize, usize, f64)]) -> Report {
        Report::new(classes, &outcomes(rows)).unwrap()
    }

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    }

    /// Computed by hand. Confusion matrix, rows expected, columns predicted:
    /// ```text
    ///     2 1 0
    ///     0 1 1
    ///     1 0 2
    /// ```
    #[test]
    fn three_classes_by_hand() {
        let r = report(
            &[0, 1, 2],
            &[
                (0, 0, 0.9),
                (0, 0, 0.8),
                (0, 1, 0.5),
                (1, 1, 0.6),
                (1, 2, 0.7),
                (2, 0, 0.4),
                (2, 2, 0.95),
                (2, 2, 0.99),
            ],
        );
        assert_eq!(r.texts, 8);
        close(r.accuracy, 5.0 / 8.0);
        close(r.classes[0].precision.unwrap(), 2.0 / 3.0);
        close(r.classes[0].recall.unwrap(), 2.0 / 3.0);
        close(r.classes[0].f1, 2.0 / 3.0);
        close(r.classes[1].precision.unwrap(), 1.0 / 2.0);
        close(r.classes[1].recall.unwrap(), 1.0 / 2.0);
        close(r.classes[1].f1, 1.0 / 2.0);
        close(r.classes[2].precision.unwrap(), 2.0 / 3.0);
        close(r.classes[2].recall.unwrap(), 2.0 / 3.0);
        assert_eq!(
            r.classes.iter().map(|c| c.support).collect::<Vec<_>>(),
            [3, 2, 3]
        );
        close(r.macro_f1, (2.0 / 3.0 + 1.0 / 2.0 + 2.0 / 3.0) / 3.0);
        // Bins: 0.4 -> 6, 0.5 -> 8, 0.6 -> 9, 0.7 -> 11, 0.8 -> 12, 0.9 -> 14, 0.95 and 0.99 -> 15.
        close(
            r.ece,
            (0.4 + 0.5 + 0.4 + 0.7 + 0.2 + 0.1 + (2.0 - 1.94)) / 8.0,
        );
    }

    /// Bins include their upper edge, as in the paper.
    #[test]
    fn bins_include_their_upper_edge() {
        let edge = 2.0 / 15.0;
        let together = report(&[0, 1], &[(0, 0, edge), (0, 1, 0.10)]);
        close(together.ece, (1.0 - edge - 0.10) / 2.0);
        let apart = report(&[0, 1], &[(0, 0, edge + 1e-6), (0, 1, 0.10)]);
        close(apart.ece, (1.0 - edge - 1e-6 + 0.10) / 2.0);
    }

    #[test]
    fn confidences_0_and_1_are_in_the_outer_bins() {
        close(report(&[0, 1], &[(0, 0, 1.0)]).ece, 0.0);
        close(report(&[0, 1], &[(0, 1, 0.0)]).ece, 0.0);
        close(report(&[0, 1], &[(0, 1, 1.0)]).ece, 1.0);
    }

    /// Like scikit-learn: the macro mean omits a class that was neither expected nor predicted, and counts one that was
    /// predicted but never expected as 0.
    #[test]
    fn classes_without_texts() {
        let r = report(&[0, 1, 2], &[(0, 0, 0.9), (0, 1, 0.9)]);
        close(r.classes[0].f1, 2.0 / 3.0);
        assert_eq!(r.classes[1].recall, None);
        assert_eq!(r.classes[1].precision, Some(0.0));
        assert_eq!((r.classes[2].precision, r.classes[2].recall), (None, None));
        close(r.macro_f1, (2.0 / 3.0 + 0.0) / 2.0);
    }

    #[test]
    fn no_outcomes_have_no_report() {
        assert_eq!(Report::new(&[0, 1, 2], &[]), None);
    }

    /// Neutral has the highest logit, but is not compared.
    #[test]
    fn a_pair_is_renormalized() {
        let o = Outcome::restricted_to(&[0, 2], &[0.1, 0.6, 0.3], &[0.0, 1.79, 1.1], 2).unwrap();
        assert_eq!((o.expected, o.predicted), (2, 2));
        assert!((o.confidence - 0.75).abs() < 1e-6);
        let all =
            Outcome::restricted_to(&[0, 1, 2], &[0.1, 0.6, 0.3], &[0.0, 1.79, 1.1], 2).unwrap();
        assert_eq!(all.predicted, 1);
        assert!((all.confidence - 0.6).abs() < 1e-6);
        let multi_label = Outcome::restricted_to(&[0, 1], &[0.9, 0.8], &[2.2, 1.4], 0).unwrap();
        assert!((multi_label.confidence - 0.9).abs() < 1e-6);
    }

    #[test]
    fn a_pair_whose_scores_underflow_is_undecided() {
        let o =
            Outcome::restricted_to(&[0, 2], &[0.0, 1.0, 0.0], &[-200.0, 0.0, -199.0], 0).unwrap();
        assert_eq!((o.predicted, o.confidence), (2, 0.5));
    }

    #[test]
    fn classes_the_model_lacks() {
        assert_eq!(
            Outcome::restricted_to(&[0, 3], &[0.5; 3], &[0.0; 3], 0),
            None
        );
        assert_eq!(Outcome::restricted_to(&[], &[], &[], 0), None);
    }

    #[test]
    fn only_a_set_without_neutral_is_a_pair() {
        let named = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.into())
                .collect::<Vec<String>>()
        };
        let ours = named(&["negative", "neutral", "positive"]);
        assert_eq!(compared_classes(&ours, [0, 2, 2, 0]), [0, 2]);
        assert_eq!(compared_classes(&ours, [0, 1, 2]), [0, 1, 2]);
        assert_eq!(compared_classes(&ours, [0, 0]), [0, 1, 2]);
        assert_eq!(compared_classes(&ours, [2, 1]), [0, 1, 2]);
        assert_eq!(compared_classes(&ours[..2], [0, 1]), [0, 1]);
        let five = named(&["negative", "neutral", "positive", "mixed", "none"]);
        assert_eq!(compared_classes(&five, [0, 2]), [0, 1, 2, 3, 4]);
        let other_order = named(&["Positive", "Negative", "Neutral"]);
        assert_eq!(compared_classes(&other_order, [0, 1]), [0, 1]);
        assert_eq!(compared_classes(&other_order, [0, 2]), [0, 1, 2]);
        let other_kind = named(&["contradiction", "neutral", "entailment"]);
        assert_eq!(compared_classes(&other_kind, [0, 2]), [0, 1, 2]);
    }

    fn any_outcomes() -> impl Strategy<Value = Vec<(usize, usize, f64)>> {
        prop::collection::vec((0..4usize, 0..4usize, 0.0..=1.0f64), 1..60)
    }

    proptest! {
        #[test]
        fn rates_stay_within_bounds(rows in any_outcomes()) {
            let r = report(&[0, 1, 2, 3], &rows);
            for rate in [r.accuracy, r.macro_f1, r.ece] {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&rate), "{r:?}");
            }
            for c in &r.classes {
                let (p, q) = (c.precision.unwrap_or(0.0), c.recall.unwrap_or(0.0));
                prop_assert!(p.min(q) - 1e-12 <= c.f1 && c.f1 <= p.max(q) + 1e-12, "{c:?}");
            }
            prop_assert_eq!(r.classes.iter().map(|c| c.support).sum::<usize>(), rows.len());
        }

        /// The mean recall weighted by support is the accuracy.
        #[test]
        fn recalls_add_up_to_accuracy(rows in any_outcomes()) {
            let r = report(&[0, 1, 2, 3], &rows);
            let hits: f64 = r.classes.iter().filter_map(|c| Some(c.recall? * c.support as f64)).sum();
            prop_assert!((hits / rows.len() as f64 - r.accuracy).abs() < 1e-12);
        }

        #[test]
        fn order_does_not_matter((rows, shuffled) in any_outcomes().prop_flat_map(|rows| {
            (Just(rows.clone()), Just(rows).prop_shuffle())
        })) {
            let (left, right) = (report(&[0, 1, 2, 3], &rows), report(&[0, 1, 2, 3], &shuffled));
            prop_assert!((left.ece - right.ece).abs() < 1e-12);
            prop_assert_eq!(Report { ece: 0.0, ..left }, Report { ece: 0.0, ..right });
        }

        /// A classifier that predicts k/n and is correct in exactly k of n cases is perfectly calibrated.
        #[test]
        fn perfect_calibration_has_no_error(groups in prop::collection::vec((1..20usize, 0..20usize), 1..8)) {
            let mut rows = vec![];
            for (n, k) in groups {
                let k = k.min(n);
                rows.extend((0..n).map(|i| (0, usize::from(i >= k), k as f64 / n as f64)));
            }
            prop_assert!(report(&[0, 1], &rows).ece < 1e-12);
        }

        /// With constant confidence, the error is the distance between it and the accuracy.
        #[test]
        fn one_confidence_for_all(hits in prop::collection::vec(any::<bool>(), 1..50), confidence in 0.0..=1.0f64) {
            let rows: Vec<_> = hits.iter().map(|&hit| (0, usize::from(!hit), confidence)).collect();
            let r = report(&[0, 1], &rows);
            prop_assert!((r.ece - (r.accuracy - confidence).abs()).abs() < 1e-9);
        }

        #[test]
        fn confidence_is_at_least_chance(logits in prop::collection::vec(-30.0..30.0f32, 3)) {
            let exp: Vec<f32> = logits.iter().map(|l| l.exp()).collect();
            let scores: Vec<f32> = exp.iter().map(|e| e / exp.iter().sum::<f32>()).collect();
            for classes in [&[0, 1, 2][..], &[0, 2]] {
                let o = Outcome::restricted_to(classes, &scores, &logits, 0).unwrap();
                prop_assert!(classes.contains(&o.predicted));
                prop_assert!(classes.iter().all(|&c| logits[c] <= logits[o.predicted]));
                prop_assert!(o.confidence >= 1.0 / classes.len() as f64 - 1e-6 && o.confidence <= 1.0);
            }
        }
    }
}
