//! The chains, one row each: troubled ones first, whole ones summed up.

use std::io;

use super::super::plain::Plain;
use super::super::timeline::{Cell, Findings, Scale, row};
use super::super::words::{self, Share};
use super::Page;
use super::paint::Ink;
use crate::render::wrap::{shortened, wrapped};
use crate::report::{ChainReport, Reached, Report, Uncovered};
use crate::trail::{DigestKind, Span};
use crate::verdict::{Class, Scope};

/// How many troubled chains, and how many whole ones, are drawn before the rest is summed up.
const TOLD: usize = 20;
/// How many whole chains are drawn.
const FEW: usize = 8;
/// Longest trail name that is shown in full.
const TRAIL: usize = 24;
/// A strip shorter than this says too little to share its line.
const STRIP: usize = 24;

/// A chain and what is drawn of it. The worst of its findings decides its place.
struct Row<'a> {
    chain: &'a ChainReport,
    cells: Vec<Cell>,
    worst: Option<Class>,
    texts: [String; 6],
}

pub(super) fn write(page: &Page<'_>, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    if report.chains.is_empty() && report.uncovered.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(report);
    let beside = page.width().saturating_sub(columns.total() + 4);
    let room = if beside >= STRIP { beside } else { page.width() - 4 };
    let scale = Scale::fit(report, room);
    let rows = rows(report, scale.as_ref());

    page.heading("CHAINS", out)?;
    if let Some(scale) = &scale {
        let shown = rows.iter().flat_map(|row| &row.cells);
        legend(page, scale, shown.copied().collect(), words::not_marked(report), out)?;
    }
    let (troubled, whole): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.iter().partition(|row| row.worst.is_some_and(|class| class != Class::Notice));
    let limit = if page.verbose() { usize::MAX } else { TOLD };
    let in_trouble = troubled.len() + report.uncovered.len();
    // In company of troubled chains the whole ones only matter as a number, unless there are few; so do many of them.
    let whole_shown = match (page.verbose(), whole.len()) {
        (true, all) => all,
        (false, few) if few + in_trouble <= FEW => few,
        (false, _) if in_trouble > 0 => 0,
        (false, _) => FEW,
    };
    for part in report.uncovered.iter().take(limit) {
        write_uncovered(page, part, &columns, scale.as_ref().filter(|_| beside >= STRIP), out)?;
    }
    if report.uncovered.len() > limit {
        let rest = words::thousands((report.uncovered.len() - limit) as u64);
        writeln!(out, "  … and {rest} more without a chain (-v shows all)")?;
    }
    for row in troubled.iter().take(limit).chain(whole.iter().take(whole_shown)) {
        write_row(page, row, &columns, beside >= STRIP, out)?;
    }
    if troubled.len() > limit {
        let rest = words::counted((troubled.len() - limit) as u64, "troubled chain", "troubled chains");
        writeln!(out, "  … and {rest} more (-v shows all)")?;
    }
    match (whole.len() - whole_shown) as u64 {
        0 => Ok(()),
        rest => {
            let rest = words::counted(rest, "more chain", "more chains");
            writeln!(out, "  … and {rest} whole (-v shows all)")
        }
    }
}

fn rows<'a>(report: &'a Report, scale: Option<&Scale>) -> Vec<Row<'a>> {
    let findings = Findings::of(report);
    let rows = report.chains.iter().map(|chain| Row {
        chain,
        cells: scale.map_or_else(Vec::new, |scale| row(scale, chain, findings.of_chain(chain))),
        worst: findings.worst(chain).into_iter().chain(not_reached(chain)).min(),
        texts: texts(chain),
    });
    let mut rows: Vec<Row<'_>> = rows.collect();
    rows.sort_by_key(|row| row.worst.unwrap_or(Class::Notice));
    rows
}

/// What was not reached wholly is not whole, whatever was found of it.
fn not_reached(chain: &ChainReport) -> Option<Class> {
    (chain.reached == Reached::InPart).then_some(Class::Incomplete)
}

fn texts(chain: &ChainReport) -> [String; 6] {
    let id = &chain.id;
    let trail = match id.kind {
        DigestKind::Standard => shortened(id.trail.as_str(), TRAIL),
        DigestKind::Backfill => format!("{} (backfill)", shortened(id.trail.as_str(), TRAIL - 11)),
    };
    [
        id.place.account.to_string(),
        id.place.region.to_string(),
        trail,
        Share::of(&chain.coverage, &chain.gaps).to_string(),
        part(chain.digests.authentic, chain.digests.total(), "digests"),
        part(chain.logs.intact + chain.logs.present, chain.logs.total(), "logs"),
    ]
}

/// `166/168 digests`: good ones of all.
fn part(good: u64, all: u64, what: &str) -> String {
    if good == all {
        format!("{} {what}", words::thousands(all))
    } else {
        format!("{}/{} {what}", words::thousands(good), words::thousands(all))
    }
}

/// The width of each column of text.
struct Columns([usize; 6]);

impl Columns {
    fn of(report: &Report) -> Self {
        let mut widths = [0; 6];
        for chain in &report.chains {
            for (width, text) in widths.iter_mut().zip(texts(chain)) {
                *width = (*width).max(text.chars().count());
            }
        }
        if report.chains.is_empty() {
            widths = [12, 14, 1, 4, 0, 0];
        }
        Self(widths)
    }

    fn total(&self) -> usize {
        self.0.iter().map(|width| width + 2).sum()
    }
}

/// What has no chain, in the columns of the chains.
fn write_uncovered(
    page: &Page<'_>,
    part: &Uncovered,
    columns: &Columns,
    beside: Option<&Scale>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let Scope { account, region, trail, .. } = &part.scope;
    let texts = [
        account.map_or("any account".to_owned(), |account| account.to_string()),
        region.as_ref().map_or("any region".to_owned(), ToString::to_string),
        trail.as_ref().map_or("–".to_owned(), |trail| shortened(trail.as_str(), TRAIL)),
    ];
    let names: Vec<String> = texts
        .iter()
        .zip(columns.0)
        .map(|(text, width)| format!("{:<width$}", Plain(text).to_string()))
        .collect();
    let figures = format!("{:>width$}  {}", "0 %", words::no_chain(part.why), width = columns.0[3]);
    let names = format!("  {}  ", names.join("  "));
    let fits = names.chars().count() + figures.chars().count() <= page.width();
    if fits {
        write!(out, "{names}")?
    } else {
        write!(out, "{}\n    ", names.trim_end())?
    }
    if let Some(scale) = beside {
        write_strip(page, &vec![Cell::of_no_chain(part.why); scale.cells()], out)?;
        write!(out, "  ")?;
    }
    let figures = if fits { &*figures } else { figures.trim_start() };
    writeln!(out, "{}", page.paint.ink(Ink::Caution, figures))
}

/// In one line where there is room, else the strip below the names, else the figures below the strip.
fn write_row(
    page: &Page<'_>,
    row: &Row<'_>,
    columns: &Columns,
    beside: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let padded: Vec<String> = row
        .texts
        .iter()
        .zip(columns.0)
        .enumerate()
        .map(|(column, (text, width))| match column {
            0..=2 => format!("{:<width$}", Plain(text).to_string()),
            _ => format!("{text:>width$}"),
        })
        .collect();
    let (names, figures) = padded.split_at(3);
    let (names, figures) = (names.join("  "), figures.join("  "));
    if beside {
        write!(out, "  {names}  ")?;
        write_strip(page, &row.cells, out)?;
        writeln!(out, "  {figures}")?;
    } else {
        let together = columns.total() <= page.width();
        if together {
            writeln!(out, "  {names}  {figures}")?
        } else {
            writeln!(out, "  {}", names.trim_end())?
        }
        write!(out, "    ")?;
        write_strip(page, &row.cells, out)?;
        writeln!(out)?;
        if !together {
            writeln!(out, "    {}", figures.trim_start())?;
        }
    }
    match row.chain.verified_through.filter(|_| page.verbose()) {
        Some(through) => writeln!(out, "    verified without a break up to {}", words::moment(through)),
        None => Ok(()),
    }
}

fn write_strip(page: &Page<'_>, cells: &[Cell], out: &mut dyn io::Write) -> io::Result<()> {
    for run in cells.chunk_by(PartialEq::eq) {
        let [cell, ..] = run else { continue };
        let (sign, ink) = drawn(*cell);
        let text: String = std::iter::repeat_n(sign, run.len()).collect();
        write!(out, "{}", page.paint.ink(ink, text))?;
    }
    Ok(())
}

fn drawn(cell: Cell) -> (char, Ink) {
    match cell {
        Cell::Outside => (' ', Ink::Faint),
        Cell::Covered => ('█', Ink::Good),
        Cell::Pending => ('░', Ink::Faint),
        Cell::NotReached => ('-', Ink::Caution),
        Cell::Unproven => ('?', Ink::Caution),
        Cell::Partial => ('▄', Ink::Caution),
        Cell::Gap => ('·', Ink::Caution),
        Cell::Damaged => ('✗', Ink::Alarm),
    }
}

fn legend(
    page: &Page<'_>,
    scale: &Scale,
    shown: Vec<Cell>,
    not_marked: Option<String>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let bounds = words::range(Span { start: scale.start, end: scale.end });
    let text = format!("each character is {}, from {bounds} UTC", scale.step());
    writeln!(out, "  {}", page.paint.ink(Ink::Faint, wrapped(&text, page.width(), 2)))?;
    let signs: Vec<String> = Cell::ALL
        .into_iter()
        .filter(|cell| *cell != Cell::Outside && shown.contains(cell))
        .map(|cell| format!("{}\u{a0}{}", drawn(cell).0, cell.legend().replace(' ', "\u{a0}")))
        .collect();
    let signs = wrapped(&signs.join(", "), page.width(), 2).replace('\u{a0}', " ");
    writeln!(out, "  {}", page.paint.ink(Ink::Faint, signs))?;
    if let Some(text) = not_marked {
        writeln!(out, "  {}", wrapped(&text, page.width(), 2))?;
    }
    writeln!(out)
}
