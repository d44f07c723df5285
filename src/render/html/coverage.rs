//! The heat map: a row of time for each chain, drawn with as few shapes as it takes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::ticks::{Tick, ticks};
use crate::render::timeline::{Cell, Findings, Scale, row};
use crate::render::words::{self, Share};
use crate::report::{ChainReport, Report, Uncovered};
use crate::trail::{DigestKind, Span};

/// More cells than this are too narrow for a sheet of paper.
const CELLS: usize = 400;
/// More chains than this are drawn closer together.
const DENSE: usize = 60;

/// The chart; nothing, where there is nothing to draw.
pub(super) fn section(report: &Report) -> Markup {
    match Scale::fit(report, CELLS) {
        Some(scale) if !(report.chains.is_empty() && report.uncovered.is_empty()) => chart(report, &scale),
        _ => html! {},
    }
}

fn chart(report: &Report, scale: &Scale) -> Markup {
    let findings = Findings::of(report);
    let rows: Vec<Vec<Cell>> =
        report.chains.iter().map(|chain| row(scale, chain, findings.of_chain(chain))).collect();
    let of_no_chain = report.uncovered.iter().map(|part| Cell::of_no_chain(part.why));
    let shown = rows.iter().flatten().copied().chain(of_no_chain).collect();
    let whole = words::range(Span { start: scale.start, end: scale.end });
    let names_trail = report.chains.iter().map(|chain| &chain.id.trail).collect::<BTreeSet<_>>().len() > 1;
    // An account is named where its first chain stands.
    let mut before = None;
    let first = |chain: &ChainReport| before.replace(chain.id.place.account) != Some(chain.id.place.account);
    let begins: Vec<bool> = report.chains.iter().map(first).collect();
    html! {
        section id="coverage" {
            h2 { "Coverage" }
            p {
                "Each row is a chain of digests, each step " (scale.step()) ", from " (whole) " UTC. A step shows the worst \
                 that is true of any part of it."
            }
            (legend(&shown))
            @if let Some(text) = words::not_marked(report) {
                p { (text) }
            }
            table class=(if rows.len() > DENSE { "map dense" } else { "map" }) {
                (axis(scale, &whole))
                tbody {
                    @for ((chain, cells), begins) in report.chains.iter().zip(&rows).zip(begins) {
                        @let account = begins.then(|| chain.id.place.account.to_string());
                        (of_chain(chain, cells, account, &name(chain, names_trail)))
                    }
                    @for part in &report.uncovered {
                        (uncovered(part, scale.cells()))
                    }
                }
            }
        }
    }
}

fn uncovered(part: &Uncovered, cells: usize) -> Markup {
    let whose = words::part(&part.scope);
    let why = words::no_chain(part.why);
    let strip = strip(&vec![Cell::of_no_chain(part.why); cells], &format!("{whose}: {why}, nothing covered"));
    html! {
        tr class="first" {
            th scope="row" { b { (whose) } " " span { (why) } }
            td { (strip) }
            td class="number" { "0 %" }
        }
    }
}

/// The row of a chain; `account` is named in its first one.
fn of_chain(chain: &ChainReport, cells: &[Cell], account: Option<String>, name: &str) -> Markup {
    let place = &chain.id.place;
    let share = Share::of(&chain.coverage, &chain.gaps);
    let strip =
        strip(cells, &format!("{} {}: {share} covered{}", place.account, place.region, states(cells)));
    html! {
        tr class=[account.is_some().then_some("first")] {
            th scope="row" { b { (account.unwrap_or_default()) } " " span { (name) } }
            td { (strip) }
            td class="number" { (share) }
        }
    }
}

/// What a chain is called beside its account: its trail only where there are several.
fn name(chain: &ChainReport, names_trail: bool) -> String {
    let id = &chain.id;
    let mut name = id.place.region.to_string();
    if names_trail {
        let _ = write!(name, " {}", id.trail);
    }
    if id.kind == DigestKind::Backfill {
        name.push_str(" (backfill)");
    }
    name
}

/// One shape for each state, holding all runs of it.
fn strip(cells: &[Cell], description: &str) -> Markup {
    html! {
        svg viewBox=(format!("0 0 {} 8", cells.len())) preserveAspectRatio="none" role="img" aria-label=(description) {
            @for state in Cell::ALL.into_iter().filter(|state| *state != Cell::Outside) {
                @let path = path(cells, state);
                @if !path.is_empty() {
                    path class=(class(state)) d=(path) {}
                }
            }
        }
    }
}

fn path(cells: &[Cell], state: Cell) -> String {
    let mut path = String::new();
    let mut at = 0;
    for run in cells.chunk_by(PartialEq::eq) {
        if run.first() == Some(&state) {
            let (top, height) = extent(state);
            let _ = write!(path, "M{at} {top}h{0}v{height}h-{0}z", run.len());
        }
        at += run.len();
    }
    path
}

/// Where a state's shape begins and how high it is, of eight: states differ in more than colour.
fn extent(state: Cell) -> (u8, u8) {
    match state {
        Cell::Damaged | Cell::Covered => (0, 8),
        Cell::Unproven => (2, 6),
        Cell::Partial => (4, 4),
        Cell::NotReached => (3, 2),
        Cell::Gap | Cell::Pending | Cell::Outside => (6, 2),
    }
}

fn class(state: Cell) -> &'static str {
    match state {
        Cell::Outside => "outside",
        Cell::Covered => "covered",
        Cell::Pending => "pending",
        Cell::NotReached => "not-reached",
        Cell::Unproven => "unproven",
        Cell::Partial => "partial",
        Cell::Gap => "gap",
        Cell::Damaged => "damaged",
    }
}

fn legend(shown: &BTreeSet<Cell>) -> Markup {
    html! {
        ul class="legend" {
            @for state in Cell::ALL.into_iter().filter(|state| *state != Cell::Outside && shown.contains(state)) {
                li { (strip(&[state], state.legend())) " " (state.legend()) }
            }
        }
    }
}

/// Marks along the rows, named by what begins there.
fn axis(scale: &Scale, whole: &str) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { "Chain" }
                th scope="col" class="axis" {
                    svg class="ticks" role="img" aria-label=(format!("Time, {whole} UTC")) {
                        @for Tick { at, name } in ticks(scale) {
                            @let percent = format!("{:.2}%", at * 100.0);
                            line x1=(percent) x2=(percent) y1="0" y2="100%" {}
                            // At the very end there is no room for a name.
                            @if at < 0.9 {
                                text x=(percent) y="11" dx="3" { (name) }
                            }
                        }
                    }
                }
                th scope="col" class="number" { "Covered" }
            }
        }
    }
}

/// What a row shows beside covered time, worst first.
fn states(cells: &[Cell]) -> String {
    let shown: BTreeSet<Cell> = cells.iter().copied().collect();
    let told = shown.into_iter().rev().filter(|cell| !matches!(cell, Cell::Outside | Cell::Covered));
    told.fold(String::new(), |told, cell| format!("{told}; {}", cell.legend()))
}
