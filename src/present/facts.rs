//! What was found, in words: for the command line and the page.

use super::format::{megabytes, millions};
use crate::types::Preflight;

/// Terms and what is said of them.
pub type Facts = Vec<(&'static str, String)>;

/// Everything that is known, the kind of model first.
pub fn facts(found: &Preflight) -> Facts {
    let holds = if found.multi_label {
        "multi-label"
    } else {
        "single-label"
    };
    let mut rows = vec![
        (
            "architecture",
            format!(
                "{}, {} layer{} of {}",
                found.architecture,
                found.layers,
                if found.layers == 1 { "" } else { "s" },
                found.hidden_size
            ),
        ),
        ("labels", format!("{} ({holds})", found.labels.join(", "))),
        ("parameters", millions(found.parameters)),
    ];
    if let Some(vocabulary) = &found.vocabulary {
        let scripts: Vec<_> = vocabulary
            .scripts
            .iter()
            .map(|script| format!("{} {:.0} %", script.name, 100.0 * script.share))
            .collect();
        let cased = if vocabulary.cased { "cased" } else { "uncased" };
        rows.push((
            "vocabulary",
            format!(
                "{} tokens, {cased}; words: {}",
                vocabulary.size,
                scripts.join(", ")
            ),
        ));
    }
    if let (Some(format), Some(size)) = (&found.format, found.file_size) {
        rows.push(("weights", format!("{format}, {} MB", megabytes(size))));
    }
    rows.push((
        "memory",
        format!("{} MB in a page", megabytes(found.memory)),
    ));
    rows.push(("longest text", format!("{} tokens", found.max_tokens)));
    rows
}
