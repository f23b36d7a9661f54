//! The page's state during typical visits, without a browser.

use live_sentiment::ErrorKind;
use live_sentiment::present::labels::CONFIDENCE_THRESHOLD;
use live_sentiment::present::notes::Notes;
use live_sentiment::types::*;
use live_sentiment::web::app::state::*;

fn info() -> ModelInfo {
    ModelInfo {
        name: "test".into(),
        architecture: "bert".into(),
        labels: ["negative", "neutral", "positive"].map(String::from).into(),
        parameters: 1,
        file_size: 1,
        format: "Q4_0".into(),
        license: None,
        max_tokens: 512,
        backend: Backend::Scalar,
        load_millis: 1.0,
        measured: Vec::new(),
    }
}

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

fn ready() -> State {
    let mut state = State::default();
    state.ready(info(), 0.0);
    state
}

#[test]
fn from_first_visit_to_verdict() {
    let mut state = State::default();
    assert_eq!(state.face(), VerdictState::Loading);
    state.ask(1, 5.0);
    state.progress(Progress::default());
    assert_eq!(state.face(), VerdictState::Loading, "typing while it loads");
    state.ready(info(), 100.0);
    assert_eq!(state.face(), VerdictState::Stale, "it is being read");
    assert_eq!(state.label(), None);
    state.classified(1, prediction(2), "text", 104.0);
    assert_eq!(state.face(), VerdictState::Ready);
    assert_eq!(state.label(), Some("positive"));
    assert_eq!(state.spoken(), "Positive, 80%.");
    let latency = state.answer.as_ref().and_then(|answer| answer.latency);
    assert_eq!(latency, Some(4.0), "loading is not latency");
}

#[test]
fn another_model_resets_only_the_models_state() {
    let mut state = ready();
    state.ask(7, 0.0);
    state.classified(7, prediction(0), "text", 1.0);
    state.requested(vec![NetworkRequest {
        url: "https://a.example/".into(),
        bytes: 1,
        at: 0.0,
    }]);
    state.switch("https://a.example/other/".into());
    assert_eq!((state.face(), state.label()), (VerdictState::Loading, None));
    assert_eq!((state.requests.len(), state.info.as_ref()), (1, None));
    // The new client numbers its requests from the start again.
    state.ready(info(), 5.0);
    state.ask(1, 6.0);
    state.classified(1, prediction(2), "text", 7.0);
    assert_eq!(state.label(), Some("positive"));
}

#[test]
fn an_older_answer_never_overwrites_a_newer_one() {
    let mut state = ready();
    state.ask(1, 0.0);
    state.ask(2, 1.0);
    state.classified(2, prediction(2), "text", 3.0);
    state.classified(1, prediction(0), "text", 4.0);
    assert_eq!(state.label(), Some("positive"));
    assert_eq!(state.face(), VerdictState::Ready);
}

#[test]
fn an_answer_to_an_older_text_is_shown_as_stale() {
    let mut state = ready();
    state.ask(1, 0.0);
    state.ask(2, 1.0);
    state.classified(1, prediction(0), "text", 4.0);
    assert_eq!(
        (state.face(), state.label()),
        (VerdictState::Stale, Some("negative"))
    );
    assert_eq!(state.answer.as_ref().and_then(|a| a.latency), None);
    state.classified(2, prediction(2), "text", 5.0);
    assert_eq!(
        (state.face(), state.label()),
        (VerdictState::Ready, Some("positive"))
    );
}

#[test]
fn an_emptied_field_has_no_verdict() {
    let mut state = ready();
    state.ask(1, 0.0);
    state.classified(1, prediction(0), "text", 1.0);
    state.ask(2, 2.0);
    state.clear();
    assert_eq!((state.face(), state.label()), (VerdictState::Empty, None));
    state.classified(2, prediction(0), "text", 3.0);
    state.failed(Some(2), failure(ErrorKind::Input), true);
    assert_eq!((state.face(), state.label()), (VerdictState::Empty, None));
    state.ask(3, 4.0);
    assert_eq!((state.face(), state.label()), (VerdictState::Stale, None));
    assert_eq!(state.failure(), None);
}

#[test]
fn a_failure_is_shown_until_the_text_changes() {
    let mut state = ready();
    state.ask(1, 0.0);
    state.ask(2, 1.0);
    state.failed(Some(1), failure(ErrorKind::Input), true);
    assert_eq!(state.face(), VerdictState::Stale, "of no interest");
    state.failed(Some(2), failure(ErrorKind::Input), true);
    assert_eq!(state.face(), VerdictState::Error);
    state.ask(3, 2.0);
    state.classified(3, prediction(1), "text", 3.0);
    assert_eq!(
        (state.face(), state.label()),
        (VerdictState::Ready, Some("neutral"))
    );
}

#[test]
fn a_crash_keeps_text_and_model() {
    let mut state = ready();
    state.ask(1, 0.0);
    state.restart();
    assert!(state.restarting);
    assert_eq!(state.face(), VerdictState::Loading);
    state.ready(info(), 9.0);
    assert!(!state.restarting);
    state.restart();
    state.failed(None, failure(ErrorKind::Crashed), true);
    assert_eq!(state.face(), VerdictState::Error);
    assert_eq!(state.failure().map(|f| f.kind), Some(ErrorKind::Crashed));
}

#[test]
fn the_most_likely_labels_rank_first() {
    let mut state = ready();
    state.ask(1, 0.0);
    let scores = vec![0.1, 0.9, 0.1, 0.4];
    state.classified(
        1,
        Prediction {
            scores,
            ..prediction(1)
        },
        "text",
        1.0,
    );
    assert_eq!([0, 1, 2, 3].map(|class| state.rank(class)), [2, 0, 3, 1]);
    assert!(!state.is_one_bar(), "they do not exclude each other");
    assert_eq!(state.share(1), "90%");
    assert_eq!(state.share(9), "");
}

#[test]
fn the_button_offers_what_helps() {
    let mut state = State::default();
    assert_eq!(state.action(), Some("Cancel"));
    state.failed(None, failure(ErrorKind::Cancelled), true);
    assert_eq!(state.action(), Some("Load the model"));
    state.failed(None, failure(ErrorKind::Unsupported), true);
    assert_eq!(state.action(), None);
    state.failed(None, failure(ErrorKind::Network), false);
    assert_eq!(state.trouble().map(|t| t.what), Some("You are offline"));
    state.start_again();
    assert_eq!(
        (state.face(), state.trouble()),
        (VerdictState::Loading, None)
    );
    state.ready(info(), 1.0);
    assert_eq!(state.action(), None);
}

#[test]
fn only_network_failures_wait_for_the_network() {
    let mut state = State::default();
    assert!(!state.waits_for_network());
    state.failed(None, failure(ErrorKind::Malformed), true);
    assert!(!state.waits_for_network());
    state.failed(None, failure(ErrorKind::Network), false);
    assert!(state.waits_for_network());
}

#[test]
fn not_sure_below_the_threshold() {
    let answer = |top: f32| Answer {
        seq: 1,
        prediction: Prediction {
            scores: vec![top, 0.3, 0.3],
            ..prediction(0)
        },
        notes: Notes::default(),
        latency: None,
    };
    assert!(!answer(0.49).is_sure());
    assert!(answer(CONFIDENCE_THRESHOLD).is_sure());
}

#[test]
fn a_fragment_names_a_view_beside_its_parameters() {
    use live_sentiment::web::app::route::{View, split};
    for (fragment, view, parameters) in [
        ("", View::Text, ""),
        ("text", View::Text, ""),
        ("models", View::Models, ""),
        ("text=models", View::Text, "text=models"),
        ("models&model=m%2F", View::Models, "model=m%2F"),
        (
            "model=m%2F&text=fine&models",
            View::Models,
            "model=m%2F&text=fine",
        ),
        ("text&text=fine", View::Text, "text=fine"),
        ("nonsense", View::Text, "nonsense"),
    ] {
        assert_eq!(split(fragment), (view, parameters.to_owned()), "{fragment}");
    }
}
