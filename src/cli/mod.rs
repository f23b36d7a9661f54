//! The command line: `live-sentiment classify | explain | table | evaluate | quantize | inspect`.
//!
//! Results go to standard output; progress and errors go to standard error. A failure is one sentence and advice, with
//! exit code 1; a usage error has clap's exit code 2.

mod classify;
mod evaluate;
mod explain;
mod input;
mod inspect;
mod quantize;
mod table;
mod texts;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::classifier::Classifier;
use crate::document::Document;
use crate::layers::Compute;
use crate::model::weights::Precision;
use crate::types::{ModelInfo, Prediction};
use crate::{Error, ErrorKind, Result as LibraryResult};

/// Classifies the sentiment of texts with a BERT sequence classifier.
#[derive(Debug, Parser)]
#[command(name = "live-sentiment", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Classify(classify::Options),
    Explain(explain::Options),
    Evaluate(evaluate::Options),
    Inspect(inspect::Options),
    Quantize(quantize::Options),
    Table(table::Options),
}

/// Parses the program's arguments and runs the command.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Classify(options) => classify::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Evaluate(options) => evaluate::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Quantize(options) => quantize::run(&options),
        Command::Table(options) => table::run(&options),
    };
    match outcome {
        Ok(()) | Err(Stop::PipeClosed) => ExitCode::SUCCESS,
        Err(Stop::Failed(message)) => {
            // Names in a hostile file may contain newlines and terminal escape codes.
            let message = message.replace(char::is_control, "\u{fffd}");
            // If standard error is closed too, nothing can be reported.
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

type Result<T = ()> = std::result::Result<T, Stop>;

/// Why a command ended early.
#[derive(Debug)]
enum Stop {
    /// It failed; the message says what happened and what to do.
    Failed(String),
    /// The reader of standard output closed the pipe, as in `live-sentiment … | head`. Not a failure.
    PipeClosed,
}

impl Stop {
    fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A write to standard output failed.
    fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::PipeClosed
        } else {
            Self::failed(format!("Standard output could not be written: {error}."))
        }
    }
}

/// Options that select a model and how to run it.
#[derive(Debug, Args)]
struct Model {
    /// Folder with config.json, tokenizer.json and model.gguf or model.safetensors
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Compute backend
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    backend: Backend,
    /// In-memory precision of unquantized weights (F32/F16/BF16) [default: stored with candle, else q8_0]
    #[arg(long, value_enum)]
    precision: Option<Precision>,
}

/// The compute backends there are outside a browser.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Backend {
    /// `native` for quantized weights, `candle` for others, which it computes as they are
    Auto,
    /// The browser's kernels for this CPU (AVX2), or `candle` where there are none
    Native,
    /// candle's own quantized matrix product
    Candle,
    /// The browser's kernels in plain Rust, many times slower: what the others are tested against
    Scalar,
}

impl Backend {
    fn compute(self, dir: &Path) -> LibraryResult<Compute> {
        match self {
            Self::Auto => Classifier::default_compute(dir),
            Self::Native => Ok(Compute::native()),
            Self::Candle => Ok(Compute::Candle),
            Self::Scalar => Ok(Compute::SCALAR),
        }
    }
}

/// A loaded model and its folder.
struct Loaded<'a> {
    dir: &'a Path,
    classifier: Classifier,
}

impl Model {
    fn load(&self) -> Result<Loaded<'_>> {
        let dir = &self.model;
        let load = || {
            let compute = self.backend.compute(dir)?;
            let precision = self.precision.unwrap_or(compute.default_precision());
            Classifier::from_dir_as(dir, compute, precision)
        };
        let classifier = load().map_err(|error| bad_model(dir, &error))?;
        Ok(Loaded { dir, classifier })
    }
}

impl Loaded<'_> {
    fn info(&self) -> &ModelInfo {
        self.classifier.info()
    }

    /// The label with this class id.
    fn label(&self, class: usize) -> Option<&str> {
        self.info().labels.get(class).map(String::as_str)
    }

    /// Reads a text of any length sentence by sentence.
    fn read(&self, text: &str) -> Result<Document> {
        let mut document = Document::new(&self.info().name);
        let mut jobs = document.edit(text);
        while !jobs.is_empty() {
            let texts: Vec<_> = jobs.iter().map(|job| job.text.as_str()).collect();
            let predictions = self.classify_all(&texts, || ())?;
            let answers = jobs.iter().zip(&predictions);
            // The halves of sentences that were too long.
            jobs = answers
                .flat_map(|(job, prediction)| document.resolve(job.hash, prediction))
                .collect();
        }
        Ok(document)
    }

    fn classify(&self, text: &str) -> Result<Prediction> {
        self.classifier
            .classify(text)
            .map_err(|error| bad_model(self.dir, &error))
    }

    /// All texts on all cores, in their order.
    fn classify_all(&self, texts: &[&str], progress: impl Fn() + Sync) -> Result<Vec<Prediction>> {
        self.classifier
            .classify_all(texts, progress)
            .map_err(|error| bad_model(self.dir, &error))
    }
}

/// A progress bar on standard error over so many `things`; indicatif draws nothing if that is not a terminal.
fn progress_bar(count: usize, things: &str) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let template = format!("{{bar:40}} {{pos}}/{{len}} {things}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// A line of output.
fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Stop::failed(format!("A result could not be written: {error}.")))
}

/// The failure for an error of the model in `dir`, with advice.
fn bad_model(dir: &Path, error: &Error) -> Stop {
    let dir = dir.display();
    let advice = match error.kind() {
        _ if matches!(error, Error::Unwritable { .. }) => {
            "Check that you have permission to write there, and that the disk has room.".into()
        }
        ErrorKind::Network | ErrorKind::NotFound => format!(
            "Check that {dir} is a folder with config.json, tokenizer.json and model.gguf or model.safetensors, and that \
             you have permission to read them."
        ),
        ErrorKind::Malformed => {
            "Download the file again, or recreate it with live-sentiment quantize.".into()
        }
        ErrorKind::Unsupported => format!(
            "Check that the files in {dir} all come from the same BERT or DistilBERT sequence classifier."
        ),
        _ => "This is a bug in live-sentiment: please report it, with the model.".into(),
    };
    Stop::failed(format!("{error} {advice}"))
}
