//! Linear layers with relaxed SIMD's 8-bit dot product, which multiplies signed bytes by bytes of 0..=127.
//!
//! Weights are the second operand, offset to 0..=15 for 4 bits and to 1..=127 for 7 bits. Accumulators are initialized
//! to the negated contribution of the offset, -8 · Σ x or -64 · Σ x. Within these ranges the instruction is
//! deterministic by the specification: every CPU gives the same result.
//!
//! Its speed does depend on the CPU, so there are two tiles for 4 bits:
//! - [`Quads`], for CPUs that add four products to i32 in one instruction (AVX-VNNI, Arm's dot product);
//! - [`Pairs`], for CPUs that need a multiplication of pairs and two more instructions (x86 before AVX-VNNI). With 4-bit
//!   weights, a block's sums of pairs fit in i16 (16 · 127 · 15 < 2¹⁵), so the extra instructions run once per block.
//!
//! For 7 bits there is one tile, [`Int7Tile`]: the sum of two pairs already overflows i16.

use core::arch::wasm32::*;

use super::fixed_point::BlockScale;
use super::packing::{BLOCK, COLUMNS, INT4_OFFSET, INT7_OFFSET, Int7Panels, Panels};
use super::simd128::lanes::{load_bytes, splat};
use super::simd128::{
    self, BlockWriter, Int4Kernel, ScaleEncoding, Tile, halves, linear_by_panels, unpack_nibbles,
    widen_scales,
};
use super::{Activation, PackedLinear, Scratch};

/// Quads of activations in a block.
const QUADS: usize = BLOCK / 4;

pub(super) fn linear(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    if adds_in_i16() {
        linear_in_pairs(layer, x, activation, scratch, out);
    } else {
        linear_in_quads(layer, x, activation, scratch, out);
    }
}

pub(super) fn linear_in_pairs(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    linear_with::<Pairs>(layer, x, activation, scratch, out);
}

pub(super) fn linear_in_quads(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    linear_with::<Quads>(layer, x, activation, scratch, out);
}

fn linear_with<K: Int4Kernel>(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    match &layer.weights {
        Panels::Int4(weights) => {
            simd128::linear_int4::<K>(layer, weights, x, activation, scratch, out);
        }
        Panels::Int7(weights) => {
            let tile = |p| Int7Tile::new(weights, p, layer.k.div_ceil(BLOCK));
            linear_by_panels::<Int7Writer, _>(layer, tile, x, activation, scratch, out);
        }
        Panels::Int8(_) => simd128::linear(layer, x, activation, scratch, out),
    }
}

/// Whether this CPU adds pairs of products in i16 before widening to i32, like x86 before AVX-VNNI. Detected with bytes
/// above 127, for which the result is implementation-defined: on these CPUs the sum saturates.
#[target_feature(enable = "relaxed-simd")]
fn adds_in_i16() -> bool {
    let x = std::hint::black_box(i8x16_splat(127));
    let y = std::hint::black_box(i8x16_splat(-1));
    let dot = i32x4_relaxed_dot_i8x16_i7x16_add(x, y, i32x4_splat(0));
    i32x4_extract_lane::<0>(dot) == 2 * i32::from(i16::MAX)
}

/// Writes quads of bytes, the initial value of the accumulators, and the scale.
#[inline]
fn write(x: [v128; 2], start: u32, scale: u32, out: &mut [u32], row: usize, rows: usize) {
    let mut put = |k4: usize, lane: u32| out[k4 * rows + row] = lane;
    for (half, x) in x.into_iter().enumerate() {
        put(4 * half, u32x4_extract_lane::<0>(x));
        put(4 * half + 1, u32x4_extract_lane::<1>(x));
        put(4 * half + 2, u32x4_extract_lane::<2>(x));
        put(4 * half + 3, u32x4_extract_lane::<3>(x));
    }
    put(QUADS, start);
    put(QUADS + 1, scale);
}

/// The scale for a 4-bit block, in both halves of a u32.
#[inline]
fn unit(scale: BlockScale) -> u32 {
    scale.unit as u32 * 0x0001_0001
}

/// Σ x over the first two and over the last two bytes of each quad, in i16 lanes 0 and 1.
#[inline]
fn sums_of_pairs([a, b]: [v128; 2]) -> v128 {
    let x = i16x8_add(
        i16x8_extadd_pairwise_i8x16(a),
        i16x8_extadd_pairwise_i8x16(b),
    );
    let x = i16x8_add(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
    i16x8_add(x, i32x4_shuffle::<1, 0, 3, 2>(x, x))
}

/// -8 · Σ x, in the same lanes.
#[inline]
fn offsets(x: [v128; 2]) -> v128 {
    i16x8_mul(sums_of_pairs(x), i16x8_splat(-i16::from(INT4_OFFSET)))
}

/// Unpacks weights to quads: for each k4, a vector of columns 0..4 and one of columns 4..8.
#[inline]
fn unpack(nibbles: &[[u8; 16]; QUADS], out: &mut [v128]) {
    for (nibbles, out) in nibbles.iter().zip(out.as_chunks_mut().0) {
        *out = unpack_nibbles(nibbles);
    }
}

/// 4-bit weights by `i16x8.relaxed_dot_i8x16_i7x16_s`: sums of two products in i16.
struct Pairs;

impl BlockWriter for Pairs {
    const LANES: usize = QUADS + 2;

    #[inline]
    fn write(x: [v128; 2], scale: BlockScale, _: f32, out: &mut [u32], row: usize, rows: usize) {
        let start = u32x4_extract_lane::<0>(offsets(x));
        write(x, start, unit(scale), out, row, rows);
    }
}

impl Int4Kernel for Pairs {
    const PANEL: usize = 2 * QUADS + 2;

    #[inline]
    fn unpack(nibbles: &[[u8; 16]; QUADS], scales: &[i16; COLUMNS], out: &mut [v128]) {
        unpack(nibbles, out);
        let [a, b] = widen_scales(scales);
        out[2 * QUADS] = v128_or(a, i32x4_shl(a, 16));
        out[2 * QUADS + 1] = v128_or(b, i32x4_shl(b, 16));
    }

    #[inline]
    fn tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]) {
        pairs_tile(x, panel, sums)
    }
}

#[target_feature(enable = "relaxed-simd")]
fn pairs_tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]) {
    let (x, _) = x.as_chunks::<M>();
    let (x, _) = x.as_chunks::<{ Pairs::LANES }>();
    let (panel, _) = panel.as_chunks::<{ Pairs::PANEL }>();
    for (x, panel) in x.iter().zip(panel) {
        let [quads @ .., starts, units] = x;
        let [weights @ .., scales] = panel.as_chunks::<2>().0 else {
            return;
        };
        let mut dots: [[v128; 2]; M] = std::array::from_fn(|r| [splat(starts[r]); 2]);
        for (x, weights) in quads.iter().zip(weights) {
            for r in 0..M {
                for h in 0..2 {
                    let pairs = i16x8_relaxed_dot_i8x16_i7x16(splat(x[r]), weights[h]);
                    dots[r][h] = i16x8_add(dots[r][h], pairs);
                }
            }
        }
        for r in 0..M {
            for h in 0..2 {
                let scale = i16x8_relaxed_q15mulr(scales[h], splat(units[r]));
                sums[r][h] = i32x4_add(sums[r][h], i32x4_dot_i16x8(dots[r][h], scale));
            }
        }
    }
}

/// Hides a loop count from the compiler. It would unroll the loop and then compute one accumulator after the other: each
/// dot product would wait for the previous one, and the operands would not fit in the registers.
#[inline]
fn opaque(count: usize) -> usize {
    std::hint::black_box(count)
}

/// 4-bit weights by `i32x4.relaxed_dot_i8x16_i7x16_add_s`: sums of four products in i32.
struct Quads;

impl BlockWriter for Quads {
    const LANES: usize = QUADS + 2;

    #[inline]
    fn write(x: [v128; 2], scale: BlockScale, _: f32, out: &mut [u32], row: usize, rows: usize) {
        let offsets = i32x4_extadd_pairwise_i16x8(offsets(x));
        let start = u32x4_extract_lane::<0>(offsets);
        write(x, start, unit(scale), out, row, rows);
    }
}

impl Int4Kernel for Quads {
    const PANEL: usize = 2 * QUADS + 2;

    #[inline]
    fn unpack(nibbles: &[[u8; 16]; QUADS], scales: &[i16; COLUMNS], out: &mut [v128]) {
        unpack(nibbles, out);
        out[2 * QUADS..].copy_from_slice(&widen_scales(scales));
    }

    #[inline]
    fn tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]) {
        quads_tile(x, panel, sums)
    }
}

#[target_feature(enable = "relaxed-simd")]
fn quads_tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]) {
    let (x, _) = x.as_chunks::<M>();
    let (panel, _) = panel.as_chunks::<2>();
    let count = opaque(QUADS);
    for (x, panel) in x.chunks_exact(count + 2).zip(panel.chunks_exact(count + 1)) {
        let ([quads @ .., starts, units], [weights @ .., scales]) = (x, panel) else {
            return;
        };
        let mut dots: [[v128; 2]; M] = std::array::from_fn(|r| [splat(starts[r]); 2]);
        for (x, weights) in quads.iter().zip(weights) {
            for r in 0..M {
                for h in 0..2 {
                    dots[r][h] =
                        i32x4_relaxed_dot_i8x16_i7x16_add(splat(x[r]), weights[h], dots[r][h]);
                }
            }
        }
        for r in 0..M {
            for h in 0..2 {
                // |dot| <= 32 · 127 · 8, so it fits in the low i16; the high i16 is multiplied by zero.
                let scale = i16x8_relaxed_q15mulr(scales[h], splat(units[r]));
                sums[r][h] = i32x4_add(sums[r][h], i32x4_dot_i16x8(dots[r][h], scale));
            }
        }
    }
}

/// Writes activations as quads of bytes, for 7-bit weights.
struct Int7Writer;

impl BlockWriter for Int7Writer {
    const LANES: usize = QUADS + 2;

    #[inline]
    fn write(
        x: [v128; 2],
        scale: BlockScale,
        row_step: f32,
        out: &mut [u32],
        row: usize,
        rows: usize,
    ) {
        let sum = i32x4_extract_lane::<0>(i32x4_extadd_pairwise_i16x8(sums_of_pairs(x)));
        let start = (-i32::from(INT7_OFFSET) * sum) as u32;
        let scale = f32::encode(scale, row_step);
        write(x, start, scale, out, row, rows);
    }
}

/// 7-bit weights by `i32x4.relaxed_dot_i8x16_i7x16_add_s`.
struct Int7Tile<'a> {
    values: &'a [[[u8; 4]; COLUMNS]],
    scales: &'a [[f32; COLUMNS]],
}

impl<'a> Int7Tile<'a> {
    fn new(weights: &'a Int7Panels, panel: usize, blocks: usize) -> Self {
        Self {
            values: &weights.values[panel * blocks * QUADS..][..blocks * QUADS],
            scales: &weights.scales[panel * blocks..][..blocks],
        }
    }
}

impl Tile for Int7Tile<'_> {
    /// ```text
    /// for each row r, column c:
    ///     product[r][c] = Σ_b x_scale[r, b] · scale[b, c] · Σ_{k in b} x[r, k] · weight[k, c]
    /// ```
    #[inline]
    fn product<const M: usize>(&self, x: &[u32], _: &[f32]) -> [[v128; 2]; M] {
        let mut product = [[f32x4_splat(0.0); 2]; M];
        int7_tile(x, self.values, self.scales, &mut product);
        product
    }
}

#[target_feature(enable = "relaxed-simd")]
fn int7_tile<const M: usize>(
    x: &[u32],
    values: &[[[u8; 4]; COLUMNS]],
    scales: &[[f32; COLUMNS]],
    product: &mut [[v128; 2]; M],
) {
    let (x, _) = x.as_chunks::<M>();
    let count = opaque(QUADS);
    let blocks = x.chunks_exact(count + 2).zip(values.chunks_exact(count));
    for ((x, values), scales) in blocks.zip(scales) {
        let [quads @ .., starts, x_scales] = x else {
            return;
        };
        let mut dots: [[v128; 2]; M] = std::array::from_fn(|r| [splat(starts[r]); 2]);
        for (x, values) in quads.iter().zip(values) {
            let [low, high] = columns(values);
            for r in 0..M {
                let x = splat(x[r]);
                dots[r][0] = i32x4_relaxed_dot_i8x16_i7x16_add(x, low, dots[r][0]);
                dots[r][1] = i32x4_relaxed_dot_i8x16_i7x16_add(x, high, dots[r][1]);
            }
        }
        let scales = halves(scales);
        for r in 0..M {
            for h in 0..2 {
                let scale = f32x4_mul(scales[h], splat(x_scales[r]));
                let dot = f32x4_convert_i32x4(dots[r][h]);
                product[r][h] = f32x4_add(product[r][h], f32x4_mul(dot, scale));
            }
        }
    }
}

/// The quads of columns 0..4 and 4..8, as two vectors.
#[inline]
fn columns(quads: &[[u8; 4]; COLUMNS]) -> [v128; 2] {
    match quads.as_flattened().as_chunks().0 {
        [low, high] => [load_bytes(low), load_bytes(high)],
        // Unreachable: eight quads are exactly two vectors.
        _ => [i32x4_splat(0); 2],
    }
}
