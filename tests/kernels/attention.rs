//! Attention.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Queries, keys and values of a few heads.
fn attention_case() -> impl Strategy<Value = (Heads, usize, usize, Vec<f32>, Vec<f32>)> {
    let dim = prop_oneof![Just(32usize), Just(64), 1usize..80];
    (
        1usize..4,
        dim,
        1usize..10,
        1usize..150,
        0usize..5,
        any::<u64>(),
    )
        .prop_map(|(count, dim, queries, valid, padding, seed)| {
            let mut next = numbers(seed);
            let hidden = count * dim;
            let sharpness = 4f32.powf(next() * 2.0);
            let query = (0..queries * hidden).map(|_| next() * sharpness).collect();
            let mut key_value: Vec<f32> = (0..valid * 2 * hidden).map(|_| next()).collect();
            key_value.extend(std::iter::repeat_n(1e9, padding * 2 * hidden));
            (Heads { count, dim }, valid, queries, query, key_value)
        })
}

/// Finite numbers whose products overflow, infinity and NaN.
#[test]
fn attention_that_overflows_is_nan_on_every_backend() {
    let heads = Heads { count: 1, dim: 32 };
    for (query, key, value) in [
        (1e30, 1e30, 1.0),
        (f32::INFINITY, 1.0, 1.0),
        (1.0, f32::NAN, 1.0),
        (1.0, 1.0, f32::INFINITY),
        (0.0, f32::INFINITY, 1.0),
    ] {
        let key_value = [[key; 32], [value; 32]].concat().repeat(100);
        for backend in all_kernels() {
            let mut out = [0.0; 32];
            let scratch = &mut Scratch::default();
            backend.attention(&[query; 32], &key_value, heads, 100, scratch, &mut out);
            assert!(
                out.iter().all(|out| out.is_nan()),
                "{backend:?}: {query} {key} {value} gave {out:?}"
            );
        }
    }
}

#[test]
fn attention_is_close_to_f64_and_equal_on_every_backend() {
    check(
        attention_case(),
        |(heads, valid, queries, query, key_value)| {
            let hidden = heads.count * heads.dim;
            let run = |backend: Kernels| {
                let mut out = vec![f32::NAN; queries * hidden];
                backend.attention(
                    &query,
                    &key_value,
                    heads,
                    valid,
                    &mut Scratch::default(),
                    &mut out,
                );
                out
            };
            let reference = run(Kernels::SCALAR);
            for backend in all_kernels() {
                prop_assert_eq!(
                    bit_patterns(&run(backend)),
                    bit_patterns(&reference),
                    "{:?}",
                    backend
                );
            }
            for (i, out) in reference.iter().enumerate() {
                let (row, column) = (i / hidden, i % hidden);
                let head = column / heads.dim * heads.dim;
                let query = &query[row * hidden + head..][..heads.dim];
                let (mut total, mut sum) = (0.0, 0.0);
                for token in key_value.chunks(2 * hidden).take(valid) {
                    let score: f64 = query
                        .iter()
                        .zip(&token[head..])
                        .map(|(q, k)| f64::from(*q) * f64::from(*k))
                        .sum();
                    let p = (score / (heads.dim as f64).sqrt()).exp();
                    total += p;
                    sum += p * f64::from(token[hidden + column]);
                }
                let distance = (f64::from(*out) - sum / total).abs();
                prop_assert!(distance < 4e-3, "{}: {} instead of {}", i, out, sum / total);
            }
            Ok(())
        },
    );
}
