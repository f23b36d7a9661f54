//! Parser of a safetensors file's header. Specification: <https://github.com/huggingface/safetensors#format>.

use std::collections::BTreeMap;
use std::io::Read;

use ::safetensors::Dtype;
use ::safetensors::tensor::Metadata;
use candle_core::quantized::GgmlDType;

use super::{Entry, Foreign, byte_length};
use crate::{Error, Result};

/// Size of the header's length field, which precedes it.
const PREFIX: u64 = 8;

/// Reads the header. The `safetensors` crate parses its JSON; byte ranges are checked here. Tensors of unsupported types
/// are returned by name only, since a model may not need them (`position_ids` is I64).
pub(super) fn read(
    reader: &mut impl Read,
    size: u64,
    file: &str,
) -> Result<(BTreeMap<String, Entry>, Foreign)> {
    let malformed = |reason: String| Error::Malformed {
        file: file.to_owned(),
        reason,
    };
    let io = |e: std::io::Error| Error::Unreachable {
        file: file.to_owned(),
        reason: e.to_string(),
    };
    let mut length = [0; PREFIX as usize];
    reader.read_exact(&mut length).map_err(io)?;
    let length = u64::from_le_bytes(length);
    if length > size.saturating_sub(PREFIX) {
        return Err(malformed(format!(
            "its header should be {length} bytes long, but the file has {size}"
        )));
    }
    let data = PREFIX + length;
    let mut json = Vec::new();
    reader.take(length).read_to_end(&mut json).map_err(io)?;
    let header: Metadata = serde_json::from_slice(&json).map_err(|e| {
        unknown_type(&json).unwrap_or_else(|| malformed(format!("its header: {e}")))
    })?;

    let mut foreign = Foreign::new();
    let mut entries = BTreeMap::new();
    for (name, info) in header.tensors() {
        let dtype = match info.dtype {
            Dtype::F32 => GgmlDType::F32,
            Dtype::F16 => GgmlDType::F16,
            Dtype::BF16 => GgmlDType::BF16,
            other => {
                foreign.insert(name, format!("{other:?}"));
                continue;
            }
        };
        let expected = byte_length(dtype, &info.shape)
            .map_err(|reason| malformed(format!("tensor {name}: {reason}")))?;
        let (start, end) = info.data_offsets;
        if end.checked_sub(start) != Some(expected) || end as u64 > size - data {
            return Err(malformed(format!(
                "tensor {name} has shape {:?} of {dtype:?}, which does not fit bytes {start} to {end} of {} bytes of data",
                info.shape,
                size - data
            )));
        }
        let entry = Entry {
            dtype,
            shape: info.shape.clone(),
            offset: data + start as u64,
            length: expected,
        };
        entries.insert(name, entry);
    }
    Ok((entries, foreign))
}

/// The first tensor of a type unknown to the crate, for a clearer message than the crate's JSON error.
fn unknown_type(json: &[u8]) -> Option<Error> {
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json).ok()?;
    header.iter().find_map(|(name, tensor)| {
        let dtype = &tensor["dtype"];
        let unknown = dtype.is_string() && serde_json::from_value::<Dtype>(dtype.clone()).is_err();
        unknown.then(|| super::unsupported_type(name, dtype.as_str().unwrap_or_default()))
    })
}
