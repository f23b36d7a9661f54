//! Kernels in WebAssembly's 128-bit SIMD.

mod attention;
pub(super) mod lanes;
mod norm;
mod quantize;

use core::arch::wasm32::*;

pub(super) use self::attention::attention;
use self::lanes::{from_memory, gelu, load, load_bytes, load_i16, load_widen, splat, store};
pub(super) use self::norm::layer_norm;
pub(super) use self::quantize::BlockWriter;
use self::quantize::quantize;
use super::fixed_point::{BlockScale, GELU, GeluConstants};
use super::packing::{BLOCK, COLUMNS, INT4_OFFSET, Int4Panels, Int8Panels, Panels};
use super::rows::{Quantized, chunks};
use super::{Activation, PackedLinear};

#[cfg(not(target_feature = "simd128"))]
compile_error!("the kernels need -Ctarget-feature=+simd128: see .cargo/config.toml");

/// Most rows of a tile.
pub(super) const ROWS: usize = 4;
/// Number of rows that are quantized and multiplied at a time: they fit in the L2 cache at k = 1536.
const CHUNK: usize = 64;

/// Buffers reused between calls.
#[derive(Default)]
pub(crate) struct Scratch {
    quantized: Quantized,
    panel: Vec<v128>,
    attention: attention::Scratch,
}

/// The integer part of a linear layer with 4-bit weights, which differs between simd128 and relaxed SIMD.
pub(super) trait Int4Kernel: BlockWriter {
    /// Number of vectors of an unpacked block: weights, then scales.
    const PANEL: usize;

    /// Unpacks a block of a panel into the order in which `tile` reads it.
    fn unpack(nibbles: &[[u8; 16]; BLOCK / 4], scales: &[i16; COLUMNS], out: &mut [v128]);

    /// ```text
    /// for each row r, column c:
    ///     sums[r][c] = Σ_b round(unit[r, b] · scale[b, c] / 2¹⁵) · Σ_{k in b} x[r, k] · weight[k, c]
    /// ```
    fn tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]);
}

pub(super) fn linear(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut super::Scratch,
    out: &mut [f32],
) {
    match &layer.weights {
        Panels::Int4(weights) => {
            linear_int4::<Simd128>(layer, weights, x, activation, scratch, out);
        }
        // Packed for relaxed SIMD only; occurs here only in tests, so it may be slow.
        Panels::Int7(_) => super::scalar::linear(layer, x, activation, scratch, out),
        Panels::Int8(weights) => {
            let tile = |p| Int8Tile::new(weights, p, layer.k.div_ceil(BLOCK));
            linear_by_panels::<Pairs<f32>, _>(layer, tile, x, activation, scratch, out);
        }
    }
}

/// A linear layer with 4-bit weights, which are unpacked panel by panel.
pub(super) fn linear_int4<K: Int4Kernel>(
    layer: &PackedLinear,
    weights: &Int4Panels,
    x: &[f32],
    activation: Activation,
    scratch: &mut super::Scratch,
    out: &mut [f32],
) {
    let Scratch {
        quantized, panel, ..
    } = &mut scratch.simd128;
    let blocks = layer.k.div_ceil(BLOCK);
    panel.resize(blocks * K::PANEL, i32x4_splat(0));
    for (x, out) in chunks(layer, CHUNK, x, out) {
        quantize::<K>(quantized, x, layer.k);
        for (p, column_scales) in weights.column_scales.iter().enumerate() {
            let nibbles = weights.nibbles.as_chunks().0;
            for (b, out) in panel.chunks_exact_mut(K::PANEL).enumerate() {
                let block = p * blocks + b;
                K::unpack(&nibbles[block], &weights.scales[block], out);
            }
            let tile = Int4Tile::<K> {
                panel,
                column_scales,
                kernel: std::marker::PhantomData,
            };
            run(
                &tile,
                quantized,
                &mut Epilogue::new(layer, p, activation, out),
            );
        }
    }
}

/// A linear layer whose weights need no unpacking; `tile(p)` is panel `p`.
pub(super) fn linear_by_panels<W: BlockWriter, T: Tile>(
    layer: &PackedLinear,
    tile: impl Fn(usize) -> T,
    x: &[f32],
    activation: Activation,
    scratch: &mut super::Scratch,
    out: &mut [f32],
) {
    let quantized = &mut scratch.simd128.quantized;
    for (x, out) in chunks(layer, CHUNK, x, out) {
        quantize::<W>(quantized, x, layer.k);
        for p in 0..layer.bias.len() / COLUMNS {
            let mut epilogue = Epilogue::new(layer, p, activation, out);
            run(&tile(p), quantized, &mut epilogue);
        }
    }
}

/// A panel of weights.
pub(super) trait Tile {
    /// Its product with `M` quantized rows `x`; `steps` are the rows' [`RowScale::step`](super::fixed_point::RowScale::step).
    fn product<const M: usize>(&self, x: &[u32], steps: &[f32]) -> [[v128; 2]; M];
}

/// Multiplies all quantized rows by a panel.
fn run(tile: &impl Tile, quantized: &Quantized, epilogue: &mut Epilogue) {
    for rows in quantized.tiles() {
        let (x, steps) = (rows.lanes, rows.steps);
        match steps.len() {
            4 => epilogue.write(rows.start, tile.product::<4>(x, steps)),
            3 => epilogue.write(rows.start, tile.product::<3>(x, steps)),
            2 => epilogue.write(rows.start, tile.product::<2>(x, steps)),
            _ => epilogue.write(rows.start, tile.product::<1>(x, steps)),
        }
    }
}

struct Int4Tile<'a, K> {
    panel: &'a [v128],
    column_scales: &'a [f32; COLUMNS],
    kernel: std::marker::PhantomData<K>,
}

impl<K: Int4Kernel> Tile for Int4Tile<'_, K> {
    #[inline]
    fn product<const M: usize>(&self, x: &[u32], steps: &[f32]) -> [[v128; 2]; M] {
        let mut sums = [[i32x4_splat(0); 2]; M];
        K::tile(x, self.panel, &mut sums);
        let [c0, c1] = halves(self.column_scales);
        std::array::from_fn(|r| {
            let step = f32x4_splat(steps[r]);
            [
                f32x4_mul(f32x4_convert_i32x4(sums[r][0]), f32x4_mul(step, c0)),
                f32x4_mul(f32x4_convert_i32x4(sums[r][1]), f32x4_mul(step, c1)),
            ]
        })
    }
}

/// Epilogue: add bias, apply activation, store the tile.
struct Epilogue<'a> {
    bias: [v128; 2],
    activation: Activation,
    gelu: &'static GeluConstants,
    out: &'a mut [f32],
    n: usize,
    column: usize,
}

impl<'a> Epilogue<'a> {
    fn new(layer: &PackedLinear, panel: usize, activation: Activation, out: &'a mut [f32]) -> Self {
        let bias = &layer.bias.as_chunks::<COLUMNS>().0[panel];
        Self {
            bias: halves(bias),
            activation,
            gelu: from_memory(&GELU),
            out,
            n: layer.n,
            column: panel * COLUMNS,
        }
    }

    #[inline]
    fn write<const M: usize>(&mut self, row: usize, mut product: [[v128; 2]; M]) {
        for product in &mut product {
            *product = std::array::from_fn(|h| f32x4_add(product[h], self.bias[h]));
        }
        match self.activation {
            Activation::None => {}
            // Four vectors at a time hide each other's latency.
            Activation::Gelu => {
                for products in product.chunks_mut(2) {
                    match products {
                        [a, b] => {
                            let [a0, a1, b0, b1] = gelu([a[0], a[1], b[0], b[1]], self.gelu);
                            (*a, *b) = ([a0, a1], [b0, b1]);
                        }
                        rest => rest.iter_mut().for_each(|a| *a = gelu(*a, self.gelu)),
                    }
                }
            }
            Activation::Relu => {
                // By a mask: in a relaxed module LLVM turns f32x4.pmax into relaxed_max, which may lose a NaN.
                let relu = |x| v128_andnot(x, f32x4_lt(x, f32x4_splat(0.0)));
                product = product.map(|product| product.map(relu));
            }
            Activation::GeluTanh | Activation::Tanh => {
                let each = |x| {
                    let mut lanes = [0.0; 4];
                    store(&mut lanes, x);
                    load(&lanes.map(|x| self.activation.of(x)))
                };
                product = product.map(|product| product.map(each));
            }
        }
        let width = COLUMNS.min(self.n - self.column);
        for (r, product) in product.into_iter().enumerate() {
            let out = &mut self.out[(row + r) * self.n + self.column..][..width];
            if let [low, high] = out.as_chunks_mut().0 {
                store(low, product[0]);
                store(high, product[1]);
            } else {
                let mut result = [0.0; COLUMNS];
                let (halves, _) = result.as_chunks_mut();
                store(&mut halves[0], product[0]);
                store(&mut halves[1], product[1]);
                out.copy_from_slice(&result[..width]);
            }
        }
    }
}

/// Eight f32 as two vectors.
#[inline]
pub(super) fn halves(x: &[f32; COLUMNS]) -> [v128; 2] {
    let (halves, _) = x.as_chunks();
    [load(&halves[0]), load(&halves[1])]
}

/// Writes activations as pairs of i16, followed by the block's scale in encoding `S`.
pub(super) struct Pairs<S>(std::marker::PhantomData<S>);

impl<S: ScaleEncoding> BlockWriter for Pairs<S> {
    const LANES: usize = BLOCK / 2 + 1;

    #[inline]
    fn write(
        x: [v128; 2],
        scale: BlockScale,
        row_step: f32,
        out: &mut [u32],
        row: usize,
        rows: usize,
    ) {
        let mut put = |k2: usize, lane: u32| out[k2 * rows + row] = lane;
        for (half, x) in x.into_iter().enumerate() {
            for (quarter, x) in [i16x8_extend_low_i8x16(x), i16x8_extend_high_i8x16(x)]
                .into_iter()
                .enumerate()
            {
                let k2 = half * 8 + quarter * 4;
                put(k2, u32x4_extract_lane::<0>(x));
                put(k2 + 1, u32x4_extract_lane::<1>(x));
                put(k2 + 2, u32x4_extract_lane::<2>(x));
                put(k2 + 3, u32x4_extract_lane::<3>(x));
            }
        }
        put(BLOCK / 2, S::encode(scale, row_step));
    }
}

/// Encoding of a block's scale for a tile, in 32 bits.
pub(super) trait ScaleEncoding {
    fn encode(scale: BlockScale, row_step: f32) -> u32;
}

/// The scale as f32.
impl ScaleEncoding for f32 {
    #[inline]
    fn encode(scale: BlockScale, row_step: f32) -> u32 {
        (f32::from(scale.unit) * row_step).to_bits()
    }
}

/// The scale's unit as i16 in the low half, and 2¹⁴ for rounding in the high half.
impl ScaleEncoding for i16 {
    #[inline]
    fn encode(scale: BlockScale, _: f32) -> u32 {
        scale.unit as u32 | 1 << 30
    }
}

/// 4-bit weights by `i32x4.dot_i16x8_s`.
struct Simd128;

impl BlockWriter for Simd128 {
    const LANES: usize = <Pairs<i16>>::LANES;

    #[inline]
    fn write(
        x: [v128; 2],
        scale: BlockScale,
        row_step: f32,
        out: &mut [u32],
        row: usize,
        rows: usize,
    ) {
        <Pairs<i16>>::write(x, scale, row_step, out, row, rows);
    }
}

impl Int4Kernel for Simd128 {
    /// Two vectors of 4 columns for each pair of weights, as i16; then, per column, the pair (2 · scale, 2).
    const PANEL: usize = BLOCK + 2;

    #[inline]
    fn unpack(nibbles: &[[u8; 16]; BLOCK / 4], scales: &[i16; COLUMNS], out: &mut [v128]) {
        let (weights, out_scales) = out.split_at_mut(BLOCK);
        for (nibbles, out) in nibbles.iter().zip(weights.as_chunks_mut::<4>().0) {
            let [low, high] = unpack_nibbles(nibbles);
            // The first pair of each quad, then the second. Nibbles are unsigned, so narrowing does not saturate.
            let pair = i32x4_splat(0xffff);
            let first = i16x8_narrow_i32x4(v128_and(low, pair), v128_and(high, pair));
            let second = i16x8_narrow_i32x4(u32x4_shr(low, 16), u32x4_shr(high, 16));
            let offset = i8x16_splat(INT4_OFFSET);
            let (first, second) = (i8x16_sub(first, offset), i8x16_sub(second, offset));
            *out = [
                i16x8_extend_low_i8x16(first),
                i16x8_extend_high_i8x16(first),
                i16x8_extend_low_i8x16(second),
                i16x8_extend_high_i8x16(second),
            ];
        }
        let two = i32x4_splat(2 << 16);
        let doubled = widen_scales(&scales.map(|scale| 2 * scale));
        out_scales.copy_from_slice(&doubled.map(|scales| v128_or(scales, two)));
    }

    // Not inlined, so that other code does not take registers.
    #[inline(never)]
    fn tile<const M: usize>(x: &[u32], panel: &[v128], sums: &mut [[v128; 2]; M]) {
        let (x, _) = x.as_chunks::<M>();
        let (x, _) = x.as_chunks::<{ Self::LANES }>();
        let (panel, _) = panel.as_chunks::<{ Self::PANEL }>();
        for (x, panel) in x.iter().zip(panel) {
            let [pairs @ .., units] = x;
            let [weights @ .., scales] = panel.as_chunks::<2>().0 else {
                return;
            };
            let mut dots = [[i32x4_splat(0); 2]; M];
            for (x, weights) in pairs.iter().zip(weights) {
                let [low, high] = *weights;
                for r in 0..M {
                    let x = splat(x[r]);
                    dots[r][0] = i32x4_add(dots[r][0], i32x4_dot_i16x8(x, low));
                    dots[r][1] = i32x4_add(dots[r][1], i32x4_dot_i16x8(x, high));
                }
            }
            for r in 0..M {
                for h in 0..2 {
                    // 2 · scale · unit + 2 · 2¹⁴: its high half is the product, rounded.
                    let product = i32x4_dot_i16x8(scales[h], splat(units[r]));
                    let scale = u32x4_shr(product, 16);
                    // |dot| <= 32 · 127 · 8, so it fits in the low i16; the high i16 is multiplied by zero.
                    sums[r][h] = i32x4_add(sums[r][h], i32x4_dot_i16x8(dots[r][h], scale));
                }
            }
        }
    }
}

/// The low and the high nibbles of sixteen bytes, 0..=15.
#[inline]
pub(super) fn unpack_nibbles(bytes: &[u8; 16]) -> [v128; 2] {
    let bytes = load_bytes(bytes);
    let mask = i8x16_splat(15);
    [v128_and(bytes, mask), v128_and(u16x8_shr(bytes, 4), mask)]
}

/// Eight i16 scales, each zero-extended to 32 bits.
#[inline]
pub(super) fn widen_scales(scales: &[i16; COLUMNS]) -> [v128; 2] {
    let scales = load_i16(scales);
    [
        u32x4_extend_low_u16x8(scales),
        u32x4_extend_high_u16x8(scales),
    ]
}

/// 8-bit weights by `i32x4.dot_i16x8_s`.
struct Int8Tile<'a> {
    values: &'a [[[i8; 2]; COLUMNS]],
    scales: &'a [[f32; COLUMNS]],
}

impl<'a> Int8Tile<'a> {
    fn new(weights: &'a Int8Panels, panel: usize, blocks: usize) -> Self {
        Self {
            values: &weights.values[panel * blocks * (BLOCK / 2)..][..blocks * (BLOCK / 2)],
            scales: &weights.scales[panel * blocks..][..blocks],
        }
    }
}

impl Tile for Int8Tile<'_> {
    /// ```text
    /// for each row r, column c:
    ///     product[r][c] = Σ_b x_scale[r, b] · scale[b, c] · Σ_{k in b} x[r, k] · weight[k, c]
    /// ```
    // Not inlined, for the same reason as above.
    #[inline(never)]
    fn product<const M: usize>(&self, x: &[u32], _: &[f32]) -> [[v128; 2]; M] {
        let mut product = [[f32x4_splat(0.0); 2]; M];
        let block_len = <Pairs<f32>>::LANES * M;
        for ((x, values), scales) in x
            .chunks_exact(block_len)
            .zip(self.values.chunks_exact(BLOCK / 2))
            .zip(self.scales)
        {
            let mut dots = [[i32x4_splat(0); 2]; M];
            for (x, pairs) in x.chunks_exact(M).zip(values) {
                let (halves, _) = pairs.as_chunks();
                let (low, high) = (load_widen(&halves[0]), load_widen(&halves[1]));
                for r in 0..M {
                    let x = splat(x[r]);
                    dots[r][0] = i32x4_add(dots[r][0], i32x4_dot_i16x8(x, low));
                    dots[r][1] = i32x4_add(dots[r][1], i32x4_dot_i16x8(x, high));
                }
            }
            let scales = halves(scales);
            let x_scales = &x[BLOCK / 2 * M..];
            for r in 0..M {
                for h in 0..2 {
                    let scale = f32x4_mul(scales[h], splat(x_scales[r]));
                    let dot = f32x4_convert_i32x4(dots[r][h]);
                    product[r][h] = f32x4_add(product[r][h], f32x4_mul(dot, scale));
                }
            }
        }
        product
    }
}
