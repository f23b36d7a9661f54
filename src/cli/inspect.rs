//! `live-sentiment inspect`: what a model is.

use std::io::{self, Write};

use clap::Args;

use super::{Model, Result, Stop};
use crate::protocol::ModelInfo;

/// Load a model and say what it is
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    /// Write one JSON object instead
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result {
    let model = options.model.load()?;
    let info = model.info();
    let text = if options.json {
        serde_json::to_string(info)
            .map_err(|error| Stop::failed(format!("The model could not be described: {error}.")))?
    } else {
        describe(info)
    };
    writeln!(io::stdout(), "{text}").map_err(|error| Stop::output(&error))
}

fn describe(info: &ModelInfo) -> String {
    let labels: Vec<_> = info
        .labels
        .iter()
        .enumerate()
        .map(|(id, label)| format!("{id} {label}"))
        .collect();
    [
        ("name", info.name.clone()),
        ("architecture", info.architecture.clone()),
        ("labels", labels.join(", ")),
        (
            "parameters",
            format!("{:.1} million", info.parameters as f64 / 1e6),
        ),
        (
            "weights",
            format!("{}, {:.1} MB", info.format, info.file_size as f64 / 1e6),
        ),
        (
            "license",
            info.license.as_deref().unwrap_or("not stated").to_owned(),
        ),
        ("longest text", format!("{} tokens", info.max_tokens)),
    ]
    .map(|(name, value)| format!("{name:<13} {value}"))
    .join("\n")
}
