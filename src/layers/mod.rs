//! The layers of a BERT over candle tensors: embeddings, quantized linear layers with fused activation, attention and
//! layer norm. The compute backend is chosen when a model is loaded.

mod custom_op;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{D, Device, Module, Tensor};

use crate::kernels::{self, BlockFormat, PackedLinear, WeightBits};
use crate::model::weights::{Precision, RawTensor};
use crate::types::Backend;
use crate::{Error, Result};

pub use crate::kernels::Activation;

/// Compute backend of the layers.
#[derive(Debug, Clone, Copy)]
pub enum Compute {
    /// candle's own ops: `QMatMul` for quantized weights, everything else in f32.
    Candle,
    /// This crate's kernels. The program chooses the set: naming `Kernels::RELAXED` links instructions that not every
    /// browser accepts.
    Kernels(kernels::Kernels),
}

impl Compute {
    /// This crate's kernels in plain Rust.
    pub const SCALAR: Self = Self::Kernels(kernels::Kernels::SCALAR);

    /// This crate's kernels for this CPU, or candle's own where there are none.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native() -> Self {
        kernels::Kernels::native().map_or(Self::Candle, Self::Kernels)
    }

    /// Default precision of unquantized weights. This crate's kernels compute with at most 8 bits, so more would only
    /// take memory; candle is the reference and uses the weights as stored.
    pub fn default_precision(self) -> Precision {
        match self {
            Self::Candle => Precision::Stored,
            Self::Kernels(_) => Precision::Q8_0,
        }
    }

    /// Its name in the page, the API and the command line.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Candle => Backend::Candle,
            Self::Kernels(kernels) => kernels.backend(),
        }
    }
}

/// An embedding table, kept in the format of its file.
pub struct Embedding(QTensor);

impl Embedding {
    /// Wraps a `[rows, hidden]` tensor.
    ///
    /// # Errors
    /// Those of [`RawTensor::to_qtensor`].
    pub fn new(table: &RawTensor) -> Result<Self> {
        Ok(Self(table.to_qtensor()?))
    }

    /// Looks up rows: u32 ids of any shape `[…]` to f32 `[…, hidden]`. Only these rows are dequantized.
    ///
    /// # Errors
    /// [`Error::Candle`] for an id outside the table.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        Ok(self.0.embedding(ids)?)
    }
}

/// A linear layer with fused activation: `activation(x · Wᵀ + b)`.
pub struct Linear {
    weight: Weight,
    activation: Activation,
}

enum Weight {
    Candle {
        weight: QMatMul,
        bias: Tensor,
    },
    Packed {
        layer: PackedLinear,
        kernels: kernels::Kernels,
    },
}

impl Linear {
    /// Fuses one or several layers with the same input: each a `[n, k]` weight and an `[n]` bias. Their outputs are
    /// concatenated.
    ///
    /// # Errors
    /// [`Error::Input`] or [`Error::Candle`] for no layers, or weights that differ in `k`.
    pub fn new(
        layers: &[(RawTensor, RawTensor)],
        activation: Activation,
        compute: Compute,
    ) -> Result<Self> {
        let weight = match compute {
            Compute::Candle => {
                let bias = layers
                    .iter()
                    .map(|(_, bias)| bias.to_tensor())
                    .collect::<Result<Vec<_>>>()?;
                Weight::Candle {
                    weight: QMatMul::from_qtensor(join(layers)?)?,
                    bias: Tensor::cat(&bias, 0)?,
                }
            }
            Compute::Kernels(kernels) => Weight::Packed {
                layer: pack(layers, kernels.weight_bits())?,
                kernels,
            },
        };
        Ok(Self { weight, activation })
    }

    /// f32 `[batch, tokens, k]` to f32 `[batch, tokens, n]`.
    ///
    /// # Errors
    /// [`Error::Candle`] if the innermost dimension is not `k`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = match &self.weight {
            Weight::Candle { weight, bias } => (weight, bias),
            Weight::Packed { layer, kernels } => {
                let op = custom_op::Linear {
                    layer,
                    kernels,
                    activation: self.activation,
                };
                return Ok(x.apply_op1_no_bwd(&op)?);
            }
        };
        let x = weight.forward(x)?.broadcast_add(bias)?;
        Ok(match self.activation {
            Activation::None => x,
            Activation::Gelu => x.gelu_erf()?,
            Activation::GeluTanh => x.gelu()?,
            Activation::Relu => x.relu()?,
            Activation::Tanh => x.tanh()?,
        })
    }
}

/// Packs the layers for the kernels, as one matrix.
fn pack(layers: &[(RawTensor, RawTensor)], bits: WeightBits) -> Result<PackedLinear> {
    let k = layers
        .first()
        .and_then(|(weight, _)| weight.shape.get(1))
        .copied()
        .unwrap_or(0);
    let mut parts = Vec::with_capacity(layers.len());
    let mut biases = Vec::new();
    for (weight, bias) in layers {
        let (format, bytes) = match weight.dtype {
            GgmlDType::Q4_0 => (BlockFormat::Q4_0, weight.bytes.as_slice().into()),
            GgmlDType::Q8_0 => (BlockFormat::Q8_0, weight.bytes.as_slice().into()),
            GgmlDType::F16 => (BlockFormat::F16, weight.bytes.as_slice().into()),
            GgmlDType::F32 => (BlockFormat::F32, weight.bytes.as_slice().into()),
            _ => {
                let numbers: Vec<u8> = weight
                    .to_f32()?
                    .into_iter()
                    .flat_map(f32::to_le_bytes)
                    .collect();
                (BlockFormat::F32, std::borrow::Cow::Owned(numbers))
            }
        };
        parts.push((format, bytes, weight.shape.first().copied().unwrap_or(0)));
        biases.extend(bias.to_f32()?);
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|(format, bytes, n)| (*format, bytes.as_ref(), *n))
        .collect();
    PackedLinear::pack(&parts, k, &biases, bits)
}

/// Stacks weights into one matrix. Rows consist of whole blocks, so weights of one type are concatenated as bytes.
fn join(layers: &[(RawTensor, RawTensor)]) -> Result<QTensor> {
    let weights: Vec<&RawTensor> = layers.iter().map(|(weight, _)| weight).collect();
    let (first, rest) = match weights.as_slice() {
        [] => return Err(Error::Input("a linear layer needs a weight".into())),
        [only] => return only.to_qtensor(),
        [first, rest @ ..] => (first, rest),
    };
    if rest
        .iter()
        .all(|weight| weight.dtype == first.dtype && weight.shape.get(1) == first.shape.get(1))
    {
        let joined = RawTensor {
            name: first.name.clone(),
            dtype: first.dtype,
            shape: vec![
                weights.iter().map(|weight| weight.shape[0]).sum(),
                first.shape[1],
            ],
            bytes: weights
                .iter()
                .flat_map(|weight| weight.bytes.iter().copied())
                .collect(),
        };
        return joined.to_qtensor();
    }
    let tensors = weights
        .iter()
        .map(|weight| weight.to_tensor())
        .collect::<Result<Vec<_>>>()?;
    Ok(QTensor::quantize(
        &Tensor::cat(&tensors, 0)?,
        GgmlDType::F32,
    )?)
}

/// Layer normalization over the innermost dimension (Ba et al. 2016).
pub struct LayerNorm {
    gamma: Tensor,
    beta: Tensor,
    eps: f64,
    compute: Compute,
}

impl LayerNorm {
    /// From a `[hidden]` scale (gamma) and shift (beta).
    ///
    /// # Errors
    /// Those of [`RawTensor::to_tensor`].
    pub fn new(weight: &RawTensor, bias: &RawTensor, eps: f64, compute: Compute) -> Result<Self> {
        Ok(Self {
            gamma: weight.to_tensor()?,
            beta: bias.to_tensor()?,
            eps,
            compute,
        })
    }

    /// `norm(x + residual)`, both f32 `[…, hidden]`; the result has the same shape.
    ///
    /// # Errors
    /// [`Error::Candle`] for tensors of different shapes.
    pub fn forward(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        match &self.compute {
            Compute::Candle => self.forward_alone(&(x + residual)?),
            Compute::Kernels(kernels) => {
                let op = custom_op::LayerNorm {
                    kernels,
                    eps: self.eps as f32,
                    gamma: &self.gamma,
                    beta: &self.beta,
                };
                Ok(x.apply_op2_no_bwd(residual, &op)?)
            }
        }
    }

    /// `norm(x)` of f32 `[…, hidden]`; the result has the same shape.
    ///
    /// # Errors
    /// [`Error::Candle`] if the innermost dimension is not `hidden`.
    pub fn forward_alone(&self, x: &Tensor) -> Result<Tensor> {
        Ok(candle_nn::ops::layer_norm(
            &x.contiguous()?,
            &self.gamma,
            &self.beta,
            self.eps as f32,
        )?)
    }
}

/// Multi-head scaled dot-product attention (Vaswani et al. 2017), in f32.
///
/// `query` is `[batch, queries, hidden]`, `key_value` `[batch, tokens, 2 · hidden]` with keys before values;
/// the result has the shape of `query`. `lengths` is the number of tokens of each text, padding excluded.
///
/// # Errors
/// [`Error::Candle`] for shapes that do not match.
pub fn attention(
    query: &Tensor,
    key_value: &Tensor,
    heads: usize,
    lengths: &[usize],
    compute: Compute,
) -> Result<Tensor> {
    match compute {
        Compute::Candle => candle_attention(query, key_value, heads, lengths),
        Compute::Kernels(kernels) => {
            let op = custom_op::Attention {
                kernels: &kernels,
                heads,
                lengths,
            };
            Ok(query.apply_op2_no_bwd(key_value, &op)?)
        }
    }
}

fn candle_attention(
    query: &Tensor,
    key_value: &Tensor,
    heads: usize,
    lengths: &[usize],
) -> Result<Tensor> {
    let (batch, queries, hidden) = query.dims3()?;
    let tokens = key_value.dim(1)?;
    let head_dim = hidden / heads;
    let split = |x: Tensor, rows: usize| -> Result<Tensor> {
        Ok(x.reshape((batch, rows, heads, head_dim))?
            .transpose(1, 2)?
            .contiguous()?)
    };
    let query = split((query * (head_dim as f64).powf(-0.5))?, queries)?;
    let key = split(
        key_value.narrow(D::Minus1, 0, hidden)?.contiguous()?,
        tokens,
    )?;
    let value = split(
        key_value.narrow(D::Minus1, hidden, hidden)?.contiguous()?,
        tokens,
    )?;
    let mut scores = query.matmul(&key.t()?)?;
    if lengths.iter().any(|&length| length < tokens) {
        scores = scores.broadcast_add(&padding_mask(lengths, tokens)?)?;
    }
    let context = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&value)?;
    Ok(context.transpose(1, 2)?.reshape((batch, queries, hidden))?)
}

/// Additive mask `[batch, 1, 1, tokens]`: 0 for a token, the lowest f32 for padding, as in transformers.
fn padding_mask(lengths: &[usize], tokens: usize) -> Result<Tensor> {
    let mask: Vec<f32> = lengths
        .iter()
        .flat_map(|&length| (0..tokens).map(move |t| if t < length { 0.0 } else { f32::MIN }))
        .collect();
    Ok(Tensor::from_vec(
        mask,
        (lengths.len(), 1, 1, tokens),
        &Device::Cpu,
    )?)
}
