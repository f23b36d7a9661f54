//! The operations a BERT is made of, over candle tensors: quantized linear layers with their activation, attention,
//! layer norm. Which arithmetic runs them is decided when a model is loaded.

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, DType, Device, Module, Tensor};
use candle_transformers::models::bert::HiddenAct;

use crate::Result;
use crate::weights::RawTensor;

/// What follows a linear layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Gaussian error linear unit, by erf (Hendrycks & Gimpel 2016).
    Gelu,
    /// The same by its tanh approximation, `gelu_new`.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// The pooler's.
    Tanh,
}

impl From<HiddenAct> for Activation {
    fn from(act: HiddenAct) -> Self {
        match act {
            HiddenAct::Gelu => Self::Gelu,
            HiddenAct::GeluApproximate => Self::GeluTanh,
            HiddenAct::Relu => Self::Relu,
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
    weight: QMatMul,
    bias: Tensor,
    activation: Option<Activation>,
}

impl Linear {
    /// From one or several layers of the same input that run as one: each a `[n, k]` weight and an `[n]` bias.
    ///
    /// # Errors
    /// [`crate::Error::Candle`] for weights of different widths.
    pub fn new(layers: &[(RawTensor, RawTensor)], activation: Option<Activation>) -> Result<Self> {
        let bias = layers
            .iter()
            .map(|(_, bias)| bias.to_tensor())
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            weight: QMatMul::from_qtensor(join(layers)?)?,
            bias: Tensor::cat(&bias, 0)?,
            activation,
        })
    }

    /// `[batch, tokens, k]` to `[batch, tokens, n]`, f32.
    ///
    /// # Errors
    /// For an input that is not `k` wide.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.weight.forward(x)?.broadcast_add(&self.bias)?;
        Ok(match self.activation {
            None => x,
            Some(Activation::Gelu) => x.gelu_erf()?,
            Some(Activation::GeluTanh) => x.gelu()?,
            Some(Activation::Relu) => x.relu()?,
            Some(Activation::Tanh) => x.tanh()?,
        })
    }
}

/// Weights below each other as one matrix. Rows are made of whole blocks, so blocks need only be concatenated.
fn join(layers: &[(RawTensor, RawTensor)]) -> Result<QTensor> {
    let weights: Vec<&RawTensor> = layers.iter().map(|(weight, _)| weight).collect();
    let (first, rest) = match weights.as_slice() {
        [] => return Err(crate::Error::Input("a linear layer needs a weight".into())),
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
        candle_core::quantized::GgmlDType::F32,
    )?)
}

/// Layer normalization over the innermost dimension (Ba et al. 2016).
pub struct LayerNorm(candle_nn::LayerNorm);

impl LayerNorm {
    /// From `[hidden]` scale and shift.
    ///
    /// # Errors
    /// None for tensors that were read with that shape.
    pub fn new(weight: &RawTensor, bias: &RawTensor, eps: f64) -> Result<Self> {
        Ok(Self(candle_nn::LayerNorm::new(
            weight.to_tensor()?,
            bias.to_tensor()?,
            eps,
        )))
    }

    /// `norm(x + residual)`, shape kept.
    ///
    /// # Errors
    /// For tensors of different shapes.
    pub fn forward(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        Ok(self.0.forward(&(x + residual)?)?)
    }

    /// `norm(x)`, shape kept.
    ///
    /// # Errors
    /// For a tensor of another width.
    pub fn forward_alone(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.0.forward(x)?)
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
    Ok(
        Tensor::from_vec(mask, (lengths.len(), 1, 1, tokens), &Device::Cpu)?
            .to_dtype(DType::F32)?,
    )
}
