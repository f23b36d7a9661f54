//! Weights files: GGUF and safetensors, read tensor by tensor through `Read + Seek`, so that a file need not fit in
//! memory. Every count, length and offset is checked against the file's size before it is used, and no allocation is
//! larger than the bytes that back it.

mod check;
mod gguf;
mod names;
mod precision;
mod safetensors;

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use half::{bf16, f16};

use crate::model::config::Architecture;
use crate::model::impostor;
use crate::{Error, Result};
use names::Names;

pub use names::expected_tensors;
pub use precision::Precision;
pub(crate) use precision::is_matrix;

/// A tensor's type, shape and location in its file.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    dtype: GgmlDType,
    /// Outermost dimension first.
    shape: Vec<usize>,
    /// From the start of the file, in bytes.
    offset: u64,
    /// In bytes.
    length: usize,
}

/// Tensors of unsupported types: the type by name.
type Foreign = BTreeMap<String, String>;

fn unsupported_type(tensor: &str, dtype: &str) -> Error {
    Error::Unsupported {
        what: "a tensor's type",
        found: format!("{dtype} ({tensor})"),
        supported: "F32, F16 and BF16 of safetensors",
    }
}

/// An open weights file.
pub struct Weights<R> {
    file: String,
    size: u64,
    reader: BufReader<R>,
    entries: BTreeMap<String, Entry>,
    foreign: Foreign,
    names: Names,
    metadata: BTreeMap<String, String>,
    precision: Precision,
}

/// One tensor as stored in its file: row-major, in GGUF blocks along the innermost dimension.
#[derive(Debug, Clone)]
pub struct RawTensor {
    /// Its name in the file.
    pub name: String,
    /// F32, F16, BF16, Q8_0 or Q4_0.
    pub dtype: GgmlDType,
    /// Outermost dimension first.
    pub shape: Vec<usize>,
    /// Little-endian elements or blocks.
    pub bytes: Vec<u8>,
}

impl<R: Read + Seek> Weights<R> {
    /// Reads the header of a GGUF (version 2 or 3) or safetensors file. `file` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is neither, is truncated, or has inconsistent offsets or lengths;
    /// [`Error::Unsupported`] for a GGUF of another architecture, or with a tensor of an unsupported type;
    /// [`Error::Unreachable`] if it cannot be read.
    pub fn open(reader: R, file: &str, architecture: Architecture) -> Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let io = |e: std::io::Error| Error::Unreachable {
            file: file.to_owned(),
            reason: e.to_string(),
        };
        let size = reader.seek(SeekFrom::End(0)).map_err(io)?;
        reader.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut magic = Vec::with_capacity(impostor::BYTES);
        (&mut reader)
            .take(impostor::BYTES as u64)
            .read_to_end(&mut magic)
            .map_err(io)?;
        reader.seek(SeekFrom::Start(0)).map_err(io)?;

        let malformed = |reason: String| Error::Malformed {
            file: file.to_owned(),
            reason,
        };
        impostor::refuse(&magic, file)?;
        let (entries, foreign, metadata, names) = if magic.starts_with(b"GGUF") {
            let header = gguf::read(&mut reader, size, file)?;
            (
                header.entries,
                Foreign::new(),
                header.metadata,
                Names::gguf(),
            )
        } else if magic.get(8) == Some(&b'{') {
            let (entries, foreign) = safetensors::read(&mut reader, size, file)?;
            let names = Names::hugging_face(architecture, &entries, &foreign);
            (entries, foreign, BTreeMap::new(), names)
        } else if magic.is_empty() {
            return Err(malformed("it is empty".into()));
        } else {
            return Err(malformed(
                "it is neither a GGUF nor a safetensors file".into(),
            ));
        };
        Ok(Self {
            file: file.to_owned(),
            size,
            reader,
            entries,
            foreign,
            names,
            metadata,
            precision: Precision::Stored,
        })
    }

    /// The same file; [`Self::read`] converts unquantized matrices to `precision`.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Reads a tensor. `name` is its GGUF name, which is translated to the naming scheme of this file.
    ///
    /// # Errors
    /// [`Error::MissingTensor`]; [`Error::Unsupported`] for an unsupported type; [`Error::Shape`] if its shape is not
    /// `shape`; [`Error::NotFinite`] if it holds NaN or infinity; [`Error::Unreachable`] if it cannot be read.
    pub fn read(&mut self, name: &str, shape: &[usize]) -> Result<RawTensor> {
        let (own_name, entry) = self.find(name, shape)?;
        let entry = entry.clone();
        let dtype = self.precision.dtype(name, shape, entry.dtype);
        if dtype != entry.dtype {
            return self.read_as(own_name, &entry, shape, dtype);
        }
        let tensor = RawTensor {
            name: own_name,
            dtype,
            shape: shape.to_vec(),
            bytes: self.read_bytes(entry.offset, entry.length)?,
        };
        tensor.check_finite(0)?;
        Ok(tensor)
    }

    /// Reads a tensor's bytes. Its range was checked against the file's size when the header was read.
    fn read_bytes(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.reader.read_exact(&mut bytes))
            .map_err(|e| Error::Unreachable {
                file: self.file.clone(),
                reason: e.to_string(),
            })?;
        Ok(bytes)
    }
}

impl<R> Weights<R> {
    /// The entry of the tensor with the GGUF name `name`, and its name in the file.
    fn find(&self, name: &str, shape: &[usize]) -> Result<(String, &Entry)> {
        let (own_name, entry) = self
            .entry(name)
            .ok_or_else(|| self.missing(name, self.hint(name)))?;
        // Older versions of llama.cpp's converter drop dimensions of 1, as of a single token type.
        let without_ones = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect();
        let (found, expected): (Vec<_>, Vec<_>) = (without_ones(&entry.shape), without_ones(shape));
        if found != expected {
            return Err(Error::Shape {
                tensor: own_name,
                expected: shape.to_vec(),
                found: entry.shape.clone(),
            });
        }
        Ok((own_name, entry))
    }

    fn entry(&self, name: &str) -> Option<(String, &Entry)> {
        let own_name = |own: String| self.entries.get(&own).map(|entry| (own, entry));
        self.names.of(name).into_iter().find_map(own_name)
    }

    fn missing(&self, name: &str, hint: &'static str) -> Error {
        let names = self.names.of(name);
        let foreign = names.iter().find_map(|own| self.foreign.get_key_value(own));
        if let Some((tensor, dtype)) = foreign {
            return unsupported_type(tensor, dtype);
        }
        Error::MissingTensor {
            file: self.file.clone(),
            tensor: names.into_iter().next().unwrap_or_else(|| name.to_owned()),
            hint,
        }
    }

    /// Why a tensor is required, where that is not obvious.
    fn hint(&self, name: &str) -> &'static str {
        let is_gguf = matches!(self.names, Names::Gguf);
        if name.starts_with("cls.output") {
            names::NO_HEAD
        } else if name.starts_with("cls.") {
            if is_gguf {
                names::NO_POOLER_GGUF
            } else {
                names::NO_POOLER
            }
        } else if is_gguf
            && self
                .entries
                .contains_key(&name.replace(".attn_q.", ".attn_qkv."))
        {
            names::FUSED
        } else {
            ""
        }
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The stored type of the tensor with the GGUF name `name`, if the file has it.
    pub fn dtype(&self, name: &str) -> Option<GgmlDType> {
        self.entry(name).map(|(_, entry)| entry.dtype)
    }

    /// A string of the GGUF's metadata, such as `general.name`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Number of parameters: the elements of all tensors.
    pub fn parameters(&self) -> u64 {
        self.entries
            .values()
            .map(|entry| entry.shape.iter().product::<usize>() as u64)
            .sum()
    }

    /// The type in which most parameters are stored.
    pub fn main_dtype(&self) -> GgmlDType {
        let mut counts: Vec<(GgmlDType, usize)> = Vec::new();
        for entry in self.entries.values() {
            let elements = entry.shape.iter().product::<usize>();
            match counts.iter_mut().find(|(dtype, _)| *dtype == entry.dtype) {
                Some((_, count)) => *count += elements,
                None => counts.push((entry.dtype, elements)),
            }
        }
        counts
            .into_iter()
            .max_by_key(|&(_, count)| count)
            .map_or(GgmlDType::F32, |(dtype, _)| dtype)
    }
}

impl RawTensor {
    /// All elements as f32, row-major.
    ///
    /// # Errors
    /// [`Error::Candle`] for a type that candle cannot dequantize; none of the supported ones.
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        Ok(match self.dtype {
            GgmlDType::F32 => self.elements().map(f32::from_le_bytes).collect(),
            GgmlDType::F16 => self
                .elements()
                .map(|b| f16::from_le_bytes(b).to_f32())
                .collect(),
            GgmlDType::BF16 => self
                .elements()
                .map(|b| bf16::from_le_bytes(b).to_f32())
                .collect(),
            _ => self
                .to_qtensor()?
                .dequantize(&Device::Cpu)?
                .flatten_all()?
                .to_vec1()?,
        })
    }

    /// The dequantized f32 tensor, of the same shape.
    ///
    /// # Errors
    /// Those of [`Self::to_f32`].
    pub fn to_tensor(&self) -> Result<Tensor> {
        Ok(Tensor::from_vec(
            self.to_f32()?,
            self.shape.as_slice(),
            &Device::Cpu,
        )?)
    }

    /// The tensor in its stored type, as a candle `QTensor`.
    ///
    /// # Errors
    /// [`Error::Candle`] if the innermost dimension is not a multiple of the block size, which [`Weights::open`] rejects.
    pub fn to_qtensor(&self) -> Result<QTensor> {
        // candle needs the alignment of f16 or f32; every allocator guarantees at least 8 bytes.
        let storage = QStorage::from_data((&self.bytes).into(), &Device::Cpu, self.dtype)?;
        Ok(QTensor::new(storage, self.shape.as_slice())?)
    }

    fn elements<const N: usize>(&self) -> impl Iterator<Item = [u8; N]> {
        self.bytes.as_chunks::<N>().0.iter().copied()
    }

    /// Checks unquantized elements and the scales of blocks (whose other bytes are integers) for NaN and infinity.
    /// `first` is the index of the first element, for messages.
    fn check_finite(&self, first: usize) -> Result<()> {
        // Q8_0 and Q4_0 blocks begin with their scale, an f16 (ggml-common.h).
        let bad = match self.dtype {
            GgmlDType::F32 => first_bad(self.elements().map(f32::from_le_bytes)),
            GgmlDType::F16 => first_bad(self.elements().map(|b| f16::from_le_bytes(b).to_f32())),
            GgmlDType::BF16 => first_bad(self.elements().map(|b| bf16::from_le_bytes(b).to_f32())),
            _ => first_bad(
                self.bytes
                    .chunks_exact(self.dtype.type_size())
                    .map(|block| f16::from_le_bytes([block[0], block[1]]).to_f32()),
            ),
        };
        match bad {
            None => Ok(()),
            Some((index, found)) => Err(Error::NotFinite {
                tensor: self.name.clone(),
                index: first + index,
                found,
            }),
        }
    }
}

/// The first NaN or infinity. Generic, so that the loop is inlined for each type.
fn first_bad(numbers: impl Iterator<Item = f32>) -> Option<(usize, f32)> {
    numbers.enumerate().find(|(_, x)| !x.is_finite())
}

/// Size in bytes of a tensor, or why its type and shape are invalid.
fn byte_length(dtype: GgmlDType, shape: &[usize]) -> Result<usize, String> {
    let block = dtype.block_size();
    let innermost = shape.last().copied().unwrap_or(1);
    if !innermost.is_multiple_of(block) {
        return Err(format!(
            "its row length {innermost} is not a multiple of the {dtype:?} block size {block}"
        ));
    }
    shape
        .iter()
        .try_fold(1usize, |product, &dim| product.checked_mul(dim))
        .and_then(|elements| (elements / block).checked_mul(dtype.type_size()))
        .ok_or_else(|| format!("its dimensions {shape:?} are too large"))
}
