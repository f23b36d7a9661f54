//! Layer normalization.

use core::arch::x86_64::*;

use super::super::scalar;
use super::lanes::{horizontal_sum_f32, load, store};

/// ```text
/// for each row: y = x + residual;  out = (y - mean(y)) / √(var(y) + eps) · gamma + beta
/// ```
#[target_feature(enable = "avx2")]
pub(super) fn layer_norm(
    x: &[f32],
    residual: Option<&[f32]>,
    gamma: &[f32],
    beta: &[f32],
    eps: f32,
    out: &mut [f32],
) {
    let width = gamma.len();
    let (gamma_vectors, rest) = gamma.as_chunks();
    if !rest.is_empty() {
        return scalar::layer_norm(x, residual, gamma, beta, eps, out);
    }
    let (beta, _) = beta.as_chunks();
    for (row, out) in out.chunks_exact_mut(width).enumerate() {
        let at = row * width..(row + 1) * width;
        let (out, _) = out.as_chunks_mut();
        let (x, _) = x[at.clone()].as_chunks();
        let mut sum = _mm256_setzero_ps();
        if let Some(residual) = residual {
            let (residual, _) = residual[at].as_chunks();
            for ((out, x), residual) in out.iter_mut().zip(x).zip(residual) {
                let y = _mm256_add_ps(load(x), load(residual));
                sum = _mm256_add_ps(sum, y);
                store(out, y);
            }
        } else {
            for (out, x) in out.iter_mut().zip(x) {
                sum = _mm256_add_ps(sum, load(x));
                *out = *x;
            }
        }
        let mean = _mm256_set1_ps(horizontal_sum_f32(sum) / width as f32);
        let mut squares = _mm256_setzero_ps();
        for y in out.iter() {
            let centered = _mm256_sub_ps(load(y), mean);
            squares = _mm256_add_ps(squares, _mm256_mul_ps(centered, centered));
        }
        let variance = horizontal_sum_f32(squares) / width as f32;
        let inverse = _mm256_set1_ps(1.0 / (variance + eps).sqrt());
        for ((out, gamma), beta) in out.iter_mut().zip(gamma_vectors).zip(beta) {
            let y = _mm256_mul_ps(_mm256_sub_ps(load(out), mean), inverse);
            store(
                out,
                _mm256_add_ps(_mm256_mul_ps(y, load(gamma)), load(beta)),
            );
        }
    }
}
