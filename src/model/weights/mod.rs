//! Model files: GGUF and safetensors, read tensor by tensor through `Read + Seek`, so that a file need never be
//! in memory whole. Every count, length and offset is checked against the file's size before it is believed;
//! nothing is allocated that the file does not back with bytes.

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

/// Where a tensor lies in its file.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    dtype: GgmlDType,
    /// Outermost dimension first.
    shape: Vec<usize>,
    /// From the beginning of the file, in bytes.
    offset: u64,
    /// In bytes.
    length: usize,
}

/// Tensors of types that cannot be read, with their types.
type Foreign = BTreeMap<String, String>;

fn unsupported_type(tensor: &str, dtype: &str) -> Error {
    Error::Unsupported {
        what: "a tensor's type",
        found: format!("{dtype} ({tensor})"),
        supported: "F32, F16 and BF16 of safetensors",
    }
}

/// An open model file.
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

/// One tensor as its file stores it: row-major, in GGUF blocks along the innermost dimension.
#[derive(Debug, Clone)]
pub struct RawTensor {
    /// Its name in the file.
    pub name: String,
    /// F32, F16, BF16, Q8_0 or Q4_0.
    pub dtype: GgmlDType,
    /// Outermost dimension first.
    pub shape: Vec<usize>,
    /// Little-endian numbers or blocks.
    pub bytes: Vec<u8>,
}

impl<R: Read + Seek> Weights<R> {
    /// Reads the header of a GGUF (version 2 or 3) or safetensors file. `file` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is neither, is cut off, or holds numbers that cannot be true;
    /// [`Error::Unsupported`] for a GGUF of another architecture or a tensor of another type.
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
                "it begins like neither a GGUF nor a safetensors file".into(),
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

    /// The same file, whose matrices are rounded to `precision` when they are read.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Reads the tensor that GGUF calls `name`, under whichever name this file has it.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], or [`Error::Shape`] if its dimensions differ from `shape`;
    /// [`Error::NotFinite`] if it holds NaN or infinity.
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

    /// Bytes of a tensor, whose place was checked against the file's size when the header was read.
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
    /// The entry of the tensor that GGUF calls `name`, with its name in the file.
    fn find(&self, name: &str, shape: &[usize]) -> Result<(String, &Entry)> {
        let (own_name, entry) = self
            .entry(name)
            .ok_or_else(|| self.missing(name, self.hint(name)))?;
        // llama.cpp's converter used to leave out dimensions of one, as of a single token type.
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

    /// Why a tensor is indispensable, where that is not plain.
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

    /// The type in which the file has the tensor that GGUF calls `name`, if it has it.
    pub fn dtype(&self, name: &str) -> Option<GgmlDType> {
        self.entry(name).map(|(_, entry)| entry.dtype)
    }

    /// A string of the GGUF's metadata, such as `general.name`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Numbers in all tensors together.
    pub fn parameters(&self) -> u64 {
        self.entries
            .values()
            .map(|entry| entry.shape.iter().product::<usize>() as u64)
            .sum()
    }

    /// The type in which most numbers are stored.
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
    /// All numbers as f32, row-major.
    ///
    /// # Errors
    /// [`Error::Candle`] for a type candle does not dequantize; there is none among those a file may have.
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        Ok(match self.dtype {
            GgmlDType::F32 => self.words().map(f32::from_le_bytes).collect(),
            GgmlDType::F16 => self
                .words()
                .map(|b| f16::from_le_bytes(b).to_f32())
                .collect(),
            GgmlDType::BF16 => self
                .words()
                .map(|b| bf16::from_le_bytes(b).to_f32())
                .collect(),
            _ => self
                .to_qtensor()?
                .dequantize(&Device::Cpu)?
                .flatten_all()?
                .to_vec1()?,
        })
    }

    /// The same as a candle tensor.
    ///
    /// # Errors
    /// See [`Self::to_f32`].
    pub fn to_tensor(&self) -> Result<Tensor> {
        Ok(Tensor::from_vec(
            self.to_f32()?,
            self.shape.as_slice(),
            &Device::Cpu,
        )?)
    }

    /// The blocks as they are, in candle's hands.
    ///
    /// # Errors
    /// [`Error::Candle`] if the innermost dimension is no multiple of the block; files are refused for that earlier.
    pub fn to_qtensor(&self) -> Result<QTensor> {
        // candle wants the alignment of a block's f16 or an f32 number; every allocator gives at least 8 bytes.
        let storage = QStorage::from_data((&self.bytes).into(), &Device::Cpu, self.dtype)?;
        Ok(QTensor::new(storage, self.shape.as_slice())?)
    }

    fn words<const N: usize>(&self) -> impl Iterator<Item = [u8; N]> {
        self.bytes.as_chunks::<N>().0.iter().copied()
    }

    /// NaN and infinity can hide in plain numbers and in the scales of blocks (whose other bytes are integers). `first`
    /// is what the first number is counted as.
    fn check_finite(&self, first: usize) -> Result<()> {
        // Q8_0 and Q4_0 blocks begin with their scale, an f16 (ggml-common.h).
        let bad = match self.dtype {
            GgmlDType::F32 => first_bad(self.words().map(f32::from_le_bytes)),
            GgmlDType::F16 => first_bad(self.words().map(|b| f16::from_le_bytes(b).to_f32())),
            GgmlDType::BF16 => first_bad(self.words().map(|b| bf16::from_le_bytes(b).to_f32())),
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

/// The first that is NaN or infinite. Generic, so that each type gets a loop without calls.
fn first_bad(numbers: impl Iterator<Item = f32>) -> Option<(usize, f32)> {
    numbers.enumerate().find(|(_, x)| !x.is_finite())
}

/// Bytes that a tensor of this type and shape takes, or why there is no such tensor.
fn byte_length(dtype: GgmlDType, shape: &[usize]) -> Result<usize, String> {
    let block = dtype.block_size();
    let innermost = shape.last().copied().unwrap_or(1);
    if !innermost.is_multiple_of(block) {
        return Err(format!(
            "its rows of {innermost} numbers are not made of whole {dtype:?} blocks of {block}"
        ));
    }
    shape
        .iter()
        .try_fold(1usize, |product, &dim| product.checked_mul(dim))
        .and_then(|elements| (elements / block).checked_mul(dtype.type_size()))
        .ok_or_else(|| format!("its dimensions {shape:?} are too large"))
}
