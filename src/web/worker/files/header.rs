//! A first look at a model: its small files, and of the weights no more than their header.

use js_sys::Uint8Array;
use web_sys::{AbortSignal, File};

use super::location::Location;
use super::vocab_txt::synthesize_from_vocab;
use super::{
    Absent, CONFIG, Download, DownloadRequest, MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES,
    MAX_WEIGHTS_BYTES, PickedFiles, TOKENIZER, may_be_absent, picked,
};
use crate::inspect::{FilePrefix, preflight};
use crate::types::Preflight;
use crate::{Error, Result};

/// Looks at the model at the absolute URL `model`, or in `files`. To be called off, by the signal's controller, when it is done:
/// a download that was begun goes on until then.
///
/// # Errors
/// `NotFound` and [`Download`]'s for files that cannot be had. What speaks against a model that is there is
/// [`Preflight::refusal`].
pub async fn inspect_remote(
    model: &str,
    files: Option<&PickedFiles>,
    signal: &AbortSignal,
) -> Result<Preflight> {
    let folder = Location::at(model);
    let small = |name, limit| small_file(folder, files, name, limit, signal);
    let config = small(CONFIG, MAX_CONFIG_BYTES).await?;
    let found = preflight(&config, None, None);
    if found.refusal.is_some() {
        return Ok(found);
    }
    let tokenizer = match small(TOKENIZER, MAX_TOKENIZER_BYTES).await {
        Err(error) if may_be_absent(&error) => synthesize_from_vocab(error, small).await?,
        tokenizer => tokenizer?,
    };
    let names = folder.weights();
    let urls: Vec<_> = names.iter().map(|name| folder.url(name)).collect();
    let mut weights = match files {
        Some(files) => Weights::File(files.weights()?),
        None => begin(folder, &urls, signal).await?,
    };
    let Some(size) = weights.size() else {
        // Sent packed: how long it really is shows at its end only.
        return Ok(preflight(&config, Some(&tokenizer), None));
    };
    let mut bytes = Vec::new();
    loop {
        let beginning = FilePrefix {
            file: &weights.name(),
            bytes: &bytes,
            size,
        };
        let found = preflight(&config, Some(&tokenizer), Some(beginning));
        let Some(wanted) = found.first_bytes else {
            return Ok(found);
        };
        weights.read_up_to(&mut bytes, wanted).await?;
    }
}

async fn small_file(
    folder: Location<'_>,
    files: Option<&PickedFiles>,
    name: &str,
    limit: u64,
    signal: &AbortSignal,
) -> Result<Vec<u8>> {
    let url = folder.url(name);
    if let Some(files) = files {
        return files.read(name, limit).await;
    }
    let mut download = Download::begin(DownloadRequest::whole(&url, limit), signal).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = download.next().await? {
        append(&mut bytes, &chunk);
    }
    Ok(bytes)
}

fn append(bytes: &mut Vec<u8>, chunk: &Uint8Array) {
    bytes.extend_from_slice(&chunk.to_vec());
}

/// Weights of which the beginning is wanted.
enum Weights<'a> {
    File(&'a File),
    Download(&'a str, Download<'a>),
}

/// The first of these that is there.
async fn begin<'a>(
    folder: Location<'_>,
    urls: &'a [String],
    signal: &'a AbortSignal,
) -> Result<Weights<'a>> {
    let mut absent = Absent::default();
    for url in urls {
        match Download::begin(DownloadRequest::whole(url, MAX_WEIGHTS_BYTES), signal).await {
            Ok(download) => return Ok(Weights::Download(url, download)),
            Err(error) => absent.because(error)?,
        }
    }
    Err(absent.weights(folder, signal).await)
}

impl Weights<'_> {
    fn name(&self) -> String {
        match self {
            Self::File(file) => file.name(),
            Self::Download(url, _) => (*url).to_owned(),
        }
    }

    fn size(&self) -> Option<u64> {
        match self {
            Self::File(file) => Some(file.size() as u64),
            Self::Download(_, download) => download.total(),
        }
    }

    /// Reads on until `bytes` are `wanted` long, or a little longer.
    async fn read_up_to(&mut self, bytes: &mut Vec<u8>, wanted: u64) -> Result<()> {
        match self {
            Self::File(file) => {
                *bytes = picked::read(file, MAX_WEIGHTS_BYTES, wanted, |_| {})
                    .await?
                    .to_vec();
            }
            Self::Download(url, download) => {
                while (bytes.len() as u64) < wanted {
                    let Some(chunk) = download.next().await? else {
                        return Err(Error::Malformed {
                            file: (*url).to_owned(),
                            reason: format!("it ends after {} bytes", bytes.len()),
                        });
                    };
                    append(bytes, &chunk);
                }
            }
        }
        Ok(())
    }
}
