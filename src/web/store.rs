//! Where the worker gets a model's files from.

mod chunks;
mod download;

use std::cell::{Cell, RefCell};

use futures_util::future::try_join3;
use web_sys::AbortController;
use web_time::{Duration, Instant};

pub use chunks::Chunks;
pub use download::download;

use crate::Result;
use crate::protocol::Progress;

/// The weights' file in a model's folder.
pub const WEIGHTS: &str = "model.gguf";

// `config.json` and `tokenizer.json` are copied into WebAssembly's memory, so what a hostile server can make us
// hold has a bound. The weights are not; WebAssembly could not address more than this.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
const MAX_WEIGHTS_BYTES: u64 = 1 << 32;

/// Time between two reports of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(40);

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

/// Fetches the model in the folder at the absolute URL `model`, which ends with a slash. All files come at once;
/// the first failure calls off the others.
///
/// # Errors
/// `Cancelled` once `controller` was told to abort; otherwise [`download`]'s.
pub async fn fetch_model(
    model: &str,
    controller: &AbortController,
    on_progress: impl Fn(Progress),
) -> Result<ModelFiles> {
    let signal = controller.signal();
    let tally = Tally::new(on_progress);
    let fetch = async |file: usize, name: &str, limit: u64| {
        let url = format!("{model}{name}");
        let on_bytes = |received, total| tally.note(file, received, total);
        download(&url, limit, &signal, on_bytes).await
    };
    let (config, tokenizer, weights) = try_join3(
        fetch(0, "config.json", MAX_CONFIG_BYTES),
        fetch(1, "tokenizer.json", MAX_TOKENIZER_BYTES),
        fetch(2, WEIGHTS, MAX_WEIGHTS_BYTES),
    )
    .await
    .inspect_err(|_| controller.abort())?;
    Ok(ModelFiles {
        config: config.to_vec(),
        tokenizer: tokenizer.to_vec(),
        weights,
    })
}

/// Adds up the progress of the files.
struct Tally<F> {
    /// The files that have been heard of.
    files: RefCell<[Option<Progress>; 3]>,
    told: Cell<Option<Instant>>,
    on_progress: F,
}

impl<F: Fn(Progress)> Tally<F> {
    fn new(on_progress: F) -> Self {
        Self {
            files: RefCell::default(),
            told: Cell::new(None),
            on_progress,
        }
    }

    fn note(&self, file: usize, received: u64, total: Option<u64>) {
        // A server that promised less than it sends is not to be believed.
        let total = total.filter(|total| *total >= received);
        self.files.borrow_mut()[file] = Some(Progress { received, total });
        let progress = sum(&*self.files.borrow());
        let is_last = progress.total == Some(progress.received);
        let is_due = self
            .told
            .get()
            .is_none_or(|told| told.elapsed() >= PROGRESS_PAUSE);
        if is_last || is_due {
            self.told.set(Some(Instant::now()));
            (self.on_progress)(progress);
        }
    }
}

/// All files together; the total only where it is known of every one.
fn sum(files: &[Option<Progress>]) -> Progress {
    Progress {
        received: files.iter().flatten().map(|file| file.received).sum(),
        total: files
            .iter()
            .map(|file| file.and_then(|file| file.total))
            .sum(),
    }
}
