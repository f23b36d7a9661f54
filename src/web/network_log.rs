//! Which requests this page, or this worker, has made: what the browser itself says (Resource Timing), so that a visitor can
//! see that no text leaves.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{
    Performance, PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit,
    PerformanceResourceTiming,
};

use crate::types::NetworkRequest;

/// Tells `on_requests` of every request that this page or worker has made and will make, each once, when it has ended. It
/// listens for as long as the page or worker lives.
pub fn observe(on_requests: impl Fn(Vec<NetworkRequest>) + 'static) {
    let callback = Closure::<dyn Fn(PerformanceObserverEntryList)>::new(
        move |list: PerformanceObserverEntryList| {
            let requests = fetched(&list.get_entries());
            if !requests.is_empty() {
                on_requests(requests);
            }
        },
    );
    let Ok(observer) = PerformanceObserver::new(callback.as_ref().unchecked_ref()) else {
        return;
    };
    // `buffered` is for those that were made before now; web-sys knows only the older form of these options.
    let options = Object::new();
    _ = Reflect::set(&options, &"type".into(), &"resource".into());
    _ = Reflect::set(&options, &"buffered".into(), &true.into());
    observer.observe(options.unchecked_ref::<PerformanceObserverInit>());
    callback.forget();
}

fn fetched(entries: &Array) -> Vec<NetworkRequest> {
    let clock = Reflect::get(&js_sys::global(), &"performance".into())
        .map(JsCast::unchecked_into::<Performance>);
    let origin = clock.map_or(0.0, |clock| clock.time_origin());
    entries
        .iter()
        .map(JsCast::unchecked_into::<PerformanceResourceTiming>)
        // Not what the page made itself, as blobs and data.
        .filter(|entry| entry.name().starts_with("http"))
        .map(|entry| NetworkRequest {
            url: entry.name(),
            bytes: entry.transfer_size() as u64,
            at: origin + entry.start_time(),
        })
        .collect()
}
