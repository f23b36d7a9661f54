//! `live-sentiment inspect`: shows a model's metadata.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::{Model, Result, Stop, bad_model};
use crate::inspect::{FilePrefix, preflight, preflight_weights};
use crate::model::dir::{open, read, read_tokenizer, weights_path};
use crate::model::folder::CONFIG;
use crate::present::facts::{Facts, facts};
use crate::present::format::{megabytes, millions};
use crate::types::{ModelInfo, Preflight};
use crate::{Error, Result as LibraryResult};

/// Load a model and show its metadata
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    model: Model,
    /// Write one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Do not load the model: inspect config.json, tokenizer.json and the header of the weights, as the web page does
    /// before it downloads them
    #[arg(long)]
    preflight: bool,
}

pub(super) fn run(options: &Options) -> Result {
    let dir = &options.model.model;
    let text = if options.preflight {
        let found = inspect_dir(dir).map_err(|error| bad_model(dir, &error))?;
        match (&found.refusal, options.json) {
            (_, true) => to_json(&found)?,
            (None, false) => table(&facts(&found)),
            (Some(refusal), false) => return Err(Stop::failed(&refusal.message)),
        }
    } else {
        let model = options.model.load()?;
        if options.json {
            to_json(model.info())?
        } else {
            table(&describe(model.info()))
        }
    };
    writeln!(io::stdout(), "{text}").map_err(|error| Stop::output(&error))
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Stop::failed(format!("The model could not be described: {error}.")))
}

/// Inspects the model in `dir`. Of the weights it reads only the header.
fn inspect_dir(dir: &Path) -> LibraryResult<Preflight> {
    let config = read(&dir.join(CONFIG))?;
    let tokenizer = read_tokenizer(dir)?;
    let (mut weights, name) = open(&weights_path(dir))?;
    let unreachable = |error: io::Error| Error::Unreachable {
        file: name.clone(),
        reason: error.to_string(),
    };
    let size = weights.metadata().map_err(unreachable)?.len();
    let small = preflight(&config, Some(&tokenizer), None);
    let mut bytes = Vec::new();
    loop {
        let prefix = FilePrefix {
            file: &name,
            bytes: &bytes,
            size,
        };
        let found = preflight_weights(&small, &config, prefix);
        let Some(wanted) = found.first_bytes else {
            return Ok(found);
        };
        read_up_to(&mut weights, &mut bytes, wanted).map_err(unreachable)?;
    }
}

/// Reads from `file` until `bytes` has the length `wanted`.
fn read_up_to(file: &mut File, bytes: &mut Vec<u8>, wanted: u64) -> io::Result<()> {
    let missing = wanted.saturating_sub(bytes.len() as u64);
    match file.take(missing).read_to_end(bytes)? as u64 {
        read if read < missing => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn table(rows: &Facts) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|(name, value)| format!("{name:<13} {value}"))
        .collect();
    lines.join("\n")
}

fn describe(info: &ModelInfo) -> Facts {
    vec![
        ("name", info.name.clone()),
        ("architecture", info.architecture.clone()),
        ("labels", labels(&info.labels)),
        ("parameters", millions(info.parameters)),
        (
            "weights",
            format!("{}, {}", info.format, megabytes(info.file_size)),
        ),
        (
            "license",
            info.license.as_deref().unwrap_or("not stated").to_owned(),
        ),
        ("longest text", format!("{} tokens", info.max_tokens)),
    ]
}

fn labels(names: &[String]) -> String {
    let labels: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(id, label)| format!("{id} {label}"))
        .collect();
    labels.join(", ")
}
