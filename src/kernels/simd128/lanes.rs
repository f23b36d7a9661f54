//! Vectors to and from memory, and the arithmetic on four lanes that the kernels share.

#![allow(unsafe_code)]

use core::arch::wasm32::*;

use super::super::fixed_point::{Exp2Constants, GeluConstants, ROUND};

/// Four f32 of memory.
#[inline]
pub(in super::super) fn load(x: &[f32; 4]) -> v128 {
    // SAFETY: the reference is to 16 readable bytes, and v128_load asks for no alignment.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Four f32 to memory.
#[inline]
pub(in super::super) fn store(out: &mut [f32; 4], x: v128) {
    // SAFETY: the reference is to 16 writable bytes that nothing else refers to.
    unsafe { v128_store(out.as_mut_ptr().cast(), x) }
}

/// Sixteen bytes of memory.
#[inline]
pub(in super::super) fn load_bytes(x: &[u8; 16]) -> v128 {
    // SAFETY: as in `load`.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Eight i16 of memory.
#[inline]
pub(in super::super) fn load_i16(x: &[i16; 8]) -> v128 {
    // SAFETY: as in `load`.
    unsafe { v128_load(x.as_ptr().cast()) }
}

/// Four pairs of i8 of memory, each widened to i16.
#[inline]
pub(in super::super) fn load_widen(x: &[[i8; 2]; 4]) -> v128 {
    // SAFETY: the reference is to 8 readable bytes, and the load asks for no alignment.
    unsafe { i16x8_load_extend_i8x8(x.as_ptr().cast()) }
}

/// A word in every lane.
#[inline]
pub(in super::super) fn splat(word: u32) -> v128 {
    u32x4_splat(word)
}

/// The magnitudes' bits: as integers they are ordered like the magnitudes, with NaN above infinity.
#[inline]
pub(super) fn magnitude(x: v128) -> v128 {
    v128_and(x, i32x4_splat(0x7fff_ffff))
}

/// The largest of four integers.
#[inline]
pub(super) fn horizontal_max(x: v128) -> i32 {
    let x = i32x4_max(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
    let x = i32x4_max(x, i32x4_shuffle::<1, 0, 3, 2>(x, x));
    i32x4_extract_lane::<0>(x)
}

/// The sum of four integers.
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

/// The largest magnitude of a slice, by the bits.
#[inline]
pub(super) fn amax(x: &[f32]) -> f32 {
    let (vectors, rest) = x.as_chunks();
    let largest = vectors.iter().fold(i32x4_splat(0), |largest, x| {
        i32x4_max(largest, magnitude(load(x)))
    });
    let rest = rest.iter().map(|x| x.abs().to_bits() as i32).max();
    f32::from_bits(horizontal_max(largest).max(rest.unwrap_or(0)) as u32)
}

/// Four f32 to the nearest integers, ties to even.
#[inline]
pub(super) fn round(x: v128) -> v128 {
    i32x4_sub(
        f32x4_add(x, f32x4_splat(ROUND)),
        i32x4_splat(ROUND.to_bits() as i32),
    )
}

/// Constants that are read from memory where they are needed. V8 puts a vector constant together from three
/// instructions each time; a broadcast from memory is one.
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

/// 2^x of 32767 as integers, for x <= 0.
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

/// By Horner's rule.
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
