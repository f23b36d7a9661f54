//! What counts as a word.

use std::time::{Duration, Instant};

use live_sentiment::text::words::{words, words_with_negations};
use proptest::prelude::*;

fn found(text: &str) -> Vec<&str> {
    words(text).into_iter().map(|range| &text[range]).collect()
}

fn units(text: &str) -> Vec<&str> {
    let ranges = words_with_negations(text);
    ranges.into_iter().map(|range| &text[range]).collect()
}

#[test]
fn words_without_punctuation() {
    assert_eq!(found("Good, (really) “good”!"), ["Good", "really", "good"]);
    assert_eq!(
        found("3.14 and 1,000 v2.0"),
        ["3.14", "and", "1,000", "v2.0"]
    );
    assert_eq!(found("... - ?! —"), [""; 0]);
    assert_eq!(found("très déçu, هذا جيد"), ["très", "déçu", "هذا", "جيد"]);
}

#[test]
fn hyphens_and_apostrophes_join() {
    assert_eq!(
        found("state-of-the-art well\u{2010}made"),
        ["state-of-the-art", "well\u{2010}made"]
    );
    assert_eq!(
        found("don't won’t rock'n'roll l’homme"),
        ["don't", "won’t", "rock'n'roll", "l’homme"]
    );
    assert_eq!(
        found("good -bad good- bad a--b"),
        ["good", "bad", "good", "bad", "a", "b"]
    );
}

#[test]
fn emoji_and_emoticons_count() {
    assert_eq!(
        found("love 😍👍🏽 it :) <3 ❤️"),
        ["love", "😍", "👍🏽", "it", ":)", "<3", "❤️"]
    );
    assert_eq!(found("👨‍👩‍👧‍👦 🇺🇸🇩🇪 1️⃣"), ["👨‍👩‍👧‍👦", "🇺🇸", "🇩🇪", "1️⃣"]);
}

#[test]
fn addresses_are_one_word() {
    assert_eq!(
        found("see https://a.org/x-y?q=1, www.b.de or c.d@e.fr."),
        ["see", "https://a.org/x-y?q=1", "www.b.de", "or", "c.d@e.fr"]
    );
    assert_eq!(found("@me and #tag"), ["me", "and", "tag"]);
}

#[test]
fn negations_hold_their_word() {
    assert_eq!(units("It is not good."), ["It", "is", "not good"]);
    assert_eq!(
        units("I don't like it, I don’t."),
        ["I", "don't like", "it", "I", "don’t"]
    );
    assert_eq!(units("not a very good one"), ["not a very good", "one"]);
    assert_eq!(
        units("No, thanks. Never again!"),
        ["No", "thanks", "Never again"]
    );
    assert_eq!(units("no problem, isn't bad"), ["no problem", "isn't bad"]);
    assert_eq!(units("das ist nicht gut"), ["das", "ist", "nicht gut"]);
    assert_eq!(units("ce n’est pas bon"), ["ce", "n’est", "pas bon"]);
    assert_eq!(units("not"), ["not"]);
}

#[test]
fn long_words_count_once_in_linear_time() {
    for text in [
        "x".repeat(100_000),
        "x-".repeat(300_000) + "x",
        "http://".to_owned() + &"a.".repeat(500_000) + "a",
    ] {
        let begun = Instant::now();
        assert_eq!(found(&text), [&text]);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    for unit in ["not ", "a:", "🇩🇪", "@a", "😀", "/", ":) ", "('"] {
        let begun = Instant::now();
        words_with_negations(&unit.repeat(1_000_000 / unit.len()));
        assert!(begun.elapsed() < Duration::from_secs(20), "{unit}");
    }
}

proptest! {
    #[test]
    fn are_in_order_and_leave_no_letter_out(text in "(\\PC|[a-z]{1,3}[-'. :]|not |[ \\n]){0,40}") {
        for ranges in [words(&text), words_with_negations(&text)] {
            let mut end = 0;
            for range in ranges {
                prop_assert!(range.start >= end && range.start < range.end);
                prop_assert!(!text[end..range.start].contains(char::is_alphanumeric));
                prop_assert!(text.get(range.clone()).is_some());
                end = range.end;
            }
            prop_assert!(!text[end..].contains(char::is_alphanumeric));
        }
    }
}
