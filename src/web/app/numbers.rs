//! Numbers as the reader's language has them, by the browser's `Intl`.

use std::cell::RefCell;

use js_sys::{Object, Reflect};
use leptos::prelude::window;
use leptos::wasm_bindgen::prelude::*;

use crate::present::format::{Amount, Unit, plain};

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(js_namespace = Intl)]
    type NumberFormat;

    // js-sys has one that cannot fail, but a browser may have a language that `Intl` does not take.
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(language: Option<String>, options: &Object) -> Result<NumberFormat, JsValue>;
    #[wasm_bindgen(method)]
    fn format(this: &NumberFormat, number: f64) -> String;
}

/// A formatter, and what it is for.
type Cached = (Unit, bool, Option<NumberFormat>);

thread_local! {
    /// To make one takes longer than to use it a hundred times.
    static FORMATTERS: RefCell<Vec<Cached>> = const { RefCell::new(Vec::new()) };
}

/// An amount in the reader's language.
pub(super) fn local(amount: Amount) -> String {
    let value = amount.tenths as f64 / 10.0;
    let value = if amount.unit == Unit::Percent {
        value / 100.0
    } else {
        value
    };
    let Some(formatter) = formatter(amount.unit, amount.is_fine) else {
        return plain(amount);
    };
    let number = amount.bound.to_owned() + &formatter.format(value);
    match amount.unit {
        Unit::Million => number + " million",
        _ => number,
    }
}

fn formatter(unit: Unit, is_fine: bool) -> Option<NumberFormat> {
    FORMATTERS.with_borrow_mut(|formatters| {
        let is_it = |cached: &&Cached| (cached.0, cached.1) == (unit, is_fine);
        if let Some((_, _, formatter)) = formatters.iter().find(is_it) {
            return formatter.clone();
        }
        let formatter = new_formatter(unit, is_fine);
        formatters.push((unit, is_fine, formatter.clone()));
        formatter
    })
}

fn new_formatter(unit: Unit, is_fine: bool) -> Option<NumberFormat> {
    let options = Object::new();
    // Setting a property of an object just made cannot fail.
    let set = |name: &str, value: JsValue| _ = Reflect::set(&options, &name.into(), &value);
    let digits = i32::from(is_fine);
    set("minimumFractionDigits", digits.into());
    set("maximumFractionDigits", digits.into());
    let (style, unit) = match unit {
        Unit::One | Unit::Million => ("decimal", None),
        Unit::Percent => ("percent", None),
        Unit::Byte => ("unit", Some("byte")),
        Unit::Kilobyte => ("unit", Some("kilobyte")),
        Unit::Megabyte => ("unit", Some("megabyte")),
        Unit::Millisecond => ("unit", Some("millisecond")),
        Unit::Second => ("unit", Some("second")),
    };
    set("style", style.into());
    if let Some(unit) = unit {
        set("unit", unit.into());
        // “312 bytes” is long, “13.4 MB” is short.
        let is_long = unit == "byte";
        set("unitDisplay", if is_long { "long" } else { "short" }.into());
    }
    NumberFormat::new(window().navigator().language(), &options)
        .or_else(|_| NumberFormat::new(None, &options))
        .ok()
}
