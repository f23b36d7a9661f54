//! Unquantized matrices, quantized while they are read.

use std::io::{Read, Seek};

use candle_core::quantized::{GgmlDType, QTensor};

use super::{Entry, RawTensor, Weights, byte_length};
use crate::Result;

/// Bytes of the file that are converted at a time, unless a single row is longer.
const CHUNK_BYTES: usize = 1 << 20;

/// In-memory precision of embeddings and matrices that a file stores unquantized (F32, F16 or BF16).
///
/// Norms, biases and the classifier keep theirs, and so does what the file has quantized already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Precision {
    /// As the file has them
    Stored,
    /// 2 bytes a number
    F16,
    /// 8 bits, and an f16 scale for each 32 numbers of a row, as a page does; F16 where rows are not made of whole blocks
    #[cfg_attr(feature = "cli", value(name = "q8_0"))]
    Q8_0,
    /// 4 bits, likewise
    #[cfg_attr(feature = "cli", value(name = "q4_0"))]
    Q4_0,
}

impl Precision {
    /// The type in which the tensor that GGUF calls `name` is held, of a file that has it as `stored`.
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

/// Whether a tensor is an embedding or a matrix of the encoder. The classifier's is not counted among them: a few rows
/// that decide everything, where nothing is gained by rounding.
pub(crate) fn is_matrix(name: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && !name.starts_with("cls.output")
}

impl<R: Read + Seek> Weights<R> {
    /// Reads a `[rows, k]` tensor stored unquantized as `dtype`, a chunk of rows at a time: an embedding in f32 takes
    /// a hundred megabytes, which WebAssembly would never give back.
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
        // An f16 ends at 65,504, scales included.
        tensor.check_finite(0)?;
        Ok(tensor)
    }
}
