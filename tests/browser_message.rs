//! What serde writes, the page reads: every kind of message, with and without what is optional.

#![cfg(all(target_arch = "wasm32", feature = "browser"))]
#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]

use live_sentiment::ErrorKind;
use live_sentiment::protocol::{
    Backend, Failure, Fetched, Measured, ModelInfo, Prediction, Progress, Response, Storage, Token,
};
use live_sentiment::web::message::response;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn comes_back(sent: Response) {
    let message = serde_wasm_bindgen::to_value(&sent).expect("plain data");
    assert_eq!(response(&message), Some(sent));
}

#[wasm_bindgen_test]
fn progress() {
    comes_back(Response::Listening);
    for total in [None, Some(5_000_000_000)] {
        comes_back(Response::Progress(Progress {
            received: 4_999_999_999,
            total,
        }));
    }
}

#[wasm_bindgen_test]
fn the_device_and_the_network() {
    for reason in [None, Some("SecurityError: no".to_owned())] {
        comes_back(Response::Stored(Storage {
            kept: reason.is_none(),
            reason,
            fetched: 13_388_160,
        }));
    }
    let request = |bytes| Fetched {
        url: "https://a.example/models/m/model.gguf?é".into(),
        bytes,
        at: 1_795_000_000_123.5,
    };
    comes_back(Response::Requested {
        requests: vec![request(0), request(5_000_000_000)],
    });
    comes_back(Response::Requested {
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
        for license in [None, Some("apache-2.0".to_owned())] {
            comes_back(Response::Ready(ModelInfo {
                name: "a model".into(),
                architecture: "bert".into(),
                labels: vec!["négatif".into(), "🙂".into()],
                parameters: 22_713_216,
                file_size: 13_388_160,
                format: "Q4_0".into(),
                license,
                max_tokens: 512,
                backend,
                load_millis: 812.25,
                measured: vec![Measured {
                    name: "SST-2".into(),
                    texts: 872,
                    right: 801,
                }],
            }));
        }
    }
}

#[wasm_bindgen_test]
fn predictions() {
    for truncated_at in [None, Some(1_900)] {
        comes_back(Response::Classified {
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
    let kinds = [
        ErrorKind::Network,
        ErrorKind::NotFound,
        ErrorKind::Malformed,
        ErrorKind::Unsupported,
        ErrorKind::Input,
        ErrorKind::Cancelled,
        ErrorKind::Browser,
        ErrorKind::Crashed,
        ErrorKind::Internal,
    ];
    for kind in kinds {
        for seq in [None, Some(3)] {
            let failure = Failure {
                kind,
                message: "It failed.".into(),
            };
            comes_back(Response::Failed { seq, failure });
        }
    }
}

#[wasm_bindgen_test]
fn what_is_none_of_ours_is_not_understood() {
    for alien in [JsValue::NULL, JsValue::from(3), JsValue::from("ready")] {
        assert_eq!(response(&alien), None);
    }
    assert_eq!(response(&js_sys::Object::new().into()), None);
    // A prediction without its scores.
    let broken = js_sys::JSON::parse(r#"{"type":"classified","seq":1,"prediction":{"label":0}}"#);
    assert_eq!(response(&broken.expect("JSON")), None);
}
