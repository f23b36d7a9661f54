//! The sentences as a strip of bars: the longer the sentence the wider, the surer the verdict the taller.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

use crate::present::format::{Amount, Share};
use crate::present::labels::heading;
use crate::web::app::numbers::local;
use crate::web::app::reading::Sentence;
use crate::web::app::session::Session;

/// At most so many sentences are drawn, those around the caret.
const MAX_BARS: usize = 100;

#[derive(Clone, PartialEq, Hash)]
struct Bar {
    index: usize,
    tone: &'static str,
    /// In percent.
    height: u32,
    width: usize,
    is_current: bool,
    /// `Sentence 3 of 6: Negative, 96%`
    name: String,
}

impl Bar {
    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// A list whose arrow keys move the caret of the field from sentence to sentence.
#[component]
pub(super) fn Strip(session: Session) -> impl IntoView {
    let bars = Memo::new(move |_| bars(session));
    let total = move || session.state.sentences.with(Vec::len);
    let current = move || {
        session
            .state
            .current
            .with(|current| Some(current.as_ref()?.index))
    };
    let on_key = move |event: KeyboardEvent| {
        let (at, last) = (current().unwrap_or(0), total().saturating_sub(1));
        let to = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => (at + 1).min(last),
            "ArrowLeft" | "ArrowUp" => at.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                event.prevent_default();
                session.go_to(at);
                return session.focus();
            }
            _ => return,
        };
        event.prevent_default();
        session.go_to(to);
    };
    let on_click = move |event: MouseEvent| {
        let bar = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let index = bar.and_then(|bar| bar.get_attribute("data-index")?.parse().ok());
        if let Some(index) = index {
            session.go_to(index);
            session.focus();
        }
    };
    let summary = move || {
        session.state.view(|view| {
            view.shown()
                .map(|answer| answer.counts.sentence(local))
                .unwrap_or_default()
        })
    };
    let where_of = move || {
        bars.with(|bars| match (bars.first(), bars.last()) {
            (Some(first), Some(last)) if bars.len() < total() => {
                let number = |n: usize| local(Amount::number(n as u64 + 1));
                "Sentences ".to_owned()
                    + &number(first.index)
                    + " to "
                    + &number(last.index)
                    + " are shown."
            }
            _ => String::new(),
        })
    };
    view! {
        <div class="strip" hidden=move || total() < 2>
            <div
                role="listbox"
                tabindex="0"
                aria-label="Sentences"
                aria-orientation="horizontal"
                aria-activedescendant=move || current().map(|index| format!("sentence-{index}"))
                on:keydown=on_key
                on:click=on_click
            >
                <For each=move || bars.get() key=Bar::key children=|bar| view! { <Item bar /> } />
            </div>
            <p>
                <span prop:textContent=summary></span>
                " "
                <span prop:textContent=where_of></span>
            </p>
        </div>
    }
}

#[component]
fn Item(bar: Bar) -> impl IntoView {
    view! {
        <span
            role="option"
            id=format!("sentence-{}", bar.index)
            data-index=bar.index
            data-tone=bar.tone
            aria-selected=if bar.is_current { "true" } else { "false" }
            aria-label=bar.name.clone()
            title=bar.name
            style=("--width", bar.width.to_string())
            style=("--height", bar.height.to_string() + "%")
        ></span>
    }
}

fn bars(session: Session) -> Vec<Bar> {
    let current = session
        .state
        .current
        .with(|current| Some(current.as_ref()?.index));
    session.state.model.with(|model| {
        let Some(info) = &model.info else {
            return Vec::new();
        };
        session.state.sentences.with(|sentences| {
            let total = sentences.len();
            if total < 2 {
                return Vec::new();
            }
            let first = current.unwrap_or(0).saturating_sub(MAX_BARS / 2);
            let first = first.min(total.saturating_sub(MAX_BARS));
            let shown = sentences.iter().enumerate().skip(first).take(MAX_BARS);
            // To format a number takes longer than all else here.
            let of_total = " of ".to_owned() + &local(Amount::number(total as u64)) + ": ";
            let mut percents = HashMap::new();
            shown
                .map(|(index, sentence)| Bar {
                    index,
                    tone: sentence
                        .polarity()
                        .map_or("none", |polarity| polarity.name()),
                    height: height(sentence),
                    width: (sentence.end - sentence.start).clamp(8, 200),
                    is_current: current == Some(index),
                    name: "Sentence ".to_owned()
                        + &local(Amount::number(index as u64 + 1))
                        + &of_total
                        + &verdict(sentence, &info.labels, &mut percents),
                })
                .collect()
        })
    })
}

fn height(sentence: &Sentence) -> u32 {
    const LOWEST: f32 = 16.0;
    let score = sentence.rating.map_or(0.0, |rating| rating.score);
    (LOWEST + (100.0 - LOWEST) * score) as u32
}

/// The verdict in words; `percents` has those that were written before.
fn verdict(sentence: &Sentence, labels: &[String], percents: &mut HashMap<u32, String>) -> String {
    match sentence.rating {
        _ if sentence.is_failed => "could not be read".to_owned(),
        None => "not read yet".to_owned(),
        Some(rating) => {
            if !rating.is_sure() {
                return "not sure".to_owned();
            }
            let share = Share::nearest(rating.score);
            let written = percents.entry(share.percent);
            let share = written.or_insert_with(|| local(Amount::percent(share)));
            let label = labels.get(rating.label).map(|label| heading(label));
            label.unwrap_or_default() + ", " + share
        }
    }
}
