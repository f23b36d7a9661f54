//! The operations a BERT is made of, over candle tensors: quantized linear layers with their activation, attention,
//! layer norm. Which arithmetic runs them is decided when a model is loaded.

mod custom_op;

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{D, Device, Module, Tensor};

use crate::kernels::{self, BlockFormat, PackedLinear, WeightBits};
use crate::model::weights::{Precision, RawTensor};
use crate::types::Backend;
use crate::{Error, Result};

pub use crate::kernels::Activation;

/// Which arithmetic runs the operations.
#[derive(Debug, Clone, Copy)]
pub enum Compute {
    /// candle's own: quantized weights by its `QMatMul`, everything else in f32.
    Candle,
    /// Our kernels. Which of them is the program's to say: one that named `kernels::Kernels::RELAXED` without
    /// need would contain instructions that not every browser accepts.
    Kernels(kernels::Kernels),
}

impl Compute {
    /// Our kernels in plain Rust.
    pub const SCALAR: Self = Self::Kernels(kernels::Kernels::SCALAR);

    /// Our kernels for this CPU, or candle's own where there are none.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native() -> Self {
        kernels::Kernels::native().map_or(Self::Candle, Self::Kernels)
    }

    /// The precision of unquantized weights unless another is asked for: our kernels compute with 8 bits at most, so
    /// more would only take memory; candle's arithmetic is the reference, and gets what there is.
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

/// A table of rows to look up, kept in the blocks of its file.
pub struct Embedding(QTensor);

impl Embedding {
    /// From a `[rows, hidden]` tensor.
    ///
    /// # Errors
    /// See [`RawTensor::to_qtensor`].
    pub fn new(table: &RawTensor) -> Result<Self> {
        Ok(Self(table.to_qtensor()?))
    }

    /// Rows of the table as f32: u32 ids of any shape `[…]` to `[…, hidden]`. Only those rows are dequantized.
    ///
    /// # Errors
    /// For an id that has no row.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        Ok(self.0.embedding(ids)?)
    }
}

/// `act(x · Wᵀ + b)`.
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
    /// From one or several layers of the same input that run as one: each a `[n, k]` weight and an `[n]` bias.
    ///
    /// # Errors
    /// For weights of different widths.
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

    /// `[batch, tokens, k]` to `[batch, tokens, n]`, f32.
    ///
    /// # Errors
    /// For an input that is not `k` wide.
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

/// The layers for the kernels, as one matrix.
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

/// Weights below each other as one matrix. Rows are made of whole blocks, so blocks need only be concatenated.
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
    /// From `[hidden]` scale and shift.
    ///
    /// # Errors
    /// None for tensors that were read with that shape.
    pub fn new(weight: &RawTensor, bias: &RawTensor, eps: f64, compute: Compute) -> Result<Self> {
        Ok(Self {
            gamma: weight.to_tensor()?,
            beta: bias.to_tensor()?,
            eps,
            compute,
        })
    }

    /// `norm(x + residual)`, shape kept.
    ///
    /// # Errors
    /// For tensors of different shapes.
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

    /// `norm(x)`, shape kept.
    ///
    /// # Errors
    /// For a tensor of another width.
    pub fn forward_alone(&self, x: &Tensor) -> Result<Tensor> {
        Ok(candle_nn::ops::layer_norm(
            &x.contiguous()?,
            &self.gamma,
            &self.beta,
            self.eps as f32,
        )?)
    }
}

/// Scaled dot-product attention (Vaswani et al. 2017) of every head.
///
/// `query` is `[batch, queries, hidden]`, `key_value` `[batch, tokens, 2 · hidden]` with keys before values;
/// the result is shaped like `query`. `lengths` says how many tokens of each text are not padding.
///
/// # Errors
/// For shapes that do not fit together.
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

/// `[batch, 1, 1, tokens]`: 0 for a token, the lowest f32 for padding, as transformers has it.
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
