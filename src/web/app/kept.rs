//! The models that `src/web/store/shelf.rs` keeps on this device; its keys are explained there.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Request, Response, Window};

const MODELS: &str = "live-sentiment-models";

/// A model that is here whole.
#[derive(Clone, PartialEq)]
pub(super) struct KeptModel {
    /// As `Request::Load` takes it.
    pub(super) address: String,
    /// Of its files.
    pub(super) bytes: u64,
}

/// All of them; none where the browser keeps nothing.
pub(super) async fn models(window: &Window) -> Vec<KeptModel> {
    let mut models = Vec::new();
    // In private windows of some browsers there is no such property.
    let caches = Reflect::get(window, &"caches".into()).ok();
    let Some(caches) = caches.filter(JsValue::is_object) else {
        return models;
    };
    let opened = JsFuture::from(caches.unchecked_into::<CacheStorage>().open(MODELS)).await;
    let Ok(cache) = opened.map(JsCast::unchecked_into::<Cache>) else {
        return models;
    };
    let Ok(keys) = JsFuture::from(cache.keys()).await else {
        return models;
    };
    for key in keys.unchecked_into::<Array>().iter() {
        let key: Request = key.unchecked_into();
        if let Some(address) = address(&key.url()) {
            let bytes = listed(&cache, &key).await.unwrap_or_default();
            models.push(KeptModel { address, bytes });
        }
    }
    models
}

/// The address that a key stands for, if it is that of a model.
fn address(key: &str) -> Option<String> {
    let (folder, address) = key.rsplit_once('/')?;
    let address = folder.ends_with("/model").then_some(address)?;
    js_sys::decode_uri_component(address).ok().map(String::from)
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
