//! What this browser's WebAssembly can do, asked without running anything.

use js_sys::{Uint8Array, WebAssembly};

/// `(module (func (param v128) (result v128) local.get 0 local.get 0 i8x16.swizzle))`
const SIMD128: [u8; 32] = [
    0x00, b'a', b's', b'm', 1, 0, 0, 0, // magic, version
    1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, // types: (v128) -> v128
    3, 2, 1, 0, // functions: one, of type 0
    10, 10, 1, 8, 0, // code: one body of 8 bytes, no locals
    0x20, 0, 0x20, 0, // local.get 0, twice
    0xfd, 0x0e, // i8x16.swizzle
    0x0b, // end
];

/// `(module (func (param v128) (result v128)
///    local.get 0 local.get 0 local.get 0 i32x4.relaxed_dot_i8x16_i7x16_add_s))`
const RELAXED: [u8; 35] = [
    0x00, b'a', b's', b'm', 1, 0, 0, 0, // magic, version
    1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, // types: (v128) -> v128
    3, 2, 1, 0, // functions: one, of type 0
    10, 13, 1, 11, 0, // code: one body of 11 bytes, no locals
    0x20, 0, 0x20, 0, 0x20, 0, // local.get 0, three times
    0xfd, 0x93, 0x02, // i32x4.relaxed_dot_i8x16_i7x16_add_s, opcode 0x113
    0x0b, // end
];

/// Whether WebAssembly has 128-bit SIMD: Chrome 91, Firefox 89, Safari 16.4 and everything later.
pub fn has_simd128() -> bool {
    is_valid(&SIMD128)
}

/// Whether WebAssembly has the relaxed int8 dot product.
pub fn has_relaxed_simd() -> bool {
    is_valid(&RELAXED)
}

fn is_valid(module: &[u8]) -> bool {
    // `validate` throws only for what is not a buffer.
    WebAssembly::validate(&Uint8Array::from(module)).unwrap_or(false)
}
