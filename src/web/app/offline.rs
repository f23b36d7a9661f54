//! What makes the page work without the network: the service worker that keeps its files, and the model on this device.

use js_sys::Reflect;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CacheStorage, Event, MessageEvent, ServiceWorkerContainer, StorageManager};

use crate::types::NetworkRequest;
use crate::web::codec;
use crate::web::library::{self, Kept};
use crate::web::protocol::Response;

/// Of `public/`, beside the page.
const SERVICE_WORKER: &str = "sw.js";

/// Calls `on_requests` with what the service worker has asked the network for, as long as the page is open. To be called once.
pub(super) fn on_requests(on_requests: impl Fn(Vec<NetworkRequest>) + 'static) {
    let Some(workers) = service_workers() else {
        return;
    };
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(Response::Requested { requests }) = codec::response(&event.data()) {
            on_requests(requests);
        }
    });
    workers.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
}

/// Lets a service worker keep the page's files. Returns whether it has them; where that is refused, as in private windows of some
/// browsers, the page works as without one.
pub(super) async fn keep_page() -> bool {
    let Some(workers) = service_workers() else {
        return false;
    };
    let registered = JsFuture::from(workers.register(SERVICE_WORKER)).await;
    match (registered, workers.ready()) {
        (Ok(_), Ok(ready)) => JsFuture::from(ready).await.is_ok(),
        _ => false,
    }
}

/// The models on this device; `None` where the browser keeps nothing.
pub(super) async fn kept() -> Option<Kept> {
    let mut kept = library::kept(&window()).await?;
    // Without that API there is nothing to offer.
    let is_safe = ask(|storage| storage.persisted()).await;
    kept.is_safe = is_safe.unwrap_or(true);
    Some(kept)
}

/// Forgets all models that are kept.
pub(super) async fn clear() {
    if let Some(caches) = caches() {
        _ = JsFuture::from(caches.delete(library::CACHE)).await;
    }
}

/// Asks the browser not to forget them by itself.
pub(super) async fn protect() {
    ask(|storage| storage.persist()).await;
}

/// When this page was opened, in milliseconds since 1970, and the address of its folder.
pub(super) fn page() -> (f64, String) {
    let opened_at = window()
        .performance()
        .map_or(0.0, |clock| clock.time_origin());
    (
        opened_at,
        document()
            .base_uri()
            .ok()
            .flatten()
            .map_or_else(String::new, folder),
    )
}

fn folder(mut url: String) -> String {
    url.truncate(url.rfind('/').map_or(0, |slash| slash + 1));
    url
}

/// Calls `online` whenever the network comes back.
pub(super) fn on_network(online: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |_| online());
    _ = window().add_event_listener_with_callback("online", listener.as_ref().unchecked_ref());
    listener.forget();
}

/// An answer of yes or no from the browser's storage manager, if it has one.
async fn ask(question: fn(&StorageManager) -> Result<js_sys::Promise, JsValue>) -> Option<bool> {
    let storage = of_navigator("storage")?;
    let answer = question(storage.unchecked_ref()).ok()?;
    let answer = JsFuture::from(answer).await;
    Some(answer.is_ok_and(|yes| yes.is_truthy()))
}

fn caches() -> Option<CacheStorage> {
    defined(&window(), "caches").map(JsCast::unchecked_into)
}

fn service_workers() -> Option<ServiceWorkerContainer> {
    // `trunk serve` rebuilds at every change; there a page that is kept would only confuse.
    let build = document().query_selector("meta[name=build]").ok()??;
    let is_release = build.get_attribute("content")? != "dev";
    let workers = of_navigator("serviceWorker").filter(|_| is_release)?;
    Some(workers.unchecked_into())
}

fn of_navigator(name: &str) -> Option<JsValue> {
    defined(&window().navigator(), name)
}

/// A property, if there is one: browsers leave some out on pages without TLS, and refuse others in private windows.
fn defined(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    value.is_object().then_some(value)
}
