//! A prefix of a partially fetched file, readable as if it were whole.

use std::cell::Cell;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use crate::{Error, Result};

/// Longest header that is requested. llama.cpp's has about 5 MB for a large vocabulary.
const MAX_HEADER: u64 = 64 << 20;
/// Smallest prefix that is requested while the header's length is unknown.
const FIRST_GUESS: u64 = 1 << 16;

/// A prefix of a weights file.
#[derive(Debug, Clone, Copy)]
pub struct FilePrefix<'a> {
    /// The file's name in messages.
    pub file: &'a str,
    /// The prefix; may be the whole file.
    pub bytes: &'a [u8],
    /// Size of the whole file in bytes.
    pub size: u64,
}

impl<'a> FilePrefix<'a> {
    /// A reader that behaves like one of the whole file, and sets `hit_end` when it runs past the prefix.
    pub(super) fn reader(self, hit_end: &'a Cell<bool>) -> Reader<'a> {
        Reader {
            prefix: self,
            position: 0,
            hit_end,
        }
    }

    /// Length of the prefix to try next, if this one does not contain the header. A safetensors file states the header's
    /// length; for GGUF it is guessed.
    pub(super) fn next_length(&self) -> Result<u64> {
        let have = self.bytes.len() as u64;
        let estimate = match self.bytes.first_chunk() {
            Some(length) if !self.bytes.starts_with(b"GGUF") => {
                u64::from_le_bytes(*length).saturating_add(8)
            }
            _ => have.saturating_mul(4),
        };
        let wanted = estimate.max(FIRST_GUESS).min(self.size);
        if wanted > MAX_HEADER || wanted <= have {
            return Err(Error::Malformed {
                file: self.file.to_owned(),
                reason: format!(
                    "its header does not end within {} bytes",
                    have.max(MAX_HEADER)
                ),
            });
        }
        Ok(wanted)
    }
}

pub(super) struct Reader<'a> {
    prefix: FilePrefix<'a>,
    position: u64,
    hit_end: &'a Cell<bool>,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let bytes = self.prefix.bytes;
        let start = usize::try_from(self.position).map_or(bytes.len(), |p| p.min(bytes.len()));
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        self.position += count as u64;
        if count == 0 && !buffer.is_empty() && self.position < self.prefix.size {
            self.hit_end.set(true);
        }
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.prefix.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(IoError::from(ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
