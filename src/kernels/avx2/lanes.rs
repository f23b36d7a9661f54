//! Vectors to and from memory, and the arithmetic on eight lanes that the kernels share.

#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::super::fixed_point::{Exp2Constants, GeluConstants, ROUND};

/// Loads eight f32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(x: &[f32; 8]) -> __m256 {
    // SAFETY: the reference is to 32 readable bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_ps(x.as_ptr()) }
}

/// Stores eight f32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(out: &mut [f32; 8], x: __m256) {
    // SAFETY: the reference is to 32 writable bytes that nothing else refers to.
    unsafe { _mm256_storeu_ps(out.as_mut_ptr(), x) }
}

/// Stores eight u32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_u32(out: &mut [u32; 8], x: __m256i) {
    // SAFETY: as in `store`.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), x) }
}

/// Stores four u32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_half(out: &mut [u32; 4], x: __m128i) {
    // SAFETY: the reference is to 16 writable bytes that nothing else refers to.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), x) }
}

/// Loads sixteen bytes into both halves.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_twice(x: &[u8; 16]) -> __m256i {
    // SAFETY: the reference is to 16 readable bytes, and the load asks for no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(x.as_ptr().cast()) })
}

/// Loads eight pairs of i8 and widens each to i16.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_widen(x: &[[i8; 2]; 8]) -> __m256i {
    // SAFETY: as in `load_twice`.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(x.as_ptr().cast()) })
}

/// Loads eight i16 and widens each to i32, zeros in the upper half.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_u16(x: &[i16; 8]) -> __m256i {
    // SAFETY: as in `load_twice`.
    _mm256_cvtepu16_epi32(unsafe { _mm_loadu_si128(x.as_ptr().cast()) })
}

/// A u32 in every lane.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn splat(x: u32) -> __m256i {
    _mm256_set1_epi32(x as i32)
}

/// The largest of eight i32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn horizontal_max(x: __m256i) -> i32 {
    let x = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
    let x = _mm_max_epi32(x, _mm_shuffle_epi32::<0b01_00_11_10>(x));
    let x = _mm_max_epi32(x, _mm_shuffle_epi32::<0b10_11_00_01>(x));
    _mm_cvtsi128_si32(x)
}

/// The sum of eight i32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn horizontal_sum(x: __m256i) -> i32 {
    let x = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
    let x = _mm_add_epi32(x, _mm_shuffle_epi32::<0b01_00_11_10>(x));
    let x = _mm_add_epi32(x, _mm_shuffle_epi32::<0b10_11_00_01>(x));
    _mm_cvtsi128_si32(x)
}

/// The sum of eight f32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn horizontal_sum_f32(x: __m256) -> f32 {
    let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
    let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    let x = _mm_add_ss(x, _mm_shuffle_ps::<1>(x, x));
    _mm_cvtss_f32(x)
}

/// The largest magnitude of a slice, by the bits: as integers they are ordered like the magnitudes, with NaN above
/// infinity.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn amax(x: &[f32]) -> f32 {
    let (vectors, rest) = x.as_chunks();
    let mask = _mm256_set1_epi32(0x7fff_ffff);
    let mut largest = _mm256_setzero_si256();
    for x in vectors {
        let bits = _mm256_and_si256(_mm256_castps_si256(load(x)), mask);
        largest = _mm256_max_epi32(largest, bits);
    }
    let mut bits = horizontal_max(largest);
    for x in rest {
        bits = bits.max(x.abs().to_bits() as i32);
    }
    f32::from_bits(bits as u32)
}

/// Rounds to the nearest integer, ties to even.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn round(x: __m256) -> __m256i {
    let shifted = _mm256_castps_si256(_mm256_add_ps(x, _mm256_set1_ps(ROUND)));
    _mm256_sub_epi32(shifted, splat(ROUND.to_bits()))
}

/// 0.5 · x · (1 + erf(x / √2)).
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn gelu(x: __m256, constants: &GeluConstants) -> __m256 {
    let (low, high) = (
        _mm256_set1_ps(-constants.limit),
        _mm256_set1_ps(constants.limit),
    );
    // A NaN passes through: where a comparison fails, min and max return their second operand.
    let z = _mm256_max_ps(low, _mm256_min_ps(high, x));
    let erf = polynomial(&constants.erf, _mm256_mul_ps(z, z));
    let half = _mm256_mul_ps(_mm256_set1_ps(constants.half), x);
    _mm256_add_ps(_mm256_mul_ps(half, _mm256_mul_ps(erf, z)), half)
}

/// 32767 · 2^x as integers, for x <= 0.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn probability(x: __m256, constants: &Exp2Constants) -> __m256i {
    let bias = _mm256_set1_ps(constants.round);
    let x = _mm256_max_ps(_mm256_set1_ps(constants.min), x);
    let shifted = _mm256_add_ps(x, bias);
    let fraction = _mm256_sub_ps(x, _mm256_sub_ps(shifted, bias));
    let mantissa = _mm256_castps_si256(polynomial(&constants.exp2, fraction));
    let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
    round(_mm256_castsi256_ps(_mm256_add_epi32(mantissa, exponent)))
}

/// By Horner's rule, each product rounded before it is added.
#[inline]
#[target_feature(enable = "avx2")]
fn polynomial<const D: usize>(coefficients: &[f32; D], x: __m256) -> __m256 {
    let mut sum = _mm256_set1_ps(coefficients[D - 1]);
    for c in coefficients[..D - 1].iter().rev() {
        sum = _mm256_add_ps(_mm256_mul_ps(sum, x), _mm256_set1_ps(*c));
    }
    sum
}
