//! A document that is read through the request queue, by a worker that may crash.

mod fixtures;

use std::cell::RefCell;
use std::collections::VecDeque;

use fixtures::info;
use live_sentiment::document::ContentHash;
use live_sentiment::types::{Failure, Prediction};
use live_sentiment::web::client::queue::{
    Command, Event, Lane, MAX_CRASHES, Payload, RequestQueue,
};
use live_sentiment::web::client::reader::{Line, Reader};
use live_sentiment::web::protocol::{Request, Response};
use live_sentiment::{Error, ErrorKind};

/// A model that knows one word.
fn read(text: &str) -> Prediction {
    let scores = if text.contains("bad") {
        vec![0.8, 0.1, 0.1]
    } else {
        vec![0.1, 0.1, 0.8]
    };
    Prediction {
        label: if text.contains("bad") { 0 } else { 2 },
        logits: scores.clone(),
        scores,
        tokens: Vec::new(),
        token_count: 5,
        truncated_at: None,
        millis: 1.0,
    }
}

/// The queue with its commands carried out.
struct Page {
    queue: RefCell<RequestQueue>,
    /// What the worker is to do.
    posted: RefCell<VecDeque<Request>>,
    told: RefCell<VecDeque<Event>>,
    /// Every text that was posted.
    texts: RefCell<Vec<String>>,
}

impl Line for Page {
    fn submit(&self, lane: Lane, payload: Payload) -> u64 {
        let (seq, commands) = self.queue.borrow_mut().submit(lane, payload);
        self.perform(commands);
        seq
    }

    fn withdraw(&self, seq: u64) -> bool {
        self.queue.borrow_mut().withdraw(seq)
    }
}

impl Page {
    fn new() -> Self {
        let page = Self {
            queue: RefCell::new(RequestQueue::new("m/".into(), None)),
            posted: RefCell::default(),
            told: RefCell::default(),
            texts: RefCell::default(),
        };
        page.start();
        page
    }

    fn start(&self) {
        let commands = self.queue.borrow_mut().retry();
        self.perform(commands);
        self.load();
    }

    fn load(&self) {
        self.respond(Response::Listening);
        self.posted.borrow_mut().clear();
        self.respond(Response::Ready(info()));
    }

    fn perform(&self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::EndWorker => self.posted.borrow_mut().clear(),
                Command::Post(request) => {
                    if let Request::Classify { text, .. } = &request {
                        self.texts.borrow_mut().push(text.clone());
                    }
                    self.posted.borrow_mut().push_back(request);
                }
                Command::Tell(event) => self.told.borrow_mut().push_back(event),
                Command::StartWorker => {}
            }
        }
    }

    fn respond(&self, response: Response) {
        let commands = self.queue.borrow_mut().on_response(response);
        self.perform(commands);
    }

    fn crash(&self) {
        let failure = Failure::from(&Error::Crashed("panicked".into()));
        self.respond(Response::Failed { seq: None, failure });
        self.load();
    }

    /// The worker answers one request.
    fn answer_one(&self, reader: &mut Reader) -> bool {
        let Some(request) = self.posted.borrow_mut().pop_front() else {
            return false;
        };
        if let Request::Classify { seq, text } = request {
            let prediction = read(&text);
            self.respond(Response::Classified { seq, prediction });
        }
        self.tell(reader);
        true
    }

    fn answer_all(&self, reader: &mut Reader) {
        while self.answer_one(reader) {}
    }

    fn tell(&self, reader: &mut Reader) {
        loop {
            let event = self.told.borrow_mut().pop_front();
            match event {
                Some(Event::Classified { seq, prediction }) => {
                    reader.classified(self, seq, &prediction);
                }
                Some(Event::Failed { seq: Some(seq), .. }) => {
                    reader.failed(self, seq);
                }
                Some(Event::Failed { seq: None, .. }) => reader.stopped(),
                Some(Event::Ready(_)) => reader.resume(self),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// What was posted since this was called last.
    fn sent(&self) -> Vec<String> {
        self.texts.take()
    }
}

fn labels(reader: &Reader) -> Vec<Option<usize>> {
    let sentences = reader.document().view();
    sentences.map(|s| s.verdict.map(|v| v.label)).collect()
}

fn hashes(reader: &Reader) -> Vec<ContentHash> {
    reader.document().hashes()
}

#[test]
fn a_key_goes_before_a_paste() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    let text: String = (0..50).map(|n| format!("Sentence {n} is good. ")).collect();
    reader.edit(&page, &text);
    assert_eq!(page.sent(), ["Sentence 0 is good."]);
    reader.edit(&page, &text.replace("Sentence 40 is", "Sentence 40 was"));
    page.answer_one(&mut reader);
    assert_eq!(page.sent(), ["Sentence 40 was good."]);
    page.answer_all(&mut reader);
    assert!(reader.document().is_complete());
    let sent = page.sent();
    assert!(
        !sent.contains(&"Sentence 40 is good.".to_owned()),
        "it was withdrawn"
    );
}

#[test]
fn a_key_sends_its_sentence_and_then_what_is_around() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    reader.edit(&page, "It is good. It is fine. It is bad.");
    page.answer_all(&mut reader);
    page.sent();
    reader.edit(&page, "It is good. It is so fine. It is bad.");
    page.answer_all(&mut reader);
    assert_eq!(
        page.sent(),
        ["It is so fine.", "It is good. It is so fine. It is bad."]
    );
    reader.edit(&page, "It is good. It is fine. It is bad.");
    assert_eq!(page.sent(), [""; 0], "undone, and known still");
    assert_eq!(labels(&reader), [Some(2), Some(2), Some(0)]);
}

#[test]
fn windows_wait_for_a_pause_where_there_are_several() {
    let page = Page::new();
    let mut reader = Reader::new("m", true).holding_windows();
    let text: String = (0..40)
        .map(|n| format!("Sentence number {n} is long enough. "))
        .collect();
    reader.edit(&page, &text);
    page.answer_all(&mut reader);
    assert!(reader.document().is_complete(), "a paste does not wait");
    page.sent();
    reader.edit(&page, &text.replace("number 20 is", "number 20 was"));
    page.answer_all(&mut reader);
    assert_eq!(page.sent(), ["Sentence number 20 was long enough."]);
    reader.edit(&page, &text.replace("number 20 is", "number 20 was not"));
    page.answer_all(&mut reader);
    page.sent();
    assert!(!reader.document().is_complete());
    reader.pause(&page);
    page.answer_all(&mut reader);
    let sent = page.sent();
    assert!(
        sent.iter()
            .all(|text| text.contains("Sentence number 20 was not") || !text.contains("number 20"))
    );
    assert!(reader.document().is_complete());
}

#[test]
fn while_typing_outruns_the_worker_only_the_newest_is_read() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    for text in ["b", "ba", "bad"] {
        reader.edit(&page, text);
    }
    page.answer_one(&mut reader);
    assert_eq!(labels(&reader), [Some(2)], "that of the first key");
    assert!(reader.document().view().all(|sentence| sentence.is_stale));
    page.answer_all(&mut reader);
    assert_eq!(page.sent(), ["b", "bad"]);
    assert_eq!(labels(&reader), [Some(0)]);
}

#[test]
fn a_crash_in_the_middle_loses_nothing_that_was_read() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    let text: String = (0..20).map(|n| format!("Sentence {n} is good. ")).collect();
    reader.edit(&page, &text);
    for _ in 0..5 {
        page.answer_one(&mut reader);
    }
    page.sent();
    page.crash();
    page.tell(&mut reader);
    page.answer_all(&mut reader);
    let sent = page.sent();
    assert!(!sent.contains(&"Sentence 4 is good.".to_owned()));
    assert!(reader.document().is_complete());
    assert_eq!(reader.document().progress(), (20, 20));
}

#[test]
fn a_sentence_that_crashes_every_worker_fails_alone() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    reader.edit(&page, "It is awful. It is good. It is fine.");
    for _ in 0..MAX_CRASHES {
        page.crash();
        page.tell(&mut reader);
    }
    page.answer_all(&mut reader);
    let failed: Vec<_> = reader.document().view().map(|s| s.is_failed).collect();
    assert_eq!(failed, [true, false, false]);
}

#[test]
fn a_stop_is_followed_by_what_was_not_read() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    reader.edit(&page, "It is good. It is bad. It is fine.");
    page.answer_one(&mut reader);
    let failure = Failure {
        kind: ErrorKind::Network,
        message: "gone".into(),
    };
    let commands = page.queue.borrow_mut().stop(failure);
    page.perform(commands);
    page.tell(&mut reader);
    // What is typed meanwhile waits in the queue, and is sent once.
    reader.edit(&page, "It is good. It is bad. It was fine.");
    page.sent();
    page.start();
    page.tell(&mut reader);
    page.answer_all(&mut reader);
    let mut sent = page.sent();
    sent.sort();
    assert_eq!(
        sent,
        [
            "It is bad.",
            "It is good. It is bad. It was fine.",
            "It was fine."
        ]
    );
    assert_eq!(labels(&reader), [Some(2), Some(0), Some(2)]);
}

#[test]
fn reasons_are_called_off_by_the_next_key_and_cached() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    reader.edit(&page, "The room was bad and cold.");
    page.answer_all(&mut reader);
    page.sent();
    let hash = hashes(&reader)[0];
    reader.explain(&page, hash);
    page.answer_one(&mut reader);
    reader.edit(&page, "The room was bad and cold!");
    page.answer_all(&mut reader);
    let sent = page.sent();
    assert_eq!(sent.len(), 3, "two variants and the key: {sent:?}");
    assert_eq!(reader.reasons(hash), None);

    let hash = hashes(&reader)[0];
    reader.explain(&page, hash);
    page.answer_all(&mut reader);
    let reasons = reader.reasons(hash).expect("all variants were scored");
    let weights: Vec<_> = reasons.iter().map(|r| (r.start, r.weight > 0.5)).collect();
    assert_eq!(
        weights,
        [
            (0, false),
            (4, false),
            (9, false),
            (13, true),
            (17, false),
            (21, false)
        ]
    );
    page.sent();
    reader.explain(&page, hash);
    assert_eq!(page.sent(), [""; 0], "known already");
}

#[test]
fn a_word_that_cannot_be_left_out_leaves_nobody_waiting() {
    let (page, mut reader) = (Page::new(), Reader::new("m", false));
    reader.edit(&page, "The room was bad.");
    page.answer_all(&mut reader);
    let hash = hashes(&reader)[0];
    reader.explain(&page, hash);
    for _ in 0..MAX_CRASHES {
        page.crash();
        page.tell(&mut reader);
    }
    page.answer_all(&mut reader);
    assert_eq!(reader.reasons(hash), Some([].as_slice()));
    assert!(reader.document().is_complete());
}

#[test]
fn a_variation_is_tried_until_the_next_one_or_the_next_key() {
    let (page, mut reader) = (Page::new(), Reader::new("m", true));
    reader.edit(&page, "It was bad and cold.");
    page.answer_all(&mut reader);
    reader.try_text(&page, "It was and cold.");
    reader.try_text(&page, "It was.");
    page.answer_all(&mut reader);
    assert_eq!(reader.tried("It was.").map(|it| it.label), Some(2));
    assert_eq!(reader.tried("It was and cold."), None);
    reader.edit(&page, "It was bad!");
    assert_eq!(reader.tried("It was."), None);
}

#[test]
fn an_abandoned_document_asks_for_nothing_more() {
    let (page, mut reader) = (Page::new(), Reader::new("m", false));
    reader.edit(&page, "It is good. It is bad. It is fine.");
    reader.abandon(&page);
    page.answer_all(&mut reader);
    assert_eq!(page.sent(), ["It is good."]);
}
