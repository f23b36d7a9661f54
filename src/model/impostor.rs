//! What is often found in a file's place: the page of an error, the pointer of Git LFS, or another format.

use crate::{Error, Result};

/// Enough bytes of a file to tell.
pub(crate) const BYTES: usize = 64;

/// Refuses a file that begins like something else than a model's file, by the name of what it is.
///
/// # Errors
/// [`Error::Malformed`] for a page, [`Error::Unsupported`] for what another download would not change.
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
    // PyTorch's ZIP, the bare pickle before it, and TensorFlow's HDF5.
    let found = if start.starts_with(b"PK\x03\x04") || matches!(start, [0x80, 2..=5, ..]) {
        "a Python pickle"
    } else if start.starts_with(b"\x89HDF") {
        "an HDF5 file of TensorFlow"
    } else if start.starts_with(b"\x1f\x8b\x08") {
        "a gzip archive"
    } else {
        return Ok(());
    };
    // A safetensors file begins with its header's length, which may look like anything.
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
