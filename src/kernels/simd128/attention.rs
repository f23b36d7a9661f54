//! Multi-head attention in 16-bit integers.
//!
//! Queries and keys have 12 bits, values 11, probabilities 15: products are exact in i32, twice as many per instruction as
//! in f32, and the rounding error is far below that of the 8-bit linear layers around them. All scores of a tile of 4
//! queries stay in the L1 cache; the whole score matrix is never materialized.

use core::arch::wasm32::*;

use super::super::Heads;
use super::super::fixed_point::{EXP2, KEYS_PER_SUM, MAX_VALUE, max_query, symmetric_scale};
use super::super::rows::HeadRows;
use super::super::scalar::exponent_factor;
use super::ROWS;
use super::lanes::{
    amax, from_memory, horizontal_max, horizontal_sum, load, probability, round, splat, store,
};

/// Number of keys in a panel of scores, and of features in a panel of context.
const PANEL: usize = 8;

/// Buffers for one head and one tile.
#[derive(Default)]
pub(super) struct Scratch {
    /// `[panel of 8 tokens][pair of features]`: i16 pairs, one per token.
    keys: Vec<[v128; 2]>,
    /// `[panel of 8 features][pair of tokens]`: i16 pairs, one per feature.
    values: Vec<[v128; 2]>,
    /// `[pair of features][row]`.
    query: Vec<u32>,
    /// `[row][panel of 8 tokens]`.
    scores: Vec<[v128; 2]>,
    /// `[pair of tokens][row]`.
    probabilities: Vec<u32>,
}

/// ```text
/// for each head, query q:
///     score[t] = q · key[t]                              in i32, over 12-bit numbers
///     p[t] = 2^((score[t] - max score) · log2(e) / √dim) in i16
///     out = Σ_t p[t] · value[t] / Σ_t p[t]
/// ```
pub(in super::super) fn attention(
    query: &[f32],
    key_value: &[f32],
    heads: Heads,
    tokens: usize,
    scratch: &mut super::super::Scratch,
    out: &mut [f32],
) {
    let scratch = &mut scratch.simd128.attention;
    let dim = heads.dim;
    let hidden = heads.count * dim;
    let queries = query.len() / hidden;
    for head in 0..heads.count {
        let at = head * dim;
        let rows = |x, width, at| HeadRows { x, width, at, dim };
        let keys = rows(key_value, 2 * hidden, at);
        let values = rows(key_value, 2 * hidden, hidden + at);
        let queries_of_head = rows(query, hidden, at);
        let key_step = scratch.pack_keys(keys, tokens);
        let value_step = scratch.pack_values(values, tokens);
        for start in (0..queries).step_by(ROWS) {
            let tile = Tile {
                query: queries_of_head,
                start,
                tokens,
                key_step,
                value_step,
            };
            let out = &mut out[start * hidden..];
            match queries - start {
                1 => tile.attend::<1>(scratch, out),
                2 => tile.attend::<2>(scratch, out),
                3 => tile.attend::<3>(scratch, out),
                _ => tile.attend::<ROWS>(scratch, out),
            }
        }
    }
}

impl Scratch {
    /// Quantizes and transposes a head's keys; returns the value of one step.
    fn pack_keys(&mut self, keys: HeadRows, tokens: usize) -> f32 {
        let (inverse, step) = symmetric_scale(keys.amax(tokens, amax), max_query(keys.dim));
        self.keys.clear();
        for panel in (0..tokens).step_by(PANEL) {
            for feature in (0..keys.dim).step_by(PANEL) {
                // Pad the last panel with the last key, which does not change the largest score.
                let row = |i: usize| {
                    let token = (panel + i).min(tokens - 1);
                    quantize(&keys.row(token)[feature..], inverse)
                };
                let first = transpose([row(0), row(1), row(2), row(3)]);
                let second = transpose([row(4), row(5), row(6), row(7)]);
                let pairs = (keys.dim - feature).div_ceil(2);
                self.keys.extend(
                    first
                        .into_iter()
                        .zip(second)
                        .take(pairs)
                        .map(|(a, b)| [a, b]),
                );
            }
        }
        step
    }

    /// Quantizes a head's values and interleaves pairs of tokens; returns the value of one step.
    fn pack_values(&mut self, values: HeadRows, tokens: usize) -> f32 {
        let (inverse, step) = symmetric_scale(values.amax(tokens, amax), MAX_VALUE);
        self.values.clear();
        for feature in (0..values.dim).step_by(PANEL) {
            for token in (0..tokens).step_by(2) {
                let row = |token: usize| quantize(&values.row(token)[feature..], inverse);
                let a = row(token);
                let b = if token + 1 < tokens {
                    row(token + 1)
                } else {
                    i16x8_splat(0)
                };
                self.values.push([
                    i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b),
                    i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b),
                ]);
            }
        }
        step
    }
}

/// Up to 4 queries of a head.
struct Tile<'a> {
    query: HeadRows<'a>,
    start: usize,
    tokens: usize,
    key_step: f32,
    value_step: f32,
}

impl Tile<'_> {
    fn attend<const M: usize>(&self, scratch: &mut Scratch, out: &mut [f32]) {
        let query_steps = self.pack_query::<M>(&mut scratch.query);
        let factors = query_steps.map(|step| exponent_factor(step, self.key_step, self.query.dim));
        let largest = self.scores::<M>(scratch);
        let totals = self.probabilities::<M>(scratch, factors, largest);
        let scales = std::array::from_fn(|r| {
            if factors[r].is_finite() && self.value_step.is_finite() {
                self.value_step / totals[r] as f32
            } else {
                f32::NAN
            }
        });
        self.context::<M>(scratch, scales, out);
    }

    /// Quantizes the queries, each with its own scale; returns the values of their steps.
    fn pack_query<const M: usize>(&self, query: &mut Vec<u32>) -> [f32; M] {
        let dim = self.query.dim;
        query.resize(dim.div_ceil(2) * M, 0);
        std::array::from_fn(|r| {
            let row = self.query.row(self.start + r);
            let (inverse, step) = symmetric_scale(amax(row), max_query(dim));
            for feature in (0..dim).step_by(PANEL) {
                let x = quantize(&row[feature..], inverse);
                let lanes = [
                    u32x4_extract_lane::<0>(x),
                    u32x4_extract_lane::<1>(x),
                    u32x4_extract_lane::<2>(x),
                    u32x4_extract_lane::<3>(x),
                ];
                let pairs = query[feature / 2 * M..].chunks_exact_mut(M);
                for (pair, lane) in pairs.zip(lanes) {
                    pair[r] = lane;
                }
            }
            step
        })
    }

    /// Computes all scores of the tile; returns the largest of each row.
    #[inline(never)]
    fn scores<const M: usize>(&self, scratch: &mut Scratch) -> [i32; M] {
        let pairs = self.query.dim.div_ceil(2);
        let panels = self.tokens.div_ceil(PANEL);
        scratch.scores.resize(M * panels, [i32x4_splat(0); 2]);
        let mut largest = [i32x4_splat(i32::MIN); M];
        for (panel, keys) in scratch.keys.chunks_exact(pairs).enumerate() {
            let mut sums = [[i32x4_splat(0); 2]; M];
            for (query, keys) in scratch.query.chunks_exact(M).zip(keys) {
                for r in 0..M {
                    let x = splat(query[r]);
                    sums[r][0] = i32x4_add(sums[r][0], i32x4_dot_i16x8(x, keys[0]));
                    sums[r][1] = i32x4_add(sums[r][1], i32x4_dot_i16x8(x, keys[1]));
                }
            }
            for r in 0..M {
                largest[r] = i32x4_max(largest[r], i32x4_max(sums[r][0], sums[r][1]));
                scratch.scores[r * panels + panel] = sums[r];
            }
        }
        largest.map(horizontal_max)
    }

    /// Computes probabilities relative to that of the highest-scoring key; returns their sums.
    #[inline(never)]
    fn probabilities<const M: usize>(
        &self,
        scratch: &mut Scratch,
        factors: [f32; M],
        largest: [i32; M],
    ) -> [i32; M] {
        let constants = from_memory(&EXP2);
        let panels = self.tokens.div_ceil(PANEL);
        scratch.probabilities.resize(M * panels * PANEL / 2, 0);
        std::array::from_fn(|r| {
            let factor = f32x4_splat(factors[r]);
            let largest = i32x4_splat(largest[r]);
            let mut total = i32x4_splat(0);
            let scores = &scratch.scores[r * panels..][..panels];
            let pairs = scratch.probabilities.chunks_exact_mut(PANEL / 2 * M);
            for (panel, (scores, pairs)) in scores.iter().zip(pairs).enumerate() {
                let exponents = scores.map(|scores| {
                    f32x4_mul(f32x4_convert_i32x4(i32x4_sub(scores, largest)), factor)
                });
                let mut p = probability(exponents, constants);
                let left = self.tokens - panel * PANEL;
                if left < PANEL {
                    let valid = valid_lanes(left);
                    p = [v128_and(p[0], valid[0]), v128_and(p[1], valid[1])];
                }
                total = i32x4_add(total, i32x4_add(p[0], p[1]));
                let p = i16x8_narrow_i32x4(p[0], p[1]);
                pairs[r] = u32x4_extract_lane::<0>(p);
                pairs[M + r] = u32x4_extract_lane::<1>(p);
                pairs[2 * M + r] = u32x4_extract_lane::<2>(p);
                pairs[3 * M + r] = u32x4_extract_lane::<3>(p);
            }
            horizontal_sum(total)
        })
    }

    /// Computes the mean of the values, weighted by the probabilities.
    #[inline(never)]
    fn context<const M: usize>(&self, scratch: &Scratch, scales: [f32; M], out: &mut [f32]) {
        let token_pairs = self.tokens.div_ceil(2);
        let panels = scratch.values.chunks_exact(token_pairs);
        for (panel, values) in panels.enumerate() {
            let mut context = [[f32x4_splat(0.0); 2]; M];
            let probabilities = scratch.probabilities.chunks(KEYS_PER_SUM / 2 * M);
            for (p, values) in probabilities.zip(values.chunks(KEYS_PER_SUM / 2)) {
                let mut sums = [[i32x4_splat(0); 2]; M];
                for (p, values) in p.chunks_exact(M).zip(values) {
                    for r in 0..M {
                        let p = splat(p[r]);
                        sums[r][0] = i32x4_add(sums[r][0], i32x4_dot_i16x8(p, values[0]));
                        sums[r][1] = i32x4_add(sums[r][1], i32x4_dot_i16x8(p, values[1]));
                    }
                }
                for r in 0..M {
                    for h in 0..2 {
                        let sum = f32x4_convert_i32x4(sums[r][h]);
                        context[r][h] = f32x4_add(context[r][h], sum);
                    }
                }
            }
            for r in 0..M {
                let feature = panel * PANEL;
                let width = PANEL.min(self.query.dim - feature);
                let mut result = [0.0; PANEL];
                let (halves, _) = result.as_chunks_mut();
                for (half, context) in halves.iter_mut().zip(context[r]) {
                    store(half, f32x4_mul(context, f32x4_splat(scales[r])));
                }
                out[r * self.query.width + self.query.at + feature..][..width]
                    .copy_from_slice(&result[..width]);
            }
        }
    }
}

/// Quantizes eight f32 to i16; a shorter slice is padded with zeros.
#[inline]
fn quantize(x: &[f32], inverse: f32) -> v128 {
    let inverse = f32x4_splat(inverse);
    let round = |x: &[f32; 4]| round(f32x4_mul(load(x), inverse));
    match x.as_chunks().0 {
        [a, b, ..] => i16x8_narrow_i32x4(round(a), round(b)),
        _ => {
            let mut padded = [0.0; PANEL];
            padded[..x.len()].copy_from_slice(x);
            let (halves, _) = padded.as_chunks();
            i16x8_narrow_i32x4(round(&halves[0]), round(&halves[1]))
        }
    }
}

/// Transposes a 4 by 4 matrix of 32-bit lanes.
#[inline]
fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (ab_low, ab_high) = (
        i32x4_shuffle::<0, 4, 1, 5>(a, b),
        i32x4_shuffle::<2, 6, 3, 7>(a, b),
    );
    let (cd_low, cd_high) = (
        i32x4_shuffle::<0, 4, 1, 5>(c, d),
        i32x4_shuffle::<2, 6, 3, 7>(c, d),
    );
    [
        i64x2_shuffle::<0, 2>(ab_low, cd_low),
        i64x2_shuffle::<1, 3>(ab_low, cd_low),
        i64x2_shuffle::<0, 2>(ab_high, cd_high),
        i64x2_shuffle::<1, 3>(ab_high, cd_high),
    ]
}

/// Lane mask of the tokens in a panel with fewer than 8.
#[inline]
fn valid_lanes(tokens: usize) -> [v128; 2] {
    let tokens = i32x4_splat(tokens as i32);
    [
        i32x4_gt(tokens, i32x4(0, 1, 2, 3)),
        i32x4_gt(tokens, i32x4(4, 5, 6, 7)),
    ]
}
