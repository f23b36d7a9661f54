//! The arithmetic of a BERT encoder on plain slices: linear layers with quantized weights, attention and layer norm.
//!
//! A [`Kernels`] is a set of kernels that compute the same thing:
//!
//! | backend | what it is |
//! |---|---|
//! | [`Kernels::SCALAR`] | plain Rust, written to be read: the oracle of the others |
//! | `Kernels::native` | AVX2, where the CPU has it |
//! | `Kernels::SIMD128` | WebAssembly's 128-bit SIMD |
//! | `Kernels::RELAXED` | the same with relaxed SIMD's 8-bit dot product |
//!
//! Sums over quantized numbers are sums of integers, and what is left in f32 is done in the same order everywhere
//! without fused multiply-add. So all backends agree bit by bit in linear layers and attention, on every CPU. They are
//! not given the same weights where those have 8 bits: the dot product of relaxed SIMD takes 7 ([`Kernels::weight_bits`]).
//!
//! A program contains the instructions of those backends that it names: only the relaxed worker may name `RELAXED`.
//!
//! # Linear layers
//! `x` `[m, k]` is quantized row by row into blocks of 32 signed bytes, each block with its own scale, right before it is
//! needed. Weights keep the blocks of their file and are laid out in panels of 8 columns (`packing`). A tile is 4 rows of
//! `x` by 8 columns: as many accumulators as leave room for operands in the 16 vector registers of x86.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod fixed_point;
mod packing;
#[cfg(target_arch = "wasm32")]
mod relaxed;
mod scalar;
#[cfg(target_arch = "wasm32")]
mod simd128;

use crate::types::Backend;

pub use packing::{BlockFormat, PackedLinear, WeightBits};

/// What follows a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The identity.
    None,
    /// Gaussian error linear unit, by erf (Hendrycks & Gimpel 2016).
    Gelu,
    /// The same by its tanh approximation, transformers' `gelu_new`.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
}

/// Buffers that the kernels keep between calls, so that a forward pass allocates next to nothing.
#[derive(Default)]
pub struct Scratch {
    #[cfg(target_arch = "wasm32")]
    simd128: simd128::Scratch,
    #[cfg(target_arch = "x86_64")]
    avx2: avx2::Scratch,
}

/// Shape of a multi-head attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// How many heads.
    pub count: usize,
    /// Features of a head.
    pub dim: usize,
}

type LinearKernel = fn(&PackedLinear, &[f32], Activation, &mut Scratch, &mut [f32]);
type AttentionKernel = fn(&[f32], &[f32], Heads, usize, &mut Scratch, &mut [f32]);
type LayerNormKernel = fn(&[f32], Option<&[f32]>, &[f32], &[f32], f32, &mut [f32]);

/// A set of kernels.
#[derive(Clone, Copy)]
pub struct Kernels {
    backend: Backend,
    weight_bits: WeightBits,
    linear: LinearKernel,
    attention: AttentionKernel,
    layer_norm: LayerNormKernel,
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.backend.name())
    }
}

impl Kernels {
    /// Plain Rust.
    pub const SCALAR: Self = Self {
        backend: Backend::Scalar,
        weight_bits: WeightBits::Eight,
        linear: scalar::linear,
        attention: scalar::attention,
        layer_norm: scalar::layer_norm,
    };

    /// The fastest that this CPU has natively, or `None` where that is [`Self::SCALAR`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if avx2::is_supported() {
            return Some(Self {
                backend: Backend::Avx2,
                weight_bits: WeightBits::Eight,
                linear: avx2::linear,
                attention: avx2::attention,
                layer_norm: avx2::layer_norm,
            });
        }
        None
    }

    /// WebAssembly's 128-bit SIMD.
    #[cfg(target_arch = "wasm32")]
    pub const SIMD128: Self = Self {
        backend: Backend::Simd128,
        weight_bits: WeightBits::Eight,
        linear: simd128::linear,
        attention: simd128::attention,
        layer_norm: simd128::layer_norm,
    };

    /// Relaxed SIMD. A program that names it runs only where relaxed SIMD is supported.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED: Self = Self {
        backend: Backend::Relaxed,
        weight_bits: WeightBits::Seven,
        linear: relaxed::linear,
        ..Self::SIMD128
    };

    /// [`Self::RELAXED`] as on CPUs without a dot product of four bytes, so that it can be tested on every CPU.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED_PAIRS: Self = Self {
        linear: relaxed::linear_in_pairs,
        ..Self::RELAXED
    };

    /// [`Self::RELAXED`] as on CPUs with one.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED_QUADS: Self = Self {
        linear: relaxed::linear_in_quads,
        ..Self::RELAXED
    };

    /// Which backend these kernels are.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// In how many bits these kernels are fastest at weights of more than 4. It computes with others too.
    pub fn weight_bits(&self) -> WeightBits {
        self.weight_bits
    }

    /// `out = activation(x · weightᵀ + bias)`: `x` `[m, k]`, `out` `[m, n]`, row by row. A row of `x` with a NaN or an
    /// infinity gives a row of NaN; numbers below 1e-30 count as 0.
    ///
    /// # Panics
    /// If `x` and `out` are not of the same number of whole rows.
    pub fn linear(
        &self,
        layer: &PackedLinear,
        x: &[f32],
        activation: Activation,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        assert!(x.len().is_multiple_of(layer.k()));
        assert_eq!(out.len(), x.len() / layer.k() * layer.n());
        if !out.is_empty() {
            (self.linear)(layer, x, activation, scratch, out);
        }
    }

    /// Scaled dot-product attention of one text (Vaswani et al. 2017).
    ///
    /// `query` and `out` are `[queries, hidden]`, where `hidden` is `heads.count · heads.dim`. `key_value` is
    /// `[tokens, 2 · hidden]`: each token's keys, then its values. Tokens from `valid` on are padding and are not looked at.
    ///
    /// # Panics
    /// If lengths do not fit, or no token is valid.
    pub fn attention(
        &self,
        query: &[f32],
        key_value: &[f32],
        heads: Heads,
        valid: usize,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let hidden = heads.count * heads.dim;
        assert!(hidden > 0 && query.len().is_multiple_of(hidden));
        assert!(key_value.len().is_multiple_of(2 * hidden));
        assert_eq!(out.len(), query.len());
        assert!(valid > 0 && valid <= key_value.len() / (2 * hidden));
        (self.attention)(
            query,
            &key_value[..valid * 2 * hidden],
            heads,
            valid,
            scratch,
            out,
        );
    }

    /// Layer normalization (Ba et al. 2016) of each row of `x + residual`, `[rows, hidden]`; `gamma` and `beta` are `[hidden]`.
    ///
    /// # Panics
    /// If lengths do not fit.
    pub fn layer_norm(
        &self,
        x: &[f32],
        residual: Option<&[f32]>,
        gamma: &[f32],
        beta: &[f32],
        eps: f32,
        out: &mut [f32],
    ) {
        assert!(!gamma.is_empty() && x.len().is_multiple_of(gamma.len()));
        assert_eq!(beta.len(), gamma.len());
        assert_eq!(out.len(), x.len());
        assert!(residual.is_none_or(|residual| residual.len() == x.len()));
        (self.layer_norm)(x, residual, gamma, beta, eps, out);
    }
}
