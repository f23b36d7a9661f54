//! Reasons by occlusion, without a model.

use live_sentiment::explain::{Occlusion, leave_out};

/// A model that knows two words.
fn score(text: &str) -> f32 {
    let mut score: f32 = 0.5;
    if text.contains("good") {
        score += if text.contains("not good") { -0.3 } else { 0.3 };
    }
    if text.contains("cold") {
        score -= 0.1;
    }
    score
}

/// The words with their weights, in hundredths.
fn reasons(text: &str) -> Vec<(String, i32)> {
    let mut occlusion = Occlusion::new(text, 1, score(text));
    let variants = occlusion.variants().to_vec();
    for (index, variant) in variants.iter().enumerate() {
        assert_eq!(occlusion.reasons(), None);
        let is_last = occlusion.answer(index, &[0.0, score(variant)]);
        assert_eq!(is_last, index + 1 == variants.len());
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let reasons = occlusion.reasons().unwrap_or_default();
    reasons
        .into_iter()
        .map(|reason| {
            let word = String::from_utf16_lossy(&units[reason.start..reason.end]);
            (word, (reason.weight * 100.0).round() as i32)
        })
        .collect()
}

#[test]
fn a_weight_is_what_the_verdict_loses() {
    let words = [
        ("It", 0),
        ("was", 0),
        ("good", 30),
        ("but", 0),
        ("cold", -10),
    ];
    assert_eq!(
        reasons("It was good but cold."),
        words.map(|(word, weight)| (word.to_owned(), weight))
    );
}

#[test]
fn a_negation_goes_with_its_word() {
    let found = reasons("It was not good");
    assert_eq!(found[2], ("not good".to_owned(), -30));
}

#[test]
fn emoji_and_hyphenated_words_count_once() {
    let words: Vec<_> = reasons("A well-known 👩\u{200d}👩\u{200d}👧 place 🙂")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(
        words,
        ["A", "well-known", "👩\u{200d}👩\u{200d}👧", "place", "🙂"]
    );
}

#[test]
fn variants_are_the_text_without_a_word() {
    let occlusion = Occlusion::new("No, it was fine (really).", 0, 1.0);
    assert_eq!(
        occlusion.variants(),
        [
            "it was fine (really).",
            "No, was fine (really).",
            "No, it fine (really).",
            "No, it was (really).",
            "No, it was fine."
        ]
    );
    assert!(Occlusion::new("?!", 0, 1.0).variants().is_empty());
    assert_eq!(Occlusion::new("", 0, 1.0).reasons(), Some(Vec::new()));
}

#[test]
fn what_stood_around_a_word_goes_with_it() {
    for (text, word, without) in [
        ("Slow, dull, long.", "dull", "Slow, long."),
        ("Great!!! I came.", "Great", "I came."),
        ("He said \"no\" to it.", "no", "He said to it."),
        ("A film (2001) of his.", "2001", "A film of his."),
        ("it 's slow , dull .", "dull", "it 's slow , ."),
        ("It was  cold, wet.", "cold", "It was, wet."),
        ("Süß 🙂 war es", "🙂", "Süß war es"),
        ("Fine", "Fine", ""),
    ] {
        let at = text
            .find(word)
            .map_or(0, |at| text[..at].encode_utf16().count());
        let place = (at, at + word.encode_utf16().count());
        assert_eq!(leave_out(text, &[place]), without, "{text}");
    }
    assert_eq!(leave_out(" as it was ,", &[]), " as it was ,");
    assert_eq!(leave_out("one two three", &[(0, 3), (8, 13)]), "two");
}

#[test]
fn the_verdict_on_one_word_is_its_own() {
    let occlusion = Occlusion::new("Great!", 0, 0.75);
    assert!(occlusion.variants().is_empty() && occlusion.is_done());
    let weights: Vec<_> = occlusion
        .reasons()
        .unwrap_or_default()
        .iter()
        .map(|it| it.weight)
        .collect();
    assert_eq!(weights, [0.75]);
}

#[test]
fn long_sentences_are_explained_in_runs() {
    for (count, variants) in [(47, 47), (48, 48), (49, 48), (500, 48)] {
        let occlusion = Occlusion::new(&"word ".repeat(count), 0, 1.0);
        assert_eq!(occlusion.variants().len(), variants);
        let lengths = occlusion
            .variants()
            .iter()
            .map(|variant| variant.split_whitespace().count());
        assert_eq!(
            lengths.sum::<usize>(),
            (variants - 1) * count,
            "each word is left out once"
        );
    }
}

#[test]
fn scores_that_lack_the_label_are_ignored() {
    let mut occlusion = Occlusion::new("one two", 3, 0.8);
    assert!(!occlusion.answer(0, &[0.5]));
    assert!(
        !occlusion.answer(9, &[0.0, 0.0, 0.0, 0.5]),
        "no such variant"
    );
    assert_eq!(occlusion.reasons(), None);
}
