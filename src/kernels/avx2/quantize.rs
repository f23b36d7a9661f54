//! Activations to signed bytes, in the order in which the tiles read them.

use core::arch::x86_64::*;

use super::super::packing::{BLOCK, INT4_OFFSET};
use super::super::rows::{BlockOut, Quantized};
use super::ROWS;
use super::lanes::{amax, load, round, store_u32};

/// Number of u32 per row and block for 4-bit weights: quads of bytes, the accumulators' start, the scale.
pub(super) const INT4_LANES: usize = BLOCK / 4 + 2;
/// Number of u32 per row and block for 8-bit weights: pairs of i16, the scale.
pub(super) const INT8_LANES: usize = BLOCK / 2 + 1;

/// Quantizes rows of `k` activations for 4-bit weights, in tiles of at most [`ROWS`].
#[target_feature(enable = "avx2")]
pub(super) fn quantize_for_int4(quantized: &mut Quantized, x: &[f32], k: usize) {
    let amax = |x: &[f32]| amax(x);
    quantized.quantize(x, k, ROWS, INT4_LANES, amax, |x, out| write_int4(x, out));
}

/// The same for 8-bit weights.
#[target_feature(enable = "avx2")]
pub(super) fn quantize_for_int8(quantized: &mut Quantized, x: &[f32], k: usize) {
    let amax = |x: &[f32]| amax(x);
    quantized.quantize(x, k, ROWS, INT8_LANES, amax, |x, out| write_int8(x, out));
}

/// A block as 32 signed bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn round_block(x: &[f32; BLOCK], inverse: f32) -> __m256i {
    let inverse = _mm256_set1_ps(inverse);
    let mut rounded = [_mm256_setzero_si256(); 4];
    for (rounded, x) in rounded.iter_mut().zip(x.as_chunks().0) {
        *rounded = round(_mm256_mul_ps(load(x), inverse));
    }
    let [a, b, c, d] = rounded;
    // Packing works on each half by itself; the permutation restores the order.
    let bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
}

/// Quads of bytes; -8 · Σ x over the first and over the last two of each quad, as two i16; the scale twice, as i16.
#[inline]
#[target_feature(enable = "avx2")]
fn write_int4(x: &[f32; BLOCK], out: BlockOut<'_>) {
    let x = round_block(x, out.scale.inverse);
    let mut quads = [0; 8];
    store_u32(&mut quads, x);
    let pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), x);
    let pairs = _mm_add_epi16(
        _mm256_castsi256_si128(pairs),
        _mm256_extracti128_si256::<1>(pairs),
    );
    let pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32::<0b01_00_11_10>(pairs));
    let pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32::<0b10_11_00_01>(pairs));
    let start = _mm_mullo_epi16(pairs, _mm_set1_epi16(-i16::from(INT4_OFFSET)));
    let start = _mm_cvtsi128_si32(start) as u32;
    let lanes = quads
        .into_iter()
        .chain([start, out.scale.unit as u32 * 0x0001_0001]);
    for (place, lane) in out.lanes.chunks_exact_mut(out.rows).zip(lanes) {
        place[out.row] = lane;
    }
}

/// Pairs of i16; the scale as f32.
#[inline]
#[target_feature(enable = "avx2")]
fn write_int8(x: &[f32; BLOCK], out: BlockOut<'_>) {
    let x = round_block(x, out.scale.inverse);
    let [mut low, mut high] = [[0; 8]; 2];
    store_u32(&mut low, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x)));
    store_u32(
        &mut high,
        _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(x)),
    );
    let scale = f32::from(out.scale.unit) * out.unit;
    let lanes = low.into_iter().chain(high).chain([scale.to_bits()]);
    for (place, lane) in out.lanes.chunks_exact_mut(out.rows).zip(lanes) {
        place[out.row] = lane;
    }
}
