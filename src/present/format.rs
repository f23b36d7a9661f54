//! How numbers are written.
//!
//! What is to be written is an [`Amount`]; it becomes words by [`plain`], the same everywhere, or by the browser's `Intl`, as the
//! reader's language has it (the page). Amounts are integers: formatting floats would bring a good part of the standard
//! library into the page's WebAssembly.

use crate::types::{Benchmark, Progress};

/// A number to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// `<` or `>` where the number is only a bound.
    pub bound: &'static str,
    /// The number in tenths.
    pub tenths: u64,
    /// Whether the tenth is written.
    pub is_fine: bool,
    /// What it counts.
    pub unit: Unit,
}

/// What an [`Amount`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    One,
    /// Millions of things.
    Million,
    /// Hundredths.
    Percent,
    /// Bytes.
    Byte,
    /// 1,000 bytes, as network and disk count.
    Kilobyte,
    /// 1,000,000 bytes.
    Megabyte,
    /// Thousandths of a second.
    Millisecond,
    /// Seconds.
    Second,
}

/// A probability as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// In whole percents.
    pub percent: u32,
    /// Exactly.
    pub score: f32,
}

impl Share {
    /// In the nearest whole percent: for a probability that stands alone.
    pub fn nearest(score: f32) -> Self {
        Self {
            percent: (score * 100.0 + 0.5) as u32,
            score,
        }
    }
}

/// Makes words of an amount.
pub type Write = fn(Amount) -> String;

impl Amount {
    fn whole(n: u64, unit: Unit) -> Self {
        Self {
            bound: "",
            tenths: n.saturating_mul(10),
            is_fine: false,
            unit,
        }
    }

    fn fine(tenths: u64, unit: Unit) -> Self {
        Self {
            bound: "",
            tenths,
            is_fine: true,
            unit,
        }
    }

    /// A number of things.
    pub fn number(n: u64) -> Self {
        Self::whole(n, Unit::One)
    }

    /// A large number of things: in millions from one million.
    pub fn large_number(n: u64) -> Self {
        match n {
            0..1_000_000 => Self::number(n),
            _ => Self::fine((n + 50_000) / 100_000, Unit::Million),
        }
    }

    /// Bytes in megabytes.
    pub fn megabytes(bytes: u64) -> Self {
        Self::fine((bytes + 50_000) / 100_000, Unit::Megabyte)
    }

    /// Bytes in the unit that suits their number.
    pub fn size(bytes: u64) -> Self {
        match bytes {
            0..1_000 => Self::whole(bytes, Unit::Byte),
            1_000..999_950 => Self::fine((bytes + 50) / 100, Unit::Kilobyte),
            _ => Self::megabytes(bytes),
        }
    }

    /// Milliseconds in the unit that suits their number.
    pub fn duration(millis: f64) -> Self {
        // A float that is negative or NaN becomes 0.
        let tenths = (millis * 10.0 + 0.5) as u64;
        match tenths {
            0..10 => Self {
                bound: "<",
                ..Self::whole(1, Unit::Millisecond)
            },
            10..100 => Self::fine(tenths, Unit::Millisecond),
            100..9_995 => Self::whole((tenths + 5) / 10, Unit::Millisecond),
            _ => Self::fine((tenths + 500) / 1_000, Unit::Second),
        }
    }

    /// A probability. What is not certain is never called 100%, what is not impossible never 0%.
    pub fn percent(share: Share) -> Self {
        let (bound, whole) = match share.percent {
            0 if share.score > 0.0 => ("<", 1),
            100 if share.score < 1.0 => (">", 99),
            whole => ("", whole),
        };
        Self {
            bound,
            ..Self::whole(u64::from(whole), Unit::Percent)
        }
    }
}

/// An amount in plain Rust, as English has it: `<1 ms`, `13.4 MB`, `5,120`.
pub fn plain(amount: Amount) -> String {
    let mut text = amount.bound.to_owned() + &grouped(amount.tenths / 10);
    if amount.is_fine {
        text = text + "." + &(amount.tenths % 10).to_string();
    }
    text + match amount.unit {
        Unit::One => "",
        Unit::Million => " million",
        Unit::Percent => "%",
        Unit::Byte => " bytes",
        Unit::Kilobyte => " kB",
        Unit::Megabyte => " MB",
        Unit::Millisecond => " ms",
        Unit::Second => " s",
    }
}

/// Megabytes with one decimal, without the unit.
pub fn megabytes(bytes: u64) -> String {
    let amount = Amount::megabytes(bytes);
    plain(Amount {
        unit: Unit::One,
        ..amount
    })
}

/// A number of bytes: `312 bytes`, `1.3 kB`, `13.4 MB`.
pub fn size(bytes: u64) -> String {
    plain(Amount::size(bytes))
}

/// A large number in words: `22.7 million`.
pub fn millions(n: u64) -> String {
    plain(Amount::large_number(n))
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

/// How much has been downloaded: `6.2 of 13.4 MB`.
pub fn downloaded(progress: Progress, write: Write) -> String {
    let received = Amount::megabytes(progress.received);
    match progress.total {
        Some(total) => {
            let received = Amount {
                unit: Unit::One,
                ..received
            };
            write(received) + " of " + &write(Amount::megabytes(total))
        }
        None => write(received) + " so far",
    }
}

/// A number of things: `1 token`, `2 tokens`, `5,120 tokens`.
pub fn count(n: usize, thing: &str, write: Write) -> String {
    write(Amount::number(n as u64)) + " " + thing + if n == 1 { "" } else { "s" }
}

/// How often a model was right: `92.1% of 872 texts (SST-2), 75.3% of …`.
pub fn accuracy(measured: &[Benchmark], write: Write) -> String {
    let mut text = String::new();
    for benchmark in measured {
        let examples = u64::from(benchmark.examples);
        let correct = u64::from(benchmark.correct);
        if !text.is_empty() {
            text += ", ";
        }
        let share = (correct * 1_000 + examples / 2) / examples.max(1);
        text += &(write(Amount::fine(share, Unit::Percent))
            + " of "
            + &count(benchmark.examples as usize, "text", write)
            + " ("
            + &benchmark.name
            + ")");
    }
    if text.is_empty() {
        text += "not stated";
    }
    text
}

/// Whole percents of the probabilities of one distribution. They sum to exactly 100: what rounding down leaves goes to those that
/// lost most by it.
pub fn apportion(scores: &[f32]) -> Vec<u32> {
    let exact: Vec<f32> = scores.iter().map(|score| score * 100.0).collect();
    let mut whole: Vec<u32> = exact.iter().map(|&p| p as u32).collect();
    let missing = 100_u32.saturating_sub(whole.iter().sum());
    let loss = |i: usize| exact[i] - exact[i].floor();
    let mut by_loss: Vec<usize> = (0..exact.len()).collect();
    by_loss.sort_by(|&a, &b| loss(b).total_cmp(&loss(a)));
    for (_, &i) in (0..missing).zip(&by_loss) {
        whole[i] += 1;
    }
    whole
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
        assert_eq!(accuracy(&[], plain), "not stated");
        assert_eq!(
            accuracy(
                &[measured("SST-2", 872, 803), measured("b", 5_213, 5_213)],
                plain
            ),
            "92.1% of 872 texts (SST-2), 100.0% of 5,213 texts (b)"
        );
        assert_eq!(
            accuracy(&[measured("none", 0, 0)], plain),
            "0.0% of 0 texts (none)"
        );
    }

    #[test]
    fn percents_of_a_distribution_sum_to_100() {
        assert_eq!(apportion(&[0.333, 0.333, 0.334]), [33, 33, 34]);
        assert_eq!(apportion(&[0.005, 0.005, 0.99]).iter().sum::<u32>(), 100);
        assert_eq!(apportion(&[0.125; 8]).iter().sum::<u32>(), 100);
        assert!(apportion(&[]).is_empty());
        // Every split of 1 into three parts by steps of 1/128, which f32 holds exactly.
        for a in 0..=128_u8 {
            for b in 0..=(128 - a) {
                let c = 128 - a - b;
                let scores = [a, b, c].map(|n| f32::from(n) / 128.0);
                let whole = apportion(&scores);
                assert_eq!(whole.iter().sum::<u32>(), 100, "{scores:?}");
                for (w, s) in whole.iter().zip(scores) {
                    assert!((*w as f32 - s * 100.0).abs() < 1.0, "{scores:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_uncertain_is_called_certain() {
        let said = |percent, score| plain(Amount::percent(Share { percent, score }));
        assert_eq!(said(100, 0.9997), ">99%");
        assert_eq!(said(100, 1.0), "100%");
        assert_eq!(said(0, 0.0001), "<1%");
        assert_eq!(said(0, 0.0), "0%");
        assert_eq!(said(87, 0.873), "87%");
    }

    #[test]
    fn bytes() {
        let half = Progress {
            received: 6_240_000,
            total: Some(13_449_999),
        };
        assert_eq!(downloaded(half, plain), "6.2 of 13.4 MB");
        let unknown = Progress {
            received: 49_999,
            total: None,
        };
        assert_eq!(downloaded(unknown, plain), "0.0 MB so far");
        assert_eq!(megabytes(13_449_999), "13.4");
        for (bytes, text) in [
            (312, "312 bytes"),
            (1_250, "1.3 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (13_449_999, "13.4 MB"),
        ] {
            assert_eq!(size(bytes), text);
        }
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
            assert_eq!(plain(Amount::duration(millis)), text, "{millis}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(count(1, "token", plain), "1 token");
        assert_eq!(count(0, "token", plain), "0 tokens");
        assert_eq!(count(5_120, "word", plain), "5,120 words");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(millions(22_713_987), "22.7 million");
        assert_eq!(millions(9_000), "9,000");
    }
}
