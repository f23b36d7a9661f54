//! Where the worker gets a model's files from: this device, where they are kept under their SHA-256, or the network.
//!
//! A model's folder lists its files in [`files.json`](manifest). A file that is on the device is read from there and its
//! digest is checked each time; one that is not is fetched, kept while it arrives, and counts as there only once its digest
//! was right. What a broken connection or a closed tab has left is continued from where it ended. A folder without a
//! list is fetched whole, and kept as it came; so are files that were dropped on the page. Where the browser keeps nothing,
//! files are fetched anew each time.

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
mod vocab_txt;

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
pub use manifest::{Entry, MANIFEST, Manifest};
pub use picked::PickedFiles;

use crate::types::{Progress, Storage};
use crate::{Error, Result};
use fetch::{FetchedFile, FileFetcher};
use location::{Location, OTHER_FORMS, unreadable};
use progress::ProgressMeter;
use vocab_txt::synthesize_from_vocab;

/// The model's configuration in its folder.
pub const CONFIG: &str = "config.json";
/// The tokenizer's file in a model's folder.
pub const TOKENIZER: &str = "tokenizer.json";

// All but the weights are copied into WebAssembly's memory, so what a hostile server can make us hold has a bound. The
// weights are not; WebAssembly could not address more than this.
const MAX_MANIFEST_BYTES: u64 = 1 << 16;
const MAX_CONFIG_BYTES: u64 = 1 << 20;
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
const MAX_WEIGHTS_BYTES: u64 = 1 << 32;
const LIMITS: [u64; 3] = [MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES, MAX_WEIGHTS_BYTES];

/// How long the network may take to say whether there is a newer model, in milliseconds, before the one on the device is used.
const MANIFEST_PATIENCE: i32 = 3_000;

/// The files of one model.
#[derive(Debug)]
pub struct ModelFiles {
    /// `config.json`
    pub config: Vec<u8>,
    /// `tokenizer.json`
    pub tokenizer: Vec<u8>,
    /// GGUF or safetensors
    pub weights: Chunks,
    /// The weights' name in their folder.
    pub weights_name: String,
}

impl ModelFiles {
    fn new([config, tokenizer, weights]: [Chunks; 3], manifest: &Manifest) -> Self {
        let [_, _, (name, _)] = manifest.entries();
        Self {
            config: config.to_vec(),
            tokenizer: tokenizer.to_vec(),
            weights,
            weights_name: name.to_owned(),
        }
    }
}

/// Gets the model at the absolute URL `model`, a folder's with a slash at its end or that of its weights, and says what the
/// device keeps of it; where `files` were dropped on the page, they are the model. All files come at once; the first failure
/// calls off the others. `on_progress` hears of what the network brings.
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
    let tally = ProgressMeter::new(on_progress);
    let getting = Box::pin(get(Location::at(model), files, &signal, &tally));
    let got = match select(getting, Box::pin(tally.keep_telling())).await {
        Either::Left((got, _)) => got,
        Either::Right((never, _)) => match never {},
    };
    got.inspect_err(|_| controller.abort())
}

async fn get<F: Fn(Progress)>(
    folder: Location<'_>,
    files: Option<&PickedFiles>,
    signal: &AbortSignal,
    tally: &ProgressMeter<F>,
) -> Result<(ModelFiles, Storage)> {
    let obtain = FileFetcher::new(folder, ModelCache::open().await, signal, tally);
    if let Some(files) = files {
        return from_files(&obtain, files).await;
    }
    let kept = obtain.kept_manifest().await;
    if folder.is_dropped() {
        return from_device(&obtain, kept).await;
    }
    let published = fetch_manifest(folder, signal);
    let Some(kept) = kept else {
        return match published.await {
            Ok(manifest) => from_list(&obtain, manifest).await,
            Err(Error::Cancelled) => Err(Error::Cancelled),
            // No list. Hosts say so in many ways: 404, 403, their front page, or to another site not at all.
            Err(_) => without_list(&obtain).await,
        };
    };
    // What is here is read while the network is asked whether there is something newer.
    let published = within(MANIFEST_PATIENCE, published);
    let (published, found) = join(published, obtain.read_all(&kept)).await;
    let got = match published {
        Some(Err(Error::Cancelled)) => return Err(Error::Cancelled),
        Some(Ok(manifest)) if manifest != kept => from_list(&obtain, manifest).await,
        Some(Err(_))
            if kept.was_made_here()
                && within(MANIFEST_PATIENCE, obtain.has_changed(&kept)).await == Some(true) =>
        {
            without_list(&obtain).await
        }
        _ => match found {
            Some(files) => return Ok((ModelFiles::new(files, &kept), obtain.storage(true))),
            None if kept.was_made_here() => return without_list(&obtain).await,
            None => return from_list(&obtain, kept).await,
        },
    };
    match (got, found) {
        // The newer model does not come; the one that is here does the work until it does.
        (Err(Error::Unreachable { .. } | Error::NotFound { .. }), Some(files)) => {
            Ok((ModelFiles::new(files, &kept), obtain.storage(true)))
        }
        (got, _) => got,
    }
}

/// The files that a manifest lists.
async fn from_list<F: Fn(Progress)>(
    obtain: &FileFetcher<'_, F>,
    manifest: Manifest,
) -> Result<(ModelFiles, Storage)> {
    for ((name, entry), limit) in manifest.entries().into_iter().zip(LIMITS) {
        if entry.bytes > limit {
            return Err(Error::Malformed {
                file: obtain.url(MANIFEST),
                reason: format!("it says that {name} has more than {limit} bytes"),
            });
        }
    }
    obtain.announce(&manifest);
    obtain.prepare(&manifest).await;
    let [config, tokenizer, weights] = manifest.entries();
    let (config, tokenizer, weights) = try_join3(
        obtain.known(0, config),
        obtain.known(1, tokenizer),
        obtain.known(2, weights),
    )
    .await?;
    let is_kept = obtain.finish(&manifest).await;
    let files = ModelFiles::new([config, tokenizer, weights], &manifest);
    Ok((files, obtain.storage(is_kept)))
}

/// The files of a folder that has no manifest. Nothing tells whether they are whole but that they can be read.
async fn without_list<F: Fn(Progress)>(
    obtain: &FileFetcher<'_, F>,
) -> Result<(ModelFiles, Storage)> {
    let (config, tokenizer, weights) = try_join3(
        obtain.unknown(0, CONFIG, MAX_CONFIG_BYTES),
        unknown_tokenizer(obtain),
        unknown_weights(obtain),
    )
    .await?;
    keep(obtain, [config, tokenizer, weights]).await
}

/// The tokenizer, or what its vocabulary makes one of.
async fn unknown_tokenizer<F: Fn(Progress)>(obtain: &FileFetcher<'_, F>) -> Result<FetchedFile> {
    let get = |name, limit| obtain.unknown(1, name, limit);
    match get(TOKENIZER, MAX_TOKENIZER_BYTES).await {
        Err(error) if may_be_absent(&error) => {
            let get = async |name, limit| Ok(get(name, limit).await?.chunks.to_vec());
            let json = synthesize_from_vocab(error, get).await?;
            Ok(FetchedFile::made(TOKENIZER, &json))
        }
        came => came,
    }
}

/// The first of the names that weights may have under which there are some.
async fn unknown_weights<F: Fn(Progress)>(obtain: &FileFetcher<'_, F>) -> Result<FetchedFile> {
    let mut absent = Absent::default();
    for name in obtain.folder.weights() {
        match obtain.unknown(2, name, MAX_WEIGHTS_BYTES).await {
            Err(error) => absent.because(error)?,
            came => return came,
        }
    }
    Err(absent.weights(obtain.folder, obtain.signal).await)
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
    obtain: &FileFetcher<'_, F>,
    files: &PickedFiles,
) -> Result<(ModelFiles, Storage)> {
    let weights = files.weights()?;
    let config = obtain
        .dropped(0, files.named(CONFIG)?, MAX_CONFIG_BYTES)
        .await?;
    let tokenizer = match files.named(TOKENIZER) {
        Ok(file) => obtain.dropped(1, file, MAX_TOKENIZER_BYTES).await?,
        Err(missing) => {
            let get = async |name, limit| files.read(name, limit).await;
            FetchedFile::made(TOKENIZER, &synthesize_from_vocab(missing, get).await?)
        }
    };
    let weights = obtain.dropped(2, weights, MAX_WEIGHTS_BYTES).await?;
    keep(obtain, [config, tokenizer, weights]).await
}

/// A model that was dropped on the page once.
async fn from_device<F: Fn(Progress)>(
    obtain: &FileFetcher<'_, F>,
    kept: Option<Manifest>,
) -> Result<(ModelFiles, Storage)> {
    if let Some(kept) = kept
        && let Some(files) = obtain.read_all(&kept).await
    {
        return Ok((ModelFiles::new(files, &kept), obtain.storage(true)));
    }
    Err(Error::NotFound {
        file: "The model that was dropped on this page".into(),
        status: None,
    })
}

/// Keeps files of which nothing was known before they came, so that they need not come again.
async fn keep<F: Fn(Progress)>(
    obtain: &FileFetcher<'_, F>,
    came: [FetchedFile; 3],
) -> Result<(ModelFiles, Storage)> {
    let manifest = Manifest::new(came.each_ref().map(|came| came.listed.clone()));
    let files = came.map(|came| came.chunks);
    obtain.prepare(&manifest).await;
    let is_kept = obtain.put_away(&manifest, &files).await;
    Ok((ModelFiles::new(files, &manifest), obtain.storage(is_kept)))
}

/// Forgets a model that is kept on this device, and the files that no other one has.
///
/// # Errors
/// `Browser` with the browser's words.
pub async fn forget(model: &str) -> Result<()> {
    let forgotten = async {
        ModelCache::open()
            .await?
            .forget(model, fetch::digests)
            .await
    };
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
    let [_, _, (weights, _)] = manifest.entries();
    if !folder.selects_weights(weights) {
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
