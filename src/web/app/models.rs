//! The line to the panel for other models, which is a program of its own: see `src/web/models.rs`.

use leptos::html::Details;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CustomEvent, Event};

use super::offline;
use super::shell::Session;
use crate::web::client::launch;
use crate::web::codec;
use crate::web::protocol::Response;

/// The program, and the element's id.
const PROGRAM: &str = "models";

/// The panel's place.
#[component]
pub(super) fn Models(session: Session, own: String) -> impl IntoView {
    let panel = NodeRef::<Details>::new();
    panel.on_load(move |panel| {
        let used = panel.clone();
        let on_message = Closure::<dyn Fn(CustomEvent)>::new(move |event: CustomEvent| {
            let data = event.detail();
            match codec::response(&data) {
                Some(Response::Requested { requests }) => {
                    session.state.requested(requests);
                }
                Some(_) => offline::look(session),
                None => {
                    if let Some((model, files)) = codec::load(&data) {
                        // At once: the panel looks at it next.
                        _ = used.set_attribute("data-address", &model);
                        session.use_model(model, files);
                    }
                }
            }
        });
        let on_message = on_message.into_js_value();
        _ = panel.add_event_listener_with_callback(PROGRAM, on_message.unchecked_ref());
    });
    let address = session
        .state
        .model
        .with_untracked(|model| model.address.clone());
    view! {
        <details class="models" id=PROGRAM data-own=own data-address=address node_ref=panel>
            <summary>"Use another model"</summary>
        </details>
    }
}

/// Starts the panel's program, or tells it that a model was loaded. To be called when a model is there or has failed: what the
/// visitor waits for comes first.
pub(super) fn start_or_refresh() {
    let Some(panel) = document().get_element_by_id(PROGRAM) else {
        return;
    };
    if let Ok(ready) = Event::new("ready") {
        _ = panel.dispatch_event(&ready);
    }
    if panel.child_element_count() == 1
        && let Ok(source) = launch::script(PROGRAM)
        && let Ok(script) = document().create_element("script")
    {
        _ = script.set_attribute("type", "module");
        _ = script.set_attribute("src", &source);
        _ = panel.append_child(&script);
    }
}
