//! Layer normalization in 128-bit SIMD.

use core::arch::wasm32::*;

use super::super::scalar;
use super::lanes::{horizontal_sum_f32, load, store};

/// ```text
/// for each row: y = x + residual;  out = (y - mean(y)) / √(var(y) + eps) · gamma + beta
/// ```
pub(in super::super) fn layer_norm(
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
        let mut sum = f32x4_splat(0.0);
        if let Some(residual) = residual {
            let (residual, _) = residual[at].as_chunks();
            for ((out, x), residual) in out.iter_mut().zip(x).zip(residual) {
                let y = f32x4_add(load(x), load(residual));
                sum = f32x4_add(sum, y);
                store(out, y);
            }
        } else {
            for (out, x) in out.iter_mut().zip(x) {
                sum = f32x4_add(sum, load(x));
                *out = *x;
            }
        }
        let mean = f32x4_splat(horizontal_sum_f32(sum) / width as f32);
        let squares = out.iter().fold(f32x4_splat(0.0), |squares, y| {
            let centered = f32x4_sub(load(y), mean);
            f32x4_add(squares, f32x4_mul(centered, centered))
        });
        let variance = horizontal_sum_f32(squares) / width as f32;
        let inverse = f32x4_splat(1.0 / (variance + eps).sqrt());
        for ((out, gamma), beta) in out.iter_mut().zip(gamma_vectors).zip(beta) {
            let y = f32x4_mul(f32x4_sub(load(out), mean), inverse);
            store(out, f32x4_add(f32x4_mul(y, load(gamma)), load(beta)));
        }
    }
}
