//! The verdict on the sentence at the caret.

use leptos::prelude::*;

use crate::present::format::Amount;
use crate::web::app::current::Current;
use crate::web::app::meter::Stacked;
use crate::web::app::numbers::local;
use crate::web::app::session::Session;

/// Shown where there are other sentences: else the verdict on the whole says the same.
#[component]
pub(super) fn SentenceAtCaret(session: Session) -> impl IntoView {
    let current = session.state.current;
    let of = move |piece: fn(&Current) -> String| {
        move || current.with(|current| current.as_ref().map(piece).unwrap_or_default())
    };
    let meter = Memo::new(move |_| {
        current.with(|current| {
            current
                .as_ref()
                .map(|current| current.meter.clone())
                .unwrap_or_default()
        })
    });
    let label = of(|it| match it.meter.top() {
        Some(top) if top.share.is_some() => top.label.clone(),
        _ => String::new(),
    });
    let is_alone = move || current.with(|current| current.as_ref().is_none_or(|it| it.total < 2));
    let tone = move || {
        current.with(|current| {
            let current = current.as_ref().filter(|current| current.meter.is_sure())?;
            Some(current.meter.top()?.polarity.name())
        })
    };
    let state = of(|current| {
        let state = match current {
            _ if current.is_failed => "error",
            _ if current.is_stale => "stale",
            _ => "ready",
        };
        state.to_owned()
    });
    view! {
        <section
            class="card"
            id="sentence"
            hidden=is_alone
            data-state=state
            data-label=label
            data-index=of(|it| it.index.to_string())
        >
            <h2 prop:textContent=of(place)></h2>
            <p class="quote" translate="no" dir="auto" prop:textContent=of(|it| excerpt(&it.text))></p>
            <p class="own">
                <span class="word" data-tone=tone prop:textContent=of(|it| verdict(it).0)></span>
                <span class="figure" prop:textContent=of(|it| verdict(it).1)></span>
            </p>
            // Where labels do not share a bar, the words say it all.
            <div class="own" hidden=move || !meter.with(|meter| meter.is_stacked)>
                <Stacked meter />
            </div>
        </section>
    }
}

fn place(current: &Current) -> String {
    let number = |n: usize| local(Amount::number(n as u64));
    "The sentence at the cursor, ".to_owned()
        + &number(current.index + 1)
        + " of "
        + &number(current.total)
}

fn verdict(current: &Current) -> (String, String) {
    if current.is_failed {
        return ("Could not be read".into(), String::new());
    }
    match current.meter.verdict(local) {
        Some(verdict) => (verdict.word, verdict.figure),
        None => ("Not read yet".into(), String::new()),
    }
}

/// The beginning of a long sentence.
pub(super) fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 160;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => text[..end].trim_end().to_owned() + "…",
        None => text.to_owned(),
    }
}
