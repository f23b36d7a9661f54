//! A chart as a picture of its own, SVG or PNG.

use js_sys::Function;
use leptos::prelude::*;
use leptos::wasm_bindgen::prelude::*;
use web_sys::{Blob, Element};

#[wasm_bindgen]
extern "C" {
    type XMLSerializer;
    #[wasm_bindgen(constructor)]
    fn new() -> XMLSerializer;
    #[wasm_bindgen(method, js_name = serializeToString)]
    fn serialize(this: &XMLSerializer, node: &Element) -> String;
    type Image;
    #[wasm_bindgen(constructor)]
    fn image() -> Image;
    #[wasm_bindgen(method, setter)]
    fn set_src(this: &Image, src: &str);
    #[wasm_bindgen(method, setter)]
    fn set_onload(this: &Image, on_load: &Function);
    #[wasm_bindgen(extends = Element)]
    type Canvas;
    #[wasm_bindgen(method, setter, structural)]
    fn set_width(this: &Canvas, width: f64);
    #[wasm_bindgen(method, setter, structural)]
    fn set_height(this: &Canvas, height: f64);
    #[wasm_bindgen(method, structural, js_name = getContext)]
    fn context(this: &Canvas, kind: &str) -> Option<Context>;
    #[wasm_bindgen(method, structural, js_name = toBlob)]
    fn to_blob(this: &Canvas, on_blob: &Function);
    type Context;
    #[wasm_bindgen(method, structural, js_name = drawImage)]
    fn draw(this: &Context, image: &Image, x: f64, y: f64, width: f64, height: f64);
}

/// A chart as a file of its own: with the colours that the page gives it, on the page's ground.
pub(super) fn drawn(svg: &Element) -> Option<String> {
    let copy: Element = svg.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    let style = |element: &Element, name: &str| {
        let style = window().get_computed_style(element).ok()??;
        style.get_property_value(name).ok()
    };
    let (from, to) = (
        svg.query_selector_all("rect, text").ok()?,
        copy.query_selector_all("rect, text").ok()?,
    );
    for at in 0..from.length() {
        let (from, to): (Element, Element) =
            (from.get(at)?.dyn_into().ok()?, to.get(at)?.dyn_into().ok()?);
        for name in ["fill", "font-size", "font-family"] {
            if let Some(value) = style(&from, name) {
                _ = to.set_attribute(name, &value);
            }
        }
    }
    let view = svg.get_attribute("viewBox")?;
    let size: Vec<&str> = view.split(' ').collect();
    for (name, value) in [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("width", *size.get(2)?),
        ("height", *size.get(3)?),
    ] {
        _ = copy.set_attribute(name, value);
    }
    let ground = document()
        .body()
        .and_then(|body| style(&body, "background-color"));
    let ground = ground.unwrap_or_else(|| "#fff".to_owned());
    let rect = format!(r#"<rect width="100%" height="100%" fill="{ground}"/>"#);
    _ = copy.insert_adjacent_html("afterbegin", &rect);
    Some(XMLSerializer::new().serialize(&copy))
}

/// Draws a chart, twice as large as its units, and hands on the picture.
pub(super) fn paint(svg: &str, on_blob: impl Fn(Blob) + 'static) {
    const SCALE: f64 = 2.0;
    let Some(canvas) = document().create_element("canvas").ok() else {
        return;
    };
    let canvas: Canvas = canvas.unchecked_into();
    let size = |name: &str| -> f64 {
        let at = svg
            .find(&format!(" {name}=\""))
            .map(|at| at + name.len() + 3);
        let value = at.and_then(|at| svg[at..].split('"').next()?.parse().ok());
        value.unwrap_or_default()
    };
    let (width, height) = (size("width") * SCALE, size("height") * SCALE);
    canvas.set_width(width);
    canvas.set_height(height);
    let image = Image::image();
    let source = "data:image/svg+xml;charset=utf-8,".to_owned()
        + &String::from(js_sys::encode_uri_component(svg));
    let on_blob = Closure::once_into_js(move |blob: Blob| on_blob(blob));
    let on_load = Closure::once_into_js({
        let image: JsValue = image.unchecked_ref::<JsValue>().clone();
        move || {
            if let Some(context) = canvas.context("2d") {
                context.draw(image.unchecked_ref(), 0.0, 0.0, width, height);
                canvas.to_blob(on_blob.unchecked_ref());
            }
        }
    });
    image.set_onload(on_load.unchecked_ref());
    image.set_src(&source);
}
