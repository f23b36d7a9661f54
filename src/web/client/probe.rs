//! What this browser's WebAssembly can do, asked without running anything: it either takes a tiny module or does not. The build
//! puts the same two modules into `public/startup.js`.

use js_sys::{Uint8Array, WebAssembly};

/// `(module (func (param v128) (result v128) local.get 0 local.get 0 i8x16.swizzle))`
const SIMD128: &[u8] = include_bytes!("probe/simd128.wasm");

/// `(module (func (param v128) (result v128)
///    local.get 0 local.get 0 local.get 0 i32x4.relaxed_dot_i8x16_i7x16_add_s))`
const RELAXED: &[u8] = include_bytes!("probe/relaxed.wasm");

/// Whether WebAssembly has 128-bit SIMD: Chrome 91, Firefox 89, Safari 16.4 and everything later.
pub fn has_simd128() -> bool {
    is_valid(SIMD128)
}

/// Whether WebAssembly has the relaxed int8 dot product.
pub fn has_relaxed_simd() -> bool {
    is_valid(RELAXED)
}

fn is_valid(module: &[u8]) -> bool {
    // `validate` throws only for what is not a buffer.
    WebAssembly::validate(&Uint8Array::from(module)).unwrap_or(false)
}
