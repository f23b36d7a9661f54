//! [`Precision`]: converts unquantized matrices while they are read.

use std::io::{Read, Seek};

use candle_core::quantized::{GgmlDType, QTensor};

use super::{Entry, RawTensor, Weights, byte_length};
use crate::Result;

/// Bytes of the file converted at a time; at least one row.
const CHUNK_BYTES: usize = 1 << 20;

/// In-memory precision of embeddings and matrices that a file stores unquantized (F32, F16 or BF16).
///
/// Norms, biases, the classifier and quantized tensors keep their stored type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Precision {
    /// As stored in the file
    Stored,
    /// 2 bytes per weight
    F16,
    /// 8 bits, with an f16 scale per block of 32, as in the browser; F16 where the row length is not a multiple of 32
    #[cfg_attr(feature = "cli", value(name = "q8_0"))]
    Q8_0,
    /// 4 bits, likewise
    #[cfg_attr(feature = "cli", value(name = "q4_0"))]
    Q4_0,
}

impl Precision {
    /// In-memory type of the tensor with the GGUF name `name`, stored as `stored`.
    pub(crate) fn dtype(self, name: &str, shape: &[usize], stored: GgmlDType) -> GgmlDType {
        let plain = stored.block_size() == 1;
        let wanted = match self {
            _ if !plain || !is_matrix(name, shape) => return stored,
            Self::Stored => return stored,
            Self::F16 => GgmlDType::F16,
            Self::Q8_0 => GgmlDType::Q8_0,
            Self::Q4_0 => GgmlDType::Q4_0,
        };
        match shape.last() {
            Some(k) if k.is_multiple_of(wanted.block_size()) => wanted,
            _ => GgmlDType::F16,
        }
    }
}

/// Whether a tensor is an embedding or a matrix of the encoder or pooler. The classifier is excluded and never
/// quantized: it is only a few rows, and every verdict depends on them.
pub(crate) fn is_matrix(name: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && !name.starts_with("cls.output")
}

impl<R: Read + Seek> Weights<R> {
    /// Reads an unquantized `[rows, k]` tensor and converts it to `dtype`, a chunk of rows at a time: a whole embedding
    /// in f32 takes a hundred megabytes, and WebAssembly memory never shrinks.
    pub(super) fn read_as(
        &mut self,
        name: String,
        entry: &Entry,
        shape: &[usize],
        dtype: GgmlDType,
    ) -> Result<RawTensor> {
        let malformed = |reason| crate::Error::Malformed {
            file: self.file.clone(),
            reason,
        };
        let (rows, k) = (shape.first().copied().unwrap_or(1), &shape[1..]);
        let row_bytes = byte_length(entry.dtype, k).map_err(malformed)?;
        let step = (CHUNK_BYTES / row_bytes.max(1)).max(1);
        let mut bytes = Vec::with_capacity(byte_length(dtype, shape).map_err(malformed)?);
        for first in (0..rows).step_by(step) {
            let count = step.min(rows - first);
            let chunk = RawTensor {
                name: name.clone(),
                dtype: entry.dtype,
                shape: [&[count], k].concat(),
                bytes: self
                    .read_bytes(entry.offset + (first * row_bytes) as u64, count * row_bytes)?,
            };
            chunk.check_finite(first * k.iter().product::<usize>())?;
            bytes.extend_from_slice(&QTensor::quantize(&chunk.to_tensor()?, dtype)?.data()?);
        }
        let tensor = RawTensor {
            name,
            dtype,
            shape: shape.to_vec(),
            bytes,
        };
        // f16 overflows above 65,504, also as a block's scale.
        tensor.check_finite(0)?;
        Ok(tensor)
    }
}
