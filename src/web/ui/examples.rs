//! Texts to click.

use leptos::prelude::*;

use super::app::Reader;

/// One of each class, one that says the opposite of its words, and a plain fact.
const EXAMPLES: [&str; 5] = [
    "The food was cold and nobody said sorry.",
    "The meeting has moved to Thursday.",
    "What a lovely surprise, thank you!",
    "Not bad at all. I expected far worse.",
    "Water boils at 100 °C at sea level.",
];

#[component]
pub(super) fn Examples(reader: Reader) -> impl IntoView {
    view! {
        <section class="examples" aria-labelledby="examples">
            <h2 id="examples">"Try one of these"</h2>
            <ul>
                {EXAMPLES
                    .map(|text| {
                        view! {
                            <li>
                                <button type="button" on:click=move |_| reader.write(text)>
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
