//! The first bytes of a file of which more is still elsewhere.

use std::cell::Cell;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use crate::{Error, Result};

/// A longer header is not asked for: llama.cpp's of a large vocabulary has some 5 MB.
const MAX_HEADER: u64 = 64 << 20;
/// What is asked for first where nothing tells the header's length.
const FIRST_GUESS: u64 = 1 << 16;

/// The beginning of a file of weights.
#[derive(Debug, Clone, Copy)]
pub struct FilePrefix<'a> {
    /// Its name in messages.
    pub file: &'a str,
    /// The first bytes; may be all of them.
    pub bytes: &'a [u8],
    /// Bytes of the whole file.
    pub size: u64,
}

impl<'a> FilePrefix<'a> {
    /// Reads it as if it were the whole file, and sets `hit_end` if it is not enough.
    pub(super) fn reader(self, hit_end: &'a Cell<bool>) -> Reader<'a> {
        Reader {
            beginning: self,
            position: 0,
            hit_end,
        }
    }

    /// How many first bytes will hold the header, if these do not: a safetensors file tells, a GGUF does not.
    pub(super) fn header_length(&self) -> Result<u64> {
        let have = self.bytes.len() as u64;
        let told = match self.bytes.first_chunk() {
            Some(length) if !self.bytes.starts_with(b"GGUF") => {
                u64::from_le_bytes(*length).saturating_add(8)
            }
            _ => have.saturating_mul(4),
        };
        // 16 bytes tell one kind of file from the other.
        let wanted = told.max(FIRST_GUESS).min(self.size);
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
    beginning: FilePrefix<'a>,
    position: u64,
    hit_end: &'a Cell<bool>,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let bytes = self.beginning.bytes;
        let start = usize::try_from(self.position).map_or(bytes.len(), |p| p.min(bytes.len()));
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        self.position += count as u64;
        if count == 0 && !buffer.is_empty() && self.position < self.beginning.size {
            self.hit_end.set(true);
        }
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.beginning.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(IoError::from(ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
