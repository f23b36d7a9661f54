//! Where the worker gets a model's files from: this device, where they are kept under their SHA-256, or the network.
//!
//! A model's folder lists its files in [`files.json`](manifest). A file that is on the device is read from there and its
//! digest is checked each time; one that is not is fetched, kept while it arrives, and counts as there only once its digest
//! was right. What a broken connection or a closed tab has left is continued from where it ended. Where the browser keeps
//! nothing, or the folder has no list, files are fetched anew each time.

mod chunks;
mod digest;
mod download;
mod lock;
mod manifest;
mod obtain;
mod shelf;
mod tally;

use futures_util::future::{Either, join, select, try_join3};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestCache, WorkerGlobalScope};

pub use chunks::Chunks;
pub use digest::Digest;
pub use download::{Download, Order};
pub use lock::{Lock, hold};
pub use manifest::{Entry, MANIFEST, Manifest};
pub use shelf::{Held, Refusal, Segment, Shelf};

use crate::protocol::{Progress, Storage};
use crate::{Error, Result};
use obtain::Obtain;
use tally::Tally;

/// The model's configuration in its folder.
pub const CONFIG: &str = "config.json";
/// The tokenizer's file in a model's folder.
pub const TOKENIZER: &str = "tokenizer.json";
/// The weights' file in a model's folder.
pub const WEIGHTS: &str = "model.gguf";

// All but the weights are copied into WebAssembly's memory, so what a hostile server can make us hold has a bound. The
// weights are not; WebAssembly could not address more than this.
const MAX_MANIFEST_BYTES: u64 = 1 << 16;
const MAX_CONFIG_BYTES: u64 = 1 << 20;
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
const MAX_WEIGHTS_BYTES: u64 = 1 << 32;

/// How long the network may take to say whether there is a newer model, in milliseconds, before the one on the device is used.
const MANIFEST_PATIENCE: i32 = 3_000;

/// The files of one model.
#[derive(Debug)]
pub struct ModelFiles {
    /// `config.json`
    pub config: Vec<u8>,
    /// `tokenizer.json`
    pub tokenizer: Vec<u8>,
    /// [`WEIGHTS`]
    pub weights: Chunks,
}

impl ModelFiles {
    fn new([config, tokenizer, weights]: [Chunks; 3]) -> Self {
        Self {
            config: config.to_vec(),
            tokenizer: tokenizer.to_vec(),
            weights,
        }
    }
}

/// Gets the model in the folder at the absolute URL `model`, which ends with a slash, and says what the device keeps of it.
/// All files come at once; the first failure calls off the others. `on_progress` hears of what the network brings.
///
/// # Errors
/// `Cancelled` once `controller` was told to abort; otherwise [`Download`]'s, and `Malformed` for a file that is not what
/// `files.json` says even when it was fetched again.
pub async fn fetch_model(
    model: &str,
    controller: &AbortController,
    on_progress: impl Fn(Progress),
) -> Result<(ModelFiles, Storage)> {
    let signal = controller.signal();
    let tally = Tally::new(on_progress);
    let getting = Box::pin(get(model, &signal, &tally));
    let got = match select(getting, Box::pin(tally.keep_telling())).await {
        Either::Left((got, _)) => got,
        Either::Right((never, _)) => match never {},
    };
    got.inspect_err(|_| controller.abort())
}

async fn get<F: Fn(Progress)>(
    model: &str,
    signal: &AbortSignal,
    tally: &Tally<F>,
) -> Result<(ModelFiles, Storage)> {
    let obtain = Obtain::new(model, Shelf::open().await, signal, tally);
    let kept = obtain.kept_manifest().await;
    let published = fetch_manifest(model, signal);
    let Some(kept) = kept else {
        return match published.await {
            Ok(json) => from_list(&obtain, &json).await,
            // No list, or a host that answers everything with its front page.
            Err(Error::NotFound { .. } | Error::Malformed { .. }) => without_list(&obtain).await,
            Err(error) => Err(error),
        };
    };
    // What is here is read while the network is asked whether there is something newer.
    let published = within(MANIFEST_PATIENCE, published);
    let (published, found) = join(published, obtain.read_all(&kept)).await;
    let json = match published {
        Some(Err(Error::Cancelled)) => return Err(Error::Cancelled),
        Some(Ok(json)) => json,
        Some(Err(_)) | None => kept.clone(),
    };
    let found = match found {
        Some(files) if json == kept => return Ok((ModelFiles::new(files), obtain.storage(true))),
        found => found,
    };
    match (from_list(&obtain, &json).await, found) {
        // The newer model does not come; the one that is here does the work until it does.
        (Err(Error::Unreachable { .. } | Error::NotFound { .. }), Some(files)) => {
            Ok((ModelFiles::new(files), obtain.storage(true)))
        }
        (got, _) => got,
    }
}

/// The files that a manifest lists.
async fn from_list<F: Fn(Progress)>(
    obtain: &Obtain<'_, F>,
    json: &str,
) -> Result<(ModelFiles, Storage)> {
    let manifest = Manifest::parse(json.as_bytes(), &obtain.url(MANIFEST))?;
    let limits = [MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES, MAX_WEIGHTS_BYTES];
    for ((name, entry), limit) in manifest.entries().into_iter().zip(limits) {
        if entry.bytes > limit {
            return Err(Error::Malformed {
                file: obtain.url(MANIFEST),
                reason: format!("it says that {name} has more than {limit} bytes"),
            });
        }
    }
    obtain.expect(&manifest, json).await;
    let [config, tokenizer, weights] = manifest.entries();
    let (config, tokenizer, weights) = try_join3(
        obtain.known(0, config),
        obtain.known(1, tokenizer),
        obtain.known(2, weights),
    )
    .await?;
    let is_kept = obtain.finish(json).await;
    let files = ModelFiles::new([config, tokenizer, weights]);
    Ok((files, obtain.storage(is_kept)))
}

/// The files of a folder that has no manifest: nothing tells whether they are whole, so nothing is kept.
async fn without_list<F: Fn(Progress)>(obtain: &Obtain<'_, F>) -> Result<(ModelFiles, Storage)> {
    let (config, tokenizer, weights) = try_join3(
        obtain.unknown(0, CONFIG, MAX_CONFIG_BYTES),
        obtain.unknown(1, TOKENIZER, MAX_TOKENIZER_BYTES),
        obtain.unknown(2, WEIGHTS, MAX_WEIGHTS_BYTES),
    )
    .await?;
    let mut storage = obtain.storage(false);
    storage
        .reason
        .get_or_insert_with(|| format!("the model’s folder has no {MANIFEST}"));
    Ok((ModelFiles::new([config, tokenizer, weights]), storage))
}

/// The model's manifest as the server has it now.
async fn fetch_manifest(model: &str, signal: &AbortSignal) -> Result<String> {
    let url = format!("{model}{MANIFEST}");
    let order = Order {
        // A cached one may be that of an older release.
        cache: RequestCache::NoCache,
        ..Order::whole(&url, MAX_MANIFEST_BYTES)
    };
    let mut download = Download::begin(order, signal).await?;
    let mut chunks = Chunks::default();
    while let Some(chunk) = download.next().await? {
        chunks.push(chunk);
    }
    let json = String::from_utf8_lossy(&chunks.to_vec()).into_owned();
    Manifest::parse(json.as_bytes(), &url).map(|_| json)
}

/// What `future` gives if it takes no more than `millis` milliseconds.
async fn within<T>(millis: i32, future: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(future), Box::pin(pause(millis))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Waits `millis` milliseconds.
async fn pause(millis: i32) {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let timer = js_sys::Promise::new(&mut |resolve, _| {
        _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    _ = JsFuture::from(timer).await;
}
