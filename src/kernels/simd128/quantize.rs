//! Quantizes activations to signed bytes, in the order in which the tiles read them.

use core::arch::wasm32::*;

use super::super::fixed_point::BlockScale;
use super::super::packing::BLOCK;
use super::super::rows::Quantized;
use super::ROWS;
use super::lanes::{amax, load, round};

/// Writes a quantized block in the layout that a tile reads.
pub(in super::super) trait BlockWriter {
    /// Number of u32 per row and block.
    const LANES: usize;

    /// Writes 32 quantized activations and their scale to `out[row]`, `out[row + rows]`, `out[row + 2 * rows]` …
    /// `row_step` is the value of one unit of the scale.
    fn write(
        x: [v128; 2],
        scale: BlockScale,
        row_step: f32,
        out: &mut [u32],
        row: usize,
        rows: usize,
    );
}

/// Quantizes rows of `k` activations, in tiles of at most [`ROWS`].
pub(super) fn quantize<W: BlockWriter>(quantized: &mut Quantized, x: &[f32], k: usize) {
    quantized.quantize(x, k, ROWS, W::LANES, amax, |block, out| {
        let x = round_block(block, out.scale.inverse);
        W::write(x, out.scale, out.unit, out.lanes, out.row, out.rows);
    });
}

#[inline]
fn round_block(x: &[f32; BLOCK], inverse: f32) -> [v128; 2] {
    let (vectors, _) = x.as_chunks();
    let inverse = f32x4_splat(inverse);
    let round = |i: usize| round(f32x4_mul(load(&vectors[i]), inverse));
    let bytes = |i: usize| {
        let low = i16x8_narrow_i32x4(round(i), round(i + 1));
        let high = i16x8_narrow_i32x4(round(i + 2), round(i + 3));
        i8x16_narrow_i16x8(low, high)
    };
    [bytes(0), bytes(4)]
}
