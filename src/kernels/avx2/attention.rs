//! Multi-head attention in 16-bit integers: simd128's at twice the width, with the same bits.

use core::arch::x86_64::*;

use super::super::Heads;
use super::super::fixed_point::{EXP2, KEYS_PER_SUM, MAX_VALUE, max_query, symmetric_scale};
use super::super::rows::HeadRows;
use super::super::scalar::exponent_factor;
use super::lanes::{
    amax, horizontal_max, horizontal_sum, load, probability, round, splat, store, store_half,
};

/// Keys of a panel of scores, features of a panel of context.
const PANEL: usize = 8;
/// Queries of a tile at most.
const QUERIES: usize = 4;

/// Buffers for one head and one tile.
#[derive(Default)]
pub(super) struct Scratch {
    /// `[panel of 8 tokens][pair of features]`: pairs of 8 tokens.
    keys: Vec<__m256i>,
    /// `[panel of 8 features][pair of tokens]`: pairs of 8 features.
    values: Vec<__m256i>,
    /// `[pair of features][row]`.
    query: Vec<u32>,
    /// `[row][panel of 8 tokens]`.
    scores: Vec<__m256i>,
    /// `[pair of tokens][row]`.
    probabilities: Vec<u32>,
}

/// ```text
/// for each head, query q:
///     score[t] = q · key[t]                              in i32, over 12-bit numbers
///     p[t] = 2^((score[t] - max score) · log2(e) / √dim) in i16
///     out = Σ_t p[t] · value[t] / Σ_t p[t]
/// ```
#[target_feature(enable = "avx2")]
pub(super) fn attention(
    query: &[f32],
    key_value: &[f32],
    heads: Heads,
    tokens: usize,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    let dim = heads.dim;
    let hidden = heads.count * dim;
    let queries = query.len() / hidden;
    for head in 0..heads.count {
        let at = head * dim;
        let rows = |x, width, at| HeadRows { x, width, at, dim };
        let keys = rows(key_value, 2 * hidden, at);
        let values = rows(key_value, 2 * hidden, hidden + at);
        let key_step = scratch.pack_keys(keys, tokens);
        let value_step = scratch.pack_values(values, tokens);
        for start in (0..queries).step_by(QUERIES) {
            let tile = Tile {
                query: rows(query, hidden, at),
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
                _ => tile.attend::<QUERIES>(scratch, out),
            }
        }
    }
}

impl Scratch {
    /// Quantizes and transposes a head's keys; returns what one step is worth.
    #[target_feature(enable = "avx2")]
    fn pack_keys(&mut self, keys: HeadRows, tokens: usize) -> f32 {
        let (inverse, step) = symmetric_scale(keys.amax(tokens, |x| amax(x)), max_query(keys.dim));
        self.keys.clear();
        for panel in (0..tokens).step_by(PANEL) {
            for feature in (0..keys.dim).step_by(PANEL) {
                let mut rows = [_mm256_setzero_si256(); PANEL / 2];
                for (i, row) in rows.iter_mut().enumerate() {
                    // The last panel is padded with its last key, which leaves the largest score alone.
                    let [low, high] = [i, i + PANEL / 2].map(|i| {
                        let token = (panel + i).min(tokens - 1);
                        quantize(&keys.row(token)[feature..], inverse)
                    });
                    *row = _mm256_set_m128i(high, low);
                }
                let pairs = (keys.dim - feature).div_ceil(2);
                self.keys
                    .extend_from_slice(&transpose(rows)[..pairs.min(PANEL / 2)]);
            }
        }
        step
    }

    /// Quantizes a head's values and interleaves pairs of tokens; returns what one step is worth.
    #[target_feature(enable = "avx2")]
    fn pack_values(&mut self, values: HeadRows, tokens: usize) -> f32 {
        let (inverse, step) = symmetric_scale(values.amax(tokens, |x| amax(x)), MAX_VALUE);
        self.values.clear();
        for feature in (0..values.dim).step_by(PANEL) {
            for token in (0..tokens).step_by(2) {
                let a = quantize(&values.row(token)[feature..], inverse);
                let b = if token + 1 < tokens {
                    quantize(&values.row(token + 1)[feature..], inverse)
                } else {
                    _mm_setzero_si128()
                };
                let pairs = _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b));
                self.values.push(pairs);
            }
        }
        step
    }
}

/// Up to [`QUERIES`] queries of a head.
struct Tile<'a> {
    query: HeadRows<'a>,
    start: usize,
    tokens: usize,
    key_step: f32,
    value_step: f32,
}

impl Tile<'_> {
    #[target_feature(enable = "avx2")]
    fn attend<const M: usize>(&self, scratch: &mut Scratch, out: &mut [f32]) {
        let query_steps = self.pack_query::<M>(&mut scratch.query);
        let factors = query_steps.map(|step| exponent_factor(step, self.key_step, self.query.dim));
        let largest = self.scores::<M>(scratch);
        let totals = self.probabilities::<M>(scratch, factors, largest);
        let mut scales = [f32::NAN; M];
        for r in 0..M {
            if factors[r].is_finite() && self.value_step.is_finite() {
                scales[r] = self.value_step / totals[r] as f32;
            }
        }
        self.context::<M>(scratch, scales, out);
    }

    /// Quantizes the queries, each with its own scale.
    #[target_feature(enable = "avx2")]
    fn pack_query<const M: usize>(&self, query: &mut Vec<u32>) -> [f32; M] {
        let dim = self.query.dim;
        query.resize(dim.div_ceil(2) * M, 0);
        let mut steps = [0.0; M];
        for (r, query_step) in steps.iter_mut().enumerate() {
            let row = self.query.row(self.start + r);
            let (inverse, step) = symmetric_scale(amax(row), max_query(dim));
            for feature in (0..dim).step_by(PANEL) {
                let mut pairs = [0; PANEL / 2];
                store_half(&mut pairs, quantize(&row[feature..], inverse));
                let out = query[feature / 2 * M..].chunks_exact_mut(M);
                for (out, pair) in out.zip(pairs) {
                    out[r] = pair;
                }
            }
            *query_step = step;
        }
        steps
    }

    /// All scores of the tile, and the largest of each row.
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn scores<const M: usize>(&self, scratch: &mut Scratch) -> [i32; M] {
        let pairs = self.query.dim.div_ceil(2);
        let panels = self.tokens.div_ceil(PANEL);
        scratch.scores.resize(M * panels, _mm256_setzero_si256());
        let mut largest = [_mm256_set1_epi32(i32::MIN); M];
        for (panel, keys) in scratch.keys.chunks_exact(pairs).enumerate() {
            let mut sums = [_mm256_setzero_si256(); M];
            for (query, keys) in scratch.query.as_chunks::<M>().0.iter().zip(keys) {
                for r in 0..M {
                    let products = _mm256_madd_epi16(splat(query[r]), *keys);
                    sums[r] = _mm256_add_epi32(sums[r], products);
                }
            }
            for r in 0..M {
                largest[r] = _mm256_max_epi32(largest[r], sums[r]);
                scratch.scores[r * panels + panel] = sums[r];
            }
        }
        largest.map(|largest| horizontal_max(largest))
    }

    /// Probabilities relative to the most likely key, and their sums.
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn probabilities<const M: usize>(
        &self,
        scratch: &mut Scratch,
        factors: [f32; M],
        largest: [i32; M],
    ) -> [i32; M] {
        let panels = self.tokens.div_ceil(PANEL);
        scratch.probabilities.resize(M * panels * PANEL / 2, 0);
        let mut totals = [0; M];
        for r in 0..M {
            let factor = _mm256_set1_ps(factors[r]);
            let largest = _mm256_set1_epi32(largest[r]);
            let mut total = _mm256_setzero_si256();
            let scores = &scratch.scores[r * panels..][..panels];
            let pairs = scratch.probabilities.chunks_exact_mut(PANEL / 2 * M);
            for (panel, (scores, pairs)) in scores.iter().zip(pairs).enumerate() {
                let difference = _mm256_cvtepi32_ps(_mm256_sub_epi32(*scores, largest));
                let mut p = probability(_mm256_mul_ps(difference, factor), &EXP2);
                let left = self.tokens - panel * PANEL;
                if left < PANEL {
                    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
                    let valid = _mm256_cmpgt_epi32(_mm256_set1_epi32(left as i32), lanes);
                    p = _mm256_and_si256(p, valid);
                }
                total = _mm256_add_epi32(total, p);
                let p =
                    _mm_packs_epi32(_mm256_castsi256_si128(p), _mm256_extracti128_si256::<1>(p));
                let mut packed = [0; PANEL / 2];
                store_half(&mut packed, p);
                for (pair, p) in packed.into_iter().enumerate() {
                    pairs[pair * M + r] = p;
                }
            }
            totals[r] = horizontal_sum(total);
        }
        totals
    }

    /// The values' mean, weighted by the probabilities.
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn context<const M: usize>(&self, scratch: &Scratch, scales: [f32; M], out: &mut [f32]) {
        let token_pairs = self.tokens.div_ceil(2);
        let probabilities = scratch.probabilities.as_chunks::<M>().0;
        let panels = scratch.values.chunks_exact(token_pairs);
        for (panel, values) in panels.enumerate() {
            let mut context = [_mm256_setzero_ps(); M];
            let probabilities = probabilities.chunks(KEYS_PER_SUM / 2);
            for (p, values) in probabilities.zip(values.chunks(KEYS_PER_SUM / 2)) {
                let mut sums = [_mm256_setzero_si256(); M];
                for (p, values) in p.iter().zip(values) {
                    for r in 0..M {
                        let products = _mm256_madd_epi16(splat(p[r]), *values);
                        sums[r] = _mm256_add_epi32(sums[r], products);
                    }
                }
                for r in 0..M {
                    context[r] = _mm256_add_ps(context[r], _mm256_cvtepi32_ps(sums[r]));
                }
            }
            for r in 0..M {
                let feature = panel * PANEL;
                let width = PANEL.min(self.query.dim - feature);
                let mut result = [0.0; PANEL];
                store(
                    &mut result,
                    _mm256_mul_ps(context[r], _mm256_set1_ps(scales[r])),
                );
                out[r * self.query.width + self.query.at + feature..][..width]
                    .copy_from_slice(&result[..width]);
            }
        }
    }
}

/// Eight numbers, or as many as are left and zeros, to i16.
#[inline]
#[target_feature(enable = "avx2")]
fn quantize(x: &[f32], inverse: f32) -> __m128i {
    let x = match x.first_chunk() {
        Some(x) => load(x),
        None => {
            let mut padded = [0.0; PANEL];
            padded[..x.len()].copy_from_slice(x);
            load(&padded)
        }
    };
    let rounded = round(_mm256_mul_ps(x, _mm256_set1_ps(inverse)));
    _mm_packs_epi32(
        _mm256_castsi256_si128(rounded),
        _mm256_extracti128_si256::<1>(rounded),
    )
}

/// Four by four u32 in each half.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab_low, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (cd_low, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab_low, cd_low),
        _mm256_unpackhi_epi64(ab_low, cd_low),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}
