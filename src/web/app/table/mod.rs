//! Tables: a file of comments is opened, looked at, read, summed up, corrected and saved.

mod charts;
mod lines;
mod open;
mod picture;
mod preview;
mod rows;
mod save;
mod session;

use leptos::html::H2;
use leptos::prelude::*;

use self::charts::Charts;
use self::open::Open;
use self::preview::PreviewOfFile;
use self::rows::{Filters, Rows, WholeRow};
use self::save::Save;
pub(super) use self::session::TableSession;
use super::nav::focus_on_arrival;
use super::numbers::local;
use super::route::Route;
use super::state::ModelState;
use super::table_state::{Run, Stage, headline, progress};
use crate::present::format::count;

/// The view.
#[component]
pub(super) fn Tables(tables: TableSession) -> impl IntoView {
    let session = tables.session;
    let is_view = move || session.route.get() == Route::Table;
    let heading = NodeRef::<H2>::new();
    focus_on_arrival(session, Route::Table, heading);
    // What is kept of a table is opened with the view, once the model is there.
    let is_resumed = StoredValue::new(false);
    Effect::new(move |_| {
        let is_ready = !session.state.model.with(ModelState::is_loading);
        if is_view() && is_ready && !is_resumed.get_value() {
            is_resumed.set_value(true);
            tables.resume();
        }
    });
    // A button that hides takes the focus with it.
    Effect::new(move |_| {
        tables.stage.track();
        let keep_focus = move || {
            let is_lost = document().active_element() == document().body().map(Into::into);
            let heading = heading.get_untracked();
            if let Some(heading) = heading.filter(|_| is_lost && untrack(is_view)) {
                _ = heading.focus();
            }
        };
        // Only once it is drawn does the browser notice that the button is hidden.
        request_animation_frame(move || request_animation_frame(keep_focus));
    });
    let is_open = move || tables.stage.get() == Stage::Open;
    let spoken = move || match tables.run.get() {
        Run::Done if is_open() => {
            let labels = tables.labels.get();
            let all = tables
                .summary
                .with(|it| headline(&labels, &it.labels, local));
            "All rows are read: ".to_owned() + &all + "."
        }
        _ => String::new(),
    };
    view! {
        <section class="tables" id="tables" hidden=move || !is_view()>
            <h2 tabindex="-1" node_ref=heading>
                "Table"
            </h2>
            <p class="trouble" role="alert" prop:textContent=move || tables.trouble.get()></p>
            <Open tables />
            <PreviewOfFile tables />
            <div class="results" hidden=move || !is_open()>
                <Reading tables />
                <Save tables />
                <Charts tables />
                <Filters tables />
                <Rows tables />
            </div>
            <WholeRow tables />
            <p role="status" class="visually-hidden" prop:textContent=spoken></p>
        </section>
    }
}

/// How far it is, and what can be done about that.
#[component]
fn Reading(tables: TableSession) -> impl IntoView {
    let name = move || {
        tables
            .table
            .with(|table| table.as_ref().map(|table| table.name.clone()))
            .unwrap_or_default()
    };
    let notes = move || {
        let notes = tables
            .table
            .with(|it| it.as_ref().map(|it| it.notes.clone()));
        let notes = notes.unwrap_or_default().into_iter();
        notes.map(|note| view! { <li>{note}</li> }).collect_view()
    };
    let said = move || {
        let run = tables.run.get();
        let all = tables.progress.get();
        let mut said = tables
            .speed
            .with(|speed| progress(&all, speed, &run, local));
        let workers = tables.workers();
        if run == Run::Going && workers > 1 {
            said = said + " · " + &count(workers, "worker", local);
        }
        said
    };
    let is = move |kind: fn(&Run) -> bool| tables.run.with(kind);
    let stopped = move || match tables.run.get() {
        Run::Stopped(reason) => "The model stopped: ".to_owned() + &reason,
        _ => String::new(),
    };
    let kept = move || {
        let reason = tables.unkept.get();
        if reason.is_empty() {
            "The table and what was read of it are kept on this device until you close it."
                .to_owned()
        } else {
            "What is read cannot be kept on this device (".to_owned()
                + &reason
                + "): save the table before you close the page."
        }
    };
    let rows = move || tables.progress.with(|it| (it.rows - it.empty).to_string());
    let done = move || tables.progress.with(|it| (it.read + it.failed).to_string());
    view! {
        <div class="line">
            <h3 prop:textContent=name></h3>
            <span class="buttons line">
                <button type="button" id="table-pause" hidden=move || !is(|run| *run == Run::Going) on:click=move |_| tables.pause()>
                    "Pause"
                </button>
                <button
                    type="button"
                    id="table-go-on"
                    hidden=move || !is(|run| matches!(run, Run::Paused | Run::Stopped(_)))
                    on:click=move |_| tables.go_on()
                >
                    "Go on"
                </button>
                <button type="button" id="table-close" on:click=move |_| tables.close()>
                    "Close and forget"
                </button>
            </span>
        </div>
        <progress aria-label="Rows read" hidden=move || is(|run| *run == Run::Done) max=rows value=done></progress>
        <p class="quiet" id="table-progress" prop:textContent=said></p>
        <p class="trouble" role="alert" prop:textContent=stopped></p>
        <ul class="notes">{notes}</ul>
        <p class="quiet" prop:textContent=kept></p>
    }
}
