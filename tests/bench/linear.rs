//! Native benchmark of the linear layer: the scalar kernels and candle's `QMatMul`, on the widest layer of a MiniLM encoder.
//!
//! `cargo bench` prints the times. It first checks each result against the product in f64.

#![allow(clippy::unwrap_used, missing_docs)]

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use live_sentiment::kernels::{
    Activation, BlockFormat, Kernels, PackedLinear, Scratch, WeightBits,
};

/// Hidden and intermediate size of MiniLM-L6.
const K: usize = 384;
const N: usize = 1536;
/// Numbers of tokens.
const ROWS: [usize; 3] = [8, 32, 128];

/// Largest error allowed, relative to |x| · |w|: candle and this crate's kernels quantize activations to 8 bits in
/// blocks.
const BOUND: f64 = 0.01;

/// Pseudo-random numbers in -1..1, the same in every run.
fn numbers(count: usize, mut seed: u64) -> Vec<f32> {
    let mut next = || {
        // xorshift64* (Vigna 2016).
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        (seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Asserts that `out` `[m, N]` is `x` `[m, K]` times the transpose of `weights` `[N, K]`.
fn assert_product(what: &str, out: &[f32], x: &[f32], weights: &[f32]) {
    assert_eq!(out.len(), x.len() / K * N, "{what}: elements");
    for (x, out) in x.chunks_exact(K).zip(out.chunks_exact(N)) {
        for (weights, &found) in weights.chunks_exact(K).zip(out) {
            let terms = || {
                x.iter()
                    .zip(weights)
                    .map(|(&x, &w)| f64::from(x) * f64::from(w))
            };
            let size = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
                * weights
                    .iter()
                    .map(|&w| f64::from(w).powi(2))
                    .sum::<f64>()
                    .sqrt();
            let error = (terms().sum::<f64>() - f64::from(found)).abs();
            assert!(error <= BOUND * size, "{what}: off by {error} of {size}");
        }
    }
}

fn linear(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("linear {K}x{N}"));
    let dense = Tensor::from_vec(numbers(N * K, 1), (N, K), &Device::Cpu).unwrap();
    for (dtype, format) in [
        (GgmlDType::Q4_0, BlockFormat::Q4_0),
        (GgmlDType::Q8_0, BlockFormat::Q8_0),
    ] {
        let quantized = QTensor::quantize(&dense, dtype).unwrap();
        let bytes = quantized.data().unwrap().into_owned();
        let weights: Vec<f32> = quantized
            .dequantize(&Device::Cpu)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap();
        let layer =
            PackedLinear::pack(&[(format, &bytes, N)], K, &[0.0; N], WeightBits::Eight).unwrap();
        let candle = QMatMul::from_qtensor(quantized).unwrap();
        let mut scratch = Scratch::default();
        for m in ROWS {
            let x = numbers(m * K, 2);
            let tensor = Tensor::from_slice(&x, (m, K), &Device::Cpu).unwrap();
            let mut out = vec![0.0; m * N];
            let mut scalar = |out: &mut [f32]| {
                Kernels::SCALAR.linear(&layer, &x, Activation::None, &mut scratch, out);
            };

            scalar(&mut out);
            assert_product("our kernel", &out, &x, &weights);
            let theirs = candle.forward(&tensor).unwrap().flatten_all().unwrap();
            assert_product("QMatMul", &theirs.to_vec1::<f32>().unwrap(), &x, &weights);

            group.throughput(Throughput::Elements((m * K * N) as u64));
            let id = |name| BenchmarkId::new(format!("{name} {dtype:?}"), m);
            group.bench_function(id("scalar"), |b| b.iter(|| scalar(&mut out)));
            group.bench_function(id("candle"), |b| {
                b.iter(|| candle.forward(&tensor).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, linear);
criterion_main!(benches);
