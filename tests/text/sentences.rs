//! What UAX #29 lacks, hostile texts, and what holds of every text.

use std::time::{Duration, Instant};

use live_sentiment::text::sentences::{Segmenter, sentences};
use proptest::prelude::*;

use super::split;

#[track_caller]
fn check(marked: &str) {
    let expected: Vec<_> = marked.split('|').map(str::trim).collect();
    assert_eq!(split(&marked.replace('|', "")), expected);
}

#[test]
fn abbreviations() {
    check("Mr. Smith met Dr. Jones vs. Ms. Lee. |They talked, e.g. about cats, i.e. pets.");
    check("He works at Apple Inc. in Cupertino. |She is from Washington D.C. |They met there.");
    check("Buy eggs, milk, etc. |Then come home. |We met at 5 p.m. |Nobody came.");
    check("See Fig. 3 and Sec. 4.2 on p. 9. |Read No. 5 of Vol. 2 first. |Oh no. |That hurts.");
    check("She has a Ph.D. in physics. |It took approx. 5 years.");
    check("He died in Jan. 2020. |On Dec. 5 we met again.");
    check(
        "The store is on Main St. |It is open. |Lt. Col. North left. |See Roe v. Wade by Gordon S. Jones.",
    );
    check("It is a good film . |UN troops left (AP). |ALITO said so .");
}

#[test]
fn initials() {
    check("J. R. R. Tolkien wrote it. |I read J.K. Rowling and George W. Bush.");
    check("Take vitamin C. |It helps. |Plan B. |That is all.");
}

#[test]
fn contractions() {
    check("I can't. |Love it. |I don’t. |Nobody's. |So I'm. |He'd. |See the 'A. Smith' file.");
}

#[test]
fn numbers() {
    check("It lasts 10 hrs. |Great. |It weighs 5 lbs. and is 3 yrs. old.");
    check("Pi is 3.14 or so. |Version v2.0 is out. |It costs $5.50. |I paid.");
    check("In 1995. |And then? |He came 2. |She came 1.");
}

#[test]
fn ellipses() {
    check("Well... maybe not. |I waited... |Nobody came. |So… what now? |Fine…");
    check("…and then it broke. |Wait...what?");
}

#[test]
fn quotes_and_brackets() {
    check("“It is good.” |He left. |(It was late.) |She stayed.");
    check("\"Stop!\" he said. |\"Really?\" she asked. |He said (!) nothing.");
    check("I like it (a lot!). |It works.[1] |Great.\u{201d} |Yes.");
    check("**Great phone.** |*Really.* |Buy it.");
}

#[test]
fn lists() {
    check("* one\n|* two\n   goes on here\n   and here\n|+ three");
    check("Good:\n|- screen\n|- battery lasts long\n|* price");
    check("1. Fast\n|2. Cheap\n|3. It works. |I like it.");
    check("a) one\n|b) two\n|(c) three\n|• four\n|✅ five");
    check("We bought\n|1. apples\n|2. pears");
}

#[test]
fn line_breaks() {
    check(
        "This is a long line that was wrapped by an editor at\nsome columns and goes on\nhere. |Next one.",
    );
    check("Great phone\n|Battery lasts long\n|Would buy again");
    check("A title\n\n|The text. |More\n\n|no stop here\r\n\r\n|end");
    check("He came with Mr.\nSmith. |It was good.\n|it works.");
    check("Dear John,\n|Thank you for the letter.");
    check("one\r\n|two\r\n|three");
    check("We went to see the\nEiffel Tower in the\nnight.");
    check(
        "We spent a whole week of our holidays in the beautiful city of New\nYork and liked it. |The end.",
    );
    check(
        "Great phone with a bright screen and a battery that lasts all day\n|Bad phone, and the shop did not want to take it back after a week",
    );
    check("Title\u{2029}|text\u{c}|more");
}

#[test]
fn emoji() {
    check("I love it 😍 |The battery is bad 😡 |Never again");
    check("I love it! 😍😍 |But the price... 👎🏽 |No. 🇺🇸 |It works :) |She left :-(");
    check("😀 I like it.\n|😡 I hate that.");
    check("I ❤️ it so much. 👨‍👩‍👧‍👦 |Family.");
    check("so good 😂 and so cheap");
    check("first line 😀\n|second line");
    check("😀😀 😀");
}

#[test]
fn addresses_and_names() {
    check("Write to a.b@example.com. |See http://x.org/a.b?q=1&r=Two.Three! |Done.");
    check("She works at Yahoo! in sales. |Wow! |that was good. |Yahoo! |It works.");
    check("Use java.util.List and System.out.println(x) in ASP.NET or Node.js. |It works!");
    check("It is great. |it works. |I like it");
}

#[test]
fn glued() {
    assert_eq!(
        split("Wow!Great phone.Really good."),
        ["Wow!", "Great phone.", "Really good."]
    );
}

#[test]
fn nothing_to_find() {
    for text in ["", " ", "\n\n\r\n\t", "\u{2029}\u{a0}"] {
        assert_eq!(split(text), [""; 0], "{text:?}");
    }
    for text in [
        "...",
        "?",
        "\"",
        "(",
        "no punctuation at all",
        "😀",
        "1.",
        "•",
        ":",
    ] {
        assert_eq!(split(text), [text]);
    }
}

/// Each takes a fraction of a second; what takes the square of the length would run for minutes.
#[test]
fn takes_linear_time() {
    let mega = |unit: &str| unit.repeat(1_000_000 / unit.len());
    let texts = [
        mega("word "),
        mega("It is good. "),
        mega("x"),
        mega("."),
        mega(". "),
        mega("!"),
        mega(".)"),
        mega("("),
        mega("\n"),
        mega("😀"),
        mega("😀 A "),
        mega("a.b"),
        mega("x😀"),
        mega("1. "),
        mega("• "),
        mega("a\n"),
        mega("A b c, \n"),
        mega("“"),
        mega("。"),
        mega("! "),
        mega("e.g. "),
        mega("?\""),
        mega("\u{301}"),
        mega("a\u{301}. "),
        mega(":) "),
        mega("- a\n"),
        mega("J. "),
        mega("[1]"),
        mega("» "),
        mega(" \u{a0}"),
        mega("a,\n"),
        ".".to_owned() + &mega(")"),
        ".".to_owned() + &mega(" "),
        ".".to_owned() + &mega("\u{301}"),
        mega("(") + &mega(".a"),
        mega("x") + &mega("😀x"),
        ".".to_owned() + &mega("😀"),
        mega("A. ") + &mega(" ."),
        "1. ".to_owned() + &mega("a 2. "),
    ];
    for text in texts {
        let begun = Instant::now();
        let count = sentences(&text).len();
        let took = begun.elapsed();
        let beginning: String = text.chars().take(9).collect();
        assert!(
            took < Duration::from_secs(20),
            "{beginning:?}: {took:?} for {count}"
        );
    }
    assert_eq!(sentences(&mega("- a list line\n")).len(), 1_000_000 / 14);
    let word = "x".repeat(100_000);
    assert_eq!(split(&word), [&word]);
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zA-Z]{1,8}",
        "[ \\n\\t]{1,3}",
        prop::sample::select(vec![
            ". ",
            "... ",
            "! ",
            "?",
            "…",
            "\n\n",
            "\r\n",
            "\n",
            "Mr. ",
            "e.g. ",
            "U.S. ",
            "5 p.m. ",
            "No. 5",
            "3.14",
            "1. ",
            "a) ",
            "• ",
            "\n- ",
            "“",
            "”",
            "\"",
            "'",
            ") ",
            "(",
            "« ",
            " »",
            "😀",
            "👍🏽 ",
            " :) ",
            "。",
            "！",
            "। ",
            "؟ ",
            "¿",
            "好",
            "かな",
            "ש",
            "سلام ",
            "\u{301}",
            "\u{200d}",
            "\u{2029}",
            "\u{a0}",
            "@",
            "://",
            "I ",
            "The ",
            ". . . ",
            "[1]",
            "J. ",
            "3. ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn cover_the_text_without_its_blanks(text in text()) {
        let mut end = 0;
        for range in sentences(&text) {
            prop_assert!(range.start >= end && range.start < range.end);
            prop_assert_eq!(text[end..range.start].trim(), "");
            prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
            end = range.end;
        }
        prop_assert_eq!(text[end..].trim(), "");
    }

    #[test]
    fn do_not_change_when_a_paragraph_is_added(text in text(), more in text()) {
        let before = sentences(&text);
        let after = sentences(&(text.clone() + "\n\n" + &more));
        prop_assert_eq!(&after[..before.len()], &before[..]);
    }
}

/// Sentences that differ, in one paragraph.
fn prose(count: usize, between: &str) -> String {
    let words = [
        "hotel",
        "room",
        "breakfast",
        "quiet",
        "never",
        "again",
        "staff",
        "price",
    ];
    let mut text = String::new();
    let mut n = 1_u64;
    for number in 0..count {
        text += if number % 2 == 0 { "It was" } else { "I saw" };
        for _ in 0..5 + n % 7 {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push(' ');
            text += words[(n >> 40) as usize % words.len()];
        }
        text.push('.');
        text += between;
    }
    text
}

#[test]
fn a_long_paragraph_has_the_sentences_of_short_ones() {
    let texts = |between: &str| -> Vec<String> {
        let text = prose(2_000, between);
        let ranges = sentences(&text);
        ranges
            .into_iter()
            .map(|range| text[range].to_owned())
            .collect()
    };
    let short = texts("\n\n");
    assert_eq!(short.len(), 2_000);
    for between in [" ", "\n", "\n  "] {
        let long = texts(between);
        let other = long.iter().zip(&short).find(|(one, other)| one != other);
        assert_eq!((other, long.len()), (None, 2_000), "{between:?}");
    }
}

#[test]
fn an_edited_text_has_the_sentences_of_a_new_one() {
    let text = prose(2_000, " ");
    let mut segmenter = Segmenter::default();
    segmenter.sentences(&text);
    for at in (0..text.len()).step_by(997) {
        for edit in ["x", ". A", "\n\n", "1. "] {
            let mut edited = text.clone();
            edited.insert_str(at, edit);
            assert_eq!(
                segmenter.sentences(&edited),
                sentences(&edited),
                "{edit:?} at {at}"
            );
        }
    }
}
