//! One file of a model, from the device, from another tab that fetches it just now, or from the network.

use std::cell::{Cell, RefCell};

use futures_util::future::try_join3;
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{AbortSignal, File, RequestCache};

use super::cache::{CachedFile, ModelCache, StorageError};
use super::location::Location;
use super::{
    Chunks, Digest, Download, DownloadRequest, Entry, MANIFEST, Manifest, ProgressMeter, digests,
    lock, may_be_absent, pause, picked,
};
use crate::model::folder::{CONFIG, max_bytes};
use crate::types::{Progress, Storage};
use crate::{Error, Result};

/// Bytes that are written to the device at a time: what a closed tab loses at most.
const SEGMENT_BYTES: u64 = 1 << 19;

/// Bytes that are written at a time of a file that is here already, where nothing can be lost.
const WRITE_BYTES: u64 = 1 << 24;

/// Pauses before a connection that broke off is tried again, in milliseconds. Only those that brought something are: what
/// fails at once is for the visitor to know.
const RETRY_PAUSES: [i32; 4] = [300, 1_000, 2_000, 4_000];

/// How often it is looked whether another tab gets on with a file, in milliseconds, and how many times in a row it may be
/// found not to before this one fetches the file itself.
const WATCH_PAUSE: i32 = 300;
const WATCH_PATIENCE: u32 = 40;

/// What all files of one model need.
pub(super) struct FileFetcher<'a, F> {
    pub(super) folder: Cell<Location<'a>>,
    /// `None` from when the browser first refused to keep something.
    model_cache: RefCell<Option<ModelCache>>,
    refusal: RefCell<Option<StorageError>>,
    pub(super) signal: &'a AbortSignal,
    meter: &'a ProgressMeter<F>,
    /// Bytes that came over the network.
    fetched: Cell<u64>,
}

/// A file of which nothing was known before it came.
pub(super) struct FetchedFile {
    pub(super) chunks: Chunks,
    /// Its name, and what a manifest would say of it.
    pub(super) listed: (String, Entry),
}

impl FetchedFile {
    async fn new(name: &str, chunks: Chunks, digest: &Digest, version: &str) -> Self {
        let entry = Entry {
            bytes: chunks.length(),
            sha256: digest.to_hex().await,
            version: Some(version.to_owned()),
        };
        Self {
            chunks,
            listed: (name.to_owned(), entry),
        }
    }
}

/// What there is of a file that is being fetched.
#[derive(Default)]
struct PartialFile {
    chunks: Chunks,
    digest: Digest,
    etag: Option<String>,
    /// The end of it, not on the device yet.
    unsaved: Vec<Uint8Array>,
    saved: u64,
    /// Segments that are being written.
    writes: Vec<Promise>,
}

impl PartialFile {
    fn push(&mut self, bytes: Uint8Array) {
        self.digest.update(&bytes);
        self.chunks.push(bytes);
    }
}

impl<'a, F: Fn(Progress)> FileFetcher<'a, F> {
    pub(super) fn new(
        folder: Location<'a>,
        model_cache: std::result::Result<ModelCache, StorageError>,
        signal: &'a AbortSignal,
        meter: &'a ProgressMeter<F>,
    ) -> Self {
        let (model_cache, refusal) = match model_cache {
            Ok(model_cache) => (Some(model_cache), None),
            Err(refusal) => (None, Some(refusal)),
        };
        Self {
            folder: Cell::new(folder),
            model_cache: RefCell::new(model_cache),
            refusal: RefCell::new(refusal),
            signal,
            meter,
            fetched: Cell::new(0),
        }
    }

    pub(super) fn url(&self, name: &str) -> String {
        self.folder.get().url(name)
    }

    /// What came of it.
    pub(super) fn storage(&self, kept: bool) -> Storage {
        Storage {
            kept,
            reason: self.refusal.borrow().clone().filter(|_| !kept),
            fetched: self.fetched.get(),
        }
    }

    /// The manifest of the model on the device, if that is whole.
    pub(super) async fn kept_manifest(&self) -> Option<Manifest> {
        let model_cache = self.model_cache.borrow().clone()?;
        let json = self.kept(model_cache.model(self.folder.get().address).await)??;
        // One that cannot be read any more is as good as none.
        Manifest::parse(json.as_bytes(), MANIFEST).ok()
    }

    /// All files of a manifest, if every one is on the device and right.
    pub(super) async fn read_all(&self, manifest: &Manifest) -> Option<Vec<Chunks>> {
        let mut files = Vec::new();
        for (_, entry) in manifest.entries() {
            files.push(self.read_whole(entry).await?);
        }
        Some(files)
    }

    /// Tells the visitor what is going to be fetched.
    pub(super) fn announce(&self, manifest: &Manifest) {
        for (file, (_, entry)) in manifest.entries().iter().enumerate() {
            self.meter.have(file, 0, Some(entry.bytes));
        }
    }

    /// Announces to the device what is going to be kept, if it has room.
    pub(super) async fn prepare(&self, manifest: &Manifest) {
        let bytes = manifest
            .entries()
            .iter()
            .fold(0, |sum: u64, (_, entry)| sum.saturating_add(entry.bytes));
        if let Some(room) = room().await
            && room < bytes
        {
            self.refuse(format!(
                "there is room for {room} bytes only, and it has {bytes}"
            ));
        }
        if let Some(model_cache) = self.model_cache() {
            self.kept(
                model_cache
                    .begin(self.folder.get().address, &manifest.to_json())
                    .await,
            );
        }
    }

    /// Keeps files that are here already; returns whether the device has them all.
    pub(super) async fn store(&self, manifest: &Manifest, files: &[Chunks]) -> bool {
        for ((_, entry), chunks) in manifest.entries().iter().zip(files) {
            let Some(model_cache) = self.model_cache() else {
                return false;
            };
            let written = write_whole(&model_cache, &entry.sha256, chunks).await;
            if written.is_err() {
                // What was kept of it is of no use, and takes up the room.
                _ = model_cache.remove(&entry.sha256).await;
            }
            self.kept(written);
        }
        self.finish(manifest).await
    }

    /// Declares the model whole on the device; returns whether it is. It may be not: a file that another tab was slow to bring
    /// was fetched without being kept.
    pub(super) async fn finish(&self, manifest: &Manifest) -> bool {
        let Some(model_cache) = self.model_cache() else {
            return false;
        };
        for (_, entry) in manifest.entries() {
            if self.kept(model_cache.has(&entry.sha256, entry.bytes).await) != Some(true) {
                return false;
            }
        }
        let (model, json) = (self.folder.get().address, manifest.to_json());
        self.kept(model_cache.finish(model, &json, digests).await)
            .is_some()
    }

    /// The files of which a manifest says what they must be.
    pub(super) async fn known_all(&self, manifest: &Manifest) -> Result<Vec<Chunks>> {
        let [config, tokenizer @ .., weights] = manifest.entries() else {
            return Ok(Vec::new());
        };
        // The tokenizer's own file is by far its largest.
        let tokenizer = async {
            let mut files = Vec::new();
            for (file, listed) in tokenizer.iter().enumerate() {
                files.push(self.known(1 + file, listed).await?);
            }
            Ok(files)
        };
        let last = manifest.entries().len() - 1;
        let (config, mut files, weights) =
            try_join3(self.known(0, config), tokenizer, self.known(last, weights)).await?;
        files.insert(0, config);
        files.push(weights);
        Ok(files)
    }

    /// Whether the server has no configuration here, so that this may be no model's folder.
    pub(super) async fn config_is_absent(&self) -> bool {
        let config = Download::ask_version(&self.url(CONFIG), self.signal).await;
        config.is_err_and(|error| may_be_absent(&error))
    }

    /// A file of which `files.json` says what it must be.
    async fn known(&self, file: usize, (name, entry): &(String, Entry)) -> Result<Chunks> {
        if let Some(chunks) = self.read_whole(entry).await {
            self.meter.have(file, entry.bytes, Some(entry.bytes));
            return Ok(chunks);
        }
        let mut lock = None;
        if self.model_cache().is_some() {
            let name = format!("live-sentiment {}", entry.sha256);
            lock = lock::hold(&name, self.watch(file, entry)).await;
            // The tab that held it may have fetched the file.
            if let Some(chunks) = self.read_whole(entry).await {
                self.meter.have(file, entry.bytes, Some(entry.bytes));
                return Ok(chunks);
            }
        }
        let chunks = self.download(file, name, entry, lock.is_some()).await;
        drop(lock);
        chunks
    }

    /// A file of which nothing is known before it is here.
    pub(super) async fn unknown(&self, file: usize, name: &str) -> Result<FetchedFile> {
        let url = self.url(name);
        let download = Download::begin(fresh(&url, name), self.signal).await?;
        self.receive(file, name, download).await
    }

    /// The same of a file that may be absent.
    pub(super) async fn optional(&self, file: usize, name: &str) -> Result<Option<FetchedFile>> {
        let url = self.url(name);
        match Download::begin_optional(fresh(&url, name), self.signal).await? {
            Some(download) => self.receive(file, name, download).await.map(Some),
            None => Ok(None),
        }
    }

    async fn receive(
        &self,
        file: usize,
        name: &str,
        mut download: Download<'_>,
    ) -> Result<FetchedFile> {
        let (mut chunks, mut digest) = (Chunks::default(), Digest::default());
        self.meter.fetched(file, 0, download.total());
        while let Some(chunk) = download.next().await? {
            self.count(&chunk);
            digest.update(&chunk);
            chunks.push(chunk);
            self.meter.fetched(file, chunks.length(), download.total());
        }
        let version = download.version().unwrap_or_default();
        Ok(FetchedFile::new(name, chunks, &digest, version).await)
    }

    /// Whether the server calls a file by another version than when it came. As long as it does not say so, none has changed.
    pub(super) async fn has_changed(&self, manifest: &Manifest) -> bool {
        for (name, entry) in manifest.entries() {
            let now = Download::ask_version(&self.url(name), self.signal).await;
            if let (Some(before), Ok(Some(now))) = (&entry.version, now)
                && !before.is_empty()
                && *before != now
            {
                return true;
            }
        }
        false
    }

    /// A file that was dropped on the page.
    pub(super) async fn dropped(
        &self,
        file: usize,
        name: &str,
        dropped: &File,
    ) -> Result<FetchedFile> {
        let limit = max_bytes(name);
        let total = Some(dropped.size() as u64);
        let tell = |read| self.meter.fetched(file, read, total);
        let chunks = picked::read(dropped, limit, limit, tell).await?;
        if self.signal.aborted() {
            return Err(Error::Cancelled);
        }
        let mut digest = Digest::default();
        for part in chunks.parts() {
            digest.update(part);
        }
        Ok(FetchedFile::new(name, chunks, &digest, "").await)
    }

    /// The file as the device has it, if it is whole and still right. A damaged one is forgotten.
    async fn read_whole(&self, entry: &Entry) -> Option<Chunks> {
        let model_cache = self.model_cache()?;
        let digest = &entry.sha256;
        let cached = self.kept(model_cache.cached(digest).await)?;
        if !cached.is_whole {
            return None;
        }
        let part = self.read_part(&model_cache, digest, cached).await?;
        if part.chunks.length() == entry.bytes && part.digest.to_hex().await == *digest {
            return Some(part.chunks);
        }
        self.kept(model_cache.remove(digest).await);
        None
    }

    /// Reads what the device has of a file.
    async fn read_part(
        &self,
        model_cache: &ModelCache,
        digest: &str,
        cached: CachedFile,
    ) -> Option<PartialFile> {
        let mut part = PartialFile::default();
        for segment in cached.segments {
            let Some((bytes, etag)) = self.kept(model_cache.read(digest, &segment).await)? else {
                break;
            };
            part.etag = etag;
            part.push(bytes);
        }
        part.saved = part.chunks.length();
        Some(part)
    }

    /// The file from the server, continued where an earlier attempt ended; kept on the device if `keep`.
    async fn download(&self, file: usize, name: &str, entry: &Entry, keep: bool) -> Result<Chunks> {
        let url = self.url(name);
        let mut part = PartialFile::default();
        if keep
            && let Some(model_cache) = self.model_cache()
            && let Some(cached) = self.kept(model_cache.cached(&entry.sha256).await)
            && let Some(found) = self.read_part(&model_cache, &entry.sha256, cached).await
            && found.chunks.length() <= entry.bytes
        {
            part = found;
        }
        let mut cache = RequestCache::Default;
        let mut pauses = RETRY_PAUSES.iter();
        loop {
            let before = part.chunks.length();
            let brought = self
                .fetch_rest(file, &url, entry, cache, keep, &mut part)
                .await;
            let is_right = brought.is_ok() && part.digest.to_hex().await == entry.sha256;
            let error = match brought {
                Ok(()) if is_right => {
                    if keep && let Some(model_cache) = self.model_cache() {
                        self.kept(model_cache.seal(&entry.sha256).await);
                    }
                    return Ok(part.chunks);
                }
                Ok(()) => Error::Malformed {
                    file: url.clone(),
                    reason: format!("its SHA-256 is not the one that {MANIFEST} names"),
                },
                Err(error) => error,
            };
            match error {
                Error::Unreachable { .. } if part.chunks.length() > before => {
                    let Some(&millis) = pauses.next() else {
                        return Err(error);
                    };
                    pause(millis).await;
                }
                // Once more, past every cache: between a browser and its server there may be an older release, or a
                // damaged copy.
                Error::Malformed { .. } if cache == RequestCache::Default => {
                    self.forget(entry, keep).await;
                    part = PartialFile::default();
                    cache = RequestCache::Reload;
                }
                error => {
                    if matches!(error, Error::Malformed { .. }) {
                        self.forget(entry, keep).await;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Adds to `part` what is missing of the file.
    async fn fetch_rest(
        &self,
        file: usize,
        url: &str,
        entry: &Entry,
        cache: RequestCache,
        keep: bool,
        part: &mut PartialFile,
    ) -> Result<()> {
        if part.chunks.length() == entry.bytes {
            return Ok(());
        }
        let etag = part.etag.take();
        let order = DownloadRequest {
            url,
            limit: entry.bytes,
            from: part.chunks.length(),
            etag: etag.as_deref(),
            cache,
        };
        let mut download = Download::begin(order, self.signal).await?;
        if download.start() < part.chunks.length() {
            self.forget(entry, keep).await;
            *part = PartialFile::default();
        }
        part.etag = download.etag().map(str::to_owned);
        let total = Some(entry.bytes);
        self.meter.fetched(file, part.chunks.length(), total);
        let ended = loop {
            match download.next().await {
                Ok(Some(chunk)) => {
                    self.count(&chunk);
                    part.unsaved.push(chunk.clone());
                    part.push(chunk);
                    self.meter.fetched(file, part.chunks.length(), total);
                    if keep && part.chunks.length() - part.saved >= SEGMENT_BYTES {
                        self.save(entry, part);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if keep {
            self.save(entry, part);
            self.settle(entry, part).await;
        }
        ended?;
        if part.chunks.length() < entry.bytes {
            return Err(Error::Malformed {
                file: url.to_owned(),
                reason: format!(
                    "it has {} bytes where {MANIFEST} says {}",
                    part.chunks.length(),
                    entry.bytes
                ),
            });
        }
        Ok(())
    }

    /// Begins to write the end of `part` to the device. The network is not kept waiting for that: what a browser has received
    /// but not handed over is lost when the connection breaks.
    fn save(&self, entry: &Entry, part: &mut PartialFile) {
        let unsaved = std::mem::take(&mut part.unsaved);
        let from = std::mem::replace(&mut part.saved, part.chunks.length());
        let Some(model_cache) = self.model_cache().filter(|_| !unsaved.is_empty()) else {
            return;
        };
        let (digest, etag) = (entry.sha256.clone(), part.etag.clone());
        part.writes.push(future_to_promise(async move {
            let written = model_cache
                .write(&digest, from, &unsaved, etag.as_deref())
                .await;
            // Never rejected: it is awaited only after the download, and the browser would report an uncaught rejection.
            Ok(written.map_or_else(JsValue::from, |()| JsValue::UNDEFINED))
        }));
    }

    /// Waits until all that was saved is on the device.
    async fn settle(&self, entry: &Entry, part: &mut PartialFile) {
        let mut refusal = None;
        for write in part.writes.drain(..) {
            let outcome = JsFuture::from(write).await;
            refusal = refusal.or(outcome.ok().and_then(|refusal| refusal.as_string()));
        }
        let Some(refusal) = refusal else { return };
        if let Some(model_cache) = self.model_cache() {
            // What was kept of it is of no use, and takes up the room.
            _ = model_cache.remove(&entry.sha256).await;
        }
        self.refuse(refusal);
    }

    async fn forget(&self, entry: &Entry, keep: bool) {
        if keep && let Some(model_cache) = self.model_cache() {
            self.kept(model_cache.remove(&entry.sha256).await);
        }
    }

    /// Ends when no tab seems to be fetching the file any more, or this load is cancelled. Reports meanwhile how far
    /// the other tab is.
    async fn watch(&self, file: usize, entry: &Entry) {
        let (mut seen, mut idle) = (0, 0);
        while idle < WATCH_PATIENCE && !self.signal.aborted() {
            pause(WATCH_PAUSE).await;
            let Some(model_cache) = self.model_cache() else {
                return;
            };
            let Some(cached) = self.kept(model_cache.cached(&entry.sha256).await) else {
                return;
            };
            let length = cached.length();
            self.meter.fetched(file, length, Some(entry.bytes));
            idle = if length == seen { idle + 1 } else { 0 };
            seen = length;
        }
    }

    fn count(&self, chunk: &Uint8Array) {
        let fetched = self.fetched.get() + u64::from(chunk.length());
        self.fetched.set(fetched);
    }

    fn model_cache(&self) -> Option<ModelCache> {
        self.model_cache.borrow().clone()
    }

    /// What the cache gave. Once it refuses something nothing more is asked of it, and the files are fetched without it.
    fn kept<T>(&self, outcome: std::result::Result<T, StorageError>) -> Option<T> {
        outcome.map_err(|refusal| self.refuse(refusal)).ok()
    }

    fn refuse(&self, refusal: StorageError) {
        self.model_cache.take();
        self.refusal.borrow_mut().get_or_insert(refusal);
    }
}

/// A file of which nothing is known. Without a digest, only the server can tell whether a cached one is that of an older release.
fn fresh<'a>(url: &'a str, name: &str) -> DownloadRequest<'a> {
    DownloadRequest {
        cache: RequestCache::NoCache,
        ..DownloadRequest::whole(url, max_bytes(name))
    }
}

/// Writes a file that is here, unless the device has it.
async fn write_whole(
    model_cache: &ModelCache,
    digest: &str,
    chunks: &Chunks,
) -> std::result::Result<(), StorageError> {
    if model_cache.has(digest, chunks.length()).await? {
        return Ok(());
    }
    // Its segments may have gaps that will never be filled, and a seal all the same.
    model_cache.remove(digest).await?;
    let (mut start, mut length, mut parts) = (0, 0, Vec::new());
    for part in chunks.parts() {
        length += u64::from(part.length());
        parts.push(part.clone());
        if length >= WRITE_BYTES {
            model_cache.write(digest, start, &parts, None).await?;
            start += length;
            length = 0;
            parts.clear();
        }
    }
    if !parts.is_empty() {
        model_cache.write(digest, start, &parts, None).await?;
    }
    model_cache.seal(digest).await
}

/// Bytes that this site may still store, as far as the browser says.
async fn room() -> Option<u64> {
    let property = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let storage = property(&property(&js_sys::global(), "navigator")?, "storage")?;
    let storage: web_sys::StorageManager = storage.is_object().then(|| storage.unchecked_into())?;
    let estimate = JsFuture::from(storage.estimate().ok()?).await.ok()?;
    let number = |name| property(&estimate, name)?.as_f64();
    let room = number("quota")? - number("usage")?;
    // A float that is negative or NaN becomes 0.
    Some(room as u64)
}
