//! Model files on this device, in the browser's Cache Storage.
//!
//! A file is kept under its SHA-256, in the segments it arrived in; [`Key`] says what the entries are.
//!
//! The browser writes each entry all or not at all, and a file counts only once its last one is written: so a tab that is
//! closed at any moment leaves a file that is whole, or one that can be continued.

use super::lock::{self, Lock};
use super::pause;
use crate::web::exception;
use crate::web::library::{CACHE, Key};
use js_sys::{Array, ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, Cache, CacheStorage, Headers, Request, Response, ResponseInit, WorkerGlobalScope,
};

/// How long another tab may take to change the lists of models, in milliseconds.
const LISTS_TIMEOUT: i32 = 5_000;

/// What the browser said when it refused.
pub type StorageError = String;

/// The open cache.
#[derive(Debug, Clone)]
pub struct ModelCache {
    cache: Cache,
    /// What the URLs of all keys begin with.
    origin: String,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Where in the file it begins.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

/// What there is of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachedFile {
    /// From the file's begin without a gap.
    pub segments: Vec<Segment>,
    /// Whether that is the whole file, and was right when it was written.
    pub is_whole: bool,
}

impl CachedFile {
    /// Bytes.
    pub fn length(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length).sum()
    }
}

impl ModelCache {
    /// Opens the store of this site.
    ///
    /// # Errors
    /// With the browser's words, where it keeps nothing: private windows, frames of other sites, insecure origins.
    pub async fn open() -> Result<Self, StorageError> {
        let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
        let has_caches = Reflect::get(&scope, &"caches".into())
            .ok()
            .filter(JsValue::is_object);
        let caches: CacheStorage = has_caches
            .ok_or("this browser has no Cache Storage here")?
            .unchecked_into();
        let cache = settled(caches.open(CACHE)).await.map_err(plainly)?;
        Ok(Self {
            cache: cache.unchecked_into(),
            origin: scope.location().origin(),
        })
    }

    /// Whether the file with this digest is there whole, with all of its bytes.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn has(&self, digest: &str, bytes: u64) -> Result<bool, StorageError> {
        let cached = self.cached(digest).await?;
        Ok(cached.is_whole && cached.length() == bytes)
    }

    /// What there is of the file with this digest.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn cached(&self, digest: &str) -> Result<CachedFile, StorageError> {
        let mut cached = CachedFile::default();
        let mut segments = Vec::new();
        let keys = self.keys().await?;
        for key in keys.iter().filter(|key| key.digest() == Some(digest)) {
            match *key {
                Key::Segment { start, length, .. } => segments.push(Segment { start, length }),
                _ => cached.is_whole = true,
            }
        }
        // Where segments overlap, the one that reaches further.
        segments.sort_by_key(|segment| (segment.start, std::cmp::Reverse(segment.length)));
        let mut end = 0;
        for segment in segments {
            if segment.start == end {
                end += segment.length;
                cached.segments.push(segment);
            }
        }
        Ok(cached)
    }

    /// The bytes of a segment, and the ETag of the response they came from. `None` if it is gone or has another length.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn read(
        &self,
        digest: &str,
        segment: &Segment,
    ) -> Result<Option<(Uint8Array, Option<String>)>, StorageError> {
        let key = self.url(&segment_key(digest, segment));
        let found = settled(self.cache.match_with_str(&key)).await?;
        let Ok(response) = found.dyn_into::<Response>() else {
            return Ok(None);
        };
        let etag = response.headers().get("etag").ok().flatten();
        let bytes = settled(response.array_buffer().map_err(words)?).await?;
        let bytes = Uint8Array::new(bytes.unchecked_ref::<ArrayBuffer>());
        Ok((u64::from(bytes.length()) == segment.length).then_some((bytes, etag)))
    }

    /// Writes a segment.
    ///
    /// # Errors
    /// With the browser's words, as when there is no room.
    pub async fn write(
        &self,
        digest: &str,
        start: u64,
        parts: &[Uint8Array],
        etag: Option<&str>,
    ) -> Result<(), StorageError> {
        let length = parts.iter().map(|part| u64::from(part.length())).sum();
        let key = self.url(&segment_key(digest, &Segment { start, length }));
        let blob =
            Blob::new_with_u8_array_sequence(&parts.iter().collect::<Array>()).map_err(words)?;
        let init = ResponseInit::new();
        if let Some(etag) = etag {
            let headers = Headers::new().map_err(words)?;
            headers.set("etag", etag).map_err(words)?;
            init.set_headers(&headers);
        }
        let response = Response::new_with_opt_blob_and_init(Some(&blob), &init).map_err(words)?;
        settled(self.cache.put_with_str(&key, &response)).await?;
        Ok(())
    }

    /// Declares a file whole.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn seal(&self, digest: &str) -> Result<(), StorageError> {
        self.put(&whole(digest), "").await
    }

    /// Forgets what there is of a file.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn remove(&self, digest: &str) -> Result<(), StorageError> {
        // The seal first: what is left if this is interrupted must not count as whole.
        self.delete(&whole(digest)).await?;
        let keys = self.keys().await?;
        for key in keys.iter().filter(|key| key.digest() == Some(digest)) {
            self.delete(key).await?;
        }
        Ok(())
    }

    /// The `files.json` of the model at `url`, if that is there whole.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn model(&self, url: &str) -> Result<Option<String>, StorageError> {
        self.text(&model_key(url)).await
    }

    /// Notes which files the model at `url` is going to have, so that [`Self::finish`] of another one leaves them alone. To be
    /// called before the first of them is looked for.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn begin(&self, url: &str, manifest: &str) -> Result<(), StorageError> {
        let _lock = hold_lists().await;
        self.put(&coming_key(url), manifest).await
    }

    /// Notes that the model at `url` is there whole, and forgets files that no model has any more. `digests` finds those of a
    /// `files.json`; `None` for one that it cannot read.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn finish(
        &self,
        url: &str,
        manifest: &str,
        digests: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<(), StorageError> {
        let lock = hold_lists().await;
        self.put(&model_key(url), manifest).await?;
        self.delete(&coming_key(url)).await?;
        self.sweep(lock, digests).await
    }

    /// Forgets the model at `url`, and files that no other model has; `digests` as above.
    ///
    /// # Errors
    /// With the browser's words.
    pub async fn forget(
        &self,
        url: &str,
        digests: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<(), StorageError> {
        let lock = hold_lists().await;
        self.delete(&model_key(url)).await?;
        self.delete(&coming_key(url)).await?;
        self.sweep(lock, digests).await
    }

    /// Forgets files that no model has. Where that is not certain, because a list cannot be read, all stay until the next time:
    /// the list may be that of a later release.
    async fn sweep(
        &self,
        lock: Option<Lock>,
        digests: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<(), StorageError> {
        // Without the lock another tab may be about to announce files.
        let Some(_lock) = lock else { return Ok(()) };
        // What comes after this is not among what is deleted, even if a tab of an earlier release brings it, which takes no lock.
        let keys = self.keys().await?;
        let mut wanted = Vec::new();
        for key in keys.iter().filter(|key| key.digest().is_none()) {
            let list = self.text(key).await?;
            let Some(listed) = list.and_then(|json| digests(&json)) else {
                return Ok(());
            };
            wanted.extend(listed);
        }
        let is_unwanted = |key: &&Key| {
            let is_wanted = |digest| wanted.iter().any(|wanted| wanted == digest);
            key.digest().is_some_and(|digest| !is_wanted(digest))
        };
        for key in keys.iter().filter(is_unwanted) {
            self.delete(key).await?;
        }
        Ok(())
    }

    fn url(&self, key: &Key) -> String {
        self.origin.clone() + &key.path()
    }

    async fn keys(&self) -> Result<Vec<Key>, StorageError> {
        let requests: Array = settled(self.cache.keys()).await?.unchecked_into();
        let url = |request: JsValue| request.unchecked_into::<Request>().url();
        Ok(requests
            .iter()
            .filter_map(|request| Key::parse(&url(request)))
            .collect())
    }

    async fn text(&self, key: &Key) -> Result<Option<String>, StorageError> {
        let found = settled(self.cache.match_with_str(&self.url(key))).await?;
        let Ok(response) = found.dyn_into::<Response>() else {
            return Ok(None);
        };
        Ok(settled(response.text().map_err(words)?).await?.as_string())
    }

    async fn put(&self, key: &Key, text: &str) -> Result<(), StorageError> {
        let response = Response::new_with_opt_str(Some(text)).map_err(words)?;
        settled(self.cache.put_with_str(&self.url(key), &response)).await?;
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        settled(self.cache.delete_with_str(&self.url(key))).await?;
        Ok(())
    }
}

fn segment_key(digest: &str, segment: &Segment) -> Key {
    Key::Segment {
        digest: digest.to_owned(),
        start: segment.start,
        length: segment.length,
    }
}

fn whole(digest: &str) -> Key {
    Key::Whole {
        digest: digest.to_owned(),
    }
}

fn model_key(address: &str) -> Key {
    Key::Model {
        address: address.to_owned(),
    }
}

fn coming_key(address: &str) -> Key {
    Key::Coming {
        address: address.to_owned(),
    }
}

/// Waits until no other tab changes the lists of models or deletes what they lack. `None` if one does for too long: it may be
/// asleep.
async fn hold_lists() -> Option<Lock> {
    lock::hold("live-sentiment lists", pause(LISTS_TIMEOUT)).await
}

async fn settled(promise: Promise) -> Result<JsValue, StorageError> {
    JsFuture::from(promise).await.map_err(words)
}

/// Each browser has words of its own, and no plain ones, for being set to keep nothing.
fn plainly(refusal: StorageError) -> StorageError {
    if refusal.starts_with("SecurityError") {
        "this browser lets this site keep nothing".into()
    } else {
        refusal
    }
}

/// What a thrown value says.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn words(thrown: JsValue) -> StorageError {
    exception::named(&thrown)
}
