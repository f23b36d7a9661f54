//! Activations to signed bytes, in the order in which the tiles read them.

use core::arch::x86_64::*;

use super::super::fixed_point::{BlockScale, RowScale};
use super::super::packing::{BLOCK, INT4_OFFSET};
use super::ROWS;
use super::lanes::{amax, load, round, store_u32};

/// u32s per row and block of activations for 4-bit weights: quads of bytes, the accumulators' start, the scale.
pub(super) const INT4_WORDS: usize = BLOCK / 4 + 2;
/// u32s per row and block of activations for 8-bit weights: pairs of i16, the scale.
pub(super) const INT8_WORDS: usize = BLOCK / 2 + 1;

/// What the weights are that the activations will meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bits {
    Four,
    Eight,
}

impl Bits {
    fn words(self) -> usize {
        match self {
            Self::Four => INT4_WORDS,
            Self::Eight => INT8_WORDS,
        }
    }
}

/// Quantized rows, tile by tile: `[block][u32][row of the tile]`.
#[derive(Default)]
pub(super) struct Quantized {
    words: Vec<u32>,
    /// Each row's [`RowScale::step`].
    steps: Vec<f32>,
    words_per_row: usize,
    /// A row padded with zeros to whole blocks.
    padded: Vec<f32>,
    block_amax: Vec<f32>,
}

/// Up to [`ROWS`] quantized rows.
pub(super) struct TileRows<'a> {
    pub(super) start: usize,
    pub(super) words: &'a [u32],
    pub(super) steps: &'a [f32],
}

impl Quantized {
    /// Quantizes rows of `k` activations.
    #[target_feature(enable = "avx2")]
    pub(super) fn quantize(&mut self, x: &[f32], k: usize, bits: Bits) {
        let rows = x.len() / k;
        let blocks = k.div_ceil(BLOCK);
        let words_per_block = bits.words();
        self.words_per_row = blocks * words_per_block;
        self.words.resize(rows * self.words_per_row, 0);
        self.steps.resize(rows, 0.0);
        self.padded.clear();
        self.padded.resize(blocks * BLOCK, 0.0);
        self.block_amax.resize(blocks, 0.0);
        for tile in tiles(rows) {
            let words = &mut self.words[tile.start * self.words_per_row..]
                [..tile.len() * self.words_per_row];
            for row in tile.clone() {
                let mut x = &x[row * k..][..k];
                if !k.is_multiple_of(BLOCK) {
                    self.padded[..k].copy_from_slice(x);
                    x = &self.padded;
                }
                let blocks = x.as_chunks::<BLOCK>().0;
                for (block_amax, block) in self.block_amax.iter_mut().zip(blocks) {
                    *block_amax = amax(block);
                }
                let row_scale = RowScale::new(amax(&self.block_amax));
                self.steps[row] = row_scale.step();
                let out = words.chunks_exact_mut(words_per_block * tile.len());
                for ((block, block_amax), out) in blocks.iter().zip(&self.block_amax).zip(out) {
                    let scale = row_scale.block(*block_amax);
                    let x = round_block(block, scale.inverse);
                    let (row, rows) = (row - tile.start, tile.len());
                    match bits {
                        Bits::Four => write_int4(x, scale, out, row, rows),
                        Bits::Eight => {
                            let scale = f32::from(scale.unit) * row_scale.unit();
                            write_int8(x, scale, out, row, rows);
                        }
                    }
                }
            }
        }
    }

    /// The quantized rows.
    pub(super) fn tiles(&self) -> impl Iterator<Item = TileRows<'_>> {
        tiles(self.steps.len()).map(|rows| TileRows {
            start: rows.start,
            words: &self.words[rows.start * self.words_per_row..rows.end * self.words_per_row],
            steps: &self.steps[rows],
        })
    }
}

/// Splits rows into tiles as equal as possible: 7 rows are 4 and 3, not 6 and 1.
fn tiles(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let count = rows.div_ceil(ROWS);
    (0..count).map(move |i| i * rows / count..(i + 1) * rows / count)
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
fn write_int4(x: __m256i, scale: BlockScale, out: &mut [u32], row: usize, rows: usize) {
    let mut quads = [0; 8];
    store_u32(&mut quads, x);
    for (k4, quad) in quads.into_iter().enumerate() {
        out[k4 * rows + row] = quad;
    }
    let pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), x);
    let pairs = _mm_add_epi16(
        _mm256_castsi256_si128(pairs),
        _mm256_extracti128_si256::<1>(pairs),
    );
    let pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32::<0b01_00_11_10>(pairs));
    let pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32::<0b10_11_00_01>(pairs));
    let start = _mm_mullo_epi16(pairs, _mm_set1_epi16(-i16::from(INT4_OFFSET)));
    out[BLOCK / 4 * rows + row] = _mm_cvtsi128_si32(start) as u32;
    out[(BLOCK / 4 + 1) * rows + row] = scale.unit as u32 * 0x0001_0001;
}

/// Pairs of i16; the scale as f32.
#[inline]
#[target_feature(enable = "avx2")]
fn write_int8(x: __m256i, scale: f32, out: &mut [u32], row: usize, rows: usize) {
    let halves = [
        _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x)),
        _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(x)),
    ];
    for (half, x) in halves.into_iter().enumerate() {
        let mut pairs = [0; 8];
        store_u32(&mut pairs, x);
        for (k2, pair) in pairs.into_iter().enumerate() {
            out[(8 * half + k2) * rows + row] = pair;
        }
    }
    out[BLOCK / 2 * rows + row] = scale.to_bits();
}
