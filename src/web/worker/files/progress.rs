//! How far the files have come, all together.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;

use super::pause;
use crate::types::Progress;

/// Milliseconds between two reports of progress.
const PAUSE_MILLIS: i32 = 50;

/// Configuration, tokenizer and weights.
const REQUIRED: usize = 3;

/// Adds up the progress of the files and tells it, at a pace that does not weigh on the page.
pub(super) struct ProgressMeter<F> {
    /// The files seen so far. The first [`REQUIRED`] exist in every model.
    files: RefCell<Vec<Option<Progress>>>,
    /// Whether the network has brought anything yet. What is read from the device is there at once.
    is_fetching: Cell<bool>,
    told: Cell<Option<Progress>>,
    on_progress: F,
}

impl<F: Fn(Progress)> ProgressMeter<F> {
    pub(super) fn new(on_progress: F) -> Self {
        Self {
            files: RefCell::new(vec![None; REQUIRED]),
            is_fetching: Cell::new(false),
            told: Cell::new(None),
            on_progress,
        }
    }

    /// The network has brought this much of a file, or another tab has.
    pub(super) fn fetched(&self, file: usize, received: u64, total: Option<u64>) {
        self.is_fetching.set(true);
        self.have(file, received, total);
    }

    /// There is this much of a file.
    pub(super) fn have(&self, file: usize, received: u64, total: Option<u64>) {
        // A server that promised less than it sends is not to be believed.
        let total = total.filter(|total| *total >= received);
        {
            let mut files = self.files.borrow_mut();
            let count = files.len().max(file + 1);
            files.resize(count, None);
            files[file] = Some(Progress { received, total });
        }
        // The end is told at once: what follows keeps the worker busy.
        let progress = self.sum();
        if progress.total == Some(progress.received) {
            self.tell(progress);
        }
    }

    /// Tells the progress whenever it has changed, so that the last news before a stall is told too. Never ends.
    pub(super) async fn keep_telling(&self) -> Infallible {
        loop {
            self.tell(self.sum());
            pause(PAUSE_MILLIS).await;
        }
    }

    fn tell(&self, progress: Progress) {
        if self.is_fetching.get() && self.told.replace(Some(progress)) != Some(progress) {
            (self.on_progress)(progress);
        }
    }

    /// All files together; the total only where it is known of every one.
    fn sum(&self) -> Progress {
        let files = self.files.borrow();
        Progress {
            received: files.iter().flatten().map(|file| file.received).sum(),
            total: files
                .iter()
                .enumerate()
                .filter(|(index, file)| *index < REQUIRED || file.is_some())
                .map(|(_, file)| file.and_then(|file| file.total))
                .sum(),
        }
    }
}
