//! How a file is laid out.

use encoding_rs::{Encoding, UTF_8};

use crate::types::table::{Format, Layout};

impl Layout {
    /// The encoding.
    pub fn encoding(&self) -> &'static Encoding {
        Encoding::for_label(self.encoding.as_bytes()).unwrap_or(UTF_8)
    }

    pub(super) fn of(format: Format) -> Self {
        Self {
            format,
            encoding: UTF_8.name().to_owned(),
            has_bom: false,
            has_header: false,
        }
    }
}
