//! SHA-256 (FIPS 180-4) of bytes that stay in JavaScript's memory.

use js_sys::Uint8Array;
use sha2::{Digest as _, Sha256};

/// How much is copied into WebAssembly's memory at a time.
const PIECE: u32 = 1 << 16;

/// A digest that is fed while bytes arrive.
#[derive(Debug)]
pub struct Digest {
    state: Sha256,
    piece: Vec<u8>,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            state: Sha256::new(),
            piece: vec![0; PIECE as usize],
        }
    }
}

impl Digest {
    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &Uint8Array) {
        for start in (0..bytes.length()).step_by(PIECE as usize) {
            let end = bytes.length().min(start.saturating_add(PIECE));
            let piece = &mut self.piece[..(end - start) as usize];
            bytes.subarray(start, end).copy_to(piece);
            self.state.update(piece);
        }
    }

    /// Of all bytes up to now, in lower-case hexadecimal.
    pub fn to_hex(&self) -> String {
        let digest = self.state.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
