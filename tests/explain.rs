//! Reasons by occlusion, without a model.

use live_sentiment::explain::Occlusion;

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
            ", it was fine (really).",
            "No, was fine (really).",
            "No, it fine (really).",
            "No, it was (really).",
            "No, it was fine ()."
        ]
    );
    assert!(Occlusion::new("?!", 0, 1.0).variants().is_empty());
    assert_eq!(Occlusion::new("", 0, 1.0).reasons(), Some(Vec::new()));
}

#[test]
fn long_sentences_are_explained_in_runs() {
    let occlusion = Occlusion::new(&"word ".repeat(500), 0, 1.0);
    assert!(occlusion.variants().len() <= 48);
    let left: usize = occlusion
        .variants()
        .iter()
        .map(|variant| variant.split_whitespace().count())
        .sum();
    assert_eq!(
        left,
        occlusion.variants().len() * 500 - 500,
        "each word is left out once"
    );
}

#[test]
fn scores_that_are_missing_count_as_zero() {
    let mut occlusion = Occlusion::new("fine", 3, 0.8);
    assert!(occlusion.answer(0, &[0.5]));
    assert!(
        !Occlusion::new("one two", 0, 1.0).answer(9, &[0.5]),
        "no such variant"
    );
    assert_eq!(occlusion.reasons().map(|reasons| reasons.len()), Some(1));
}
