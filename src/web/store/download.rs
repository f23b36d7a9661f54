//! One file from a server, with every way it can go wrong told apart.

use gloo_net::http::{Request, Response};
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStreamDefaultReader, ReadableStreamReadResult, ReferrerPolicy,
    RequestCredentials, ResponseType, WorkerGlobalScope,
};

use super::chunks::Chunks;
use crate::{Error, Result};

/// Fetches `url`. `on_bytes` hears how many bytes have come, and how many there will be where the server said
/// so: first when it has answered, then with every chunk.
///
/// # Errors
/// - `Cancelled` once `signal` is aborted;
/// - `Unreachable` if there is no connection, it breaks off, or the server has trouble;
/// - `NotFound` if the server has no such file;
/// - `Malformed` for an empty file, a web page in its place, or more than `limit` bytes.
pub async fn download(
    url: &str,
    limit: u64,
    signal: &AbortSignal,
    on_bytes: impl Fn(u64, Option<u64>),
) -> Result<Chunks> {
    let broken = |reason: String| match signal.aborted() {
        true => Error::Cancelled,
        false => Error::Unreachable {
            file: url.to_owned(),
            reason,
        },
    };
    let malformed = |reason: String| Error::Malformed {
        file: url.to_owned(),
        reason,
    };

    let response = Request::get(url)
        .credentials(RequestCredentials::SameOrigin)
        // Whose page runs which model is nobody's business.
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .abort_signal(Some(signal))
        .send()
        .await
        .map_err(|_| broken(why_no_answer(url)))?;
    check_status(url, &response)?;
    let kind = header(&response, "content-type").unwrap_or_default();
    if kind.starts_with("text/html") {
        return Err(malformed(
            "the server sent a web page in its place, so the address is probably wrong".into(),
        ));
    }
    let declared = declared_length(&response);
    let too_long = || malformed(format!("it is longer than {limit} bytes"));
    if declared.is_some_and(|length| length > limit) {
        return Err(too_long());
    }
    on_bytes(0, declared);

    let mut chunks = Chunks::default();
    if let Some(body) = response.body() {
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        loop {
            let step: ReadableStreamReadResult = JsFuture::from(reader.read())
                .await
                .map_err(|_| broken(broken_off(chunks.length(), declared)))?
                .unchecked_into();
            if step.get_done() != Some(false) {
                break;
            }
            chunks.push(step.get_value().unchecked_into::<Uint8Array>());
            if chunks.length() > limit {
                return Err(too_long());
            }
            on_bytes(chunks.length(), declared);
        }
    }
    if chunks.length() == 0 {
        return Err(malformed("it is empty".into()));
    }
    // Browsers notice this themselves on HTTP/1.1. With a server of another origin it can't be told, for its
    // Content-Encoding is kept from us.
    if response.type_() == ResponseType::Basic
        && declared.is_some_and(|length| chunks.length() < length)
    {
        return Err(broken(broken_off(chunks.length(), declared)));
    }
    Ok(chunks)
}

fn check_status(url: &str, response: &Response) -> Result<()> {
    let file = url.to_owned();
    match response.status() {
        200..=299 => Ok(()),
        status @ (404 | 410) => Err(Error::NotFound {
            file,
            status: Some(status),
        }),
        status => Err(Error::Unreachable {
            file,
            reason: format!("the server answered with HTTP status {status}"),
        }),
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)
}

/// The length of what we shall read, in bytes. Under a Content-Encoding, Content-Length counts something else.
fn declared_length(response: &Response) -> Option<u64> {
    match header(response, "content-encoding").as_deref() {
        None | Some("" | "identity") => header(response, "content-length")?.trim().parse().ok(),
        Some(_) => None,
    }
}

fn broken_off(received: u64, declared: Option<u64>) -> String {
    match declared {
        Some(length) => {
            format!("the connection broke off after {received} of {length} bytes")
        }
        None => format!("the connection broke off after {received} bytes"),
    }
}

/// The browser does not say why there was no answer, so that a page can't explore networks; but some reasons
/// can be ruled out.
fn why_no_answer(url: &str) -> String {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    if !scope.navigator().on_line() {
        "this device is offline".into()
    } else if url.starts_with(&format!("{}/", scope.location().origin())) {
        "the server did not answer".into()
    } else {
        "the server did not answer, or does not let other sites read it (CORS)".into()
    }
}
