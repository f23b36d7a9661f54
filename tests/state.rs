//! The page's state during typical visits, without a browser.

mod fixtures;

use fixtures::info;
use live_sentiment::ErrorKind;
use live_sentiment::document::{ContentHash, Document};
use live_sentiment::explain::Reason;
use live_sentiment::present::format::plain;
use live_sentiment::present::labels::{CONFIDENCE_THRESHOLD, Polarity};
use live_sentiment::types::*;
use live_sentiment::web::app::current::*;
use live_sentiment::web::app::pinned::*;
use live_sentiment::web::app::reading::*;
use live_sentiment::web::app::state::*;

fn prediction(label: usize) -> Prediction {
    let mut scores = vec![0.1; 3];
    scores[label] = 0.8;
    Prediction {
        label,
        logits: scores.clone(),
        scores,
        tokens: Vec::new(),
        token_count: 3,
        truncated_at: None,
        millis: 1.0,
    }
}

fn failure(kind: ErrorKind) -> Failure {
    Failure {
        kind,
        message: "It failed.".into(),
    }
}

/// What the page holds in signals.
struct Page {
    model: ModelState,
    reading: Reading,
    document: Document,
}

impl Page {
    fn new() -> Self {
        Self {
            model: ModelState::new("models/m/".into()),
            reading: Reading::default(),
            document: Document::new("models/m/"),
        }
    }

    fn view(&self) -> View<'_> {
        View {
            model: &self.model,
            reading: &self.reading,
        }
    }

    fn ready(&mut self, at: f64) {
        self.model.ready(info());
        self.reading.ready(at);
    }

    /// Returns the ids of what is to be read.
    fn write(&mut self, text: &str, at: f64) -> Vec<ContentHash> {
        self.reading.edit(text.trim().is_empty(), at);
        let jobs = self.document.edit(text);
        self.show(at);
        jobs.into_iter().map(|job| job.hash).collect()
    }

    fn answer(&mut self, hash: ContentHash, prediction: &Prediction, at: f64) {
        self.document.resolve(hash, prediction);
        self.show(at);
    }

    /// All of `text` has this label.
    fn read(&mut self, text: &str, label: usize, at: f64) {
        for hash in self.write(text, at) {
            self.answer(hash, &prediction(label), at);
        }
    }

    fn fail(&mut self, hash: ContentHash, kind: ErrorKind) {
        if self.document.fail(hash) {
            self.reading.failed(failure(kind));
        }
        self.show(0.0);
    }

    fn stop(&mut self, kind: ErrorKind, is_online: bool) {
        self.model.failed(failure(kind), is_online);
    }

    fn sentences(&self) -> Vec<Sentence> {
        let info = self.model.info.clone().unwrap_or_else(info);
        Sentence::all(&self.document, &info)
    }

    fn show(&mut self, at: f64) {
        let sentences = self.sentences();
        if let Some(info) = &self.model.info {
            self.reading.show(&self.document, &sentences, info, at);
        }
    }

    fn shown(&self) -> (VerdictState, Option<&str>) {
        (self.view().face(), self.view().label())
    }

    fn latency(&self) -> Option<f64> {
        self.reading.answer.as_ref()?.latency
    }
}

fn ready() -> Page {
    let mut page = Page::new();
    page.ready(0.0);
    page
}

#[test]
fn from_first_visit_to_verdict() {
    let mut page = Page::new();
    assert_eq!(page.view().face(), VerdictState::Loading);
    let asked = page.write("fine", 5.0);
    page.model.progress(Progress::default());
    assert_eq!(
        page.view().face(),
        VerdictState::Loading,
        "typing while it loads"
    );
    page.ready(100.0);
    assert_eq!(
        page.shown(),
        (VerdictState::Stale, None),
        "it is being read"
    );
    page.answer(asked[0], &prediction(2), 104.0);
    assert_eq!(page.shown(), (VerdictState::Ready, Some("positive")));
    assert_eq!(page.view().spoken(plain), "Positive, 80%.");
    assert_eq!(page.latency(), Some(4.0), "loading is not latency");
}

#[test]
fn an_answer_to_an_older_text_is_shown_as_stale() {
    let mut page = ready();
    let older = page.write("fin", 0.0);
    let newer = page.write("fine", 1.0);
    page.answer(older[0], &prediction(0), 4.0);
    assert_eq!(page.shown(), (VerdictState::Stale, Some("negative")));
    assert_eq!(page.latency(), None);
    page.answer(newer[0], &prediction(2), 5.0);
    assert_eq!(page.shown(), (VerdictState::Ready, Some("positive")));
    page.answer(older[0], &prediction(0), 6.0);
    assert_eq!(page.shown(), (VerdictState::Ready, Some("positive")));
    assert_eq!(page.latency(), Some(4.0));
}

#[test]
fn an_emptied_field_shows_no_verdict_and_wants_none() {
    let mut page = ready();
    page.read("fine", 0, 1.0);
    let asked = page.write("fine!", 2.0);
    page.write(" ", 2.0);
    assert_eq!(page.shown(), (VerdictState::Empty, None));
    page.answer(asked[0], &prediction(0), 3.0);
    page.fail(asked[0], ErrorKind::Input);
    assert_eq!(page.shown(), (VerdictState::Empty, None));
    page.write("other", 4.0);
    assert_eq!(page.shown(), (VerdictState::Stale, None));
    assert_eq!(page.view().failure(), None);
}

#[test]
fn a_failed_text_is_said_until_it_changes() {
    let mut page = ready();
    let older = page.write("fin", 0.0);
    let newer = page.write("fine", 1.0);
    page.fail(older[0], ErrorKind::Input);
    assert_eq!(page.view().face(), VerdictState::Stale, "of no interest");
    page.fail(newer[0], ErrorKind::Input);
    assert_eq!(page.view().face(), VerdictState::Error);
    page.read("fine!", 1, 2.0);
    assert_eq!(page.shown(), (VerdictState::Ready, Some("neutral")));
}

#[test]
fn a_text_that_crashes_the_worker_fails_alone() {
    let mut page = ready();
    let asked = page.write("fine", 0.0);
    page.fail(asked[0], ErrorKind::Crashed);
    assert_eq!(page.view().face(), VerdictState::Error);
    let trouble = page.view().trouble().map(|trouble| trouble.title);
    assert_eq!(trouble, Some("This text could not be read"));
    assert_eq!(page.view().action(), None);
}

#[test]
fn a_sentence_that_cannot_be_read_leaves_the_others_their_verdict() {
    let mut page = ready();
    let asked = page.write("It is fine. It is awful.", 0.0);
    page.fail(asked[0], ErrorKind::Crashed);
    for &hash in &asked[1..] {
        page.answer(hash, &prediction(0), 1.0);
    }
    assert_eq!(page.shown(), (VerdictState::Ready, Some("negative")));
    assert_eq!(
        page.reading.answer.as_ref().map(|a| a.counts.failed),
        Some(1)
    );
}

#[test]
fn praise_and_complaint_are_mixed() {
    let mut page = ready();
    let asked = page.write("It is fine. It is awful.", 0.0);
    assert_eq!(asked.len(), 3, "two sentences and both together");
    page.answer(asked[0], &prediction(2), 1.0);
    assert_eq!(page.shown(), (VerdictState::Stale, Some("positive")));
    page.answer(asked[1], &prediction(0), 2.0);
    assert_eq!(page.shown(), (VerdictState::Stale, Some("mixed")));
    assert_eq!(page.latency(), Some(2.0));
    page.answer(asked[2], &prediction(0), 3.0);
    assert_eq!(page.shown(), (VerdictState::Ready, Some("mixed")));
    assert_eq!(page.view().tone(), Some("mixed"));
    assert_eq!(page.view().spoken(plain), "Mixed, 1 positive, 1 negative.");
    let polarities: Vec<_> = page.sentences().iter().map(Sentence::polarity).collect();
    assert_eq!(
        polarities,
        [Some(Polarity::Positive), Some(Polarity::Negative)]
    );
}

/// The polarities of two sentences of which the first has the first label and the second the last.
fn polarities_of(labels: &[&str], multi_label: bool) -> Vec<Option<Polarity>> {
    let mut page = ready();
    let last = labels.len() - 1;
    page.model.info = Some(ModelInfo {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        multi_label,
        ..info()
    });
    let asked = page.write("One. Two.", 0.0);
    for (&hash, label) in asked.iter().zip([0, last, 0]) {
        let mut scores = vec![0.01; labels.len()];
        scores[label] = 0.9;
        let prediction = Prediction {
            scores,
            ..prediction(0)
        };
        page.answer(
            hash,
            &Prediction {
                label,
                ..prediction
            },
            1.0,
        );
    }
    assert_eq!(page.view().face(), VerdictState::Ready);
    let is_mixed = page
        .reading
        .answer
        .as_ref()
        .is_some_and(|answer| answer.is_mixed);
    let polarities: Vec<_> = page.sentences().iter().map(Sentence::polarity).collect();
    assert_eq!(is_mixed, polarities.iter().all(Option::is_some));
    polarities
}

#[test]
fn sentences_are_tinted_where_labels_have_a_polarity() {
    let stars = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"];
    let both = [Some(Polarity::Negative), Some(Polarity::Positive)];
    assert_eq!(polarities_of(&stars, false), both);
    assert_eq!(polarities_of(&["NEGATIVE", "POSITIVE"], false), both);
    assert_eq!(polarities_of(&["anger", "joy"], false), [None, None]);
    assert_eq!(polarities_of(&["LABEL_0", "LABEL_1"], false), [None, None]);
    assert_eq!(
        polarities_of(&["negative", "positive"], true),
        [None, None],
        "both may hold"
    );
}

#[test]
fn the_caret_is_in_the_sentence_before_it() {
    let mut page = ready();
    page.read("One. Two.  Three.", 2, 0.0);
    let sentences = page.sentences();
    let at = |caret| sentence_at(&sentences, caret);
    assert_eq!(
        [0, 3, 4, 5, 9, 10, 11, 99]
            .map(at)
            .map(Option::unwrap_or_default),
        [0, 0, 0, 1, 1, 1, 2, 2]
    );
    assert_eq!(sentence_at(&[], 0), None);
}

#[test]
fn the_words_that_carry_a_verdict_are_listed_by_weight() {
    let mut page = ready();
    page.read("The food was not good at all.", 0, 0.0);
    let reason = |start, end, weight| Reason { start, end, weight };
    let reasons = vec![
        reason(0, 3, 0.004),
        reason(4, 8, -0.07),
        reason(13, 21, 0.5),
        reason(22, 24, 0.03),
        reason(25, 28, 0.1),
    ];
    let current =
        Current::new(&page.document, 0, &info(), |_| Some(reasons)).expect("there is one sentence");
    let listed: Vec<_> = current
        .strongest()
        .into_iter()
        .map(|word| (word.text.as_str(), word.points(), word.polarity))
        .collect();
    assert_eq!(
        listed,
        [
            ("not good", 50, Polarity::Negative),
            ("all", 10, Polarity::Negative),
            ("food", -7, Polarity::Positive),
        ]
    );
    assert_eq!(current.without(&[(4, 8), (13, 21)]), "The was at all.");
    assert_eq!(current.without(&[]), current.text);
}

#[test]
fn a_pinned_version_is_compared_sentence_by_sentence() {
    let mut page = ready();
    page.read("It was bad. The end.", 0, 0.0);
    let pinned = Pinned::new(
        &page.document,
        &page.sentences(),
        page.reading.answer.clone(),
    );
    assert_eq!(
        pinned.changes(&page.document, &page.sentences()),
        (Vec::new(), 0)
    );
    page.read("It was good. The end. Bye.", 2, 1.0);
    let (changes, more) = pinned.changes(&page.document, &page.sentences());
    let of = |version: &Option<Version>| {
        version
            .as_ref()
            .map(|it| (it.text.clone(), it.rating.map(|rating| rating.label)))
    };
    let found: Vec<_> = changes
        .iter()
        .map(|it| (of(&it.before), of(&it.after)))
        .collect();
    let version = |text: &str, label| Some((text.to_owned(), Some(label)));
    assert_eq!(
        found,
        [
            (version("It was bad.", 0), version("It was good.", 2)),
            (None, version("Bye.", 2)),
        ]
    );
    assert_eq!(more, 0);
}

#[test]
fn a_crash_keeps_text_and_model_known() {
    let mut page = ready();
    page.write("fine", 0.0);
    page.model.restart();
    assert!(page.model.restarting);
    assert_eq!(page.view().face(), VerdictState::Loading);
    page.ready(9.0);
    assert!(!page.model.restarting);
    page.model.restart();
    page.stop(ErrorKind::Crashed, true);
    assert_eq!(page.view().face(), VerdictState::Error);
    assert_eq!(
        page.view().failure().map(|f| f.kind),
        Some(ErrorKind::Crashed)
    );
}

#[test]
fn an_answer_is_as_large_as_what_is_listed_whatever_the_number_of_labels() {
    let n = 3_000;
    let mut page = ready();
    page.model.info = Some(ModelInfo {
        labels: (0..n).map(|class| format!("label_{class}")).collect(),
        ..info()
    });
    let mut scores = vec![0.2 / (n - 1) as f32; n];
    scores[2_000] = 0.8;
    let asked = page.write("fine", 0.0);
    let of_many = Prediction {
        label: 2_000,
        scores,
        ..prediction(1)
    };
    page.answer(asked[0], &of_many, 1.0);
    assert_eq!(page.view().label(), Some("label_2000"));
    assert_eq!(page.view().spoken(plain), "Label 2000, 80%.");
    let meter = page.view().meter();
    assert_eq!((meter.rows.len(), meter.others), (6, n - 6));
    let shares = meter.rows.iter().map(|row| row.share);
    let percents = shares.chain([meter.rest]).flatten();
    assert_eq!(percents.map(|share| share.percent).sum::<u32>(), 100);
}

#[test]
fn whether_labels_exclude_each_other_is_what_the_model_says() {
    // Sigmoids that happen to sum to one, and others.
    for scores in [[0.6, 0.3, 0.1], [0.6, 0.3, 0.2]] {
        let mut page = ready();
        page.model.info = Some(ModelInfo {
            multi_label: true,
            ..info()
        });
        let asked = page.write("fine", 0.0);
        let independent = Prediction {
            scores: scores.to_vec(),
            ..prediction(0)
        };
        page.answer(asked[0], &independent, 1.0);
        assert!(!page.view().meter().is_stacked, "{scores:?}");
    }
    assert!(ready().view().meter().is_stacked);
}

#[test]
fn the_button_offers_what_helps() {
    let mut page = Page::new();
    assert_eq!(page.view().action(), Some("Cancel"));
    page.stop(ErrorKind::Cancelled, true);
    assert_eq!(page.view().action(), Some("Load the model"));
    page.stop(ErrorKind::Unsupported, true);
    assert_eq!(page.view().action(), None);
    page.stop(ErrorKind::Network, false);
    assert_eq!(
        page.view().trouble().map(|t| t.title),
        Some("You are offline")
    );
    page.model.start_again();
    assert_eq!(
        (page.view().face(), page.view().trouble()),
        (VerdictState::Loading, None)
    );
    page.ready(1.0);
    assert_eq!(page.view().action(), None);
}

#[test]
fn only_the_network_is_waited_for() {
    let mut page = Page::new();
    assert!(!page.model.waits_for_network());
    page.stop(ErrorKind::Malformed, true);
    assert!(!page.model.waits_for_network());
    page.stop(ErrorKind::Network, false);
    assert!(page.model.waits_for_network());
}

#[test]
fn not_sure_below_the_threshold() {
    let is_sure = |top: f32| {
        let mut page = ready();
        let asked = page.write("fine", 0.0);
        let scores = vec![top, 0.3, 0.3];
        let prediction = Prediction {
            scores,
            ..prediction(0)
        };
        page.answer(asked[0], &prediction, 1.0);
        page.reading.answer.is_some_and(|answer| answer.is_sure())
    };
    assert!(!is_sure(0.49));
    assert!(is_sure(CONFIDENCE_THRESHOLD));
}

#[test]
fn a_fragment_names_a_view_beside_its_parameters() {
    use live_sentiment::web::app::route::{Route, split};
    for (fragment, view, parameters) in [
        ("", Route::Text, ""),
        ("text", Route::Text, ""),
        ("models", Route::Models, ""),
        ("table", Route::Table, ""),
        ("text=models", Route::Text, "text=models"),
        ("models&model=m%2F", Route::Models, "model=m%2F"),
        (
            "model=m%2F&text=fine&models",
            Route::Models,
            "model=m%2F&text=fine",
        ),
        ("text&text=fine", Route::Text, "text=fine"),
        ("nonsense", Route::Text, "nonsense"),
    ] {
        assert_eq!(split(fragment), (view, parameters.to_owned()), "{fragment}");
    }
}

mod tables {
    use live_sentiment::present::format::plain;
    use live_sentiment::types::table::{Progress, Summary};
    use live_sentiment::web::app::table_state::*;

    fn labels() -> Vec<String> {
        ["negative", "neutral", "positive"].map(String::from).into()
    }

    #[test]
    fn speed_is_that_of_the_last_seconds() {
        let mut speed = Speed::default();
        assert_eq!(speed.rows_a_second(), None);
        speed.note(0.0, 0);
        assert_eq!(speed.rows_a_second(), None);
        for second in 1..=20 {
            // Ten times as fast from the tenth second on.
            let rows = if second <= 10 {
                second * 10
            } else {
                100 + (second - 10) * 100
            };
            speed.note(second as f64 * 1e3, rows);
        }
        assert_eq!(speed.rows_a_second(), Some(100.0));
        speed.forget();
        assert_eq!(speed.rows_a_second(), None);
    }

    #[test]
    fn progress_says_what_there_is_to_say() {
        let all = Progress {
            rows: 18_207,
            empty: 3,
            read: 11_650,
            failed: 1,
            repeated: 1_204,
        };
        let mut speed = Speed::default();
        speed.note(0.0, 11_350);
        speed.note(1_000.0, 11_650);
        assert_eq!(
            progress(&all, &speed, &Run::Going, plain),
            "11,650 of 18,204 rows read · 300 rows a second · 22 s left · 1,204 say the same as an earlier one · \
             3 have no text · 1 could not be read"
        );
        let few = Progress {
            rows: 2,
            read: 2,
            ..Progress::default()
        };
        assert_eq!(
            progress(&few, &speed, &Run::Done, plain),
            "2 of 2 rows read"
        );
        assert_eq!(
            progress(&few, &speed, &Run::Paused, plain),
            "2 of 2 rows read · paused"
        );
    }

    #[test]
    fn the_headline_begins_with_the_largest_share() {
        assert_eq!(
            headline(&labels(), &vec![0, 0, 0], plain),
            "Nothing read yet"
        );
        assert_eq!(
            headline(&labels(), &vec![38, 21, 41], plain),
            "41% positive, 38% negative, 21% neutral"
        );
        assert_eq!(headline(&labels(), &vec![0, 5, 0], plain), "100% neutral");
    }

    #[test]
    fn remarks_are_one_sentence_or_none() {
        let mut summary = Summary {
            labels: vec![50, 25, 25],
            ..Summary::default()
        };
        assert_eq!(remarks(&summary, plain), "");
        summary.not_sure = 6;
        summary.truncated = 2;
        summary.corrected = 1;
        assert_eq!(
            remarks(&summary, plain),
            "6% not sure, 1 corrected by you, 2 too long to be read whole"
        );
    }
}
