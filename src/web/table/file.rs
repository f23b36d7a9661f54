//! A file that the visitor has chosen, as the readers want one: read piece by piece, so that it never stands in memory whole.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
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

    fn fill(&mut self) -> io::Result<()> {
        let end = self.length.min(self.at + PIECE);
        let slice = self.blob.slice_with_f64_and_f64(self.at as f64, end as f64);
        let read = slice.and_then(|slice| self.reader.read_as_array_buffer(&slice));
        let read = read.map_err(|error| failed(&error))?;
        self.piece = Uint8Array::new(read.as_ref()).to_vec();
        self.start = self.at;
        Ok(())
    }
}

/// What the browser says if a file was removed or has changed since it was chosen.
fn failed(error: &JsValue) -> io::Error {
    io::Error::other(exception::message(error))
}

impl Read for BlobFile {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length {
            return Ok(0);
        }
        let is_here =
            |file: &Self| file.at >= file.start && file.at - file.start < file.piece.len() as u64;
        if !is_here(self) {
            self.fill()?;
        }
        let offset = (self.at - self.start) as usize;
        let rest = self.piece.get(offset..).unwrap_or_default();
        let count = rest.len().min(to.len());
        to[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
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
