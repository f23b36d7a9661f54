//! Reference implementation of the kernels, in plain Rust, written for clarity rather than speed.

use super::fixed_point::{
    EXP2, GELU, KEYS_PER_SUM, MAX_VALUE, ROUND, RowScale, max_query, symmetric_scale,
};
use super::packing::{BLOCK, COLUMNS, INT4_OFFSET, INT7_OFFSET, Int4Panels, Panels};
use super::{Activation, Heads, PackedLinear, Scratch};

/// ```text
/// for each row x of [m, k], column n:
///     q, scale[b] = quantize(block b of x)
///     out[n] = activation(Σ_b scale[b] · weight_scale[n, b] · Σ_{k in b} q[k] · weight[n, k]  +  bias[n])
/// ```
pub(super) fn linear(
    layer: &PackedLinear,
    x: &[f32],
    activation: Activation,
    _: &mut Scratch,
    out: &mut [f32],
) {
    for (x, out) in x.chunks_exact(layer.k).zip(out.chunks_exact_mut(layer.n)) {
        let x = QuantizedRow::new(x);
        for (n, out) in out.iter_mut().enumerate() {
            let product = match &layer.weights {
                Panels::Int4(weights) => x.dot_int4(weights, n),
                Panels::Int7(weights) => x.dot(&weights.scales, n, |block, k, c| {
                    let quads = &weights.values[block * (BLOCK / 4)..];
                    quads[k / 4][c][k % 4] as i8 - INT7_OFFSET
                }),
                Panels::Int8(weights) => x.dot(&weights.scales, n, |block, k, c| {
                    let pairs = &weights.values[block * (BLOCK / 2)..];
                    pairs[k / 2][c][k % 2]
                }),
            };
            *out = activation.of(product + layer.bias[n]);
        }
    }
}

impl Activation {
    pub(super) fn of(self, x: f32) -> f32 {
        match self {
            Self::None => x,
            Self::Gelu => gelu(x),
            Self::GeluTanh => {
                let inner = 0.797_884_6 * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + inner.tanh())
            }
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Tanh => x.tanh(),
        }
    }
}

/// 0.5 · x · (1 + erf(x / √2)).
fn gelu(x: f32) -> f32 {
    let z = if x > GELU.limit {
        GELU.limit
    } else if x < -GELU.limit {
        -GELU.limit
    } else {
        x
    };
    let half = GELU.half * x;
    half * (polynomial(&GELU.erf, z * z) * z) + half
}

/// Evaluates a polynomial by Horner's rule. Each product is rounded before the addition: no fused multiply-add.
fn polynomial(coefficients: &[f32], x: f32) -> f32 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// The largest magnitude. Compares bit patterns, so that NaN is larger than infinity.
fn amax(x: &[f32]) -> f32 {
    let bits = x.iter().map(|x| x.to_bits() & 0x7fff_ffff).max();
    f32::from_bits(bits.unwrap_or(0))
}

/// Rounds to the nearest integer, saturating at the limits of i16.
fn round(x: f32) -> i32 {
    let rounded = (x + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    rounded.clamp(i16::MIN.into(), i16::MAX.into())
}

struct QuantizedRow {
    scale: RowScale,
    blocks: Vec<(super::fixed_point::BlockScale, [i32; BLOCK])>,
}

impl QuantizedRow {
    fn new(x: &[f32]) -> Self {
        let scale = RowScale::new(amax(x));
        let blocks = x
            .chunks(BLOCK)
            .map(|x| {
                let block = scale.block(amax(x));
                let mut values = [0; BLOCK];
                for (value, x) in values.iter_mut().zip(x) {
                    *value = round(x * block.inverse).clamp(-128, 127);
                }
                (block, values)
            })
            .collect();
        Self { scale, blocks }
    }

    /// Dot product with column `n`: an integer sum over all blocks, scaled once.
    fn dot_int4(&self, weights: &Int4Panels, n: usize) -> f32 {
        let (panel, c) = (n / COLUMNS, n % COLUMNS);
        let mut sum = 0i32;
        for (b, (block, x)) in self.blocks.iter().enumerate() {
            let index = panel * self.blocks.len() + b;
            let vectors = &weights.nibbles[index * (BLOCK / 4)..];
            let mut dot = 0;
            for (k, x) in x.iter().enumerate() {
                let byte = vectors[k / 4][4 * (c % 4) + k % 4];
                let nibble = if c < 4 { byte & 15 } else { byte >> 4 };
                dot += x * i32::from(nibble as i8 - INT4_OFFSET);
            }
            let scale = i32::from(weights.scales[index][c]) * i32::from(block.unit);
            sum = sum.wrapping_add(((scale + (1 << 14)) >> 15) * dot);
        }
        sum as f32 * (self.scale.step() * weights.column_scales[panel][c])
    }

    /// Dot product with column `n`: an integer sum per block, each scaled to f32. `weight(block, k, c)` is weight `k` of
    /// column `c` in the block of the panel.
    fn dot(
        &self,
        scales: &[[f32; COLUMNS]],
        n: usize,
        weight: impl Fn(usize, usize, usize) -> i8,
    ) -> f32 {
        let (panel, c) = (n / COLUMNS, n % COLUMNS);
        let mut sum = 0.0;
        for (b, (block, x)) in self.blocks.iter().enumerate() {
            let index = panel * self.blocks.len() + b;
            let dot: i32 = x
                .iter()
                .enumerate()
                .map(|(k, x)| x * i32::from(weight(index, k, c)))
                .sum();
            sum += dot as f32 * (scales[index][c] * (f32::from(block.unit) * self.scale.unit()));
        }
        sum
    }
}

/// ```text
/// for each head, query q:
///     score[t] = q · key[t]                              in i32, over 12-bit numbers
///     p[t] = 2^((score[t] - max score) · log2(e) / √dim) in i16
///     out = Σ_t p[t] · value[t] / Σ_t p[t]
/// ```
/// If a quantization step is infinite or NaN, `out` is NaN, so that no verdict is derived from it.
pub(super) fn attention(
    query: &[f32],
    key_value: &[f32],
    heads: Heads,
    tokens: usize,
    _: &mut Scratch,
    out: &mut [f32],
) {
    let hidden = heads.count * heads.dim;
    let max_query = max_query(heads.dim);
    for h in 0..heads.count {
        let head = |rows: &[f32], width: usize, at: usize| -> Vec<f32> {
            let at = at + h * heads.dim;
            rows.chunks_exact(width)
                .flat_map(|row| row[at..at + heads.dim].iter().copied())
                .collect()
        };
        let (key, key_step) = quantize(&head(key_value, 2 * hidden, 0), max_query);
        let (value, value_step) = quantize(&head(key_value, 2 * hidden, hidden), MAX_VALUE);
        for (query, out) in query.chunks_exact(hidden).zip(out.chunks_exact_mut(hidden)) {
            let columns = h * heads.dim..(h + 1) * heads.dim;
            let (query, query_step) = quantize(&query[columns.clone()], max_query);
            let factor = exponent_factor(query_step, key_step, heads.dim);
            if !(factor.is_finite() && value_step.is_finite()) {
                out[columns].fill(f32::NAN);
                continue;
            }
            let scores: Vec<i32> = key
                .chunks_exact(heads.dim)
                .map(|key| dot(&query, key))
                .collect();
            let largest = scores.iter().copied().max().unwrap_or(0);
            let p: Vec<i32> = scores
                .iter()
                .map(|score| probability(score.wrapping_sub(largest) as f32 * factor))
                .collect();
            let total: i32 = p.iter().sum();
            let scale = value_step / total as f32;
            for (d, out) in out[columns].iter_mut().enumerate() {
                let mut sum = 0.0;
                for start in (0..tokens).step_by(KEYS_PER_SUM) {
                    let part: i32 = (start..tokens.min(start + KEYS_PER_SUM))
                        .map(|t| p[t] * value[t * heads.dim + d])
                        .sum();
                    sum += part as f32;
                }
                *out = sum * scale;
            }
        }
    }
}

/// The factor from integer scores to exponents of 2.
pub(super) fn exponent_factor(query_step: f32, key_step: f32, head_dim: usize) -> f32 {
    query_step * key_step * (std::f32::consts::LOG2_E / (head_dim as f32).sqrt())
}

/// 32767 · 2^x for x <= 0.
fn probability(x: f32) -> i32 {
    let x = if x < EXP2.min { EXP2.min } else { x };
    let shifted = x + EXP2.round;
    let fraction = x - (shifted - EXP2.round);
    let power = polynomial(&EXP2.exp2, fraction)
        .to_bits()
        .wrapping_add(shifted.to_bits() << 23);
    round(f32::from_bits(power))
}

fn dot(a: &[i32], b: &[i32]) -> i32 {
    a.iter()
        .zip(b)
        .fold(0, |sum, (a, b)| sum.wrapping_add(a * b))
}

fn quantize(x: &[f32], max: f32) -> (Vec<i32>, f32) {
    let (inverse, step) = symmetric_scale(amax(x), max);
    (x.iter().map(|x| round(x * inverse)).collect(), step)
}

/// ```text
/// for each row: y = x + residual;  out = (y - mean(y)) / √(var(y) + eps) · gamma + beta
/// ```
pub(super) fn layer_norm(
    x: &[f32],
    residual: Option<&[f32]>,
    gamma: &[f32],
    beta: &[f32],
    eps: f32,
    out: &mut [f32],
) {
    let width = gamma.len();
    for (row, out) in out.chunks_exact_mut(width).enumerate() {
        let at = row * width..(row + 1) * width;
        out.copy_from_slice(&x[at.clone()]);
        if let Some(residual) = residual {
            for (out, residual) in out.iter_mut().zip(&residual[at]) {
                *out += residual;
            }
        }
        let mean = out.iter().sum::<f32>() / width as f32;
        let variance = out.iter().map(|y| (y - mean) * (y - mean)).sum::<f32>() / width as f32;
        let inverse = 1.0 / (variance + eps).sqrt();
        for ((out, gamma), beta) in out.iter_mut().zip(gamma).zip(beta) {
            *out = (*out - mean) * inverse * gamma + beta;
        }
    }
}
