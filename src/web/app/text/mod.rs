//! The text: the field, what lies behind it, and below the verdict what is known of its sentences.

mod compare;
mod field;
mod reasons;
mod sentence;
mod strip;
pub(super) mod textarea;
pub(super) mod tints;

use leptos::prelude::*;

use self::compare::Compare;
pub(super) use self::field::{Draft, Field};
use self::reasons::Reasons;
use self::sentence::SentenceAtCaret;
use self::strip::Strip;
use super::session::Session;

/// What is known of the sentences of the text. With one sentence only the reasons of its verdict.
#[component]
pub(super) fn Sentences(session: Session) -> impl IntoView {
    let is_blank = move || session.state.reading.with(|reading| reading.is_blank);
    view! {
        <div class="sentences" hidden=is_blank>
            <Strip session />
            <SentenceAtCaret session />
            <Reasons session />
            <Compare session />
        </div>
    }
}
