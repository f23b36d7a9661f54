//! A document: what an edit asks for, what answers become, and the verdict on the whole.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use live_sentiment::document::*;
use live_sentiment::text::edits::{Change, changes};
use live_sentiment::types::Prediction;
use proptest::prelude::*;

fn labels() -> Vec<String> {
    ["negative", "neutral", "positive"]
        .map(str::to_owned)
        .to_vec()
}

fn prediction(scores: &[f32], tokens: usize) -> Prediction {
    let label = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    Prediction {
        label: label.unwrap_or(0),
        scores: scores.to_vec(),
        logits: Vec::new(),
        tokens: Vec::new(),
        token_count: tokens,
        truncated_at: None,
        millis: 1.0,
    }
}

/// A model of three words.
fn read(text: &str) -> Prediction {
    let tokens = text.split_whitespace().count() + 2;
    let scores = match text
        .matches("good")
        .count()
        .cmp(&text.matches("bad").count())
    {
        Ordering::Less => [0.9, 0.08, 0.02],
        Ordering::Greater => [0.03, 0.07, 0.9],
        Ordering::Equal => [0.1, 0.8, 0.1],
    };
    prediction(&scores, tokens)
}

/// The same, which reads `most` words at once.
fn read_at_most(text: &str, most: usize) -> Prediction {
    let cut = text.split_whitespace().count() > most;
    Prediction {
        truncated_at: cut.then_some(1),
        ..read(text)
    }
}

fn answer(document: &mut Document, jobs: Vec<Job>) {
    let mut jobs = jobs;
    while let Some(job) = jobs.pop() {
        jobs.extend(document.resolve(job.hash, &read(&job.text)));
    }
}

fn sentences(jobs: &[Job]) -> impl Iterator<Item = &Job> {
    jobs.iter().filter(|job| !job.is_window)
}

/// The sentences among the jobs.
fn texts(jobs: &[Job]) -> Vec<&str> {
    sentences(jobs).map(|job| job.text.as_str()).collect()
}

fn views(document: &Document) -> Vec<SentenceView<'_>> {
    document.view().collect()
}

#[test]
fn an_edit_asks_for_what_it_changed() {
    let mut document = Document::new("m");
    let jobs = document.edit("It is good. It is bad. It is good.");
    assert_eq!(
        texts(&jobs),
        ["It is good.", "It is bad."],
        "the same text once"
    );
    answer(&mut document, jobs);
    assert_eq!(document.progress(), (3, 3));

    let jobs = document.edit("It is good. It is so bad. It is good.");
    assert_eq!(texts(&jobs), ["It is so bad."]);
    assert_eq!(document.progress(), (2, 3));
    let changed = &views(&document)[1];
    assert!(changed.is_stale, "the verdict on the version before");
    assert_eq!(changed.verdict.map(|v| v.label), Some(0));
    // Undone, and known still.
    assert_eq!(texts(&document.edit("It is good. It is bad.")), [""; 0]);
    assert_eq!(document.progress(), (2, 2));
}

#[test]
fn no_verdict_stands_beside_another_text() {
    let mut document = Document::new("m");
    let old = document.edit("It is good.");
    let new = document.edit("It is bad.");
    // Late: shown as that of the version before.
    assert!(!document.is_wanted(old[0].hash));
    assert_eq!(document.resolve(old[0].hash, &read("good")), []);
    assert_eq!(views(&document)[0].verdict.map(|v| v.label), Some(2));
    assert!(views(&document)[0].is_stale && !document.is_complete());
    assert!(document.is_wanted(new[0].hash));
    answer(&mut document, new);
    assert!(!views(&document)[0].is_stale && document.is_complete());
    assert_eq!(views(&document)[0].verdict.map(|v| v.label), Some(0));
    // A second answer changes nothing.
    document.resolve(views(&document)[0].hash, &read("good"));
    assert_eq!(views(&document)[0].verdict.map(|v| v.label), Some(0));
}

#[test]
fn another_model_reads_again_and_the_first_is_not_forgotten() {
    let mut document = Document::new("one");
    let jobs = document.edit("It is good. It is bad.");
    let late = jobs[1].hash;
    document.resolve(jobs[0].hash, &read("good"));
    let others = document.switch_model("other");
    assert_eq!(texts(&others), ["It is good.", "It is bad."]);
    assert_eq!(document.resolve(late, &read("bad")), []);
    assert_eq!(document.progress(), (0, 2));
    assert!(
        views(&document)
            .iter()
            .all(|sentence| sentence.verdict.is_none())
    );
    assert_eq!(texts(&document.switch_model("one")), ["It is bad."]);
}

#[test]
fn a_crash_loses_nothing_that_was_read() {
    let mut document = Document::new("m");
    let jobs = document.edit("It is good. It is bad. It is fine.");
    document.resolve(jobs[0].hash, &read("good"));
    document.fail(jobs[2].hash);
    assert!(views(&document)[2].is_failed);
    let again = document.pending();
    assert_eq!(texts(&again), ["It is bad.", "It is fine."]);
    answer(&mut document, again);
    assert_eq!(document.progress(), (3, 3));
    assert_eq!(document.pending(), []);
}

#[test]
fn places_are_in_utf16() {
    let mut document = Document::new("m");
    document.edit("  Süß 🙂! So good.\n\nשלום.");
    let places: Vec<_> = document.view().map(|s| (s.start, s.end)).collect();
    assert_eq!(places, [(2, 9), (10, 18), (20, 25)]);
}

#[test]
fn a_key_in_a_long_document_asks_for_two_sentences_at_most() {
    let sentence = |n: usize| format!("On day {n} the room was good, but e.g. Mr. Smith said no. ");
    let text: String = (0..420).map(sentence).collect();
    assert!(text.split_whitespace().count() > 5000);
    let mut document = Document::new("m");
    let jobs = document.edit(&text);
    answer(&mut document, jobs);
    let (mut keys, mut windows) = (0, 0);
    for at in text.len() / 2..text.len() / 2 + 60 {
        for key in ["x", ".", " ", "\n", "\n\n", "!"] {
            let mut edited = text.clone();
            edited.insert_str(at, key);
            let jobs = document.edit(&edited);
            let sent = sentences(&jobs).count();
            assert!(sent <= 2, "{key:?} at {at}: {sent}");
            keys += 1;
            windows += jobs.len() - sent;
        }
    }
    assert!(windows < 3 * keys, "{windows} windows for {keys} keys");
}

#[test]
fn text_without_punctuation_is_read_in_parts() {
    let text = (0..5000)
        .map(|n| format!("word{} ", n * 7919 % 100_003))
        .collect::<String>();
    let mut document = Document::new("m");
    let jobs = document.edit(&text);
    assert!(jobs.len() > 50 && jobs.iter().all(|job| job.text.len() < 600));
    let whole: String = sentences(&jobs).map(|job| job.text.clone() + " ").collect();
    assert_eq!(whole, text, "nothing is left out");
    for at in (text.len() / 2..).take(40) {
        let mut edited = text.clone();
        edited.insert(at, 'x');
        let sent = texts(&document.edit(&edited)).len();
        assert!(sent <= 4, "{sent} at {at}");
    }
    // Words without blanks between.
    let jobs = document.edit(&"好".repeat(2000));
    assert!(
        jobs.iter().all(|job| job.text.len() < 600),
        "{}",
        jobs.len()
    );
    // A word is a word.
    assert_eq!(document.edit(&"y".repeat(100_000)).len(), 1);
}

#[test]
fn what_a_model_finds_too_long_is_read_in_halves() {
    let text = "one two three four five six seven, eight nine ten. Short.";
    let mut document = Document::new("m");
    let mut jobs = document.edit(text);
    let mut read = Vec::new();
    while let Some(job) = jobs.pop() {
        let prediction = read_at_most(&job.text, 3);
        if prediction.truncated_at.is_none() {
            read.push(job.text.clone());
        }
        jobs.extend(document.resolve(job.hash, &prediction));
    }
    let (done, total) = document.progress();
    assert_eq!(done, total);
    assert_eq!(done, read.len());
    assert!(total > 3);
    // Known from now on, and after a key elsewhere too.
    assert_eq!(
        texts(&document.edit(&(text.to_owned() + " More."))),
        ["More."]
    );
    // What cannot be cut is taken as it is.
    let mut document = Document::new("m");
    let jobs = document.edit("x");
    let prediction = Prediction {
        truncated_at: Some(0),
        ..prediction(&[1.0], 2)
    };
    assert_eq!(document.resolve(jobs[0].hash, &prediction), []);
    assert_eq!(document.progress(), (1, 1));
}

#[test]
fn parts_keep_marks_with_their_letters() {
    for unit in ["ที่นี่", "か\u{3099}", "ນີ້"] {
        let mut document = Document::new("m");
        for job in document.edit(&unit.repeat(900)) {
            let first = job.text.chars().next();
            assert!(
                !matches!(
                    first,
                    Some('\u{e34}'..='\u{e4e}' | '\u{eb4}'..='\u{ece}' | '\u{3099}')
                ),
                "{first:?}"
            );
        }
    }
}

#[test]
fn halves_keep_accents_and_families_together() {
    for unit in ["e\u{301}", "👩\u{200d}👩\u{200d}👧", "👍🏽"] {
        let mut document = Document::new("m");
        let mut jobs = document.edit(&unit.repeat(33));
        while let Some(job) = jobs.pop() {
            assert_eq!(job.text, unit.repeat(job.text.len() / unit.len()));
            let cut = job.text.len() > 3 * unit.len();
            let prediction = Prediction {
                truncated_at: cut.then_some(1),
                ..read("")
            };
            jobs.extend(document.resolve(job.hash, &prediction));
        }
        assert_eq!(
            document.progress(),
            (document.view().count(), document.view().count())
        );
    }
}

fn summary(text: &str, labels: &[String]) -> Summary {
    let mut document = Document::new("m");
    let jobs = document.edit(text);
    answer(&mut document, jobs);
    document.summary(labels, false, &Rule::default())
}

#[test]
fn praise_and_complaint_are_mixed() {
    let tone = |text: &str| summary(text, &labels()).tone;
    assert_eq!(
        tone("The room is good. The food is bad."),
        Some(Tone::Mixed)
    );
    assert_eq!(
        tone("It is good. It is so good. Very good."),
        Some(Tone::Class(2))
    );
    assert_eq!(tone("It is bad."), Some(Tone::Class(0)));
    assert_eq!(tone("It is a room. It is good."), Some(Tone::Class(2)));
    // One complaint of eight sentences is too little.
    let praise: String = (0..7).map(|n| format!("Day {n} was good. ")).collect();
    assert_eq!(tone(&(praise + "The food is bad.")), Some(Tone::Class(2)));
    assert_eq!(tone(""), None);
}

#[test]
fn only_polarity_can_be_mixed() {
    let emotions = ["joy", "anger", "fear"].map(str::to_owned).to_vec();
    let found = summary("The room is good. The food is bad.", &emotions);
    assert!(matches!(found.tone, Some(Tone::Class(_))));
    assert_eq!(found.shares, Shares::default());
    let mut document = Document::new("m");
    let jobs = document.edit("The room is good. The food is bad.");
    answer(&mut document, jobs);
    let found = document.summary(&labels(), true, &Rule::default());
    assert!(
        matches!(found.tone, Some(Tone::Class(_))),
        "several labels may hold"
    );
}

#[test]
fn until_windows_are_read_rules_weigh_sentences() {
    let mut document = Document::new("m");
    let jobs = document.edit("Bad bad bad bad bad bad. Good.");
    document.resolve(jobs[0].hash, &prediction(&[0.5, 0.3, 0.2], 8));
    document.resolve(jobs[1].hash, &prediction(&[0.0, 0.0, 1.0], 3));
    let score = |weight| {
        let rule = Rule {
            weight,
            ..Rule::default()
        };
        document.summary(&labels(), false, &rule).scores[0]
    };
    assert!((score(Weight::Equal) - 0.25).abs() < 1e-6);
    assert!((score(Weight::Length) - 3.0 / 7.0).abs() < 1e-6);
    assert!((score(Weight::Confidence) - 0.25 / 1.5).abs() < 1e-6);
    assert!((score(Weight::LengthAndConfidence) - 1.5 / 4.0).abs() < 1e-6);
}

#[test]
fn part_of_a_text_is_summed_up_as_far_as_it_was_read() {
    let mut document = Document::new("m");
    let jobs = document.edit("It is good. It is bad.");
    assert_eq!(
        document.summary(&labels(), false, &Rule::default()).tone,
        None
    );
    document.resolve(jobs[0].hash, &read("good"));
    let found = document.summary(&labels(), false, &Rule::default());
    assert_eq!(
        (found.tone, found.read, found.total),
        (Some(Tone::Class(2)), 1, 2)
    );
}

#[test]
fn probabilities_come_from_windows() {
    let mut document = Document::new("m");
    let jobs = document.edit("It is good. It is bad. It is fine. Really.");
    let (windows, sentences): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| job.is_window);
    assert_eq!(windows.len(), 1);
    answer(&mut document, sentences);
    let scores = |document: &Document| document.summary(&labels(), false, &Rule::default()).scores;
    assert!(!document.is_complete());
    document.resolve(windows[0].hash, &prediction(&[0.0, 0.0, 1.0], 9));
    assert_eq!(scores(&document), [0.0, 0.0, 1.0]);
    assert!(document.is_complete());
    // One that the model cannot read whole counts by its sentences.
    let jobs = document.edit("It is good. It is bad. It is fine. Yes.");
    let (windows, sentences): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| job.is_window);
    answer(&mut document, sentences);
    assert_eq!(
        scores(&document),
        [0.0, 0.0, 1.0],
        "that of the version before"
    );
    let cut = Prediction {
        truncated_at: Some(20),
        ..prediction(&[1.0, 0.0, 0.0], 9)
    };
    assert_eq!(document.resolve(windows[0].hash, &cut), []);
    assert!(document.is_complete());
    assert_ne!(scores(&document), [1.0, 0.0, 0.0]);
}

#[test]
fn while_typing_outruns_the_model_late_answers_are_shown() {
    let mut document = Document::new("m");
    let first = document.edit("It is a go");
    document.edit("It is a goo");
    document.edit("It is a good");
    document.resolve(first[0].hash, &read("bad"));
    assert!(views(&document)[0].is_stale);
    assert_eq!(views(&document)[0].verdict.map(|v| v.label), Some(0));
    // Only what comes after it may take its place.
    document.resolve(first[0].hash, &read("good"));
    assert_eq!(views(&document)[0].verdict.map(|v| v.label), Some(0));
}

#[test]
fn windows_behind_an_edit_stay() {
    let hash = |n: u64| ContentHash::of("m", &n.to_string());
    let hashes: Vec<_> = (0..500).map(hash).collect();
    let tokens: Vec<_> = (0..500).map(|n| 10 + n % 30).collect();
    let texts = |hashes: &[ContentHash], tokens: &[usize]| -> Vec<Vec<ContentHash>> {
        windows(hashes, tokens, 510)
            .into_iter()
            .map(|run| hashes[run].to_vec())
            .collect()
    };
    let old = texts(&hashes, &tokens);
    for at in 200..260 {
        let (mut hashes, mut tokens) = (hashes.clone(), tokens.clone());
        hashes.insert(at, hash(9999 + at as u64));
        tokens.insert(at, 25);
        let new = texts(&hashes, &tokens);
        let fresh = new.iter().filter(|window| !old.contains(window)).count();
        assert!(fresh <= 6, "{fresh} of {}", new.len());
    }
}

#[test]
fn what_changed_between_two_versions() {
    let mut document = Document::new("m");
    document.edit("It is good. It is bad. The end.");
    let old = document.hashes();
    document.edit("It is good. It is fine. The end. More.");
    let found = changes(&old, &document.hashes());
    assert_eq!(found[1], Change::Replaced { old: 1, new: 1 });
    assert_eq!(found[3], Change::Added { new: 3 });
}

#[test]
fn long_texts_take_linear_time() {
    for text in [
        "- a list line\n".repeat(70_000),
        "word ".repeat(200_000),
        "好".repeat(300_000),
        "x".repeat(1_000_000),
    ] {
        let begun = Instant::now();
        let mut document = Document::new("m");
        let jobs = document.edit(&text);
        answer(&mut document, jobs);
        assert_eq!(document.progress().0, document.view().count());
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn answers_do_not_pile_up() {
    let mut document = Document::new("m");
    for n in 0..20_000 {
        let jobs = document.edit(&format!("Number {n} is good."));
        answer(&mut document, jobs);
    }
    // The first is forgotten, the last but one is not.
    assert_eq!(document.edit("Number 0 is good.").len(), 1);
    assert_eq!(document.edit("Number 19998 is good."), []);
}

proptest! {
    #[test]
    fn windows_are_whole_and_within_the_budget(tokens in prop::collection::vec(0usize..300, 0..60), budget in 0usize..700) {
        let hashes: Vec<_> = (0..tokens.len()).map(|n| ContentHash(n as u64 * 31)).collect();
        let mut end = 0;
        for run in windows(&hashes, &tokens, budget) {
            prop_assert_eq!(run.start, end);
            prop_assert!(!run.is_empty());
            let sum: usize = tokens[run.clone()].iter().sum();
            prop_assert!(sum <= budget || run.len() == 1);
            end = run.end;
        }
        prop_assert_eq!(end, tokens.len());
    }

    #[test]
    fn every_letter_is_in_one_sentence(text in "(\\PC{1,9}|[a-z]{1,9}[. ]|好|[ \\n]|x{600}){0,60}", times in 1usize..40) {
        let text = text.repeat(times);
        let mut document = Document::new("m");
        document.edit(&text);
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut end = 0;
        for sentence in document.view() {
            prop_assert!(sentence.start >= end && sentence.end > sentence.start);
            let between = String::from_utf16_lossy(&units[end..sentence.start]);
            prop_assert_eq!(between.trim(), "");
            end = sentence.end;
        }
        let rest = String::from_utf16_lossy(&units[end..]);
        prop_assert_eq!(rest.trim(), "");
    }

    /// What an edit left as it was keeps its name, which must be that of its text still.
    #[test]
    fn every_piece_is_named_by_its_text(
        text in "([A-Z][a-z]{1,9} [a-z]{4,9}[.!] |好。|é|x{600} ){1,40}",
        edits in prop::collection::vec((0.0..1.0, 0.0..1.0, "([A-Z][a-z]{3,9}[.] |好|[a-z. ]){0,9}"), 1..6),
    ) {
        let mut text = text.repeat(8);
        let mut document = Document::new("m");
        let jobs = document.edit(&text);
        answer(&mut document, jobs);
        for (from, to, by) in edits {
            let at = |share: f64| text.floor_char_boundary((text.len() as f64 * share) as usize);
            let (from, to) = (at(from).min(at(to)), at(from).max(at(to)));
            text.replace_range(from..to, &by);
            let jobs = document.edit(&text);
            let named = |job: &Job| job.hash == ContentHash::of("m", &job.text);
            prop_assert!(jobs.iter().all(named));
            for sentence in document.view() {
                prop_assert_eq!(sentence.hash, ContentHash::of("m", sentence.text));
            }
            let mut fresh = Document::new("m");
            fresh.edit(&text);
            prop_assert_eq!(document.hashes(), fresh.hashes());
            prop_assert_eq!(document.window_count(), fresh.window_count());
            answer(&mut document, jobs);
        }
    }
}
