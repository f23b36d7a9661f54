//! Texts to click. They are given to the model as they stand, so a browser must not translate them.

use leptos::prelude::*;

use super::session::Session;

/// One of each class, one that says the opposite of its words, one that pulls both ways, and a plain fact.
const EXAMPLES: [&str; 6] = [
    "The food was cold and nobody said sorry.",
    "The meeting has moved to Thursday.",
    "What a lovely surprise, thank you!",
    "I could not be happier.",
    "My flight was cancelled, so we danced in the airport.",
    "The Nile flows north.",
];

#[component]
pub(super) fn Examples(session: Session) -> impl IntoView {
    view! {
        <section class="examples" aria-labelledby="examples">
            <h2 id="examples">"Try one of these"</h2>
            <ul>
                {EXAMPLES
                    .map(|text| {
                        view! {
                            <li>
                                <button type="button" translate="no" on:click=move |_| session.write(text)>
                                    {text}
                                </button>
                            </li>
                        }
                    })
                    .into_iter()
                    .collect_view()}
            </ul>
        </section>
    }
}
