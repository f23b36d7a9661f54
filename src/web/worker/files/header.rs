//! A first look at a model: its small files, and of the weights no more than their header.

use js_sys::Uint8Array;
use web_sys::{AbortSignal, File};

use super::location::Location;
use super::{
    Absent, Download, DownloadRequest, ModelCache, PickedFiles, may_be_absent, picked, tokenizer,
};
use crate::inspect::{FilePrefix, preflight, preflight_weights};
use crate::model::folder::{CONFIG, MAX_WEIGHTS_BYTES, max_bytes};
use crate::types::Preflight;
use crate::web::address;
use crate::{Error, Result};

/// Looks at the model at the absolute URL `model`, or in `files`. Abort it through the signal's controller when it is done:
/// a download that was begun goes on until then.
///
/// Returns the address to use it by, too: where the one that was given is that of a hub's page, that of what it shows; and for
/// files whose address is taken by another model, a free one.
///
/// # Errors
/// `NotFound` and [`Download`]'s for files that cannot be had. What speaks against a model that is there is
/// [`Preflight::refusal`].
pub async fn inspect_remote(
    model: &str,
    files: Option<&PickedFiles>,
    signal: &AbortSignal,
) -> Result<(String, Preflight)> {
    if let Some(files) = files {
        let found = inspect(Source::Files(files), signal).await?;
        return Ok((free_address(model, files).await, found));
    }
    let found = inspect(Source::Folder(Location::at(model)), signal).await;
    if let Err(error) = &found
        && may_be_absent(error)
        && let Some(behind) = address::behind_page(model)
    {
        match inspect(Source::Folder(Location::at(&behind)), signal).await {
            // What the address itself says is to be told.
            Err(other) if may_be_absent(&other) => {}
            found => return Ok((behind, found?)),
        }
    }
    Ok((model.to_owned(), found?))
}

async fn inspect(source: Source<'_>, signal: &AbortSignal) -> Result<Preflight> {
    let config = source.get(CONFIG, signal).await?;
    let found = preflight(&config, None, None);
    if found.refusal.is_some() {
        return Ok(found);
    }
    let get = async |name| source.get(name, signal).await;
    let find = async |_, name| source.find(name, signal).await;
    let tokenizer = tokenizer::to_json(&tokenizer::collect(get, find).await?)?;
    let urls = match source {
        Source::Folder(folder) => folder.weights().iter().map(|n| folder.url(n)).collect(),
        Source::Files(_) => Vec::new(),
    };
    let mut weights = match source {
        Source::Files(files) => Weights::File(files.weights()?),
        Source::Folder(folder) => begin(folder, &urls, signal).await?,
    };
    let small = preflight(&config, Some(&tokenizer), None);
    let name = weights.name();
    let said = weights.size();
    // The length is not always known: a server may not say it, or may mean the compressed file. Then only this is sure.
    let mut certain = weights.certain_size();
    let mut size = certain.or(said).unwrap_or(MAX_WEIGHTS_BYTES);
    let mut bytes = Vec::new();
    loop {
        let beginning = FilePrefix {
            file: &name,
            bytes: &bytes,
            size,
        };
        let mut found = preflight_weights(&small, &config, beginning);
        let is_in_doubt = certain.is_none() && size < MAX_WEIGHTS_BYTES;
        if is_in_doubt && found.refusal.is_some() && small.refusal.is_none() {
            size = MAX_WEIGHTS_BYTES;
            continue;
        }
        let Some(wanted) = found.first_bytes else {
            found.file_size = found.file_size.filter(|_| certain.or(said) == Some(size));
            return Ok(found);
        };
        let have = weights.read_up_to(&mut bytes, wanted).await?;
        if have < wanted {
            if let Some(size) = certain {
                let reason = format!("it ends after {have} of {size} bytes");
                return Err(Error::Malformed { file: name, reason });
            }
            (size, certain) = (have, Some(have));
        }
    }
}

/// An address for files that were dropped on the page: the one given, unless another model is kept under that.
async fn free_address(model: &str, files: &PickedFiles) -> String {
    let Ok(cache) = ModelCache::open().await else {
        return model.to_owned();
    };
    let (mut address, mut number) = (model.to_owned(), 1);
    while let Ok(Some(json)) = cache.model(&address).await
        && !files.are(&json).await
    {
        number += 1;
        address = format!("{}%20({number})/", model.trim_end_matches('/'));
    }
    address
}

/// Where the files are.
#[derive(Clone, Copy)]
enum Source<'a> {
    Folder(Location<'a>),
    Files(&'a PickedFiles),
}

impl Source<'_> {
    /// A small file.
    async fn get(&self, name: &str, signal: &AbortSignal) -> Result<Vec<u8>> {
        match self {
            Self::Files(files) => files.read(name).await,
            Self::Folder(folder) => {
                let url = folder.url(name);
                let order = DownloadRequest::whole(&url, max_bytes(name));
                read_all(Download::begin(order, signal).await?).await
            }
        }
    }

    /// A small file that may be absent.
    async fn find(&self, name: &str, signal: &AbortSignal) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Files(files) if files.named(name).is_err() => Ok(None),
            Self::Files(files) => files.read(name).await.map(Some),
            Self::Folder(folder) => {
                let url = folder.url(name);
                let order = DownloadRequest::whole(&url, max_bytes(name));
                match Download::begin_optional(order, signal).await? {
                    Some(download) => read_all(download).await.map(Some),
                    None => Ok(None),
                }
            }
        }
    }
}

async fn read_all(mut download: Download<'_>) -> Result<Vec<u8>> {
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

    /// The same, where it can be relied on.
    fn certain_size(&self) -> Option<u64> {
        match self {
            Self::File(_) => self.size(),
            Self::Download(_, download) => download.certain_total(),
        }
    }

    /// Reads on until `bytes` are `wanted` long, or a little longer, or the file ends; returns how many there are.
    async fn read_up_to(&mut self, bytes: &mut Vec<u8>, wanted: u64) -> Result<u64> {
        match self {
            Self::File(file) => {
                *bytes = picked::read(file, MAX_WEIGHTS_BYTES, wanted, |_| {})
                    .await?
                    .to_vec();
            }
            Self::Download(_, download) => {
                while (bytes.len() as u64) < wanted
                    && let Some(chunk) = download.next().await?
                {
                    append(bytes, &chunk);
                }
            }
        }
        Ok(bytes.len() as u64)
    }
}
