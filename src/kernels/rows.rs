//! Rows of activations, and how the SIMD kernels split them: into chunks that fit a cache and tiles that fit the registers.

use std::ops::Range;

use super::PackedLinear;
use super::fixed_point::{BlockScale, RowScale};
use super::packing::BLOCK;

/// Chunks of `rows` rows of `x` and of `out`.
pub(super) fn chunks<'a>(
    layer: &PackedLinear,
    rows: usize,
    x: &'a [f32],
    out: &'a mut [f32],
) -> impl Iterator<Item = (&'a [f32], &'a mut [f32])> {
    x.chunks(rows * layer.k).zip(out.chunks_mut(rows * layer.n))
}

/// Splits rows into tiles of at most `most` and nearly equal size: at 4, 5 rows into 2 and 3, not 4 and 1.
fn tiles(rows: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = rows.div_ceil(most);
    (0..count).map(move |i| i * rows / count..(i + 1) * rows / count)
}

/// Quantized rows, tile by tile: `[block][lane][row of the tile]`, each lane 32 bits.
#[derive(Default)]
pub(super) struct Quantized {
    lanes: Vec<u32>,
    /// Each row's [`RowScale::step`].
    steps: Vec<f32>,
    lanes_per_row: usize,
    /// Rows of a tile at most.
    most: usize,
    /// A row, padded with zeros to whole blocks.
    padded: Vec<f32>,
    block_amax: Vec<f32>,
}

/// The quantized rows of a tile.
pub(super) struct TileRows<'a> {
    pub(super) start: usize,
    pub(super) lanes: &'a [u32],
    pub(super) steps: &'a [f32],
}

/// A block to write, and where.
pub(super) struct BlockOut<'a> {
    pub(super) scale: BlockScale,
    /// Value of one unit of the block's scale.
    pub(super) unit: f32,
    /// Every `rows`-th lane from `row` on is the block's.
    pub(super) lanes: &'a mut [u32],
    pub(super) row: usize,
    pub(super) rows: usize,
}

impl Quantized {
    /// Quantizes rows of `k` activations for tiles of at most `most` rows. `write` quantizes a block into `block_lanes` lanes a
    /// row; `amax` is the largest magnitude by its bits, so that NaN counts as the largest.
    // So that what the callers pass is inlined too: only they may use their instruction set.
    #[inline(always)]
    pub(super) fn quantize(
        &mut self,
        x: &[f32],
        k: usize,
        most: usize,
        block_lanes: usize,
        amax: impl Fn(&[f32]) -> f32,
        write: impl Fn(&[f32; BLOCK], BlockOut<'_>),
    ) {
        let rows = x.len() / k;
        let blocks = k.div_ceil(BLOCK);
        self.most = most;
        self.lanes_per_row = blocks * block_lanes;
        self.lanes.resize(rows * self.lanes_per_row, 0);
        self.steps.resize(rows, 0.0);
        self.padded.clear();
        self.padded.resize(blocks * BLOCK, 0.0);
        self.block_amax.resize(blocks, 0.0);
        for tile in tiles(rows, most) {
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
                let out = lanes.chunks_exact_mut(block_lanes * tile.len());
                for ((block, block_amax), lanes) in blocks.iter().zip(&self.block_amax).zip(out) {
                    write(
                        block,
                        BlockOut {
                            scale: row_scale.block(*block_amax),
                            unit: row_scale.unit(),
                            lanes,
                            row: row - tile.start,
                            rows: tile.len(),
                        },
                    );
                }
            }
        }
    }

    /// The quantized rows.
    pub(super) fn tiles(&self) -> impl Iterator<Item = TileRows<'_>> {
        tiles(self.steps.len(), self.most).map(|rows| TileRows {
            start: rows.start,
            lanes: &self.lanes[rows.start * self.lanes_per_row..rows.end * self.lanes_per_row],
            steps: &self.steps[rows],
        })
    }
}

/// The rows of one head within a larger matrix.
#[derive(Clone, Copy)]
pub(super) struct HeadRows<'a> {
    pub(super) x: &'a [f32],
    /// Features of a row of the matrix.
    pub(super) width: usize,
    /// The head's first feature.
    pub(super) at: usize,
    /// Features of the head.
    pub(super) dim: usize,
}

impl<'a> HeadRows<'a> {
    pub(super) fn row(&self, row: usize) -> &'a [f32] {
        &self.x[row * self.width + self.at..][..self.dim]
    }

    /// The largest magnitude of the first `rows` rows, where `amax` is that of one.
    #[inline(always)]
    pub(super) fn amax(&self, rows: usize, amax: impl Fn(&[f32]) -> f32) -> f32 {
        let largest = (0..rows).map(|row| amax(self.row(row)).to_bits()).max();
        f32::from_bits(largest.unwrap_or(0))
    }
}
