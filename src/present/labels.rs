//! Labels as people read them: their polarity, order and headings.

use super::format::{Amount, Write};
use crate::types::Backend;

/// Below this probability of the most likely label the page says that it is not sure.
pub const CONFIDENCE_THRESHOLD: f32 = 0.5;

/// Up to this many labels that exclude each other share one bar.
pub const MAX_STACKED_LABELS: usize = 5;

/// How many labels are listed, the most likely ones.
pub const MAX_LISTED_LABELS: usize = 6;

/// A label as a heading: `positive` is `Positive`, `very_negative` is `Very negative`.
pub fn heading(label: &str) -> String {
    // LABEL_0 and its like are names, not words.
    if label.starts_with("LABEL_") {
        return label.to_owned();
    }
    let mut words = label.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// A verdict in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The headline.
    pub word: String,
    /// What stands across from it.
    pub figure: String,
}

/// The verdict for the most likely label and its `share`, as it is written.
pub fn verdict(label: &str, share: &str, is_sure: bool) -> Verdict {
    if is_sure {
        Verdict {
            word: heading(label),
            figure: share.to_owned(),
        }
    } else {
        Verdict {
            word: "Not sure".into(),
            figure: "leans ".to_owned() + label + ", " + share,
        }
    }
}

/// The verdict on a text with so many negative and positive sentences, which outweigh each other.
pub fn mixed(negative: usize, positive: usize, write: Write) -> Verdict {
    let number = |n: usize| write(Amount::number(n as u64));
    Verdict {
        word: "Mixed".into(),
        figure: number(positive) + " positive, " + &number(negative) + " negative",
    }
}

/// What a label means, as far as its name tells. It decides colour and place, never what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Polarity {
    /// Left and orange.
    Negative,
    /// In the middle and grey.
    Neutral,
    /// Right and blue.
    Positive,
    /// Nothing that we know.
    Other,
}

impl Polarity {
    /// By the last word of a label, as in `very_negative`, taken whole: `possible` is not positive. A negated word,
    /// as in `not_positive`, says too little. Of one to five stars three are neutral.
    pub fn of(label: &str) -> Self {
        if let Some(stars) = stars(label) {
            return match stars {
                1 | 2 => Self::Negative,
                3 => Self::Neutral,
                _ => Self::Positive,
            };
        }
        let mut words = label
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let is = |word: &str, one_of: &[&str]| one_of.iter().any(|w| word.eq_ignore_ascii_case(w));
        let Some(last) = words.next_back() else {
            return Self::Other;
        };
        if words.any(|word| is(word, &["not", "non", "no"])) {
            Self::Other
        } else if is(last, &["negative", "neg"]) {
            Self::Negative
        } else if is(last, &["neutral", "neu", "mixed"]) {
            Self::Neutral
        } else if is(last, &["positive", "pos"]) {
            Self::Positive
        } else {
            Self::Other
        }
    }

    /// Its name in `style/main.css`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::Other => "other",
        }
    }
}

/// How many of five stars a label such as `4 stars` gives.
fn stars(label: &str) -> Option<u8> {
    let (number, unit) = label.split_once([' ', '_', '-'])?;
    let is_stars = unit.eq_ignore_ascii_case("star") || unit.eq_ignore_ascii_case("stars");
    let stars = number.parse().ok().filter(|_| is_stars)?;
    (1..=5).contains(&stars).then_some(stars)
}

/// The arithmetic, for people.
pub fn backend(backend: Backend) -> &'static str {
    match backend {
        Backend::Candle => "candle",
        Backend::Scalar => "scalar",
        Backend::Avx2 => "AVX2",
        Backend::Simd128 => "WebAssembly SIMD",
        Backend::Relaxed => "WebAssembly relaxed SIMD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        assert_eq!(heading("positive"), "Positive");
        assert_eq!(heading("very_negative"), "Very negative");
        assert_eq!(heading("LABEL_0"), "LABEL_0");
        assert_eq!(heading("écœuré"), "écœuré");
        assert_eq!(heading(""), "");
    }

    #[test]
    fn tones() {
        assert_eq!(Polarity::of("NEGATIVE"), Polarity::Negative);
        assert_eq!(Polarity::of("very_positive"), Polarity::Positive);
        assert_eq!(Polarity::of("Neutral"), Polarity::Neutral);
        assert_eq!(Polarity::of("very-neg"), Polarity::Negative);
        for unclear in ["not_positive", "Not negative", "non-neutral"] {
            assert_eq!(Polarity::of(unclear), Polarity::Other, "{unclear}");
        }
        for other in ["possible", "neurotic", "negotiable", "posture"] {
            assert_eq!(Polarity::of(other), Polarity::Other, "{other}");
        }
        let stars = ["1 star", "2 stars", "3 stars", "4_stars", "5 Stars"].map(Polarity::of);
        use Polarity::{Negative, Neutral, Positive};
        assert_eq!(stars, [Negative, Negative, Neutral, Positive, Positive]);
        for unknown in [
            "LABEL_0",
            "6 stars",
            "5 starships",
            "stars",
            "joy",
            "né",
            "",
        ] {
            assert_eq!(Polarity::of(unknown), Polarity::Other, "{unknown}");
        }
    }
}
