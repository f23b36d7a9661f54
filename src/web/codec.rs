//! Reads what the worker says and writes what it is told, field by field.
//!
//! serde would do either in one line, as it does in the worker: but its code for a tagged enum is a quarter of the page's
//! WebAssembly, and this is next to none. `tests/browser_codec.rs` holds the two together.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use super::protocol::{Inspection, Request, Response};
use crate::ErrorKind;
use crate::types::{
    Backend, Benchmark, Brief, Failure, ModelInfo, NetworkRequest, Prediction, Progress, Storage,
    Token,
};

#[wasm_bindgen]
extern "C" {
    /// Any object of [`protocol`](super::protocol): what it lacks is `None`, or NaN.
    type Message;

    #[wasm_bindgen(method, getter, js_name = type)]
    fn kind_of_message(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn seq(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn prediction(this: &Message) -> Option<Message>;
    #[wasm_bindgen(method, getter)]
    fn failure(this: &Message) -> Option<Message>;

    #[wasm_bindgen(method, getter)]
    fn address(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn facts(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn refusal(this: &Message) -> Option<Message>;

    #[wasm_bindgen(method, getter)]
    fn received(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn total(this: &Message) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn kept(this: &Message) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn reason(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn fetched(this: &Message) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn requests(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn bytes(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn at(this: &Message) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn kind(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn message(this: &Message) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn name(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn architecture(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn labels(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter, js_name = multiLabel)]
    fn multi_label(this: &Message) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn parameters(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = fileSize)]
    fn file_size(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn format(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn license(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn measured(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn texts(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn right(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = maxTokens)]
    fn max_tokens(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn backend(this: &Message) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = loadMillis)]
    fn load_millis(this: &Message) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn label(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn scores(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn logits(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn tokens(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter, js_name = tokenCount)]
    fn token_count(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = truncatedAt)]
    fn truncated_at(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn briefs(this: &Message) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn truncated(this: &Message) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn millis(this: &Message) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    fn id(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn start(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn end(this: &Message) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn unknown(this: &Message) -> Option<bool>;

    #[wasm_bindgen(method, setter, js_name = type)]
    fn set_kind(this: &Message, kind: &str);
    #[wasm_bindgen(method, setter)]
    fn set_seq(this: &Message, seq: f64);
    #[wasm_bindgen(method, setter)]
    fn set_text(this: &Message, text: &str);
    #[wasm_bindgen(method, setter)]
    fn set_batch(this: &Message, batch: &Array);
    #[wasm_bindgen(method, setter)]
    fn set_ids(this: &Message, ids: &Array);
    #[wasm_bindgen(method, setter)]
    fn set_model(this: &Message, model: &str);
    #[wasm_bindgen(method, setter)]
    fn set_backend(this: &Message, backend: &str);
    #[wasm_bindgen(method, setter)]
    fn set_files(this: &Message, files: &Array);
}

/// A request for a worker; `files` go with one that loads or inspects a model.
pub fn request(request: &Request, files: Option<&Array>) -> JsValue {
    let message: Message = Object::new().unchecked_into();
    let kind = match request {
        Request::Load { model, backend } => {
            message.set_model(model);
            if let Some(backend) = backend {
                message.set_backend(backend.name());
            }
            "load"
        }
        Request::Cancel => "cancel",
        Request::Inspect { model } => {
            message.set_model(model);
            "inspect"
        }
        Request::Forget { model } => {
            message.set_model(model);
            "forget"
        }
        Request::Classify { seq, text } => {
            message.set_seq(*seq as f64);
            message.set_text(text);
            "classify"
        }
        Request::ClassifyBatch { seq, batch } => {
            message.set_seq(*seq as f64);
            message.set_batch(
                &batch
                    .iter()
                    .map(|text| JsValue::from(text.as_str()))
                    .collect(),
            );
            "classifyBatch"
        }
        Request::Tokenize { seq, text } => {
            message.set_seq(*seq as f64);
            message.set_text(text);
            "tokenize"
        }
        Request::ClassifyIds { seq, ids } => {
            message.set_seq(*seq as f64);
            message.set_ids(&ids.iter().map(|&id| JsValue::from(id)).collect());
            "classifyIds"
        }
    };
    message.set_kind(kind);
    if let (Some(files), Request::Load { .. } | Request::Inspect { .. }) = (files, request) {
        message.set_files(files);
    }
    message.into()
}

/// The response that a worker posted, or `None` if it is none of ours.
pub fn response(data: &JsValue) -> Option<Response> {
    if !data.is_object() {
        return None;
    }
    let message: &Message = data.unchecked_ref();
    Some(match message.kind_of_message()?.as_str() {
        "listening" => Response::Listening,
        "progress" => Response::Progress(Progress {
            received: message.received()? as u64,
            total: message.total().map(|total| total as u64),
        }),
        "stored" => Response::Stored(Storage {
            kept: message.kept()?,
            reason: message.reason(),
            fetched: message.fetched()? as u64,
        }),
        "requested" => Response::Requested {
            requests: list(message.requests()?, fetched)?,
        },
        "ready" => Response::Ready(model_info(message)?),
        "inspected" => Response::Inspected(Inspection {
            address: message.address()?,
            facts: list(message.facts()?, fact)?,
            refusal: message.refusal().as_ref().and_then(failure),
        }),
        "forgotten" => Response::Forgotten,
        "classified" => Response::Classified {
            seq: message.seq()? as u64,
            prediction: prediction(&message.prediction()?)?,
        },
        "classifiedBatch" => Response::ClassifiedBatch {
            seq: message.seq()? as u64,
            briefs: list(message.briefs()?, brief)?,
            millis: message.millis()?,
            token_count: message.token_count()? as usize,
        },
        "tokenized" => Response::Tokenized {
            seq: message.seq()? as u64,
            tokens: list(message.tokens()?, token)?,
            truncated_at: message.truncated_at().map(|at| at as usize),
        },
        "failed" => Response::Failed {
            seq: message.seq().map(|seq| seq as u64),
            failure: failure(&message.failure()?)?,
        },
        _ => return None,
    })
}

fn fact(pair: JsValue) -> Option<(String, String)> {
    let pair: Array = pair.unchecked_into();
    pair.get(0).as_string().zip(pair.get(1).as_string())
}

fn failure(message: &Message) -> Option<Failure> {
    Some(Failure {
        kind: match message.kind()?.as_str() {
            "network" => ErrorKind::Network,
            "not-found" => ErrorKind::NotFound,
            "malformed" => ErrorKind::Malformed,
            "unsupported" => ErrorKind::Unsupported,
            "input" => ErrorKind::Input,
            "cancelled" => ErrorKind::Cancelled,
            "browser" => ErrorKind::Browser,
            "crashed" => ErrorKind::Crashed,
            "internal" => ErrorKind::Internal,
            _ => return None,
        },
        message: message.message()?,
    })
}

fn model_info(message: &Message) -> Option<ModelInfo> {
    Some(ModelInfo {
        name: message.name()?,
        architecture: message.architecture()?,
        labels: list(message.labels()?, |label| label.as_string())?,
        multi_label: message.multi_label()?,
        parameters: message.parameters()? as u64,
        file_size: message.file_size()? as u64,
        format: message.format()?,
        license: message.license(),
        max_tokens: message.max_tokens()? as usize,
        backend: Backend::named(&message.backend()?)?,
        load_millis: message.load_millis()?,
        measured: list(message.measured()?, measured)?,
    })
}

fn measured(value: JsValue) -> Option<Benchmark> {
    let message: Message = value.unchecked_into();
    Some(Benchmark {
        name: message.name()?,
        examples: message.texts()? as u32,
        correct: message.right()? as u32,
    })
}

fn prediction(message: &Message) -> Option<Prediction> {
    let float = |number: JsValue| Some(number.as_f64()? as f32);
    Some(Prediction {
        label: message.label()? as usize,
        scores: list(message.scores()?, float)?,
        logits: list(message.logits()?, float)?,
        tokens: list(message.tokens()?, token)?,
        token_count: message.token_count()? as usize,
        truncated_at: message.truncated_at().map(|at| at as usize),
        millis: message.millis()?,
    })
}

fn brief(value: JsValue) -> Option<Brief> {
    let message: Message = value.unchecked_into();
    let float = |number: JsValue| Some(number.as_f64()? as f32);
    Some(Brief {
        scores: list(message.scores()?, float)?,
        truncated: message.truncated()?,
    })
}

fn fetched(value: JsValue) -> Option<NetworkRequest> {
    let message: Message = value.unchecked_into();
    Some(NetworkRequest {
        url: message.url()?,
        bytes: message.bytes()? as u64,
        at: message.at()?,
    })
}

fn token(value: JsValue) -> Option<Token> {
    let message: Message = value.unchecked_into();
    Some(Token {
        id: message.id()? as u32,
        start: message.start()? as usize,
        end: message.end()? as usize,
        unknown: message.unknown()?,
    })
}

fn list<T>(array: Array, read: impl Fn(JsValue) -> Option<T>) -> Option<Vec<T>> {
    array.iter().map(read).collect()
}
