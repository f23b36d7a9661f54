//! Quantizes activations to signed bytes, in the order in which the tiles read them.

use core::arch::wasm32::*;

use super::super::fixed_point::{BlockScale, RowScale};
use super::super::packing::BLOCK;
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

/// Quantized rows, tile by tile: `[block][u32 of the block][row of the tile]`.
#[derive(Default)]
pub(in super::super) struct Quantized {
    lanes: Vec<u32>,
    /// Each row's [`RowScale::step`].
    steps: Vec<f32>,
    lanes_per_row: usize,
    /// A row, padded with zeros to whole blocks.
    padded: Vec<f32>,
    block_amax: Vec<f32>,
}

/// Up to [`ROWS`] quantized rows.
pub(in super::super) struct TileRows<'a> {
    pub(super) start: usize,
    pub(super) lanes: &'a [u32],
    pub(super) steps: &'a [f32],
}

impl Quantized {
    /// Quantizes rows of `k` activations.
    pub(super) fn quantize<W: BlockWriter>(&mut self, x: &[f32], k: usize) {
        let rows = x.len() / k;
        let blocks = k.div_ceil(BLOCK);
        self.lanes_per_row = blocks * W::LANES;
        self.lanes.resize(rows * self.lanes_per_row, 0);
        self.steps.resize(rows, 0.0);
        self.padded.clear();
        self.padded.resize(blocks * BLOCK, 0.0);
        self.block_amax.resize(blocks, 0.0);
        for tile in tiles(rows) {
            let lanes = &mut self.lanes[tile.start * self.lanes_per_row..]
                [..tile.len() * self.lanes_per_row];
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
                let out = lanes.chunks_exact_mut(W::LANES * tile.len());
                for ((block, block_amax), out) in blocks.iter().zip(&self.block_amax).zip(out) {
                    let scale = row_scale.block(*block_amax);
                    let x = round_block(block, scale.inverse);
                    W::write(
                        x,
                        scale,
                        row_scale.unit(),
                        out,
                        row - tile.start,
                        tile.len(),
                    );
                }
            }
        }
    }

    /// The quantized rows, in tiles of at most [`ROWS`].
    pub(super) fn tiles(&self) -> impl Iterator<Item = TileRows<'_>> {
        tiles(self.steps.len()).map(|rows| TileRows {
            start: rows.start,
            lanes: &self.lanes[rows.start * self.lanes_per_row..rows.end * self.lanes_per_row],
            steps: &self.steps[rows],
        })
    }
}

/// Splits rows into tiles of nearly equal size: 5 rows into 2 and 3, not 4 and 1.
fn tiles(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let count = rows.div_ceil(ROWS);
    (0..count).map(move |i| i * rows / count..(i + 1) * rows / count)
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
