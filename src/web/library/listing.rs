//! The page's look at the cache, which the worker writes.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Request, Response, Window};

use super::{CACHE, Kept, Key};

/// A model that is here whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// As `Request::Load` takes it.
    pub address: String,
    /// Of its files.
    pub bytes: u64,
}

/// The models that are here whole; none where the browser keeps nothing.
pub async fn models(window: &Window) -> Vec<Model> {
    let mut models = Vec::new();
    let Some((cache, requests)) = entries(window).await else {
        return models;
    };
    for request in requests {
        if let Some(Key::Model { address }) = Key::parse(&request.url()) {
            let bytes = listed(&cache, &request).await.unwrap_or_default();
            models.push(Model { address, bytes });
        }
    }
    models
}

/// All that is here; `None` where the browser keeps nothing.
pub async fn kept(window: &Window) -> Option<Kept> {
    let mut kept = Kept::default();
    for request in entries(window).await?.1 {
        kept.add(&request.url());
    }
    Some(kept)
}

async fn entries(window: &Window) -> Option<(Cache, Vec<Request>)> {
    // In private windows of some browsers there is no such property.
    let caches = Reflect::get(window, &"caches".into()).ok();
    let caches: CacheStorage = caches.filter(JsValue::is_object)?.unchecked_into();
    let cache = JsFuture::from(caches.open(CACHE)).await.ok()?;
    let cache: Cache = cache.unchecked_into();
    let keys = JsFuture::from(cache.keys()).await.ok()?;
    let keys = keys.unchecked_into::<Array>();
    let requests = keys.iter().map(JsCast::unchecked_into).collect();
    Some((cache, requests))
}

/// The bytes of the files in a model's list.
async fn listed(cache: &Cache, key: &Request) -> Option<u64> {
    let found = JsFuture::from(cache.match_with_request(key)).await.ok()?;
    let found: Response = found.dyn_into().ok()?;
    let list = JsFuture::from(found.json().ok()?).await.ok()?;
    let files = Object::values(list.unchecked_ref());
    let bytes = |file: JsValue| Reflect::get(&file, &"bytes".into()).ok()?.as_f64();
    Some(files.iter().filter_map(bytes).sum::<f64>() as u64)
}
