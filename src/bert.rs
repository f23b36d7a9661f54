//! BERT (Devlin et al. 2018) for sequence classification: embeddings, encoder, pooler, head. After transformers'
//! `modeling_bert.py`, without dropout.

use std::io::{Read, Seek};

use candle_core::{Device, IndexOp, Tensor};

use crate::Result;
use crate::config::{Architecture, Config};
use crate::ops::{Activation, Embedding, LayerNorm, Linear, attention};
use crate::tokenizer::Batch;
use crate::weights::Weights;

/// A BERT or DistilBERT sequence classifier.
pub struct Bert {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
}

/// What comes out for a batch of texts.
pub struct Output {
    /// `[batch, hidden]`: the `[CLS]` token through the pooler, what transformers calls `pooler_output`.
    pub pooled: Tensor,
    /// `[batch, labels]`.
    pub logits: Tensor,
}

struct Embeddings {
    word: Embedding,
    position: Embedding,
    /// Row 0 of the token types, `[hidden]`: all tokens of a single text are of type 0. DistilBERT has none.
    token_type: Option<Tensor>,
    norm: LayerNorm,
}

struct Layer {
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
    /// Reads every tensor that `config` promises, one after the other.
    ///
    /// # Errors
    /// What [`Weights::read`] says of a tensor that is missing, misshapen or not finite.
    pub fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config) -> Result<Self> {
        let encoder = &config.encoder;
        let hidden = encoder.hidden_size;
        let embeddings = Embeddings::load(weights, config)?;
        let layers = (0..encoder.num_hidden_layers)
            .map(|layer| Layer::load(weights, config, layer))
            .collect::<Result<_>>()?;
        let pooled = match config.architecture {
            Architecture::Bert => Activation::Tanh,
            Architecture::DistilBert => Activation::Relu,
        };
        Ok(Self {
            embeddings,
            layers,
            pooler: linear(weights, &["cls"], hidden, hidden, Some(pooled))?,
            classifier: linear(weights, &["cls.output"], config.labels.len(), hidden, None)?,
        })
    }

    /// Classifies a batch.
    ///
    /// Of the last layer only `[CLS]` is ever read, so only `[CLS]` is computed there: the other tokens are keys
    /// and values to it, nothing more.
    ///
    /// # Errors
    /// For an id without embedding, or more tokens than positions.
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

    /// The encoder's output for every token, `[batch, tokens, hidden]`: transformers' `last_hidden_state`.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn last_hidden_state(&self, batch: &Batch) -> Result<Tensor> {
        let mut x = self.embeddings.forward(batch)?;
        for layer in &self.layers {
            x = layer.forward(&x, &x, &batch.lengths)?;
        }
        Ok(x)
    }
}

impl Embeddings {
    fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config) -> Result<Self> {
        let encoder = &config.encoder;
        let hidden = encoder.hidden_size;
        let token_type = match config.architecture {
            Architecture::Bert => Some(
                weights
                    .read("token_types.weight", &[encoder.type_vocab_size, hidden])?
                    .to_tensor()?
                    .i(0)?,
            ),
            Architecture::DistilBert => None,
        };
        Ok(Self {
            word: Embedding::new(
                &weights.read("token_embd.weight", &[encoder.vocab_size, hidden])?,
            )?,
            position: Embedding::new(&weights.read(
                "position_embd.weight",
                &[encoder.max_position_embeddings, hidden],
            )?)?,
            token_type,
            norm: norm(weights, "token_embd_norm", config)?,
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
    fn load<R: Read + Seek>(
        weights: &mut Weights<R>,
        config: &Config,
        layer: usize,
    ) -> Result<Self> {
        let encoder = &config.encoder;
        let (hidden, ffn) = (encoder.hidden_size, encoder.intermediate_size);
        let name = |part: &str| format!("blk.{layer}.{part}");
        Ok(Self {
            heads: encoder.num_attention_heads,
            query: linear(weights, &[&name("attn_q")], hidden, hidden, None)?,
            key_value: linear(
                weights,
                &[&name("attn_k"), &name("attn_v")],
                hidden,
                hidden,
                None,
            )?,
            attention_output: linear(weights, &[&name("attn_output")], hidden, hidden, None)?,
            attention_norm: norm(weights, &name("attn_output_norm"), config)?,
            intermediate: linear(
                weights,
                &[&name("ffn_up")],
                ffn,
                hidden,
                Some(encoder.hidden_act.into()),
            )?,
            output: linear(weights, &[&name("ffn_down")], hidden, ffn, None)?,
            output_norm: norm(weights, &name("layer_output_norm"), config)?,
        })
    }

    /// `x` `[batch, queries, hidden]` attends to `context` `[batch, tokens, hidden]`; the result is shaped like `x`.
    fn forward(&self, x: &Tensor, context: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let attended = attention(
            &self.query.forward(x)?,
            &self.key_value.forward(context)?,
            self.heads,
            lengths,
        )?;
        let x = self
            .attention_norm
            .forward(&self.attention_output.forward(&attended)?, x)?;
        self.output_norm
            .forward(&self.output.forward(&self.intermediate.forward(&x)?)?, &x)
    }
}

/// Linear layers of `k` inputs and `n` outputs each, side by side as one.
fn linear<R: Read + Seek>(
    weights: &mut Weights<R>,
    names: &[&str],
    n: usize,
    k: usize,
    activation: Option<Activation>,
) -> Result<Linear> {
    let layers = names
        .iter()
        .map(|name| {
            Ok((
                weights.read(&format!("{name}.weight"), &[n, k])?,
                weights.read(&format!("{name}.bias"), &[n])?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    Linear::new(&layers, activation)
}

fn norm<R: Read + Seek>(
    weights: &mut Weights<R>,
    name: &str,
    config: &Config,
) -> Result<LayerNorm> {
    let hidden = [config.encoder.hidden_size];
    let weight = weights.read(&format!("{name}.weight"), &hidden)?;
    let bias = weights.read(&format!("{name}.bias"), &hidden)?;
    LayerNorm::new(&weight, &bias, config.encoder.layer_norm_eps)
}
