//! The heat map: a row of time for each chain, drawn with as few shapes as it takes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::ticks::{Tick, ticks};
use crate::render::timeline::{Cell, Findings, Scale, row};
use crate::render::words::{self, Share};
use crate::render::xml::Attribute as Text;
use crate::report::{ChainReport, Report, Uncovered};
use crate::trail::{DigestKind, Span};

/// More cells than this are too narrow for a sheet of paper.
const CELLS: usize = 400;
/// More chains than this are drawn closer together.
const DENSE: usize = 60;

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(scale) = Scale::fit(report, CELLS) else { return Ok(()) };
    if report.chains.is_empty() && report.uncovered.is_empty() {
        return Ok(());
    }
    let findings = Findings::of(report);
    let rows: Vec<Vec<Cell>> =
        report.chains.iter().map(|chain| row(&scale, chain, findings.of_chain(chain))).collect();
    writeln!(out, "<section id=\"coverage\">\n<h2>Coverage</h2>")?;
    writeln!(
        out,
        "<p>Each row is a chain of digests, each step {}, from {} UTC. A step shows the worst that is true of any part \
         of it.</p>",
        scale.step(),
        words::range(Span { start: scale.start, end: scale.end })
    )?;
    let none: Vec<Vec<Cell>> =
        report.uncovered.iter().map(|part| vec![Cell::of_no_chain(part.why)]).collect();
    legend(rows.iter().chain(&none).flatten().copied().collect(), out)?;
    if let Some(text) = words::not_marked(report) {
        writeln!(out, "<p>{text}</p>")?;
    }
    let trails: BTreeSet<_> = report.chains.iter().map(|chain| &chain.id.trail).collect();
    let density = if rows.len() > DENSE { " dense" } else { "" };
    writeln!(out, "<table class=\"map{density}\">")?;
    axis(&scale, out)?;
    writeln!(out, "<tbody>")?;
    let mut account = None;
    for (chain, cells) in report.chains.iter().zip(&rows) {
        let begins = account != Some(chain.id.place.account);
        account = Some(chain.id.place.account);
        write_row(chain, cells, begins, trails.len() > 1, out)?;
    }
    for part in &report.uncovered {
        write_uncovered(part, scale.cells(), out)?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

fn write_uncovered(part: &Uncovered, cells: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let whose = words::part(&part.scope);
    let why = words::no_chain(part.why);
    writeln!(
        out,
        "<tr class=\"first\"><th scope=\"row\"><b>{0}</b> <span>{why}</span></th><td>{1}</td><td class=\"number\">0 %</td></tr>",
        Text(&whose),
        strip(&vec![Cell::of_no_chain(part.why); cells], &format!("{whose}: {why}, nothing covered")),
    )
}

fn write_row(
    chain: &ChainReport,
    cells: &[Cell],
    begins_account: bool,
    names_trail: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let id = &chain.id;
    let share = Share::of(&chain.coverage, &chain.gaps);
    let account = if begins_account { id.place.account.to_string() } else { String::new() };
    let mut name = id.place.region.to_string();
    if names_trail {
        let _ = write!(name, " {}", id.trail);
    }
    if id.kind == DigestKind::Backfill {
        name.push_str(" (backfill)");
    }
    let class = if begins_account { " class=\"first\"" } else { "" };
    writeln!(
        out,
        "<tr{class}><th scope=\"row\"><b>{account}</b> <span>{}</span></th><td>{}</td><td class=\"number\">{share}</td></tr>",
        Text(name),
        strip(cells, &format!("{} {}: {share} covered{}", id.place.account, id.place.region, states(cells))),
    )
}

/// One shape for each state, holding all runs of it.
fn strip(cells: &[Cell], description: &str) -> String {
    let mut paths = String::new();
    for state in Cell::ALL.into_iter().filter(|state| *state != Cell::Outside) {
        let mut path = String::new();
        let mut at = 0;
        for run in cells.chunk_by(PartialEq::eq) {
            if run.first() == Some(&state) {
                let (top, height) = extent(state);
                let _ = write!(path, "M{at} {top}h{0}v{height}h-{0}z", run.len());
            }
            at += run.len();
        }
        if !path.is_empty() {
            let _ = write!(paths, "<path class=\"{}\" d=\"{path}\"/>", class(state));
        }
    }
    format!(
        "<svg viewBox=\"0 0 {} 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{paths}</svg>",
        cells.len(),
        Text(description)
    )
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

fn legend(shown: BTreeSet<Cell>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<ul class=\"legend\">")?;
    for state in Cell::ALL.into_iter().filter(|state| *state != Cell::Outside) {
        if shown.contains(&state) {
            writeln!(out, "<li>{} {}</li>", strip(&[state], state.legend()), state.legend())?;
        }
    }
    writeln!(out, "</ul>")
}

/// Marks along the rows, named by what begins there.
fn axis(scale: &Scale, out: &mut dyn io::Write) -> io::Result<()> {
    let span = words::range(Span { start: scale.start, end: scale.end });
    write!(
        out,
        "<thead><tr><th scope=\"col\">Chain</th><th scope=\"col\" class=\"axis\">\
         <svg class=\"ticks\" role=\"img\" aria-label=\"Time, {span} UTC\">"
    )?;
    for Tick { at, name } in ticks(scale) {
        let percent = at * 100.0;
        write!(out, "<line x1=\"{percent:.2}%\" x2=\"{percent:.2}%\" y1=\"0\" y2=\"100%\"/>")?;
        // At the very end there is no room for a name.
        if at < 0.9 {
            write!(out, "<text x=\"{percent:.2}%\" y=\"11\" dx=\"3\">{name}</text>")?;
        }
    }
    writeln!(out, "</svg></th><th scope=\"col\" class=\"number\">Covered</th></tr></thead>")
}

/// What a row shows beside covered time, worst first.
fn states(cells: &[Cell]) -> String {
    let shown: BTreeSet<Cell> = cells.iter().copied().collect();
    let told = shown.into_iter().rev().filter(|cell| !matches!(cell, Cell::Outside | Cell::Covered));
    told.fold(String::new(), |told, cell| format!("{told}; {}", cell.legend()))
}
