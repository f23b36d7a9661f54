//! Parser of a GGUF file's header. Specification: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//!
//! candle has a parser too, but version 0.11.1 divides by an alignment of zero, truncates 64-bit dimensions to the
//! 32 bits of WebAssembly, and stores every metadata array at 32 bytes per element. This one validates every value
//! before it is used.

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Seek};

use candle_core::quantized::GgmlDType;

use super::{Entry, byte_length};
use crate::{Error, Result};

/// Most tensors and most metadata entries. A BERT has a few hundred.
const MAX_ENTRIES: u64 = 1 << 16;
/// `GGML_MAX_NAME`, in bytes.
const MAX_NAME: usize = 64;
/// `GGML_MAX_DIMS`.
const MAX_DIMS: u32 = 4;
/// The specification allows nested arrays, though no known model has them.
const MAX_DEPTH: u32 = 4;

pub(super) struct Header {
    pub(super) entries: BTreeMap<String, Entry>,
    /// String values only; the others are in `config.json` too.
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads the magic, the metadata and the tensor infos; leaves the reader at the end of the header.
pub(super) fn read<R: BufRead + Seek>(reader: &mut R, size: u64, file: &str) -> Result<Header> {
    let mut cursor = Cursor {
        reader,
        position: 0,
        size,
        file,
    };
    cursor.take::<4>("the magic")?;
    let version = cursor.u32("the version")?;
    if !(2..=3).contains(&version) {
        return Err(cursor.unsupported("the GGUF version", version, "version 2 or 3"));
    }
    let tensor_count = cursor.count("tensors")?;
    let metadata_count = cursor.count("metadata entries")?;

    let mut metadata = BTreeMap::new();
    let mut alignment = 32;
    for _ in 0..metadata_count {
        let key = cursor.string("a metadata key")?;
        match cursor.value(0)? {
            Some(Value::String(value)) => {
                metadata.insert(key, value);
            }
            Some(Value::Integer(value)) if key == "general.alignment" => alignment = value,
            _ => {}
        }
    }
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(cursor.malformed(format!(
            "its alignment is {alignment}, not a power of two of at most 2^20"
        )));
    }
    if let Some(architecture) = metadata.get("general.architecture")
        && architecture != "bert"
    {
        return Err(cursor.unsupported("general.architecture", architecture, "bert"));
    }

    let mut entries = BTreeMap::new();
    for _ in 0..tensor_count {
        let (name, entry) = cursor.tensor()?;
        if entries.insert(name.clone(), entry).is_some() {
            return Err(cursor.malformed(format!("it has two tensors {name}")));
        }
    }

    let data = cursor.position.next_multiple_of(alignment);
    // Tensors may not overlap: otherwise a small file could declare the same bytes for hundreds of layers, and each
    // would be read into memory.
    let mut room = size.saturating_sub(data);
    for (name, entry) in &mut entries {
        let end = data
            .checked_add(entry.offset)
            .and_then(|start| start.checked_add(entry.length as u64));
        match end {
            Some(end) if end <= size => entry.offset += data,
            _ => {
                return Err(cursor.malformed(format!(
                    "tensor {name} has offset {} and length {}, but the file ends at {size}",
                    entry.offset, entry.length
                )));
            }
        }
        room = room.checked_sub(entry.length as u64).ok_or_else(|| {
            cursor.malformed("its tensors together are longer than the file".into())
        })?;
    }
    Ok(Header { entries, metadata })
}

/// A metadata value of a type that is used.
enum Value {
    String(String),
    Integer(u64),
}

struct Cursor<'a, R> {
    reader: &'a mut R,
    position: u64,
    size: u64,
    file: &'a str,
}

impl<R: Read + Seek> Cursor<'_, R> {
    fn take<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        self.require(N as u64, what)?;
        let mut bytes = [0; N];
        self.reader
            .read_exact(&mut bytes)
            .map_err(|e| self.unreachable(&e))?;
        self.position += N as u64;
        Ok(bytes)
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        self.take(what).map(u32::from_le_bytes)
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        self.take(what).map(u64::from_le_bytes)
    }

    /// The number of entries that follow.
    fn count(&mut self, what: &str) -> Result<u64> {
        let count = self.u64(what)?;
        if count > MAX_ENTRIES {
            return Err(self.malformed(format!("it declares {count} {what}")));
        }
        Ok(count)
    }

    fn string(&mut self, what: &str) -> Result<String> {
        let length = self.u64(what)?;
        self.require(length, what)?;
        // `size` may be what a server claims, so memory is allocated for bytes received, not for the declared length.
        let mut bytes = Vec::new();
        let read = (&mut *self.reader)
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(|e| self.unreachable(&e))?;
        if (read as u64) < length {
            return Err(self.unreachable(&std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.position += length;
        String::from_utf8(bytes).map_err(|_| self.malformed(format!("{what} is not UTF-8")))
    }

    fn skip(&mut self, length: Option<u64>, what: &str) -> Result<()> {
        let length = length.unwrap_or(u64::MAX);
        self.require(length, what)?;
        // The cast is lossless: `require` bounds the length by the file's size.
        self.reader
            .seek_relative(length as i64)
            .map_err(|e| self.unreachable(&e))?;
        self.position += length;
        Ok(())
    }

    /// Reads a metadata value. Arrays and floats are skipped.
    fn value(&mut self, depth: u32) -> Result<Option<Value>> {
        let kind = self.u32("a metadata type")?;
        self.value_of(kind, depth)
    }

    fn value_of(&mut self, kind: u32, depth: u32) -> Result<Option<Value>> {
        const WHAT: &str = "a metadata value";
        Ok(match kind {
            0 => Some(Value::Integer(u64::from(self.take::<1>(WHAT)?[0]))),
            2 => Some(Value::Integer(u64::from(
                self.take(WHAT).map(u16::from_le_bytes)?,
            ))),
            4 => Some(Value::Integer(u64::from(self.u32(WHAT)?))),
            10 => Some(Value::Integer(self.u64(WHAT)?)),
            8 => Some(Value::String(self.string(WHAT)?)),
            9 => {
                if depth == MAX_DEPTH {
                    return Err(self.malformed("its metadata nests arrays too deeply".into()));
                }
                let element = self.u32("an array's type")?;
                let count = self.u64("an array's length")?;
                match fixed_size(element) {
                    Some(size) => self.skip(count.checked_mul(size), "a metadata array")?,
                    None => {
                        for _ in 0..count {
                            self.skip_variable(element, depth + 1)?;
                        }
                    }
                }
                None
            }
            _ => match fixed_size(kind) {
                Some(size) => {
                    self.skip(Some(size), WHAT)?;
                    None
                }
                None => {
                    return Err(
                        self.malformed(format!("a metadata value has the unknown type {kind}"))
                    );
                }
            },
        })
    }

    /// Skips an array element of variable size. Each takes at least eight bytes, so a wrong count soon reaches the end of
    /// the file.
    fn skip_variable(&mut self, kind: u32, depth: u32) -> Result<()> {
        if kind == 8 {
            let length = self.u64("a string")?;
            self.skip(Some(length), "a string")
        } else {
            self.value_of(kind, depth).map(|_| ())
        }
    }

    fn tensor(&mut self) -> Result<(String, Entry)> {
        let name = self.string("a tensor's name")?;
        // The name appears in error messages.
        if name.len() > MAX_NAME || name.contains(char::is_control) {
            return Err(self.malformed(format!(
                "the bytes before {} are not a tensor's name",
                self.position
            )));
        }
        let dims = self.u32("a tensor's dimensions")?;
        if dims > MAX_DIMS {
            return Err(self.malformed(format!("tensor {name} has {dims} dimensions")));
        }
        let mut shape = Vec::with_capacity(dims as usize);
        for _ in 0..dims {
            let dim = self.u64("a tensor's dimensions")?;
            shape.push(usize::try_from(dim).map_err(|_| self.too_large(dim, &name))?);
        }
        // GGUF stores the innermost dimension first.
        shape.reverse();
        let dtype = match self.u32("a tensor's type")? {
            0 => GgmlDType::F32,
            1 => GgmlDType::F16,
            2 => GgmlDType::Q4_0,
            8 => GgmlDType::Q8_0,
            30 => GgmlDType::BF16,
            other => {
                return Err(self.unsupported(
                    "a tensor's type",
                    format!("{} ({name})", type_name(other)),
                    "F32, F16, BF16, Q8_0 and Q4_0",
                ));
            }
        };
        let offset = self.u64("a tensor's offset")?;
        let length = byte_length(dtype, &shape)
            .map_err(|reason| self.malformed(format!("tensor {name}: {reason}")))?;
        Ok((
            name,
            Entry {
                dtype,
                shape,
                offset,
                length,
            },
        ))
    }

    /// Checks that at least `length` more bytes are in the file.
    fn require(&self, length: u64, what: &str) -> Result<()> {
        let remaining = self.size - self.position;
        if length > remaining {
            return Err(self.malformed(format!(
                "at byte {} {what} needs {length} bytes, but only {remaining} are left",
                self.position
            )));
        }
        Ok(())
    }

    fn malformed(&self, reason: String) -> Error {
        Error::Malformed {
            file: self.file.to_owned(),
            reason,
        }
    }

    fn too_large(&self, number: u64, what: &str) -> Error {
        self.malformed(format!("{what} has a dimension or length of {number}"))
    }

    fn unsupported(
        &self,
        what: &'static str,
        found: impl ToString,
        supported: &'static str,
    ) -> Error {
        Error::Unsupported {
            what,
            found: found.to_string(),
            supported,
        }
    }

    fn unreachable(&self, error: &std::io::Error) -> Error {
        Error::Unreachable {
            file: self.file.to_owned(),
            reason: error.to_string(),
        }
    }
}

/// ggml's name of an unsupported type. They do occur: llama-quantize stores the embeddings of a Q4_0 file as Q6_K.
fn type_name(number: u32) -> String {
    let name = match number {
        28 => "F64",
        24 => "I8",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        _ => return format!("ggml type {number}"),
    };
    name.into()
}

/// Size in bytes of a metadata value, for the types of fixed size.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
