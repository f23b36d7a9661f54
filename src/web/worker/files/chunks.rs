//! Bytes that stay in JavaScript's memory.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::Uint8Array;

/// A file outside WebAssembly's memory, in the chunks it arrived in. WebAssembly's memory never shrinks, so a
/// file that passed through it whole would weigh on the page for as long as it is open; this one is copied piece
/// by piece, into buffers of the reader's choice.
#[derive(Debug, Default)]
pub struct Chunks {
    /// Where in the file each chunk starts, and the chunk; none is empty.
    chunks: Vec<(u64, Uint8Array)>,
    length: u64,
    position: u64,
}

impl Chunks {
    /// Appends a chunk. It must not change afterwards.
    pub fn push(&mut self, chunk: Uint8Array) {
        if chunk.length() > 0 {
            let start = self.length;
            self.length += u64::from(chunk.length());
            self.chunks.push((start, chunk));
        }
    }

    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The chunks, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Uint8Array> {
        self.chunks.iter().map(|(_, chunk)| chunk)
    }

    /// A copy in WebAssembly's memory, for a file that is small.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (_, chunk) in &self.chunks {
            bytes.extend_from_slice(&chunk.to_vec());
        }
        bytes
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.length {
            return Ok(0);
        }
        // The last chunk that starts at or before the position; the first starts at 0.
        let index = self
            .chunks
            .partition_point(|(start, _)| *start <= self.position)
            - 1;
        let (start, chunk) = &self.chunks[index];
        // Both fit: a chunk's length is a u32.
        let begin = (self.position - start) as u32;
        let count = (chunk.length() - begin).min(u32::try_from(buffer.len()).unwrap_or(u32::MAX));
        chunk
            .subarray(begin, begin + count)
            .copy_to(&mut buffer[..count as usize]);
        self.position += u64::from(count);
        Ok(count as usize)
    }
}

impl Seek for Chunks {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(offset) => (self.length, offset),
            SeekFrom::Current(offset) => (self.position, offset),
        };
        self.position = base
            .checked_add_signed(offset)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
