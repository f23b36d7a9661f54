//! "Use another model": a program of its own, which the page starts once its own model is there or has failed. It looks at
//! models by their address or their files, lists those on this device, and tells the page which to use.
//!
//! Page and panel share one element, `#models`, and meet in its attributes and events:
//!
//! | | |
//! |---|---|
//! | `data-own`, `data-address` | the page's own model, and the one in use |
//! | event `models`, from the panel | a message of [`protocol`](crate::types): use this model (`load`), a model was removed (`forgotten`), requests were made (`requested`) |
//! | event `ready`, from the page | a model was loaded, and may be on this device now |

mod dropped;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    CustomEvent, CustomEventInit, Document, Element, Event, HtmlDetailsElement, HtmlElement,
    HtmlInputElement, HtmlTextAreaElement, Window,
};

use super::address::{DROPPED, decoded, name};
use super::app::route::{Link, is_trusted_origin};
use super::client::{launch, one_shot};
use super::codec;
use super::library;
use super::protocol::{Inspection, Request, Response};
use crate::present::format::size;
use crate::types::Failure;

const PANEL: &str = r#"<p>Any BERT, MiniLM or DistilBERT that sorts texts into classes, in the files that Hugging VerdictState has:
config.json, tokenizer.json, and model.gguf or model.safetensors. Your text stays here with every model.</p>
<form><label for="address">Address of the model’s folder; its site must let other sites read it (CORS)</label>
<input id="address" inputmode="url" autocomplete="off" spellcheck="false" required> <button>Look at it</button></form>
<p class="pick"><label for="files">Or its files; they, or their folder, may be dropped on this page, too</label>
<input id="files" type="file" multiple></p>
<div role="status"><p id="said"></p><dl></dl></div>
<p><button type="button" id="use" hidden>Use this model</button>
<button type="button" id="own" hidden>Use the page’s own model</button></p>
<ul class="kept" aria-label="Models on this device"></ul>
<p><button type="button" id="link">Put the text into the page’s address</button>
It then leads to this model and this text. What stands behind its # is sent to no server.</p>"#;

/// A model that may be used next.
#[derive(Clone, Default)]
struct Candidate {
    address: String,
    /// Where they are what was given: picked, or dropped on the page.
    files: Option<Array>,
}

/// The panel.
#[derive(Clone)]
struct Panel {
    window: Window,
    document: Document,
    element: HtmlDetailsElement,
    candidate: Rc<RefCell<Candidate>>,
}

/// Fills the panel, and follows what the page's address asks for. Does nothing in a page that has none.
pub fn start() {
    let Some(window) = web_sys::window() else {
        return;
    };
    let Some(document) = window.document() else {
        return;
    };
    let element = document.get_element_by_id("models");
    let Some(element) = element.and_then(|element| element.dyn_into().ok()) else {
        return;
    };
    let panel = Panel {
        window,
        document,
        element,
        candidate: Rc::default(),
    };
    panel.fill();
    panel.follow(&Link::read(&panel.window), false);
}

impl Panel {
    fn fill(&self) {
        if let Some(body) = self.append(&self.element, "div", "") {
            body.set_inner_html(PANEL);
        }
        for event in ["submit", "change", "click", "ready", "toggle"] {
            let panel = self.clone();
            // `toggle` does not bubble, but its only target is this element.
            self.listen(&self.element, event, move |event| panel.act(&event));
        }
        let panel = self.clone();
        self.listen(&self.window, "hashchange", move |_| {
            panel.follow(&Link::read(&panel.window), true);
        });
        let panel = self.clone();
        dropped::on_drop(&self.window, move |files, name| {
            panel.look_at_files(files, &name)
        });
        self.show_models();
    }

    /// Somebody did something here, or the page did.
    fn act(&self, event: &Event) {
        let Some(target) = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return;
        };
        let address = |key: &str| target.get_attribute(key);
        match (event.type_().as_str(), target.id().as_str()) {
            ("submit", _) => {
                event.prevent_default();
                let typed = self.input("#address").map(|input| input.value());
                match launch::model(typed.unwrap_or_default().trim()) {
                    Ok(address) => self.look(Candidate {
                        address,
                        files: None,
                    }),
                    Err(error) => self.say(&Failure::from(&error).message, None),
                }
            }
            ("change", "files") => {
                let files = target.unchecked_into::<HtmlInputElement>().files();
                let files = files.map(|files| Array::from(&files)).unwrap_or_default();
                let name = dropped::name(&files);
                self.look_at_files(files, &name);
            }
            ("click", "use") => {
                let candidate = self.candidate.borrow().clone();
                self.use_model(&candidate);
            }
            ("click", "own") => self.use_address(self.own()),
            ("click", "link") => self.link(true),
            ("click", _) => {
                if let Some(address) = address("data-use") {
                    self.use_address(address);
                } else if let Some(address) = address("data-remove") {
                    self.remove(address);
                }
            }
            _ => self.show_models(),
        }
    }

    /// Does what the page's address asks for, as far as the page has not: it reads the text itself when it opens, and starts
    /// with a model of its own site. One of another site is used if it is on this device; else the visitor decides.
    fn follow(&self, link: &Link, has_changed: bool) {
        if has_changed
            && !link.text.is_empty()
            && let Some(field) = self.field()
        {
            field.set_value(&link.text);
            if let Ok(event) = Event::new("input") {
                _ = field.dispatch_event(&event);
            }
        }
        let address = match launch::model(&link.model) {
            Ok(address) if !link.model.is_empty() && address != self.used() => address,
            _ => return,
        };
        if has_changed && is_trusted_origin(&self.window, &address) {
            return self.use_address(address);
        }
        let panel = self.clone();
        spawn_local(async move {
            let kept = library::models(&panel.window).await;
            if kept.iter().any(|model| model.address == address) {
                return panel.use_address(address);
            }
            if let Some(input) = panel.input("#address") {
                input.set_value(&address);
            }
            panel.say(
                "The link that led here asks for this model of another site.",
                None,
            );
        });
    }

    /// Looks at files, which are called by the name of their folder or of the weights.
    fn look_at_files(&self, files: Array, name: &str) {
        let name: String = js_sys::encode_uri_component(name).into();
        match launch::model(&(DROPPED.to_owned() + &name + "/")) {
            Ok(address) => self.look(Candidate {
                address,
                files: Some(files),
            }),
            Err(error) => self.say(&Failure::from(&error).message, None),
        }
    }

    /// Looks at a model, in place of one that is being looked at.
    fn look(&self, candidate: Candidate) {
        let request = Request::Inspect {
            model: candidate.address.clone(),
        };
        let files = candidate.files.clone();
        self.candidate.replace(candidate.clone());
        self.say("Looking at it …", None);
        let panel = self.clone();
        spawn_local(async move {
            let answer = one_shot::request(request, files, panel.on_requests()).await;
            // The visitor may have asked for another one meanwhile.
            if panel.candidate.borrow().address != candidate.address {
                return;
            }
            match answer {
                Ok(Response::Inspected(found)) => {
                    let mut candidate = panel.candidate.borrow_mut();
                    candidate.address.clone_from(&found.address);
                    drop(candidate);
                    match &found.refusal {
                        Some(refusal) => panel.say(&refusal.message, Some(&found)),
                        None => panel.say("This model will run here.", Some(&found)),
                    }
                }
                Ok(_) => {}
                Err(failure) => panel.say(&failure.message, None),
            }
        });
    }

    /// Says what is known of the model that is being looked at, in the open panel.
    fn say(&self, sentence: &str, found: Option<&Inspection>) {
        self.element.set_open(true);
        self.put("#said", |said| said.set_text_content(Some(sentence)));
        self.put("dl", |facts| {
            facts.set_text_content(None);
            for (term, said) in found.into_iter().flat_map(|found| &found.facts) {
                if let Some(fact) = self.append(facts, "div", "") {
                    self.append(&fact, "dt", term);
                    self.append(&fact, "dd", said);
                }
            }
        });
        let is_usable = found.is_some_and(|found| found.refusal.is_none());
        self.hide("#use", !is_usable);
        if let Some(said) = self.query("#said") {
            said.scroll_into_view();
        }
    }

    fn use_address(&self, address: String) {
        self.use_model(&Candidate {
            address,
            files: None,
        });
    }

    fn use_model(&self, candidate: &Candidate) {
        let load = Request::Load {
            model: candidate.address.clone(),
            backend: None,
        };
        self.tell(&codec::request(&load, candidate.files.as_ref()));
        self.say("", None);
        self.link(false);
        self.show_models();
    }

    /// Removes a model from this device. One that is in use goes on until the page is closed.
    fn remove(&self, model: String) {
        let panel = self.clone();
        spawn_local(async move {
            let forget = Request::Forget { model };
            let answer = one_shot::request(forget, None, panel.on_requests()).await;
            match answer {
                Ok(_) => panel.say("It is not on this device any more.", None),
                Err(failure) => panel.say(&failure.message, None),
            }
            panel.tell(&codec::tagged("forgotten"));
            panel.show_models();
        });
    }

    /// Lists the models on this device, anew. Who was at one of its buttons stays there, or near.
    fn show_models(&self) {
        self.hide("#own", self.used() == self.own());
        let panel = self.clone();
        spawn_local(async move {
            let models = library::models(&panel.window).await;
            let used = panel.used();
            let label = |button: Element| button.get_attribute("aria-label");
            let focused = panel.query(".kept :focus").map(label);
            panel.put(".kept", |list| {
                list.set_text_content(None);
                for model in &models {
                    panel.show_model(list, &model.address, model.bytes, model.address == used);
                }
            });
            if let Some(label) = focused {
                let same = ".kept [aria-label=\"".to_owned() + &label.unwrap_or_default() + "\"]";
                _ = panel.focus(&same) || panel.focus(".kept button") || panel.focus("summary");
            }
        });
    }

    fn show_model(&self, list: &Element, address: &str, bytes: u64, is_used: bool) {
        let Some(item) = self.append(list, "li", "") else {
            return;
        };
        let label = name(&decoded(address));
        let said = label.clone() + ", " + &size(bytes) + if is_used { ", in use" } else { "" };
        self.append(&item, "span", &said);
        let buttons = [("Use", "data-use"), ("Remove", "data-remove")];
        for (verb, key) in buttons.into_iter().skip(usize::from(is_used)) {
            if let Some(button) = self.append(&item, "button", verb) {
                _ = button.set_attribute("type", "button");
                _ = button.set_attribute(key, address);
                _ = button.set_attribute("aria-label", &(verb.to_owned() + " " + &label));
            }
        }
    }

    /// Returns whether there was something to take the focus.
    fn focus(&self, selector: &str) -> bool {
        let target = self.query(selector).map(JsCast::dyn_into::<HtmlElement>);
        matches!(target, Some(Ok(target)) if target.focus().is_ok())
    }

    /// Puts the model into the page's address, if it is not the page's own, and the text if asked to.
    fn link(&self, with_text: bool) {
        let (used, own) = (self.used(), self.own());
        let text = self.field().filter(|_| with_text);
        let link = Link {
            model: if used == own { String::new() } else { used },
            text: text.map_or_else(String::new, |field| field.value()),
        };
        link.show(&self.window);
    }

    fn own(&self) -> String {
        self.element.get_attribute("data-own").unwrap_or_default()
    }

    fn used(&self) -> String {
        self.element
            .get_attribute("data-address")
            .unwrap_or_default()
    }

    fn on_requests(&self) -> impl Fn(&JsValue) + Clone + 'static {
        let panel = self.clone();
        move |requests| panel.tell(requests)
    }

    /// Tells the page.
    fn tell(&self, message: &JsValue) {
        let options = CustomEventInit::new();
        options.set_detail(message);
        if let Ok(event) = CustomEvent::new_with_event_init_dict("models", &options) {
            _ = self.element.dispatch_event(&event);
        }
    }

    fn field(&self) -> Option<HtmlTextAreaElement> {
        let field = self.document.get_element_by_id("text")?;
        field.dyn_into().ok()
    }

    fn query(&self, selector: &str) -> Option<Element> {
        self.element.query_selector(selector).ok().flatten()
    }

    fn input(&self, selector: &str) -> Option<HtmlInputElement> {
        self.query(selector)?.dyn_into().ok()
    }

    fn put(&self, selector: &str, put: impl FnOnce(&Element)) {
        if let Some(element) = self.query(selector) {
            put(&element);
        }
    }

    fn hide(&self, selector: &str, is_hidden: bool) {
        self.put(selector, |element| {
            _ = element.toggle_attribute_with_force("hidden", is_hidden);
        });
    }

    /// Adds an element with a text at the end.
    fn append(&self, inside: &Element, tag: &str, text: &str) -> Option<Element> {
        let element = self.document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        inside.append_child(&element).ok()?;
        Some(element)
    }

    /// For as long as the page is open.
    fn listen(&self, on: &web_sys::EventTarget, event: &str, act: impl Fn(Event) + 'static) {
        let listener = Closure::<dyn Fn(Event)>::new(act);
        _ = on.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
        listener.forget();
    }
}
