//! Where the worker gets a model's files from: this device, where they are kept under their SHA-256, or the network.
//!
//! A model's folder lists its files in [`files.json`](manifest). A file that is on the device is read from there and its
//! digest is checked each time; one that is not is fetched, kept while it arrives, and counts as there only once its digest
//! was right. What a broken connection or a closed tab has left is continued from where it ended. A folder without a
//! list is fetched whole, and kept as it came; so are files that were dropped on the page. Where the browser keeps nothing,
//! files are fetched again each time.

mod cache;
mod chunks;
mod digest;
mod download;
mod fetch;
mod header;
mod location;
mod lock;
mod manifest;
mod picked;
mod progress;
mod tokenizer;

use futures_util::future::{Either, join, select, try_join3};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestCache, WorkerGlobalScope};

pub use cache::{CachedFile, ModelCache, Segment, StorageError};
pub use chunks::Chunks;
pub use digest::Digest;
pub use download::{Download, DownloadRequest};
pub use header::inspect_remote;
pub use lock::{Lock, hold};
pub use manifest::{Entry, MANIFEST, Manifest, digests};
pub use picked::PickedFiles;

use crate::model::folder::{CONFIG, OTHER_FORMS, max_bytes};
use crate::types::{Progress, Storage};
use crate::web::address;
use crate::{Error, Result};
use fetch::{FetchedFile, FileFetcher};
use location::{Location, unreadable};
use progress::ProgressMeter;

const MAX_MANIFEST_BYTES: u64 = 1 << 16;

/// Which of the files progress is told of: see [`ProgressMeter`].
const CONFIG_SLOT: usize = 0;
const TOKENIZER_SLOT: usize = 1;
const WEIGHTS_SLOT: usize = 2;

/// How long the network may take to say whether there is a newer model, in milliseconds, before the one on the device is used.
const MANIFEST_TIMEOUT: i32 = 3_000;

/// The files of one model.
#[derive(Debug)]
pub struct ModelFiles {
    /// `config.json`
    pub config: Vec<u8>,
    /// `tokenizer.json`, or what stands for it
    pub tokenizer: Vec<u8>,
    /// GGUF or safetensors
    pub weights: Chunks,
    /// The weights' name in their folder.
    pub weights_name: String,
}

impl ModelFiles {
    /// The files in the order of the manifest.
    fn new(mut files: Vec<Chunks>, manifest: &Manifest) -> Result<Self> {
        let weights = files.pop().unwrap_or_default();
        let names = manifest.entries().iter().map(|(name, _)| name.as_str());
        let mut small = names.zip(files.iter().map(Chunks::to_vec));
        let config = small.next().map(|(_, config)| config);
        Ok(Self {
            config: config.unwrap_or_default(),
            tokenizer: tokenizer::to_json(&small.collect::<Vec<_>>())?,
            weights,
            weights_name: manifest.weights().to_owned(),
        })
    }
}

/// Gets the model at the absolute URL `model`, a folder's with a slash at its end or that of its weights, and says what the
/// device keeps of it; where `files` were dropped on the page, they are the model. All files come at once; the first failure
/// cancels the others. `on_progress` is called with the bytes received.
///
/// # Errors
/// `Cancelled` once `controller` was told to abort; otherwise [`Download`]'s, `Unsupported` for a checkpoint in another form,
/// and `Malformed` for a file that is not what `files.json` says even when it was fetched again.
pub async fn fetch_model(
    model: &str,
    files: Option<&PickedFiles>,
    controller: &AbortController,
    on_progress: impl Fn(Progress),
) -> Result<(ModelFiles, Storage)> {
    let signal = controller.signal();
    let meter = ProgressMeter::new(on_progress);
    let page = address::behind_page(model);
    let folder = Location::at(model);
    let behind = page.as_deref().map(|url| Location::elsewhere(model, url));
    let getting = Box::pin(get(folder, behind, files, &signal, &meter));
    let got = match select(getting, Box::pin(meter.keep_telling())).await {
        Either::Left((got, _)) => got,
        Either::Right((never, _)) => match never {},
    };
    got.inspect_err(|_| controller.abort())
}

/// `behind` is where the files are if the address turns out to be that of a hub's page.
async fn get<F: Fn(Progress)>(
    folder: Location<'_>,
    behind: Option<Location<'_>>,
    files: Option<&PickedFiles>,
    signal: &AbortSignal,
    meter: &ProgressMeter<F>,
) -> Result<(ModelFiles, Storage)> {
    let fetcher = FileFetcher::new(folder, ModelCache::open().await, signal, meter);
    if let Some(files) = files {
        return from_files(&fetcher, files).await;
    }
    let kept = fetcher.kept_manifest().await;
    if folder.is_dropped() {
        return from_device(&fetcher, kept).await;
    }
    let Some(kept) = kept else {
        let literally = from_network(&fetcher).await;
        return match (literally, behind) {
            (Err(error), Some(behind)) if may_be_absent(&error) => {
                fetcher.folder.set(behind);
                match from_network(&fetcher).await {
                    // What the address itself says is to be told.
                    Err(other) if may_be_absent(&other) => Err(error),
                    got => got,
                }
            }
            (literally, _) => literally,
        };
    };
    // What is here is read while the network is asked whether there is something newer.
    let published = within(MANIFEST_TIMEOUT, fetch_manifest(folder, signal));
    let (published, found) = join(published, fetcher.read_all(&kept)).await;
    if matches!(published, Some(Err(_)))
        && let Some(behind) = behind
        && within(MANIFEST_TIMEOUT, fetcher.config_is_absent()).await == Some(true)
    {
        fetcher.folder.set(behind);
    }
    let got = match published {
        Some(Err(Error::Cancelled)) => return Err(Error::Cancelled),
        Some(Ok(manifest)) if manifest != kept => from_list(&fetcher, manifest).await,
        Some(Err(_))
            if kept.was_made_here()
                && within(MANIFEST_TIMEOUT, fetcher.has_changed(&kept)).await == Some(true) =>
        {
            without_list(&fetcher).await
        }
        _ => match found {
            Some(files) => return Ok((ModelFiles::new(files, &kept)?, fetcher.storage(true))),
            None if kept.was_made_here() => return without_list(&fetcher).await,
            None => return from_list(&fetcher, kept).await,
        },
    };
    match (got, found) {
        (Err(Error::Cancelled), _) => Err(Error::Cancelled),
        // The newer model does not come, or its files are not yet all of one release; the one that is here does the work
        // until they are.
        (Err(_), Some(files)) => Ok((ModelFiles::new(files, &kept)?, fetcher.storage(true))),
        (got, _) => got,
    }
}

/// A model of which the device has nothing that can be used.
async fn from_network<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
) -> Result<(ModelFiles, Storage)> {
    match fetch_manifest(fetcher.folder.get(), fetcher.signal).await {
        Ok(manifest) => from_list(fetcher, manifest).await,
        Err(Error::Cancelled) => Err(Error::Cancelled),
        // No list. Hosts say so in many ways: 404, 403, their front page, or to another site not at all.
        Err(_) => without_list(fetcher).await,
    }
}

/// The files that a manifest lists.
async fn from_list<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
    manifest: Manifest,
) -> Result<(ModelFiles, Storage)> {
    for (name, entry) in manifest.entries() {
        let limit = max_bytes(name);
        if entry.bytes > limit {
            return Err(Error::Malformed {
                file: fetcher.url(MANIFEST),
                reason: format!("it says that {name} has more than {limit} bytes"),
            });
        }
    }
    fetcher.announce(&manifest);
    fetcher.prepare(&manifest).await;
    let files = fetcher.known_all(&manifest).await?;
    let is_kept = fetcher.finish(&manifest).await;
    let files = ModelFiles::new(files, &manifest)?;
    Ok((files, fetcher.storage(is_kept)))
}

/// The files of a folder that has no manifest. Nothing tells whether they are whole but that they can be read.
async fn without_list<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
) -> Result<(ModelFiles, Storage)> {
    let (config, tokenizer, weights) = try_join3(
        fetcher.unknown(CONFIG_SLOT, CONFIG),
        tokenizer::collect(
            async |name| fetcher.unknown(TOKENIZER_SLOT, name).await,
            async |before, name| fetcher.optional(tokenizer_slot(before), name).await,
        ),
        unknown_weights(fetcher),
    )
    .await?;
    keep(fetcher, config, tokenizer, weights).await
}

/// Where progress is told of a file of the tokenizer, by how many of them came before.
fn tokenizer_slot(before: usize) -> usize {
    match before {
        0 => TOKENIZER_SLOT,
        others => WEIGHTS_SLOT + others,
    }
}

/// The first of the names that weights may have under which there are some.
async fn unknown_weights<F: Fn(Progress)>(fetcher: &FileFetcher<'_, F>) -> Result<FetchedFile> {
    let mut absent = Absent::default();
    for name in fetcher.folder.get().weights() {
        match fetcher.unknown(WEIGHTS_SLOT, name).await {
            Err(error) => absent.because(error)?,
            came => return came,
        }
    }
    Err(absent.weights(fetcher.folder.get(), fetcher.signal).await)
}

/// Whether a file that was asked for with this result may not be there. Not every host says 404: some have a front page for
/// everything, some forbid what they lack, and to another site a missing file can look like a server that does not answer.
fn may_be_absent(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound { .. } | Error::Malformed { .. } | Error::Unreachable { .. }
    )
}

/// Why files were not there under the names that were tried so far.
#[derive(Default)]
struct Absent(Option<Error>);

impl Absent {
    /// # Errors
    /// The error itself, if under another name it would be the same.
    fn because(&mut self, error: Error) -> Result<()> {
        if !may_be_absent(&error) {
            return Err(error);
        }
        if !matches!(error, Error::NotFound { .. }) {
            self.0.get_or_insert(error);
        }
        Ok(())
    }

    /// What to say of a model without weights.
    async fn weights(self, folder: Location<'_>, signal: &AbortSignal) -> Error {
        match self.0 {
            Some(error) => error,
            None => no_weights(folder, signal).await,
        }
    }
}

/// Why there are no weights.
async fn no_weights(folder: Location<'_>, signal: &AbortSignal) -> Error {
    for (name, form) in OTHER_FORMS {
        let url = folder.url(name);
        if Download::begin(DownloadRequest::whole(&url, u64::MAX), signal)
            .await
            .is_ok()
        {
            return unreadable(form);
        }
    }
    folder.no_weights()
}

/// The files that were dropped on the page.
async fn from_files<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
    files: &PickedFiles,
) -> Result<(ModelFiles, Storage)> {
    let weights = files.weights()?;
    let config = files.named(CONFIG)?;
    let config = fetcher.dropped(CONFIG_SLOT, CONFIG, config).await?;
    let get = async |name| {
        let file = files.named(name)?;
        fetcher.dropped(TOKENIZER_SLOT, name, file).await
    };
    let find = async |before, name| match files.named(name) {
        Ok(file) => {
            let file = fetcher.dropped(tokenizer_slot(before), name, file).await;
            file.map(Some)
        }
        Err(_) => Ok(None),
    };
    let tokenizer = tokenizer::collect(get, find).await?;
    let weights = fetcher
        .dropped(WEIGHTS_SLOT, &weights.name(), weights)
        .await?;
    keep(fetcher, config, tokenizer, weights).await
}

/// A model that was dropped on the page once.
async fn from_device<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
    kept: Option<Manifest>,
) -> Result<(ModelFiles, Storage)> {
    if let Some(kept) = kept
        && let Some(files) = fetcher.read_all(&kept).await
    {
        return Ok((ModelFiles::new(files, &kept)?, fetcher.storage(true)));
    }
    Err(Error::NotFound {
        file: "The model that was dropped on this page".into(),
        status: None,
    })
}

/// Keeps files of which nothing was known before they came, so that they need not come again.
async fn keep<F: Fn(Progress)>(
    fetcher: &FileFetcher<'_, F>,
    config: FetchedFile,
    tokenizer: Vec<(&str, FetchedFile)>,
    weights: FetchedFile,
) -> Result<(ModelFiles, Storage)> {
    let tokenizer = tokenizer.into_iter().map(|(_, file)| file);
    let came = [config].into_iter().chain(tokenizer).chain([weights]);
    let (files, listed): (Vec<_>, Vec<_>) = came.map(|file| (file.chunks, file.listed)).unzip();
    let manifest = Manifest::new(listed);
    fetcher.prepare(&manifest).await;
    let is_kept = fetcher.store(&manifest, &files).await;
    let files = ModelFiles::new(files, &manifest)?;
    Ok((files, fetcher.storage(is_kept)))
}

/// Forgets a model that is kept on this device, and the files that no other one has.
///
/// # Errors
/// `Browser` with the browser's words.
pub async fn forget(model: &str) -> Result<()> {
    let forgotten = async { ModelCache::open().await?.forget(model, digests).await };
    forgotten.await.map_err(Error::Browser)
}

/// The model's manifest as the server has it now.
async fn fetch_manifest(folder: Location<'_>, signal: &AbortSignal) -> Result<Manifest> {
    let url = folder.url(MANIFEST);
    let order = DownloadRequest {
        // A cached one may be that of an older release.
        cache: RequestCache::NoCache,
        ..DownloadRequest::whole(&url, MAX_MANIFEST_BYTES)
    };
    let mut download = Download::begin(order, signal).await?;
    let mut chunks = Chunks::default();
    while let Some(chunk) = download.next().await? {
        chunks.push(chunk);
    }
    let manifest = Manifest::parse(&chunks.to_vec(), &url)?;
    if !folder.selects_weights(manifest.weights()) {
        // It lists other weights than the address names, so that there is no list of these.
        return Err(Error::NotFound {
            file: url,
            status: None,
        });
    }
    Ok(manifest)
}

/// What `future` gives if it takes no more than `millis` milliseconds.
async fn within<T>(millis: i32, future: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(future), Box::pin(pause(millis))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Waits `millis` milliseconds.
pub(super) async fn pause(millis: i32) {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let timer = js_sys::Promise::new(&mut |resolve, _| {
        _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    _ = JsFuture::from(timer).await;
}
