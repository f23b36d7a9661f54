//! Vector loads and stores, and the operations on four lanes that the kernels share.

#![allow(unsafe_code)]

use core::arch::wasm32::*;

use super::super::fixed_point::{Exp2Constants, GeluConstants, ROUND};

/// Loads four f32.
#[inline]
pub(in super::super) fn load(x: &[f32; 4]) -> v128 {
    // SAFETY: the reference is valid for reads of 16 bytes, and v128_load requires no alignment.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Stores four f32.
#[inline]
pub(in super::super) fn store(out: &mut [f32; 4], x: v128) {
    // SAFETY: the exclusive reference is valid for writes of 16 bytes, and v128_store requires no alignment.
    unsafe { v128_store(out.as_mut_ptr().cast(), x) }
}

/// Loads sixteen bytes.
#[inline]
pub(in super::super) fn load_bytes(x: &[u8; 16]) -> v128 {
    // SAFETY: as in `load`.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Loads eight i16.
#[inline]
pub(in super::super) fn load_i16(x: &[i16; 8]) -> v128 {
    // SAFETY: as in `load`.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Loads eight i8 and widens them to i16.
#[inline]
pub(in super::super) fn load_widen(x: &[[i8; 2]; 4]) -> v128 {
    // SAFETY: the reference is valid for reads of 8 bytes, and the load requires no alignment.
    unsafe { i16x8_load_extend_i8x8(x.as_ptr().cast()) }
}

/// Broadcasts 32 bits, which may be an f32 or packed integers, to every lane.
#[inline]
pub(in super::super) fn splat(bits: u32) -> v128 {
    u32x4_splat(bits)
}

/// Clears the sign bits of four f32. As integers, the results are ordered like the magnitudes, with NaN above infinity.
#[inline]
pub(super) fn magnitude(x: v128) -> v128 {
    v128_and(x, i32x4_splat(0x7fff_ffff))
}

/// The largest of four i32.
#[inline]
pub(super) fn horizontal_max(x: v128) -> i32 {
    let x = i32x4_max(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
    let x = i32x4_max(x, i32x4_shuffle::<1, 0, 3, 2>(x, x));
    i32x4_extract_lane::<0>(x)
}

/// The sum of four i32.
#[inline]
pub(super) fn horizontal_sum(x: v128) -> i32 {
    let x = i32x4_add(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
    let x = i32x4_add(x, i32x4_shuffle::<1, 0, 3, 2>(x, x));
    i32x4_extract_lane::<0>(x)
}

/// The sum of four f32.
#[inline]
pub(super) fn horizontal_sum_f32(x: v128) -> f32 {
    let x = f32x4_add(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
    let x = f32x4_add(x, i32x4_shuffle::<1, 0, 3, 2>(x, x));
    f32x4_extract_lane::<0>(x)
}

/// The largest magnitude of a slice. Compares bit patterns, so that NaN is larger than infinity.
#[inline]
pub(super) fn amax(x: &[f32]) -> f32 {
    let (vectors, rest) = x.as_chunks();
    let largest = vectors.iter().fold(i32x4_splat(0), |largest, x| {
        i32x4_max(largest, magnitude(load(x)))
    });
    let rest = rest.iter().map(|x| x.abs().to_bits() as i32).max();
    f32::from_bits(horizontal_max(largest).max(rest.unwrap_or(0)) as u32)
}

/// Rounds four f32 to the nearest i32, ties to even. See [`ROUND`].
#[inline]
pub(super) fn round(x: v128) -> v128 {
    i32x4_sub(
        f32x4_add(x, f32x4_splat(ROUND)),
        i32x4_splat(ROUND.to_bits() as i32),
    )
}

/// Forces constants to be loaded from memory. V8 builds a vector constant with three instructions at each use; a
/// broadcast from memory is one.
#[inline]
pub(super) fn from_memory<T>(constants: &'static T) -> &'static T {
    std::hint::black_box(constants)
}

/// 0.5 · x · (1 + erf(x / √2)).
#[inline]
pub(super) fn gelu<const N: usize>(x: [v128; N], constants: &GeluConstants) -> [v128; N] {
    let limit = f32x4_splat(constants.limit);
    let z = x.map(|x| f32x4_pmax(f32x4_pmin(x, limit), f32x4_neg(limit)));
    let erf = polynomial(&constants.erf, z.map(|z| f32x4_mul(z, z)));
    let half = f32x4_splat(constants.half);
    std::array::from_fn(|i| {
        let half = f32x4_mul(half, x[i]);
        f32x4_add(f32x4_mul(half, f32x4_mul(erf[i], z[i])), half)
    })
}

/// 32767 · 2^x as i32, for x <= 0.
#[inline]
pub(super) fn probability<const N: usize>(x: [v128; N], constants: &Exp2Constants) -> [v128; N] {
    let (min, round) = (f32x4_splat(constants.min), f32x4_splat(constants.round));
    let x = x.map(|x| f32x4_pmax(x, min));
    let shifted = x.map(|x| f32x4_add(x, round));
    let fraction: [v128; N] =
        std::array::from_fn(|i| f32x4_sub(x[i], f32x4_sub(shifted[i], round)));
    let mantissa = polynomial(&constants.exp2, fraction);
    std::array::from_fn(|i| {
        let power = i32x4_add(mantissa[i], i32x4_shl(shifted[i], 23));
        i32x4_sub(f32x4_add(power, round), round)
    })
}

/// Evaluates a polynomial by Horner's rule.
#[inline]
fn polynomial<const N: usize, const D: usize>(coefficients: &[f32; D], x: [v128; N]) -> [v128; N] {
    let mut sum = [f32x4_splat(coefficients[D - 1]); N];
    for c in coefficients[..D - 1].iter().rev() {
        let c = f32x4_splat(*c);
        for (sum, x) in sum.iter_mut().zip(x) {
            *sum = f32x4_add(f32x4_mul(*sum, x), c);
        }
    }
    sum
}
