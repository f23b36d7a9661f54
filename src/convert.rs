//! Conversion of a Hugging Face checkpoint to GGUF.

use std::io::Cursor;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};

use crate::model::config::Config;
use crate::model::dir::{open, read, read_tokenizer};
use crate::model::folder;
use crate::model::tokenizer::Tokenizer;
use crate::model::weights::{Precision, Weights, expected_tensors, is_matrix};
use crate::{Error, Result};

/// Storage format of the matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// 8 bits per weight: 1.06 bytes with the scales
    #[value(name = "q8_0")]
    Q8_0,
    /// 4 bits per weight: 0.56 bytes with the scales
    #[value(name = "q4_0")]
    Q4_0,
    /// 2 bytes per weight
    #[value(name = "f16")]
    F16,
}

impl From<Format> for Precision {
    fn from(format: Format) -> Self {
        match format {
            Format::Q8_0 => Self::Q8_0,
            Format::Q4_0 => Self::Q4_0,
            Format::F16 => Self::F16,
        }
    }
}

/// Options of [`quantize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Storage format of embeddings and matrices.
    pub format: Format,
    /// `general.name`; defaults to the name of the checkpoint's folder.
    pub name: Option<String>,
    /// `general.license`, an SPDX identifier such as `apache-2.0`.
    pub license: Option<String>,
}

/// Summary of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Number of tensors.
    pub tensors: usize,
    /// Number of matrices stored as f16 instead of the requested format, because their row length is not a multiple
    /// of the block size.
    pub kept_f16: usize,
    /// Size of the checkpoint in bytes.
    pub bytes_before: u64,
    /// Size of the GGUF file in bytes.
    pub bytes_after: u64,
}

/// Converts `config.json`, `tokenizer.json` and `model.safetensors` in `hf_dir` to `config.json`, `tokenizer.json` and
/// `model.gguf` in `out_dir`. Embeddings and matrices are stored in `options.format`; norms, biases and the classifier
/// stay f32. `progress` is called after every tensor with the number done and the total.
///
/// # Errors
/// Those of [`Config::parse`], [`Tokenizer::parse`] and [`Weights::read`] for a bad checkpoint, before anything is
/// written; [`Error::Unwritable`] if a file cannot be written.
pub fn quantize(
    hf_dir: &Path,
    out_dir: &Path,
    options: &Options,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report> {
    let format = options.format;
    let config_json = read(&hf_dir.join(folder::CONFIG))?;
    let tokenizer_json = read_tokenizer(hf_dir)?;
    let config = Config::parse(&config_json)?;
    // Only a check: an inconsistent checkpoint is rejected before anything is written.
    Tokenizer::parse(&tokenizer_json, &config)?;
    let (reader, file) = open(&hf_dir.join(folder::SAFETENSORS))?;
    let mut weights =
        Weights::open(reader, &file, config.architecture)?.with_precision(format.into());
    weights.check(&config)?;

    let wanted = expected_tensors(&config);
    let mut tensors = Vec::with_capacity(wanted.len());
    let mut kept_f16 = 0;
    for (done, (name, shape)) in wanted.iter().enumerate() {
        let tensor = weights.read(name, shape)?;
        if tensor.dtype == GgmlDType::F16 && format != Format::F16 && is_matrix(name, shape) {
            kept_f16 += 1;
        }
        let stored = if is_matrix(name, shape) {
            tensor.to_qtensor()?
        } else {
            QTensor::quantize(&tensor.to_tensor()?, GgmlDType::F32)?
        };
        tensors.push((name.as_str(), stored));
        progress(done + 1, wanted.len());
    }

    let gguf = encode(&metadata(&config, hf_dir, options), &tensors)?;
    write(out_dir, folder::CONFIG, &config_json)?;
    write(out_dir, folder::TOKENIZER, &tokenizer_json)?;
    write(out_dir, folder::GGUF, &gguf)?;
    Ok(Report {
        tensors: tensors.len(),
        kept_f16,
        bytes_before: weights.size(),
        bytes_after: gguf.len() as u64,
    })
}

/// The metadata keys that llama.cpp writes for a BERT (gguf-py `constants.py`).
fn metadata(config: &Config, hf_dir: &Path, options: &Options) -> Vec<(&'static str, Value)> {
    let encoder = &config.encoder;
    let number = |n: usize| Value::U32(u32::try_from(n).unwrap_or(u32::MAX));
    let folder = std::path::absolute(hf_dir)
        .ok()
        .and_then(|dir| Some(dir.file_name()?.to_string_lossy().into_owned()));
    let name = options
        .name
        .clone()
        .or(folder)
        .unwrap_or_else(|| "bert".into());
    // `LLAMA_FTYPE` of llama.h.
    let file_type = match options.format {
        Format::F16 => 1,
        Format::Q4_0 => 2,
        Format::Q8_0 => 7,
    };
    let labels = config.labels.iter().cloned().map(Value::String).collect();
    let mut metadata = vec![
        ("general.architecture", Value::String("bert".into())),
        ("general.name", Value::String(name)),
        ("general.file_type", Value::U32(file_type)),
        ("general.quantization_version", Value::U32(2)),
        ("general.alignment", Value::U32(32)),
        ("bert.block_count", number(encoder.num_hidden_layers)),
        (
            "bert.context_length",
            number(encoder.max_position_embeddings),
        ),
        ("bert.embedding_length", number(encoder.hidden_size)),
        (
            "bert.feed_forward_length",
            number(encoder.intermediate_size),
        ),
        (
            "bert.attention.head_count",
            number(encoder.num_attention_heads),
        ),
        (
            "bert.attention.layer_norm_epsilon",
            Value::F32(encoder.layer_norm_eps as f32),
        ),
        ("bert.attention.causal", Value::Bool(false)),
        // LLAMA_POOLING_TYPE_RANK: a classification head on the pooled output.
        ("bert.pooling_type", Value::U32(4)),
        ("bert.classifier.output_labels", Value::Array(labels)),
    ];
    if let Some(license) = &options.license {
        metadata.push(("general.license", Value::String(license.clone())));
    }
    metadata
}

fn encode(metadata: &[(&str, Value)], tensors: &[(&str, QTensor)]) -> Result<Vec<u8>> {
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors
        .iter()
        .map(|(name, tensor)| (*name, tensor))
        .collect();
    let mut out = Cursor::new(Vec::new());
    gguf_file::write(&mut out, &metadata, &tensors)?;
    let mut gguf = out.into_inner();
    // candle writes version 2. Version 3 has the same layout for little-endian files, and is what current tools expect.
    if let Some(version) = gguf.get_mut(4..8) {
        version.copy_from_slice(&3u32.to_le_bytes());
    }
    Ok(gguf)
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = dir.join(name);
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&path, bytes))
        .map_err(|e| Error::Unwritable {
            file: path.display().to_string(),
            reason: e.to_string(),
        })
}
