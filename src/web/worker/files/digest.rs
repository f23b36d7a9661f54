//! SHA-256 (FIPS 180-4) of bytes that stay in JavaScript's memory.

use js_sys::{Object, Reflect, Uint8Array};
use sha2::{Digest as _, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{SubtleCrypto, WorkerGlobalScope};

/// How much is copied into WebAssembly's memory at a time.
const PIECE: u32 = 1 << 16;

/// Up to so many bytes are left to the browser, which is several times as fast, but takes a copy of all of them at once.
const BROWSER_BYTES: u64 = 64 << 20;

/// A digest that is fed while bytes arrive.
#[derive(Debug, Default)]
pub struct Digest {
    state: Sha256,
    /// What `state` has not taken in.
    waiting: Vec<Uint8Array>,
    length: u64,
}

impl Digest {
    /// Takes the next bytes in. They must not change afterwards.
    pub fn update(&mut self, bytes: &Uint8Array) {
        self.length += u64::from(bytes.length());
        self.waiting.push(bytes.clone());
        if self.length > BROWSER_BYTES {
            absorb(&mut self.state, &std::mem::take(&mut self.waiting));
        }
    }

    /// Of all bytes up to now, in lower-case hexadecimal.
    pub async fn to_hex(&self) -> String {
        let by_browser = if self.length <= BROWSER_BYTES {
            by_browser(&self.waiting, self.length).await
        } else {
            None
        };
        let digest = by_browser.unwrap_or_else(|| {
            let mut state = self.state.clone();
            absorb(&mut state, &self.waiting);
            state.finalize().to_vec()
        });
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn absorb(state: &mut Sha256, parts: &[Uint8Array]) {
    let mut piece = vec![0; PIECE as usize];
    for part in parts {
        for start in (0..part.length()).step_by(PIECE as usize) {
            let end = part.length().min(start.saturating_add(PIECE));
            let piece = &mut piece[..(end - start) as usize];
            part.subarray(start, end).copy_to(piece);
            state.update(piece);
        }
    }
}

/// The digest as the browser computes it; `None` where it does not: it has this only for pages that came by HTTPS or from this
/// device.
async fn by_browser(parts: &[Uint8Array], length: u64) -> Option<Vec<u8>> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let crypto = scope.crypto().ok()?;
    let subtle = Reflect::get(&crypto, &"subtle".into()).ok()?;
    let subtle: SubtleCrypto = Some(subtle).filter(JsValue::is_object)?.unchecked_into();
    let all = Uint8Array::new_with_length(u32::try_from(length).ok()?);
    let mut at = 0;
    for part in parts {
        all.set(part, at);
        at += part.length();
    }
    let all: &Object = all.as_ref();
    let digest = subtle.digest_with_str_and_buffer_source("SHA-256", all);
    let digest = JsFuture::from(digest.ok()?).await.ok()?;
    Some(Uint8Array::new(&digest).to_vec())
}
