//! The page's codec reads what serde writes, and vice versa: every kind of message, with and without optional fields.

#![cfg(all(target_arch = "wasm32", feature = "browser"))]
#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

use js_sys::Reflect;
use live_sentiment::ErrorKind;
use live_sentiment::types::{
    Backend, Benchmark, Brief, Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage,
    Token,
};
use live_sentiment::web::codec::{self, request, response};
use live_sentiment::web::protocol::{Inspection, Request, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn round_trips(sent: Response) {
    let message = serde_wasm_bindgen::to_value(&sent).expect("plain data");
    assert_eq!(response(&message), Some(sent));
}

#[wasm_bindgen_test]
fn progress() {
    round_trips(Response::Listening);
    for total in [None, Some(5_000_000_000)] {
        round_trips(Response::Progress(Progress {
            received: 4_999_999_999,
            total,
        }));
    }
}

#[wasm_bindgen_test]
fn the_device_and_the_network() {
    for reason in [None, Some("SecurityError: no".to_owned())] {
        round_trips(Response::Stored(Storage {
            kept: reason.is_none(),
            reason,
            fetched: 13_388_160,
        }));
    }
    let request = |bytes| NetworkRequest {
        url: "https://a.example/models/m/model.gguf?é".into(),
        bytes,
        at: 1_795_000_000_123.5,
    };
    round_trips(Response::Requested {
        requests: vec![request(0), request(5_000_000_000)],
    });
    round_trips(Response::Requested {
        requests: Vec::new(),
    });
}

#[wasm_bindgen_test]
fn models() {
    let backends = [
        Backend::Candle,
        Backend::Scalar,
        Backend::Simd128,
        Backend::Relaxed,
    ];
    for backend in backends {
        for (license, multi_label) in [(None, false), (Some("apache-2.0".to_owned()), true)] {
            round_trips(Response::Ready(ModelInfo {
                name: "a model".into(),
                architecture: "bert".into(),
                labels: vec!["négatif".into(), "🙂".into()],
                multi_label,
                parameters: 22_713_216,
                file_size: 13_388_160,
                format: "Q4_0".into(),
                license,
                max_tokens: 512,
                backend,
                load_millis: 812.25,
                measured: vec![Benchmark {
                    name: "SST-2".into(),
                    examples: 872,
                    correct: 801,
                }],
            }));
        }
    }
}

#[wasm_bindgen_test]
fn batches() {
    for truncated in [false, true] {
        let scores = vec![0.25, 0.75];
        round_trips(Response::ClassifiedBatch {
            seq: 7,
            briefs: vec![Brief { scores, truncated }; 2],
            millis: 12.5,
            token_count: 61,
        });
    }
}

#[wasm_bindgen_test]
fn predictions() {
    for truncated_at in [None, Some(1_900)] {
        round_trips(Response::Classified {
            seq: 9_000_000_000,
            prediction: Prediction {
                label: 2,
                scores: vec![0.1, 0.2, 0.7],
                logits: vec![-1.5, 0.25, f32::MAX],
                tokens: vec![
                    Token {
                        id: 30_521,
                        start: 0,
                        end: 2,
                        unknown: true,
                    },
                    Token {
                        id: 7,
                        start: 2,
                        end: 3,
                        unknown: false,
                    },
                ],
                token_count: 4,
                truncated_at,
                millis: 3.5,
            },
        });
    }
}

#[wasm_bindgen_test]
fn failures() {
    for kind in ErrorKind::ALL {
        for seq in [None, Some(3)] {
            let failure = Failure {
                kind,
                message: "It failed.".into(),
            };
            round_trips(Response::Failed { seq, failure });
        }
    }
}

#[wasm_bindgen_test]
fn inspections() {
    for refusal in [None, Some("No.".to_owned())] {
        round_trips(Response::Inspected(Inspection {
            address: "dropped:a%20(2)/".into(),
            facts: vec![("labels".into(), "0 négatif".into())],
            refusal: refusal.map(|message| Failure {
                kind: ErrorKind::Unsupported,
                message,
            }),
        }));
    }
    round_trips(Response::Forgotten);
}

#[wasm_bindgen_test]
fn requests_round_trip() {
    let model = || "https://a.example/é/".to_owned();
    let mut requests = vec![
        Request::Cancel,
        Request::Inspect { model: model() },
        Request::Forget { model: model() },
        Request::Classify {
            seq: 9_000_000_000,
            text: "🙂".into(),
        },
        Request::Tokenize {
            seq: 0,
            text: String::new(),
        },
        Request::ClassifyIds {
            seq: 1,
            ids: vec![101, u32::MAX],
        },
    ];
    for backend in [None, Some(Backend::Candle), Some(Backend::Relaxed)] {
        requests.push(Request::Load {
            model: model(),
            backend,
        });
    }
    for sent in requests {
        let message = request(&sent, None);
        let read: Request = serde_wasm_bindgen::from_value(message).expect("a request");
        assert_eq!(read, sent);
    }
}

#[wasm_bindgen_test]
fn files_are_attached_to_their_requests() {
    let files = js_sys::Array::of1(&"a file".into());
    let sent = Request::Load {
        model: "dropped:m/".to_owned(),
        backend: None,
    };
    let found = |request: &Request| {
        let message = codec::request(request, Some(&files));
        Reflect::get(&message, &"files".into()).expect("an object")
    };
    assert_eq!(found(&sent), JsValue::from(files.clone()));
    assert!(found(&Request::Cancel).is_undefined());
}

#[wasm_bindgen_test]
fn unknown_messages_are_rejected() {
    for alien in [JsValue::NULL, JsValue::from(3), JsValue::from("ready")] {
        assert_eq!(response(&alien), None);
    }
    assert_eq!(response(&js_sys::Object::new().into()), None);
    // A prediction without scores.
    let broken = js_sys::JSON::parse(r#"{"type":"classified","seq":1,"prediction":{"label":0}}"#);
    assert_eq!(response(&broken.expect("JSON")), None);
}
