//! Compares every backend of the kernels with f64 arithmetic, and with each other.
//!
//! Natively these are the scalar kernels and those for this CPU; in a browser simd128 and relaxed as well:
//! `cargo test --target wasm32-unknown-unknown --no-default-features --features worker --test kernels`.
#![cfg(feature = "inference")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "kernels/attention.rs"]
mod attention;

use half::f16;
use live_sentiment::kernels::{
    Activation, BlockFormat, Heads, Kernels, PackedLinear, Scratch, WeightBits,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// All that run here. Natively that depends on the CPU.
fn all_kernels() -> Vec<Kernels> {
    #[cfg(target_arch = "wasm32")]
    return vec![
        Kernels::SCALAR,
        Kernels::SIMD128,
        Kernels::RELAXED,
        Kernels::RELAXED_PAIRS,
        Kernels::RELAXED_QUADS,
    ];
    #[cfg(not(target_arch = "wasm32"))]
    [Kernels::SCALAR]
        .into_iter()
        .chain(Kernels::native())
        .collect()
}

const ACTIVATIONS: [Activation; 5] = [
    Activation::None,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Relu,
    Activation::Tanh,
];

/// One format for each panel layout.
const FORMATS: [(BlockFormat, WeightBits); 3] = [
    (BlockFormat::Q4_0, WeightBits::Eight),
    (BlockFormat::Q8_0, WeightBits::Seven),
    (BlockFormat::Q8_0, WeightBits::Eight),
];

/// Runs a property on the same 200 inputs every time.
fn check<S: Strategy>(strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(&strategy, property) {
        panic!("{failure}");
    }
}

/// Weights as stored, and their values.
#[derive(Debug, Clone)]
struct Matrix {
    format: BlockFormat,
    n: usize,
    bytes: Vec<u8>,
    /// `[n, k]`.
    weights: Vec<f64>,
}

impl Matrix {
    /// Generated block by block from a source of numbers in -1..=1.
    fn new(format: BlockFormat, n: usize, k: usize, mut next: impl FnMut() -> f32) -> Self {
        let (mut bytes, mut weights) = (Vec::new(), Vec::new());
        for _ in 0..n {
            for start in (0..k).step_by(32) {
                let scale = f16::from_f32(match (next() * 8.0) as i32 {
                    0 => 0.0,
                    1 => 6e-8,
                    2 => -1000.0 * next(),
                    _ => next(),
                });
                let count = 32.min(k - start);
                let values: Vec<f32> = (0..count).map(|_| next()).collect();
                match format {
                    BlockFormat::F32 => {
                        for value in values {
                            bytes.extend((value * scale.to_f32()).to_le_bytes());
                            weights.push(f64::from(value * scale.to_f32()));
                        }
                    }
                    BlockFormat::F16 => {
                        for value in values {
                            let value = f16::from_f32(value * scale.to_f32());
                            bytes.extend(value.to_le_bytes());
                            weights.push(value.to_f64());
                        }
                    }
                    BlockFormat::Q8_0 => {
                        bytes.extend(scale.to_le_bytes());
                        for value in values {
                            let value = (value * 127.0) as i8;
                            bytes.push(value as u8);
                            weights.push(f64::from(value) * scale.to_f64());
                        }
                    }
                    BlockFormat::Q4_0 => {
                        bytes.extend(scale.to_le_bytes());
                        let nibbles: Vec<u8> = values
                            .iter()
                            .map(|v| (v * 8.0 + 8.0).clamp(0.0, 15.0) as u8)
                            .collect();
                        bytes.extend((0..16).map(|i| nibbles[i] | nibbles[i + 16] << 4));
                        weights.extend(
                            nibbles
                                .iter()
                                .map(|&v| (f64::from(v) - 8.0) * scale.to_f64()),
                        );
                    }
                }
            }
        }
        Self {
            format,
            n,
            bytes,
            weights,
        }
    }
}

/// A linear layer with its input, also in f64.
#[derive(Debug, Clone)]
struct Case {
    k: usize,
    bits: WeightBits,
    parts: Vec<Matrix>,
    bias: Vec<f32>,
    x: Vec<f32>,
}

impl Case {
    fn pack(&self) -> PackedLinear {
        let parts: Vec<_> = self
            .parts
            .iter()
            .map(|part| (part.format, part.bytes.as_slice(), part.n))
            .collect();
        PackedLinear::pack(&parts, self.k, &self.bias, self.bits).unwrap()
    }

    fn run(&self, backend: Kernels, activation: Activation) -> Vec<f32> {
        let layer = self.pack();
        let mut out = vec![f32::NAN; self.x.len() / self.k * layer.n()];
        backend.linear(
            &layer,
            &self.x,
            activation,
            &mut Scratch::default(),
            &mut out,
        );
        out
    }

    /// The largest rounding error of a weight, half a step, relative to the largest weight of its block.
    fn weight_rounding(&self, format: BlockFormat) -> f64 {
        let all_int4 = self.parts.iter().all(|p| p.format == BlockFormat::Q4_0);
        let to_eight = match format {
            BlockFormat::F32 | BlockFormat::F16 => 0.5 / 127.0,
            BlockFormat::Q8_0 | BlockFormat::Q4_0 => 0.0,
        };
        let to_seven = match (self.bits, format) {
            (WeightBits::Seven, BlockFormat::Q8_0 | BlockFormat::F16 | BlockFormat::F32) => {
                0.5 / 63.0
            }
            // Four bits fit.
            _ => 0.0,
        };
        if all_int4 { 0.0 } else { to_eight + to_seven }
    }

    /// Each result in f64 and its tolerance: half a step of each activation, plus the error of rounding scales to integers
    /// (or weights to fewer bits).
    fn expected(&self) -> Vec<(f64, f64)> {
        let mut expected = Vec::new();
        for x in self.x.chunks(self.k) {
            let amax = |x: &[f32]| f64::from(x.iter().fold(0f32, |a, x| a.max(x.abs())));
            let rows = self
                .parts
                .iter()
                .flat_map(|part| part.weights.chunks(self.k).map(move |w| (part.format, w)));
            for ((format, weights), bias) in rows.zip(&self.bias) {
                let (mut sum, mut error) = (0.0, 0.0);
                let wmax = weights.iter().fold(0f64, |a, w| a.max(w.abs()));
                for (x, weights) in x.chunks(32).zip(weights.chunks(32)) {
                    let block_wmax = weights.iter().fold(0f64, |a, w| a.max(w.abs()));
                    let step = amax(x) / 127.0;
                    let weight_step = block_wmax * self.weight_rounding(format);
                    for (x, w) in x.iter().zip(weights) {
                        sum += f64::from(*x) * w;
                        error += 0.501 * step * (w.abs() + weight_step);
                        error += f64::from(x.abs()) * (weight_step * 1.001 + w.abs() * 1e-6);
                    }
                }
                // Scales are integers: steps of 1/1000 of the largest, or finer.
                error += self.k as f64 * wmax * amax(x) * 1e-3;
                let total = sum + f64::from(*bias);
                expected.push((total, error + total.abs() * 1e-6 + 1e-30));
            }
        }
        expected
    }
}

fn format() -> impl Strategy<Value = BlockFormat> {
    prop_oneof![
        3 => Just(BlockFormat::Q4_0),
        2 => Just(BlockFormat::Q8_0),
        1 => Just(BlockFormat::F16),
        1 => Just(BlockFormat::F32),
    ]
}

/// Sizes that are not multiples of tiles; activations with blocks of zeros, denormals and outliers.
fn case() -> impl Strategy<Value = Case> {
    let parts = prop::collection::vec((format(), 1usize..22), 1..4);
    (parts, 1usize..70, 1usize..200, 1usize..7, any::<u64>()).prop_map(
        |(parts, mut m, mut k, blocks, seed)| {
            let mut next = numbers(seed);
            if parts
                .iter()
                .any(|part| matches!(part.0, BlockFormat::Q4_0 | BlockFormat::Q8_0))
            {
                k = blocks * 32;
            }
            if m > 13 && seed % 4 > 0 {
                m %= 13;
                m += 1;
            }
            let parts: Vec<Matrix> = parts
                .into_iter()
                .map(|(format, n)| Matrix::new(format, n, k, &mut next))
                .collect();
            let n = parts.iter().map(|part| part.n).sum();
            let bias = (0..n).map(|_| next()).collect();
            let mut x = Vec::new();
            for _ in 0..m {
                let row = 10f32.powf(next() * 8.0);
                for start in (0..k).step_by(32) {
                    let block = match (next() * 8.0) as i32 {
                        0 => 0.0,
                        1 => 1e-40,
                        2 => 50.0 * row,
                        _ => row,
                    };
                    x.extend((start..k.min(start + 32)).map(|_| next() * block));
                }
            }
            let bits = [WeightBits::Seven, WeightBits::Eight][(seed >> 32) as usize % 2];
            Case {
                k,
                bits,
                parts,
                bias,
                x,
            }
        },
    )
}

/// Numbers in -1..1 (SplitMix64).
fn numbers(mut seed: u64) -> impl FnMut() -> f32 {
    move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

fn bit_patterns(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn linear_is_close_to_f64() {
    check(case(), |case| {
        for backend in all_kernels() {
            let out = case.run(backend, Activation::None);
            for (i, (out, (expected, error))) in out.iter().zip(case.expected()).enumerate() {
                let distance = (f64::from(*out) - expected).abs();
                prop_assert!(
                    distance <= error,
                    "{backend:?} {i}: {out} is {distance} from {expected}, more than {error}"
                );
            }
        }
        Ok(())
    });
}

#[test]
fn backends_agree_bit_for_bit_in_linear_layers() {
    check(case(), |case| {
        for activation in ACTIVATIONS {
            let reference = case.run(Kernels::SCALAR, activation);
            for backend in all_kernels() {
                prop_assert_eq!(
                    bit_patterns(&case.run(backend, activation)),
                    bit_patterns(&reference),
                    "{:?}",
                    backend
                );
            }
        }
        Ok(())
    });
}

/// All activations and weights at their limits, with one sign: the largest possible sums, in i16 and in i32.
#[test]
fn the_largest_sums_do_not_overflow() {
    for k in [32, 384, 1536, 4096] {
        for (value, x) in [(-1.0f32, 1.0f32), (-1.0, -1.0), (0.9, 1.0), (0.9, -1.0)] {
            for (format, bits) in FORMATS {
                let mut calls = 0;
                let next = || {
                    calls += 1;
                    // Each block draws its scale, then 32 values.
                    if calls % 33 == 1 { 0.6 } else { value }
                };
                let case = Case {
                    k,
                    bits,
                    parts: vec![Matrix::new(format, 9, k, next)],
                    bias: vec![0.0; 9],
                    x: vec![x * 3.0; 5 * k],
                };
                for backend in all_kernels() {
                    for (out, (expected, _)) in case
                        .run(backend, Activation::None)
                        .iter()
                        .zip(case.expected())
                    {
                        let relative = (f64::from(*out) - expected).abs() / expected.abs();
                        assert!(
                            relative < 1e-3,
                            "{backend:?} k={k} {format:?} {bits:?}: {out} instead of {expected}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn nan_and_infinity_stay_in_their_row() {
    for (format, bits) in FORMATS {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut next = numbers(7);
            let parts = vec![Matrix::new(format, 10, 64, &mut next)];
            let bias = vec![0.5; 10];
            let mut x: Vec<f32> = (0..64 * 6).map(|_| next()).collect();
            x[64 * 2 + 40] = odd;
            let case = Case {
                k: 64,
                bits,
                parts,
                bias,
                x,
            };
            for backend in all_kernels() {
                for activation in ACTIVATIONS {
                    for (i, out) in case.run(backend, activation).iter().enumerate() {
                        assert_eq!(
                            out.is_nan(),
                            i / 10 == 2,
                            "{backend:?} {format:?} {bits:?} {activation:?} {odd} {i}: {out}"
                        );
                    }
                }
            }
        }
    }
}

/// The layer is the identity, so that only the activation function has an effect.
#[test]
fn activations_are_close_to_f64() {
    let identity: Vec<u8> = (0..32 * 32)
        .flat_map(|i| f32::to_le_bytes(if i % 33 == 0 { 1.0 } else { 0.0 }))
        .collect();
    let parts = [(BlockFormat::F32, identity.as_slice(), 32)];
    let layer = PackedLinear::pack(&parts, 32, &[0.0; 32], WeightBits::Eight).unwrap();
    type Function = fn(f64) -> f64;
    let functions: [(Activation, Function, f64); 4] = [
        (
            Activation::Gelu,
            |x| 0.5 * x * (1.0 + erf(x / 2f64.sqrt())),
            1e-4,
        ),
        (
            Activation::GeluTanh,
            |x| 0.5 * x * (1.0 + (0.7978845608 * (x + 0.044715 * x.powi(3))).tanh()),
            1e-5,
        ),
        (Activation::Relu, |x| x.max(0.0), 0.0),
        (Activation::Tanh, f64::tanh, 1e-6),
    ];
    for backend in all_kernels() {
        for i in -1000..=1000 {
            let x = [i as f32 * 0.01; 32];
            let run = |activation| {
                let mut out = [0.0; 32];
                backend.linear(&layer, &x, activation, &mut Scratch::default(), &mut out);
                f64::from(out[0])
            };
            let x = run(Activation::None);
            for (activation, function, tolerance) in functions {
                let distance = (run(activation) - function(x)).abs();
                assert!(
                    distance <= tolerance,
                    "{backend:?} {activation:?} of {x}: {distance}"
                );
            }
        }
    }
}

/// erf by its Maclaurin series, or 1 where that converges too slowly.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn layer_norm_is_close_to_f64() {
    let case = (1usize..6, 1usize..200, any::<bool>(), any::<u64>());
    check(case, |(rows, hidden, with_residual, seed)| {
        let mut next = numbers(seed);
        let mut vector = |len: usize| -> Vec<f32> { (0..len).map(|_| next() * 3.0).collect() };
        let (gamma, beta) = (vector(hidden), vector(hidden));
        let (x, residual) = (vector(rows * hidden), vector(rows * hidden));
        let residual = with_residual.then_some(residual.as_slice());
        for backend in all_kernels() {
            let mut out = vec![f32::NAN; rows * hidden];
            backend.layer_norm(&x, residual, &gamma, &beta, 1e-3, &mut out);
            for row in 0..rows {
                let at = row * hidden..(row + 1) * hidden;
                let y: Vec<f64> = at
                    .clone()
                    .map(|i| f64::from(x[i]) + residual.map_or(0.0, |r| f64::from(r[i])))
                    .collect();
                let mean = y.iter().sum::<f64>() / hidden as f64;
                let variance = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / hidden as f64;
                for (i, y) in y.iter().enumerate() {
                    let normalized = (y - mean) / (variance + 1e-3).sqrt();
                    let expected = normalized * f64::from(gamma[i]) + f64::from(beta[i]);
                    let out = f64::from(out[row * hidden + i]);
                    prop_assert!(
                        (out - expected).abs() < 1e-3,
                        "{:?}: {} instead of {}",
                        backend,
                        out,
                        expected
                    );
                }
            }
        }
        Ok(())
    });
}

#[test]
fn mismatched_lengths_are_rejected() {
    let pack = |format, bytes: usize, n, k, bias: usize| {
        let parts = [(format, vec![0; bytes], n)];
        let parts = parts
            .each_ref()
            .map(|(f, bytes, n)| (*f, bytes.as_slice(), *n));
        PackedLinear::pack(&parts, k, &vec![0.0; bias], WeightBits::Eight)
    };
    assert!(pack(BlockFormat::Q4_0, 18 * 6, 3, 64, 3).is_ok());
    assert!(pack(BlockFormat::F32, 4 * 5 * 3, 3, 5, 3).is_ok());
    for (format, bytes, n, k, bias) in [
        (BlockFormat::Q4_0, 18 * 6 - 1, 3, 64, 3),
        (BlockFormat::Q4_0, 18 * 6 + 18, 3, 64, 3),
        (BlockFormat::Q4_0, 18 * 6, 3, 63, 3),
        (BlockFormat::Q8_0, 34 * 6, 3, 64, 2),
        (BlockFormat::Q8_0, 0, usize::MAX, 64, 0),
        (BlockFormat::F16, 0, 3, 0, 3),
    ] {
        let error = pack(format, bytes, n, k, bias).err().unwrap().to_string();
        assert!(error.ends_with('.'), "{error}");
    }
}
