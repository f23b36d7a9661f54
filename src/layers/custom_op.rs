//! The kernels as candle custom ops. candle ensures that inputs are on the CPU; these ops check that they are
//! contiguous f32 tensors of matching shapes, and pass them to the kernels as slices.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use crate::kernels::{Activation, Heads, Kernels, PackedLinear, Scratch};

thread_local! {
    /// The kernels' buffers, reused by every op.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

pub(super) struct Linear<'a> {
    pub(super) layer: &'a PackedLinear,
    pub(super) kernels: &'a Kernels,
    pub(super) activation: Activation,
}

impl CustomOp1 for Linear<'_> {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((&k, outer)) = layout.dims().split_last() else {
            bail!("linear: a scalar has no features")
        };
        if k != self.layer.k() {
            bail!("linear: {k} input features, {} expected", self.layer.k());
        }
        let rows: usize = outer.iter().product();
        let mut out = vec![0.0; rows * self.layer.n()];
        let x = contiguous(x, layout)?;
        SCRATCH.with_borrow_mut(|scratch| {
            self.kernels
                .linear(self.layer, x, self.activation, scratch, &mut out)
        });
        let shape = Shape::from_dims(&[outer, &[self.layer.n()]].concat());
        Ok((CpuStorage::F32(out), shape))
    }
}

pub(super) struct Attention<'a> {
    pub(super) kernels: &'a Kernels,
    pub(super) heads: usize,
    /// Number of tokens of each text, padding excluded.
    pub(super) lengths: &'a [usize],
}

impl CustomOp2 for Attention<'_> {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_layout: &Layout,
        key_value: &CpuStorage,
        key_value_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (batch, queries, hidden) = query_layout.shape().dims3()?;
        let (texts, tokens, width) = key_value_layout.shape().dims3()?;
        if texts != batch
            || self.lengths.len() != batch
            || width != 2 * hidden
            || !hidden.is_multiple_of(self.heads)
        {
            bail!(
                "attention: query {:?}, key and value {:?}, {} heads, {} lengths",
                query_layout.dims(),
                key_value_layout.dims(),
                self.heads,
                self.lengths.len()
            );
        }
        if let Some(length) = self
            .lengths
            .iter()
            .find(|length| !(1..=tokens).contains(*length))
        {
            bail!("attention: a text of {length} tokens among {tokens}");
        }
        let heads = Heads {
            count: self.heads,
            dim: hidden / self.heads,
        };
        let mut out = vec![0.0; batch * queries * hidden];
        let query = contiguous(query, query_layout)?.chunks_exact(queries * hidden);
        let key_value = contiguous(key_value, key_value_layout)?.chunks_exact(tokens * width);
        let texts = query
            .zip(key_value)
            .zip(out.chunks_exact_mut(queries * hidden))
            .zip(self.lengths);
        SCRATCH.with_borrow_mut(|scratch| {
            for (((query, key_value), out), &length) in texts {
                self.kernels
                    .attention(query, key_value, heads, length, scratch, out);
            }
        });
        Ok((CpuStorage::F32(out), query_layout.shape().clone()))
    }
}

pub(super) struct LayerNorm<'a> {
    pub(super) kernels: &'a Kernels,
    pub(super) eps: f32,
    pub(super) gamma: &'a Tensor,
    pub(super) beta: &'a Tensor,
}

impl CustomOp2 for LayerNorm<'_> {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        residual: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        if x_layout.shape() != layout.shape()
            || x_layout.dims().last() != Some(&self.gamma.elem_count())
        {
            bail!(
                "layer-norm: {:?} and a residual {:?}, {} features expected",
                x_layout.dims(),
                layout.dims(),
                self.gamma.elem_count()
            );
        }
        let (x, residual) = (contiguous(x, x_layout)?, contiguous(residual, layout)?);
        let mut out = vec![0.0; x.len()];
        let (gamma, gamma_layout) = self.gamma.storage_and_layout();
        let (beta, beta_layout) = self.beta.storage_and_layout();
        let (candle_core::Storage::Cpu(gamma), candle_core::Storage::Cpu(beta)) = (&*gamma, &*beta)
        else {
            bail!("layer-norm: its parameters are not on the CPU");
        };
        let (gamma, beta) = (
            contiguous(gamma, gamma_layout)?,
            contiguous(beta, beta_layout)?,
        );
        self.kernels
            .layer_norm(x, Some(residual), gamma, beta, self.eps, &mut out);
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

/// The data of a contiguous f32 tensor.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((start, end))) => Ok(&numbers[start..end]),
        (CpuStorage::F32(_), None) => bail!("a kernel was given a tensor that is not contiguous"),
        _ => bail!("a kernel was given a tensor that is not f32"),
    }
}
