//! `live-sentiment quantize`: converts a Hugging Face checkpoint to the files that the web page loads.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::input::read_texts;
use super::{Result, Stop, bad_model, progress_bar};
use crate::convert::{self, Format, quantize};
use crate::eval::agreement::{Agreement, verify};
use crate::model::folder;

/// Convert a Hugging Face checkpoint to a quantized GGUF model
///
/// Reads config.json, tokenizer.json and model.safetensors of a BERT or DistilBERT sequence classifier, and writes
/// config.json, tokenizer.json and model.gguf. Norms, biases and the classification head stay f32.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    /// Folder of the checkpoint
    #[arg(value_name = "HF_DIR")]
    checkpoint: PathBuf,
    /// Folder for the model; created if missing
    #[arg(value_name = "OUT_DIR")]
    model: PathBuf,
    /// Storage format of embeddings and matrices
    #[arg(long, value_enum, default_value_t = Format::Q4_0)]
    format: Format,
    /// Name of the model [default: name of the checkpoint's folder]
    #[arg(long)]
    name: Option<String>,
    /// License of the weights, as an SPDX identifier such as Apache-2.0
    #[arg(long)]
    license: Option<String>,
    /// Classify these texts with the checkpoint (in f32) and with the model, and report how far they agree: one text
    /// per line, or JSON Lines with "text" if the name ends in .jsonl
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result {
    // Read first, so that a mistake in this file is reported at once.
    let texts = options.verify.as_deref().map(read_texts).transpose()?;
    let bar = progress_bar(0, "tensors");
    let report = quantize(
        &options.checkpoint,
        &options.model,
        &convert::Options {
            format: options.format,
            name: options.name.clone(),
            license: options.license.clone(),
        },
        |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        },
    )
    .map_err(|error| bad_model(&options.checkpoint, &error))?;
    bar.finish_and_clear();

    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let mut text = format!(
        "{}: {} tensors, {:.1} MB (the checkpoint: {:.1} MB)",
        options.model.join(folder::GGUF).display(),
        report.tensors,
        megabytes(report.bytes_after),
        megabytes(report.bytes_before),
    );
    if report.kept_f16 > 0 {
        text += &format!(
            "\n{} matrices were stored as f16, because their row length is not a multiple of 32.",
            report.kept_f16
        );
    }
    writeln!(io::stdout(), "{text}").map_err(|error| Stop::output(&error))?;

    let Some(texts) = texts else {
        return Ok(());
    };
    let bar = progress_bar(texts.len(), "texts");
    let agreement = verify(&options.checkpoint, &options.model, &texts, |done| {
        bar.set_position(done as u64);
    })
    .map_err(|error| bad_model(&options.checkpoint, &error))?;
    bar.finish_and_clear();
    writeln!(io::stdout(), "{}", describe(&agreement)).map_err(|error| Stop::output(&error))
}

/// Summary of the agreement, in sentences.
fn describe(agreement: &Agreement) -> String {
    let texts = agreement.texts;
    let share = |same: usize| format!("{same} ({:.1} %)", 100.0 * same as f64 / texts as f64);
    let labels = match agreement.same_set {
        None => format!("the same label to {}", share(agreement.same_label)),
        Some(same) => format!(
            "the same labels above 0.5 to {}, the same top label to {}",
            share(same),
            share(agreement.same_label)
        ),
    };
    format!(
        "Of {texts} texts, the model and the checkpoint in f32 give {labels}. Logits differ by {:.4} on average, by at most {:.4}.",
        agreement.mean(),
        agreement.largest
    )
}
