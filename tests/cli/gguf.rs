//! Parses and reassembles a GGUF file, so that tests can modify single fields.
//! Specification: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

/// Default of `general.alignment`.
const ALIGNMENT: usize = 32;

/// Metadata value types.
pub(crate) const U32: u32 = 4;
pub(crate) const STRING: u32 = 8;
pub(crate) const ARRAY: u32 = 9;

#[derive(Clone)]
pub(crate) struct Gguf {
    pub(crate) version: u32,
    /// Overrides of the real counts.
    pub(crate) tensor_count: Option<u64>,
    pub(crate) metadata_count: Option<u64>,
    pub(crate) metadata: Vec<Metadata>,
    pub(crate) tensors: Vec<Tensor>,
    /// The data after the header's padding; tensor offsets are relative to its start.
    pub(crate) data: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Metadata {
    pub(crate) key: String,
    pub(crate) kind: u32,
    /// The encoded value, lengths included.
    pub(crate) value: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// Innermost dimension first.
    pub(crate) dims: Vec<u64>,
    pub(crate) kind: u32,
    pub(crate) offset: u64,
}

struct Cursor<'a>(&'a [u8], usize);

impl Cursor<'_> {
    fn take(&mut self, length: usize) -> Vec<u8> {
        self.1 += length;
        self.0[self.1 - length..self.1].to_vec()
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
    fn string(&mut self) -> String {
        let length = self.u64() as usize;
        String::from_utf8(self.take(length)).unwrap()
    }
    fn skip_value(&mut self, kind: u32) {
        match kind {
            0 | 1 | 7 => self.1 += 1,
            2 | 3 => self.1 += 2,
            4..=6 => self.1 += 4,
            10..=12 => self.1 += 8,
            STRING => {
                self.string();
            }
            ARRAY => {
                let kind = self.u32();
                for _ in 0..self.u64() {
                    self.skip_value(kind);
                }
            }
            _ => panic!("metadata type {kind}"),
        }
    }
}

impl Gguf {
    /// Parses a valid file.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut cursor = Cursor(bytes, 0);
        assert_eq!(cursor.take(4), b"GGUF");
        let version = cursor.u32();
        let (tensors, metadata) = (cursor.u64(), cursor.u64());
        let metadata = (0..metadata)
            .map(|_| {
                let key = cursor.string();
                let kind = cursor.u32();
                let start = cursor.1;
                cursor.skip_value(kind);
                Metadata {
                    key,
                    kind,
                    value: bytes[start..cursor.1].to_vec(),
                }
            })
            .collect();
        let tensors = (0..tensors)
            .map(|_| {
                let name = cursor.string();
                let dims = cursor.u32();
                Tensor {
                    name,
                    dims: (0..dims).map(|_| cursor.u64()).collect(),
                    kind: cursor.u32(),
                    offset: cursor.u64(),
                }
            })
            .collect();
        let data = bytes[cursor.1.next_multiple_of(ALIGNMENT)..].to_vec();
        Self {
            version,
            tensor_count: None,
            metadata_count: None,
            metadata,
            tensors,
            data,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.header();
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend(&self.data);
        out
    }

    fn header(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend(
            self.tensor_count
                .unwrap_or(self.tensors.len() as u64)
                .to_le_bytes(),
        );
        out.extend(
            self.metadata_count
                .unwrap_or(self.metadata.len() as u64)
                .to_le_bytes(),
        );
        for entry in &self.metadata {
            out.extend(string(&entry.key));
            out.extend(entry.kind.to_le_bytes());
            out.extend(&entry.value);
        }
        for tensor in &self.tensors {
            out.extend(string(&tensor.name));
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor
                .dims
                .iter()
                .for_each(|dim| out.extend(dim.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset.to_le_bytes());
        }
        out
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|t| t.name == name).unwrap()
    }

    /// Sets a metadata value, as the first in the file.
    pub(crate) fn set(&mut self, key: &str, kind: u32, value: Vec<u8>) {
        self.metadata.retain(|entry| entry.key != key);
        self.metadata.insert(
            0,
            Metadata {
                key: key.into(),
                kind,
                value,
            },
        );
    }

    /// Overwrites bytes of a tensor's data.
    pub(crate) fn poke(&mut self, name: &str, at: usize, bytes: &[u8]) {
        let start = self.tensor(name).offset as usize + at;
        self.data[start..start + bytes.len()].copy_from_slice(bytes);
    }
}

/// An encoded GGUF string.
pub(crate) fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}
