//! What a screen reader hears: not every keystroke, but what has become of the text once typing has settled.

use std::time::Duration;

use leptos::prelude::*;

use super::numbers::local;
use super::session::Session;
use super::state::VerdictState;

/// How long nothing must have changed.
const SETTLED: Duration = Duration::from_millis(1_000);

/// A polite live region, empty from the start. It speaks when the label is another one, not when only numbers change.
#[component]
pub(super) fn Announcer(session: Session) -> impl IntoView {
    let said = RwSignal::new(String::new());
    let heard = StoredValue::new(String::new());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        session.state.view(|_| ());
        if let Some(pending) = timer.get_value() {
            pending.clear();
        }
        let speak = move || {
            let (face, label, words) = session.state.view_untracked(|view| {
                let label = view.verdict(local).map(|verdict| verdict.word);
                (view.face(), label.unwrap_or_default(), view.spoken(local))
            });
            // A new verdict is awaited, or something else speaks.
            if !matches!(face, VerdictState::Ready | VerdictState::Empty)
                || heard.get_value() == label
            {
                return;
            }
            heard.set_value(label);
            said.set(words);
        };
        timer.set_value(set_timeout_with_handle(speak, SETTLED).ok());
    });
    view! { <div role="status" class="visually-hidden" prop:textContent=said></div> }
}
