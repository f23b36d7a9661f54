//! How numbers are written, in plain Rust.
//!
//! Numbers are put together from integers: formatting floats would bring a good part of the standard library
//! into the page's WebAssembly.

use crate::types::{Benchmark, Progress};

/// Megabytes with one decimal, without the unit; a megabyte is 10⁶ bytes, as network and disk count.
pub fn megabytes(bytes: u64) -> String {
    tenths((bytes + 50_000) / 100_000)
}

/// A number of bytes: `312 bytes`, `0.3 kB` from a thousand, `13.4 MB` from a million.
///
/// ```
/// use live_sentiment::present::format::size;
///
/// assert_eq!(size(13_400_000), "13.4 MB");
/// ```
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => bytes.to_string() + " bytes",
        1_000..999_950 => tenths((bytes + 50) / 100) + " kB",
        _ => megabytes(bytes) + " MB",
    }
}

/// How much has been downloaded: `6.2 of 13.4 MB`.
pub fn downloaded(progress: Progress) -> String {
    let received = megabytes(progress.received);
    match progress.total {
        Some(total) => received + " of " + &megabytes(total) + " MB",
        None => received + " MB so far",
    }
}

/// A number given in tenths: `134` is `13.4`.
fn tenths(n: u64) -> String {
    (n / 10).to_string() + "." + &(n % 10).to_string()
}

/// Milliseconds as a person reads them: `<1 ms`, `4.3 ms`, `64 ms`, `1.2 s`.
pub fn duration(millis: f64) -> String {
    // A float that is negative or NaN becomes 0.
    let tenths_of_millis = (millis * 10.0 + 0.5) as u64;
    match tenths_of_millis {
        0..10 => "<1 ms".to_owned(),
        10..100 => tenths(tenths_of_millis) + " ms",
        100..9_995 => ((tenths_of_millis + 5) / 10).to_string() + " ms",
        _ => tenths((tenths_of_millis + 500) / 1_000) + " s",
    }
}

/// A number of things: `1 token`, `2 tokens`, `5,120 tokens`.
pub fn count(n: usize, thing: &str) -> String {
    grouped(n as u64) + " " + thing + if n == 1 { "" } else { "s" }
}

/// A whole number with a comma between thousands.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A large number in words: `22.7 million`.
pub fn millions(n: u64) -> String {
    if n < 1_000_000 {
        return grouped(n);
    }
    tenths((n + 50_000) / 100_000) + " million"
}

/// How often a model was right: `92.1% of 872 texts (SST-2), 75.3% of …`.
pub fn accuracy(measured: &[Benchmark]) -> String {
    let mut text = String::new();
    for benchmark in measured {
        let (texts, right) = (u64::from(benchmark.examples), u64::from(benchmark.correct));
        let name = &benchmark.name;
        if !text.is_empty() {
            text += ", ";
        }
        let thousandths = (right * 1_000 + texts / 2) / texts.max(1);
        text += &(tenths(thousandths) + "% of " + &grouped(texts) + " texts (" + name + ")");
    }
    if text.is_empty() {
        text += "not stated";
    }
    text
}

/// Whole percents of probabilities. Those of one distribution (their sum is 1) sum to exactly 100: what rounding
/// down leaves goes to those that lost most by it. Others, as of a multi-label model, are rounded one by one.
pub fn percents(scores: &[f32]) -> Vec<u32> {
    let exact: Vec<f32> = scores
        .iter()
        .map(|score| score.clamp(0.0, 1.0) * 100.0)
        .collect();
    if !is_distribution(scores) {
        return exact.iter().map(|p| (p + 0.5) as u32).collect();
    }
    let mut whole: Vec<u32> = exact.iter().map(|&p| p as u32).collect();
    for _ in whole.iter().sum::<u32>()..100 {
        // The one that is furthest below its exact value. No sort: its code would be larger than all of this.
        let loss = |i: &usize| exact[*i] - whole[*i] as f32;
        let most = (0..exact.len()).reduce(|a, b| if loss(&b) > loss(&a) { b } else { a });
        if let Some(i) = most {
            whole[i] += 1;
        }
    }
    whole
}

/// Whether the scores are probabilities of outcomes that exclude each other.
pub fn is_distribution(scores: &[f32]) -> bool {
    (scores.iter().sum::<f32>() - 1.0).abs() < 0.005
}

/// A probability in words. What is not certain is never called 100%, what is not impossible never 0%.
pub fn percent(whole: u32, score: f32) -> String {
    match whole {
        0 if score > 0.0 => "<1%".to_owned(),
        100 if score < 1.0 => ">99%".to_owned(),
        _ => whole.to_string() + "%",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_names_every_file() {
        let measured = |name: &str, examples, correct| Benchmark {
            name: name.into(),
            examples,
            correct,
        };
        assert_eq!(accuracy(&[]), "not stated");
        assert_eq!(
            accuracy(&[measured("SST-2", 872, 803), measured("b", 5_213, 5_213)]),
            "92.1% of 872 texts (SST-2), 100.0% of 5,213 texts (b)"
        );
        assert_eq!(
            accuracy(&[measured("none", 0, 0)]),
            "0.0% of 0 texts (none)"
        );
    }

    #[test]
    fn percents_of_a_distribution_sum_to_100() {
        assert_eq!(percents(&[0.333, 0.333, 0.334]), [33, 33, 34]);
        assert_eq!(percents(&[0.005, 0.005, 0.99]).iter().sum::<u32>(), 100);
        assert_eq!(percents(&[0.125; 8]).iter().sum::<u32>(), 100);
        // Every split of 1 into three parts by steps of 1/128, which f32 holds exactly.
        for a in 0..=128_u8 {
            for b in 0..=(128 - a) {
                let c = 128 - a - b;
                let scores = [a, b, c].map(|n| f32::from(n) / 128.0);
                let whole = percents(&scores);
                assert_eq!(whole.iter().sum::<u32>(), 100, "{scores:?}");
                for (w, s) in whole.iter().zip(scores) {
                    assert!((*w as f32 - s * 100.0).abs() < 1.0, "{scores:?}");
                }
            }
        }
    }

    #[test]
    fn percents_of_independent_scores_are_rounded_one_by_one() {
        assert_eq!(percents(&[0.9, 0.806, 0.004]), [90, 81, 0]);
        assert_eq!(percents(&[f32::NAN, 2.0, -1.0]), [0, 100, 0]);
        assert!(percents(&[]).is_empty());
    }

    #[test]
    fn nothing_uncertain_is_called_certain() {
        assert_eq!(percent(100, 0.9997), ">99%");
        assert_eq!(percent(100, 1.0), "100%");
        assert_eq!(percent(0, 0.0001), "<1%");
        assert_eq!(percent(0, 0.0), "0%");
        assert_eq!(percent(87, 0.873), "87%");
    }

    #[test]
    fn bytes() {
        let half = Progress {
            received: 6_240_000,
            total: Some(13_449_999),
        };
        assert_eq!(downloaded(half), "6.2 of 13.4 MB");
        let unknown = Progress {
            received: 49_999,
            total: None,
        };
        assert_eq!(downloaded(unknown), "0.0 MB so far");
    }

    #[test]
    fn durations() {
        for (millis, text) in [
            (f64::NAN, "<1 ms"),
            (-3.0, "<1 ms"),
            (0.94, "<1 ms"),
            (0.97, "1.0 ms"),
            (4.27, "4.3 ms"),
            (9.97, "10 ms"),
            (64.4, "64 ms"),
            (999.4, "999 ms"),
            (999.6, "1.0 s"),
            (1_240.0, "1.2 s"),
        ] {
            assert_eq!(duration(millis), text, "{millis}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(1, "token"), "1 token");
        assert_eq!(count(0, "token"), "0 tokens");
        assert_eq!(count(5_120, "word"), "5,120 words");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(millions(22_713_987), "22.7 million");
        assert_eq!(millions(9_000), "9,000");
    }
}
