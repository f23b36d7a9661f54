//! One tab at a time (Web Locks).

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`, which web-sys has behind a flag only.
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A lock that is held; dropping it gives it back.
#[derive(Debug)]
pub struct Lock {
    /// Resolves the promise for as long as which the browser keeps the lock.
    release: Option<Function>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Waits for the lock `name`, unless `give_up` ends first: then there is `None`. A browser without locks grants every one.
pub async fn hold(name: &str, give_up: impl Future<Output = ()>) -> Option<Lock> {
    let unlocked = || Some(Lock { release: None });
    let Some(manager) = manager() else {
        return unlocked();
    };
    let Ok(waiting) = AbortController::new() else {
        return unlocked();
    };
    let options = js_sys::Object::new();
    _ = Reflect::set(&options, &"signal".into(), &waiting.signal());

    let release = Rc::new(RefCell::new(None));
    let mut on_granted = None;
    let granted = Promise::new(&mut |resolve, _| on_granted = Some(resolve));
    let held = {
        let release = Rc::clone(&release);
        Promise::new(&mut move |resolve, _| {
            release.replace(Some(resolve));
        })
    };
    let callback = Closure::once_into_js(move || {
        if let Some(on_granted) = on_granted {
            _ = on_granted.call0(&JsValue::UNDEFINED);
        }
        held
    });
    let Ok(ended) = manager.request(name, &options, callback.unchecked_ref()) else {
        return unlocked();
    };
    // Refused, as in a frame without storage: there is nothing to protect then.
    let refused = JsFuture::from(ended).map(|_| ());
    let granted = select(JsFuture::from(granted), Box::pin(refused));
    let outcome = select(granted, Box::pin(give_up)).await;
    match outcome {
        Either::Left(_) => Some(Lock {
            release: release.take(),
        }),
        Either::Right(_) => {
            waiting.abort();
            // In case both happened at once.
            drop(Lock {
                release: release.take(),
            });
            None
        }
    }
}

fn manager() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}
