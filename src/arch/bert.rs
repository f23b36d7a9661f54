//! BERT (Devlin et al. 2018) and DistilBERT (Sanh et al. 2019) for sequence classification: embeddings, encoder,
//! pooler, head. Follows `modeling_bert.py` and `modeling_distilbert.py` of transformers, without dropout.

use std::io::{Read, Seek};

use candle_core::{Device, IndexOp, Tensor};
use candle_transformers::models::bert::HiddenAct;

use crate::Result;
use crate::layers::{Activation, Compute, Embedding, LayerNorm, Linear, attention};
use crate::model::config::{Architecture, Config};
use crate::model::tokenizer::Batch;
use crate::model::weights::Weights;

/// A BERT or DistilBERT sequence classifier.
pub struct Bert {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
}

/// The model's output for a batch of texts, in f32.
pub struct Output {
    /// `[batch, hidden]`: the pooled `[CLS]` token, `pooler_output` in transformers.
    pub pooled: Tensor,
    /// `[batch, labels]`, before softmax or sigmoid.
    pub logits: Tensor,
}

struct Embeddings {
    word: Embedding,
    position: Embedding,
    /// Row 0 of the token type embeddings, `[hidden]`: all tokens of a single text have type 0. DistilBERT has none.
    token_type: Option<Tensor>,
    norm: LayerNorm,
}

struct Layer {
    compute: Compute,
    heads: usize,
    query: Linear,
    key_value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
}

impl Bert {
    /// Loads every tensor that `config` implies, one at a time.
    ///
    /// # Errors
    /// Those of [`Weights::check`] for missing tensors or wrong shapes, and of [`Weights::read`] for values that are
    /// not finite.
    pub fn load<R: Read + Seek>(
        weights: &mut Weights<R>,
        config: &Config,
        compute: Compute,
    ) -> Result<Self> {
        weights.check(config)?;
        let mut loader = Loader {
            weights,
            config,
            compute,
        };
        let hidden = config.encoder.hidden_size;
        let embeddings = Embeddings::load(&mut loader)?;
        let layers = (0..config.encoder.num_hidden_layers)
            .map(|layer| Layer::load(&mut loader, layer))
            .collect::<Result<_>>()?;
        let pooled = match config.architecture {
            Architecture::Bert => Activation::Tanh,
            Architecture::DistilBert => Activation::Relu,
        };
        let pooler = loader.linear(&["cls"], hidden, hidden, pooled)?;
        // The classifier stays in full precision: it is only a few rows, and every verdict depends on them.
        loader.compute = Compute::Candle;
        let classifier = loader.linear(
            &["cls.output"],
            config.labels.len(),
            hidden,
            Activation::None,
        )?;
        Ok(Self {
            embeddings,
            layers,
            pooler,
            classifier,
        })
    }

    /// Classifies a batch.
    ///
    /// The pooler reads only `[CLS]`, so the last layer computes only the `[CLS]` query; the other tokens serve as its
    /// keys and values.
    ///
    /// # Errors
    /// [`Error::Candle`](crate::Error::Candle) for an id outside the vocabulary, or more tokens than positions.
    pub fn forward(&self, batch: &Batch) -> Result<Output> {
        let mut x = self.embeddings.forward(batch)?;
        if let Some((last, layers)) = self.layers.split_last() {
            for layer in layers {
                x = layer.forward(&x, &x, &batch.lengths)?;
            }
            x = last.forward(&x.narrow(1, 0, 1)?.contiguous()?, &x, &batch.lengths)?;
        }
        let pooled = self.pooler.forward(&x)?;
        let logits = self.classifier.forward(&pooled)?;
        Ok(Output {
            pooled: pooled.squeeze(1)?,
            logits: logits.squeeze(1)?,
        })
    }

    /// The encoder's output for every token, `[batch, tokens, hidden]` f32: `last_hidden_state` in transformers.
    ///
    /// # Errors
    /// Those of [`Self::forward`].
    pub fn last_hidden_state(&self, batch: &Batch) -> Result<Tensor> {
        let mut x = self.embeddings.forward(batch)?;
        for layer in &self.layers {
            x = layer.forward(&x, &x, &batch.lengths)?;
        }
        Ok(x)
    }
}

impl Embeddings {
    fn load<R: Read + Seek>(loader: &mut Loader<'_, R>) -> Result<Self> {
        let encoder = &loader.config.encoder;
        let hidden = encoder.hidden_size;
        let token_type = match loader.config.architecture {
            Architecture::Bert => Some(
                loader
                    .weights
                    .read("token_types.weight", &[encoder.type_vocab_size, hidden])?
                    .to_tensor()?
                    .i(0)?,
            ),
            Architecture::DistilBert => None,
        };
        Ok(Self {
            word: loader.embedding("token_embd", encoder.vocab_size)?,
            position: loader.embedding("position_embd", encoder.max_position_embeddings)?,
            token_type,
            norm: loader.norm("token_embd_norm")?,
        })
    }

    fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let ids = Tensor::from_slice(&batch.input_ids, (batch.size(), batch.tokens), &Device::Cpu)?;
        let positions = Tensor::arange(0, batch.tokens as u32, &Device::Cpu)?;
        let mut x = self
            .word
            .forward(&ids)?
            .broadcast_add(&self.position.forward(&positions)?)?;
        if let Some(token_type) = &self.token_type {
            x = x.broadcast_add(token_type)?;
        }
        self.norm.forward_alone(&x)
    }
}

impl Layer {
    fn load<R: Read + Seek>(loader: &mut Loader<'_, R>, layer: usize) -> Result<Self> {
        let encoder = &loader.config.encoder;
        let (hidden, ffn) = (encoder.hidden_size, encoder.intermediate_size);
        let name = |part: &str| format!("blk.{layer}.{part}");
        Ok(Self {
            compute: loader.compute,
            heads: encoder.num_attention_heads,
            query: loader.linear(&[&name("attn_q")], hidden, hidden, Activation::None)?,
            key_value: loader.linear(
                &[&name("attn_k"), &name("attn_v")],
                hidden,
                hidden,
                Activation::None,
            )?,
            attention_output: loader.linear(
                &[&name("attn_output")],
                hidden,
                hidden,
                Activation::None,
            )?,
            attention_norm: loader.norm(&name("attn_output_norm"))?,
            intermediate: loader.linear(
                &[&name("ffn_up")],
                ffn,
                hidden,
                activation(encoder.hidden_act),
            )?,
            output: loader.linear(&[&name("ffn_down")], hidden, ffn, Activation::None)?,
            output_norm: loader.norm(&name("layer_output_norm"))?,
        })
    }

    /// `x` `[batch, queries, hidden]` attends to `context` `[batch, tokens, hidden]`; the result has the shape of `x`.
    fn forward(&self, x: &Tensor, context: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        // Each scope frees its intermediate tensors: kept together they would take 4 MB for a long text.
        let attended = {
            let (query, key_value) = (self.query.forward(x)?, self.key_value.forward(context)?);
            attention(&query, &key_value, self.heads, lengths, self.compute)?
        };
        let x = {
            let projected = self.attention_output.forward(&attended)?;
            drop(attended);
            self.attention_norm.forward(&projected, x)?
        };
        let output = {
            let widened = self.intermediate.forward(&x)?;
            self.output.forward(&widened)?
        };
        self.output_norm.forward(&output, &x)
    }
}

fn activation(act: HiddenAct) -> Activation {
    match act {
        HiddenAct::Gelu => Activation::Gelu,
        HiddenAct::GeluApproximate => Activation::GeluTanh,
        HiddenAct::Relu => Activation::Relu,
    }
}

/// Builds layers from the tensors of a model file, by name.
struct Loader<'a, R> {
    weights: &'a mut Weights<R>,
    config: &'a Config,
    compute: Compute,
}

impl<R: Read + Seek> Loader<'_, R> {
    fn embedding(&mut self, name: &str, rows: usize) -> Result<Embedding> {
        let hidden = self.config.encoder.hidden_size;
        Embedding::new(
            &self
                .weights
                .read(&format!("{name}.weight"), &[rows, hidden])?,
        )
    }

    /// Linear layers of `k` inputs and `n` outputs each, fused into one.
    fn linear(
        &mut self,
        names: &[&str],
        n: usize,
        k: usize,
        activation: Activation,
    ) -> Result<Linear> {
        let mut layers = Vec::with_capacity(names.len());
        for name in names {
            let weight = self.weights.read(&format!("{name}.weight"), &[n, k])?;
            let bias = self.weights.read(&format!("{name}.bias"), &[n])?;
            layers.push((weight, bias));
        }
        Linear::new(&layers, activation, self.compute)
    }

    fn norm(&mut self, name: &str) -> Result<LayerNorm> {
        let hidden = [self.config.encoder.hidden_size];
        let weight = self.weights.read(&format!("{name}.weight"), &hidden)?;
        let bias = self.weights.read(&format!("{name}.bias"), &hidden)?;
        LayerNorm::new(
            &weight,
            &bias,
            self.config.encoder.layer_norm_eps,
            self.compute,
        )
    }
}
