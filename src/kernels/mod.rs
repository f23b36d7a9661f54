//! Compute kernels of a BERT encoder on slices: linear layers with quantized weights, attention and layer norm.
//!
//! A [`Kernels`] is a set of kernels with the same results:
//!
//! | backend | implementation |
//! |---|---|
//! | [`Kernels::SCALAR`] | plain Rust, written for clarity: the reference implementation |
//! | `Kernels::native` | AVX2, where the CPU has it |
//! | `Kernels::SIMD128` | WebAssembly's 128-bit SIMD |
//! | `Kernels::RELAXED` | the same with relaxed SIMD's 8-bit dot product |
//!
//! Sums over quantized values are integer sums, and the remaining f32 operations run in the same order in every backend,
//! without fused multiply-add. So all backends agree bit for bit in linear layers and attention, on every CPU. The one
//! difference is the weights: 8-bit weights are reduced to 7 bits for the dot product of relaxed SIMD
//! ([`Kernels::weight_bits`]).
//!
//! A program contains the instructions of every backend that it names: only the relaxed worker may name `RELAXED`.
//!
//! # Linear layers
//! Activations `x` `[m, k]` are quantized row by row into blocks of 32 signed bytes, each block with its own scale, right
//! before use. Weights keep the blocks of their file and are laid out in panels of 8 columns (`packing`). A tile is 4 rows
//! of `x` by 8 columns: the most accumulators that leave room for operands in the 16 vector registers of x86.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod fixed_point;
mod packing;
#[cfg(target_arch = "wasm32")]
mod relaxed;
#[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
mod rows;
mod scalar;
#[cfg(target_arch = "wasm32")]
mod simd128;

use crate::types::Backend;

pub use packing::{BlockFormat, PackedLinear, WeightBits};

/// Activation function fused into a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The identity.
    None,
    /// Gaussian error linear unit with erf (Hendrycks & Gimpel 2016).
    Gelu,
    /// Its tanh approximation, `gelu_new` in transformers.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
}

/// Buffers that the kernels reuse between calls, so that a forward pass allocates almost nothing.
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
    /// Number of heads.
    pub count: usize,
    /// Dimension of a head.
    pub dim: usize,
}

type LinearKernel = fn(&PackedLinear, &[f32], Activation, &mut Scratch, &mut [f32]);
type AttentionKernel = fn(&[f32], &[f32], Heads, usize, &mut Scratch, &mut [f32]);
type LayerNormKernel = fn(&[f32], Option<&[f32]>, &[f32], &[f32], f32, &mut [f32]);

/// A set of kernels: one backend.
///
/// ```
/// use live_sentiment::kernels::{Activation, BlockFormat, Kernels, PackedLinear, Scratch, WeightBits};
///
/// // [n, k] = [1, 2]: out = relu(1 · x0 - 2 · x1 + 0.5)
/// let weight: Vec<u8> = [1.0f32, -2.0].iter().flat_map(|w| w.to_le_bytes()).collect();
/// let parts = [(BlockFormat::F32, weight.as_slice(), 1)];
/// let layer = PackedLinear::pack(&parts, 2, &[0.5], WeightBits::Eight)?;
/// let mut out = [0.0];
/// let x = [3.0, 1.0];
/// Kernels::SCALAR.linear(&layer, &x, Activation::Relu, &mut Scratch::default(), &mut out);
/// assert!((out[0] - 1.5).abs() < 0.05, "rounded to 8 bits: {}", out[0]);
/// # Ok::<(), live_sentiment::Error>(())
/// ```
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

    /// Relaxed SIMD. A program that names it requires a browser with relaxed SIMD.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED: Self = Self {
        backend: Backend::Relaxed,
        weight_bits: WeightBits::Seven,
        linear: relaxed::linear,
        ..Self::SIMD128
    };

    /// [`Self::RELAXED`] with the code path for CPUs without a 4-way byte dot product, so that any CPU can test it.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED_PAIRS: Self = Self {
        linear: relaxed::linear_in_pairs,
        ..Self::RELAXED
    };

    /// [`Self::RELAXED`] with the code path for CPUs with a 4-way byte dot product.
    #[cfg(target_arch = "wasm32")]
    pub const RELAXED_QUADS: Self = Self {
        linear: relaxed::linear_in_quads,
        ..Self::RELAXED
    };

    /// The backend of these kernels.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The packing of weights with more than 4 bits for which these kernels are fastest. They accept the other one too.
    pub fn weight_bits(&self) -> WeightBits {
        self.weight_bits
    }

    /// `out = activation(x · weightᵀ + bias)`: `x` `[m, k]`, `out` `[m, n]`, row-major f32. A row of `x` with NaN or
    /// infinity gives a row of NaN; a row whose magnitudes are all below 1e-30 is treated as zeros.
    ///
    /// # Panics
    /// If the length of `x` is not a multiple of `k`, or that of `out` does not match.
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

    /// Multi-head scaled dot-product attention of one text (Vaswani et al. 2017).
    ///
    /// `query` and `out` are `[queries, hidden]`, where `hidden` is `heads.count · heads.dim`; `key_value` is
    /// `[tokens, 2 · hidden]`: for each token its keys, then its values. All are row-major f32. Only the first `valid`
    /// tokens are used; the rest is padding.
    ///
    /// # Panics
    /// If lengths do not match, or `valid` is 0.
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

    /// Layer normalization (Ba et al. 2016) of each row of `x + residual`. `x`, `residual` and `out` are
    /// `[rows, hidden]`, `gamma` and `beta` `[hidden]`, all f32.
    ///
    /// # Panics
    /// If lengths do not match.
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
