//! Detects files that are not what their name says: an HTML error page, a Git LFS pointer, or another format.

use crate::{Error, Result};

/// Length of the prefix that is enough to detect them.
pub(crate) const BYTES: usize = 64;

/// Rejects a file whose first bytes, `start`, show that it is not a model file; the error names what it is.
///
/// # Errors
/// [`Error::Malformed`] for an HTML page, which another download may fix; [`Error::Unsupported`] for the rest.
pub(crate) fn refuse(start: &[u8], file: &str) -> Result<()> {
    let text = start.trim_ascii_start();
    if text.first() == Some(&b'<') {
        return Err(Error::Malformed {
            file: file.to_owned(),
            reason: "it is an HTML page; check the address".into(),
        });
    }
    if text.starts_with(b"version https://") && contains(text, b"git-lfs") {
        return Err(Error::Unsupported {
            what: "one of its files",
            found: format!("a Git LFS pointer ({file})"),
            supported: "the file that it points to, which git lfs pull fetches,",
        });
    }
    // PyTorch's ZIP container, its older bare pickle, and TensorFlow's HDF5.
    let found = if start.starts_with(b"PK\x03\x04") || matches!(start, [0x80, 2..=5, ..]) {
        "a Python pickle"
    } else if start.starts_with(b"\x89HDF") {
        "an HDF5 file of TensorFlow"
    } else if start.starts_with(b"\x1f\x8b\x08") {
        "a gzip archive"
    } else {
        return Ok(());
    };
    // A safetensors file starts with its header's length, which can coincide with any of these signatures.
    if start.get(8) == Some(&b'{') {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: "one of its files",
        found: format!("{found} ({file})"),
        supported: "JSON, GGUF and safetensors (which save_pretrained of transformers writes)",
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::refuse;

    #[test]
    fn impostors_are_named() {
        for (start, expected) in [
            (b"\n<!doctype html>".as_slice(), "HTML"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "LFS"),
            (b"PK\x03\x04\0\0\0\0archive", "pickle"),
            (b"\x80\x02\x8a\nl\xfc\x9cF\xf9", "pickle"),
            (b"\x89HDF\r\n\x1a\n", "HDF5"),
        ] {
            let message = refuse(start, "some.file").unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(message.contains("some.file"), "{message}");
        }
        assert!(refuse(b"\x80\x02\0\0\0\0\0\0{\"a\"", "x").is_ok());
        assert!(refuse(b"{}", "x").is_ok());
    }
}
