//! One file from a server, with every way it can go wrong told apart.

use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStreamDefaultReader, ReadableStreamReadResult, ReferrerPolicy,
    RequestCache, RequestCredentials, ResponseType, WorkerGlobalScope,
};

use crate::{Error, Result};

/// What to fetch, and how.
#[derive(Debug, Clone)]
pub struct DownloadRequest<'a> {
    /// The file's absolute URL.
    pub url: &'a str,
    /// More bytes than this are refused.
    pub limit: u64,
    /// The first byte wanted; what lies before is here already.
    pub from: u64,
    /// The version that those bytes are from, as far as the server named it.
    pub etag: Option<&'a str>,
    /// Whether the browser's own cache may answer.
    pub cache: RequestCache,
}

impl<'a> DownloadRequest<'a> {
    /// The whole file.
    pub fn whole(url: &'a str, limit: u64) -> Self {
        Self {
            url,
            limit,
            from: 0,
            etag: None,
            cache: RequestCache::Default,
        }
    }
}

/// A download under way.
#[derive(Debug)]
pub struct Download<'a> {
    url: &'a str,
    limit: u64,
    signal: &'a AbortSignal,
    /// `None` for a response without a body.
    reader: Option<ReadableStreamDefaultReader>,
    start: u64,
    position: u64,
    total: Option<u64>,
    etag: Option<String>,
    version: Option<String>,
    /// Whether `total` counts the bytes that we read.
    is_total_certain: bool,
}

impl<'a> Download<'a> {
    /// Sends the request, and returns when the server has answered it with a file.
    ///
    /// # Errors
    /// - `Cancelled` once `signal` is aborted;
    /// - `Unreachable` if there is no connection or the server has trouble;
    /// - `NotFound` if the server has no such file;
    /// - `Malformed` for a web page in its place, or more than `limit` bytes.
    pub async fn begin(order: DownloadRequest<'a>, signal: &'a AbortSignal) -> Result<Self> {
        match Self::ask(order, signal).await? {
            Answer::File(download) => Ok(download),
            Answer::Refused(_, error) | Answer::Silence(error) => Err(error),
        }
    }

    /// # Errors
    /// For an answer that is of the file, but cannot be used.
    async fn ask(order: DownloadRequest<'a>, signal: &'a AbortSignal) -> Result<Answer<'a>> {
        let DownloadRequest { url, limit, .. } = order;
        let mut request = request(RequestBuilder::new(url), signal).cache(order.cache);
        if order.from > 0 {
            request = request.header("range", &format!("bytes={}-", order.from));
            // A weak ETag cannot be asked for (RFC 9110, 13.1.5), and with a server of another origin the header would need its
            // consent first. The digest shows a mixture of two versions anyway.
            let strong = order.etag.filter(|etag| !etag.starts_with("W/"));
            if let Some(etag) = strong.filter(|_| is_own_origin(url)) {
                request = request.header("if-range", etag);
            }
        }
        let Ok(response) = request.send().await else {
            return Ok(Answer::Silence(broken(url, signal, why_no_answer(url))));
        };
        // The segments may be the whole file, or longer than it: start over in both cases. Without a range it is an error as
        // any other.
        if response.status() == 416 && order.from > 0 {
            return Box::pin(Self::ask(
                DownloadRequest {
                    from: 0,
                    etag: None,
                    cache: RequestCache::Reload,
                    ..order
                },
                signal,
            ))
            .await;
        }
        if let Err(error) = check_status(url, &response) {
            return Ok(Answer::Refused(Some(response.status()), error));
        }
        let kind = header(&response, "content-type").unwrap_or_default();
        if kind.starts_with("text/html") {
            let reason =
                "the server sent a web page in its place, so the address is probably wrong".into();
            return Ok(Answer::Refused(None, malformed(url, reason)));
        }
        // A server that does not know ranges sends everything; one that sends another range than asked for is not to be
        // followed.
        let start = match response.status() {
            206 => order.from,
            _ => 0,
        };
        if response.status() == 206 && range_start(&response).is_some_and(|from| from != start) {
            return Err(broken(
                url,
                signal,
                "the server sent another part of it than was asked for".into(),
            ));
        }
        let total = declared_length(&response).map(|length| start.saturating_add(length));
        let download = Self {
            url,
            limit,
            signal,
            reader: response
                .body()
                .map(|body| body.get_reader().unchecked_into()),
            start,
            position: start,
            total,
            etag: header(&response, "etag"),
            version: version(&response),
            is_total_certain: response.type_() == ResponseType::Basic,
        };
        if download.certain_total().is_some_and(|total| total > limit) {
            return Err(download.too_long());
        }
        Ok(Answer::File(download))
    }

    /// The same for a file that need not be there; `None` where it is not. Not every host says 404: some have a front page for
    /// everything, some forbid what they lack, and to another site a missing file can look like a server that does not answer.
    ///
    /// # Errors
    /// As [`Self::begin`], for trouble that may be over the next time.
    pub async fn begin_optional(
        order: DownloadRequest<'a>,
        signal: &'a AbortSignal,
    ) -> Result<Option<Self>> {
        let url = order.url;
        let answer = Self::ask(order, signal).await?;
        match answer {
            Answer::File(download) => Ok(Some(download)),
            Answer::Refused(status, error) => match status {
                None | Some(400..=499) if !matches!(status, Some(408 | 429)) => Ok(None),
                _ => Err(error),
            },
            Answer::Silence(error) => {
                let may_be_absent = !is_own_origin(url) && scope().navigator().on_line();
                if may_be_absent && !signal.aborted() {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// What the server calls the version of a file that it has now, as [`Self::version`].
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn ask_version(url: &str, signal: &AbortSignal) -> Result<Option<String>> {
        let response = request(RequestBuilder::new(url).method(Method::HEAD), signal)
            .cache(RequestCache::NoCache)
            .send()
            .await
            .map_err(|_| broken(url, signal, why_no_answer(url)))?;
        check_status(url, &response)?;
        Ok(version(&response))
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// As [`Self::begin`], and `Malformed` for a file that is empty.
    pub async fn next(&mut self) -> Result<Option<Uint8Array>> {
        if let Some(reader) = &self.reader {
            let step: ReadableStreamReadResult = JsFuture::from(reader.read())
                .await
                .map_err(|_| self.broken_off())?
                .unchecked_into();
            if step.get_done() == Some(false) {
                let chunk: Uint8Array = step.get_value().unchecked_into();
                self.position += u64::from(chunk.length());
                if self.position > self.limit {
                    return Err(self.too_long());
                }
                return Ok(Some(chunk));
            }
        }
        if self.position == 0 {
            return Err(malformed(self.url, "it is empty".into()));
        }
        // Browsers notice this themselves on HTTP/1.1.
        if self
            .certain_total()
            .is_some_and(|total| self.position < total)
        {
            return Err(self.broken_off());
        }
        Ok(None)
    }

    /// The first byte that comes: 0 where the server sends the file from its begin, whatever was asked for.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes of the file up to here.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How long the file is, if the server says so. One of another origin may mean the compressed file: it keeps its
    /// Content-Encoding from us.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How long the file is, where that can be relied on.
    pub fn certain_total(&self) -> Option<u64> {
        self.total.filter(|_| self.is_total_certain)
    }

    /// The server's name for this version of the file.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// What the server calls this version of the file: its ETag, else its date, else its length.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn too_long(&self) -> Error {
        malformed(self.url, format!("it is longer than {} bytes", self.limit))
    }

    fn broken_off(&self) -> Error {
        let received = self.position;
        let reason = match self.total {
            Some(length) => {
                format!("the connection broke off after {received} of {length} bytes")
            }
            None => format!("the connection broke off after {received} bytes"),
        };
        broken(self.url, self.signal, reason)
    }
}

/// How a server took a request for a file.
enum Answer<'a> {
    File(Download<'a>),
    /// By a status, or by a web page in the file's place.
    Refused(Option<u16>, Error),
    Silence(Error),
}

/// What all requests have in common.
fn request(request: RequestBuilder, signal: &AbortSignal) -> RequestBuilder {
    request
        .credentials(RequestCredentials::SameOrigin)
        // Whose page runs which model is nobody's business.
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .abort_signal(Some(signal))
}

fn version(response: &Response) -> Option<String> {
    ["etag", "last-modified", "content-length"]
        .iter()
        .find_map(|name| header(response, name))
}

fn broken(url: &str, signal: &AbortSignal, reason: String) -> Error {
    match signal.aborted() {
        true => Error::Cancelled,
        false => Error::Unreachable {
            file: url.to_owned(),
            reason,
        },
    }
}

fn malformed(url: &str, reason: String) -> Error {
    Error::Malformed {
        file: url.to_owned(),
        reason,
    }
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

/// Where a 206 begins; a server of another origin may keep that from us.
fn range_start(response: &Response) -> Option<u64> {
    let range = header(response, "content-range")?;
    let (start, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    start.trim().parse().ok()
}

/// The browser does not say why there was no answer, so that a page can't explore networks; but some reasons
/// can be ruled out.
fn why_no_answer(url: &str) -> String {
    if !scope().navigator().on_line() {
        "this device is offline".into()
    } else if is_own_origin(url) {
        "the server did not answer".into()
    } else {
        "the server did not answer, or does not let other sites read it (CORS)".into()
    }
}

fn is_own_origin(url: &str) -> bool {
    url.starts_with(&format!("{}/", scope().location().origin()))
}

fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}
