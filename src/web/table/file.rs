//! A file that the visitor has chosen, as the readers want one: read piece by piece, so that it never stands in memory whole.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::{ArrayBuffer, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync};

use crate::web::exception;

/// Bytes that are read at once.
const PIECE: u64 = 1 << 20;

/// See the [module](self).
pub(super) struct BlobFile {
    blob: Blob,
    reader: FileReaderSync,
    length: u64,
    at: u64,
    /// The piece that was read last, ...
    piece: Vec<u8>,
    /// ... and where it begins.
    start: u64,
}

impl BlobFile {
    pub(super) fn new(blob: Blob) -> io::Result<Self> {
        Ok(Self {
            reader: FileReaderSync::new().map_err(|error| failed(&error))?,
            length: blob.size() as u64,
            blob,
            at: 0,
            piece: Vec::new(),
            start: 0,
        })
    }

    /// The next bytes, as many as are at hand; none at the end.
    pub(super) fn piece(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.length {
            return Ok(&[]);
        }
        let end = self.start + self.piece.len() as u64;
        if self.at < self.start || self.at >= end {
            self.fill()?;
        }
        let rest = self.piece.get((self.at - self.start) as usize..);
        let rest = rest.unwrap_or_default();
        self.at += rest.len() as u64;
        Ok(rest)
    }

    fn fill(&mut self) -> io::Result<()> {
        let end = self.length.min(self.at + PIECE);
        let slice = self.blob.slice_with_f64_and_f64(self.at as f64, end as f64);
        let read = slice.and_then(|slice| self.reader.read_as_array_buffer(&slice));
        let read = read.map_err(|error| failed(&error))?;
        let bytes = Uint8Array::new(read.as_ref());
        self.piece.resize(bytes.length() as usize, 0);
        bytes.copy_to(&mut self.piece);
        self.start = self.at;
        free(&read);
        Ok(())
    }
}

/// Frees a buffer at once. Left to the garbage collector, the pieces of a large file would stand in memory beside each other.
/// Browsers without `ArrayBuffer.prototype.transfer` leave it to the collector.
fn free(buffer: &ArrayBuffer) {
    let transfer = Reflect::get(buffer, &"transfer".into());
    if let Ok(transfer) = transfer.and_then(JsCast::dyn_into::<Function>) {
        _ = transfer.call1(buffer, &0.into());
    }
}

/// What the browser says if a file was removed or has changed since it was chosen.
fn failed(error: &JsValue) -> io::Error {
    io::Error::other(exception::message(error))
}

impl Read for BlobFile {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let before = self.at;
        let piece = self.piece()?;
        let count = piece.len().min(to.len());
        to[..count].copy_from_slice(&piece[..count]);
        self.at = before + count as u64;
        Ok(count)
    }
}

impl Seek for BlobFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
