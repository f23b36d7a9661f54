//! Kernels in AVX2, for x86-64: the tiles of the WebAssembly kernels at twice the width, with the same bits.
//!
//! For 4-bit weights `vpmaddubsw` adds two products of a byte 0..=15 and a signed byte in i16. A block's sums of pairs
//! fit in i16, 16 · 127 · 15 < 2¹⁵, so that the steps to i32 are taken once per block.

#![allow(unsafe_code)]

mod attention;
mod lanes;
mod norm;
mod quantize;

use core::arch::x86_64::*;

use self::lanes::{gelu, load, load_twice, load_u16, load_widen, splat, store};
use self::quantize::{INT4_LANES, INT8_LANES, quantize_for_int4, quantize_for_int8};
use super::fixed_point::GELU;
use super::packing::{BLOCK, COLUMNS, Int4Panels, Int8Panels, Panels};
use super::rows::{Quantized, chunks};
use super::{Activation, Heads, PackedLinear};

/// Rows of a tile at most: accumulators and operands of 6 fit the 16 registers.
const ROWS: usize = 6;
/// Rows that are quantized and multiplied at a time: few enough for the second-level cache at k = 1536.
const CHUNK: usize = 96;
/// Vectors of an unpacked block: weights, then scales.
const PANEL: usize = BLOCK / 4 + 1;

/// Buffers kept between calls.
#[derive(Default)]
pub(super) struct Scratch {
    quantized: Quantized,
    panel: Vec<__m256i>,
    attention: attention::Scratch,
}

/// Whether this CPU has what these kernels need.
pub(super) fn is_supported() -> bool {
    is_x86_feature_detected!("avx2")
}

pub(super) fn linear(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    scratch: &mut super::Scratch,
    out: &mut [f32],
) {
    assert!(is_supported());
    // SAFETY: the CPU has AVX2.
    unsafe {
        match &layer.weights {
            Panels::Int4(weights) => {
                linear_int4(layer, weights, x, activation, &mut scratch.avx2, out);
            }
            // Packed for relaxed SIMD, so speed does not matter here.
            Panels::Int7(_) => super::scalar::linear(layer, x, activation, scratch, out),
            Panels::Int8(weights) => {
                linear_int8(layer, weights, x, activation, &mut scratch.avx2, out);
            }
        }
    }
}

pub(super) fn attention(
    query: &[f32],
    key_value: &[f32],
    heads: Heads,
    tokens: usize,
    scratch: &mut super::Scratch,
    out: &mut [f32],
) {
    assert!(is_supported());
    let scratch = &mut scratch.avx2.attention;
    // SAFETY: the CPU has AVX2.
    unsafe { attention::attention(query, key_value, heads, tokens, scratch, out) }
}

pub(super) fn layer_norm(
    x: &[f32],
    residual: Option<&[f32]>,
    gamma: &[f32],
    beta: &[f32],
    eps: f32,
    out: &mut [f32],
) {
    assert!(is_supported());
    // SAFETY: the CPU has AVX2.
    unsafe { norm::layer_norm(x, residual, gamma, beta, eps, out) }
}

/// A linear layer of 4-bit weights, unpacked panel by panel.
#[target_feature(enable = "avx2")]
fn linear_int4(
    layer: &PackedLinear,
    weights: &Int4Panels,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let Scratch {
        quantized, panel, ..
    } = scratch;
    let blocks = layer.k.div_ceil(BLOCK);
    panel.resize(blocks * PANEL, _mm256_setzero_si256());
    let nibbles = weights.nibbles.as_chunks::<{ BLOCK / 4 }>().0;
    for (x, out) in chunks(layer, CHUNK, x, out) {
        quantize_for_int4(quantized, x, layer.k);
        for (p, column_scales) in weights.column_scales.iter().enumerate() {
            for (b, out) in panel.as_chunks_mut::<PANEL>().0.iter_mut().enumerate() {
                let block = p * blocks + b;
                unpack(&nibbles[block], &weights.scales[block], out);
            }
            let mut epilogue = Epilogue::new(layer, p, activation, out);
            let column_scales = load(column_scales);
            for rows in quantized.tiles() {
                let (x, steps) = (rows.lanes, rows.steps);
                macro_rules! tile {
                    ($m:literal) => {{
                        let mut sums = [_mm256_setzero_si256(); $m];
                        int4_tile(x, panel, &mut sums);
                        let mut product = [_mm256_setzero_ps(); $m];
                        for r in 0..$m {
                            let scale = _mm256_mul_ps(_mm256_set1_ps(steps[r]), column_scales);
                            product[r] = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[r]), scale);
                        }
                        epilogue.write(rows.start, product);
                    }};
                }
                match steps.len() {
                    6 => tile!(6),
                    5 => tile!(5),
                    4 => tile!(4),
                    3 => tile!(3),
                    2 => tile!(2),
                    _ => tile!(1),
                }
            }
        }
    }
}

/// A block of a panel: quads of weights 0..=15 of 8 columns, then the columns' scales, each twice.
#[inline]
#[target_feature(enable = "avx2")]
fn unpack(nibbles: &[[u8; 16]; BLOCK / 4], scales: &[i16; COLUMNS], out: &mut [__m256i; PANEL]) {
    let mask = _mm256_set1_epi8(15);
    // Columns 0 to 3 are low nibbles, 4 to 7 high ones.
    let shifts = _mm256_setr_epi64x(0, 0, 4, 4);
    for (out, nibbles) in out.iter_mut().zip(nibbles) {
        *out = _mm256_and_si256(_mm256_srlv_epi64(load_twice(nibbles), shifts), mask);
    }
    let scales = load_u16(scales);
    out[PANEL - 1] = _mm256_or_si256(scales, _mm256_slli_epi32::<16>(scales));
}

/// ```text
/// for each row r, column c:
///     sums[r][c] = Σ_b round(unit[r, b] · scale[b, c] / 2¹⁵) · Σ_{k in b} x[r, k] · weight[k, c]
/// ```
// A function of its own, so that nothing else takes up registers.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn int4_tile<const M: usize>(x: &[u32], panel: &[__m256i], sums: &mut [__m256i; M]) {
    let (x, _) = x.as_chunks::<M>();
    let (x, _) = x.as_chunks::<INT4_LANES>();
    let (panel, _) = panel.as_chunks::<PANEL>();
    for (x, panel) in x.iter().zip(panel) {
        let [quads @ .., starts, units] = x;
        let [weights @ .., scales] = panel;
        let mut dots = starts.map(|start| splat(start));
        for (x, weights) in quads.iter().zip(weights) {
            for r in 0..M {
                let pairs = _mm256_maddubs_epi16(*weights, splat(x[r]));
                dots[r] = _mm256_add_epi16(dots[r], pairs);
            }
        }
        for r in 0..M {
            let scale = _mm256_mulhrs_epi16(*scales, splat(units[r]));
            sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(dots[r], scale));
        }
    }
}

/// A linear layer of 8-bit weights, multiplied as they lie in memory.
#[target_feature(enable = "avx2")]
fn linear_int8(
    layer: &PackedLinear,
    weights: &Int8Panels,
    x: &[f32],
    activation: Activation,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let quantized = &mut scratch.quantized;
    let blocks = layer.k.div_ceil(BLOCK);
    for (x, out) in chunks(layer, CHUNK, x, out) {
        quantize_for_int8(quantized, x, layer.k);
        for p in 0..layer.bias.len() / COLUMNS {
            let values = &weights.values[p * blocks * (BLOCK / 2)..][..blocks * (BLOCK / 2)];
            let scales = &weights.scales[p * blocks..][..blocks];
            let mut epilogue = Epilogue::new(layer, p, activation, out);
            for rows in quantized.tiles() {
                macro_rules! tile {
                    ($m:literal) => {{
                        let mut product = [_mm256_setzero_ps(); $m];
                        int8_tile(rows.lanes, values, scales, &mut product);
                        epilogue.write(rows.start, product);
                    }};
                }
                match rows.steps.len() {
                    6 => tile!(6),
                    5 => tile!(5),
                    4 => tile!(4),
                    3 => tile!(3),
                    2 => tile!(2),
                    _ => tile!(1),
                }
            }
        }
    }
}

/// ```text
/// for each row r, column c:
///     product[r][c] = Σ_b x_scale[r, b] · scale[b, c] · Σ_{k in b} x[r, k] · weight[k, c]
/// ```
// A function of its own, as above.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn int8_tile<const M: usize>(
    x: &[u32],
    values: &[[[i8; 2]; COLUMNS]],
    scales: &[[f32; COLUMNS]],
    product: &mut [__m256; M],
) {
    let (x, _) = x.as_chunks::<M>();
    let (x, _) = x.as_chunks::<INT8_LANES>();
    let (values, _) = values.as_chunks::<{ BLOCK / 2 }>();
    for ((x, values), scales) in x.iter().zip(values).zip(scales) {
        let [pairs @ .., x_scales] = x;
        let mut dots = [_mm256_setzero_si256(); M];
        for (x, values) in pairs.iter().zip(values) {
            let weights = load_widen(values);
            for r in 0..M {
                let products = _mm256_madd_epi16(splat(x[r]), weights);
                dots[r] = _mm256_add_epi32(dots[r], products);
            }
        }
        let scales = load(scales);
        for r in 0..M {
            let x_scale = _mm256_castsi256_ps(splat(x_scales[r]));
            let dot = _mm256_cvtepi32_ps(dots[r]);
            let scaled = _mm256_mul_ps(dot, _mm256_mul_ps(scales, x_scale));
            product[r] = _mm256_add_ps(product[r], scaled);
        }
    }
}

/// Adds the bias, applies the activation, stores the tile.
struct Epilogue<'a> {
    bias: __m256,
    activation: Activation,
    out: &'a mut [f32],
    n: usize,
    column: usize,
}

impl<'a> Epilogue<'a> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(layer: &PackedLinear, panel: usize, activation: Activation, out: &'a mut [f32]) -> Self {
        Self {
            bias: load(&layer.bias.as_chunks::<COLUMNS>().0[panel]),
            activation,
            out,
            n: layer.n,
            column: panel * COLUMNS,
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn write<const M: usize>(&mut self, row: usize, product: [__m256; M]) {
        let width = COLUMNS.min(self.n - self.column);
        for (r, product) in product.into_iter().enumerate() {
            let mut y = _mm256_add_ps(product, self.bias);
            match self.activation {
                Activation::None => {}
                Activation::Gelu => y = gelu(y, &GELU),
                // By a mask, which keeps a NaN.
                Activation::Relu => {
                    let negative = _mm256_cmp_ps::<_CMP_LT_OQ>(y, _mm256_setzero_ps());
                    y = _mm256_andnot_ps(negative, y);
                }
                Activation::GeluTanh | Activation::Tanh => {
                    let mut lanes = [0.0; COLUMNS];
                    store(&mut lanes, y);
                    y = load(&lanes.map(|x| self.activation.of(x)));
                }
            }
            let out = &mut self.out[(row + r) * self.n + self.column..][..width];
            if let Some(out) = out.as_mut_array() {
                store(out, y);
            } else {
                let mut result = [0.0; COLUMNS];
                store(&mut result, y);
                out.copy_from_slice(&result[..width]);
            }
        }
    }
}
