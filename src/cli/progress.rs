//! A progress bar on stderr, when that is a terminal: how far, how fast, what was found so far, how long still.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use trailseal::audit::{Event, Observer, Phase};
use trailseal::verdict::Class;

use super::args::Look;

/// Counts what happens; the bar reads the counts when it draws, so that a fast run is not slowed by drawing.
struct Bar {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    bytes: AtomicU64,
    tamper: AtomicU64,
    incomplete: AtomicU64,
}

/// The observer that suits this stderr.
pub fn observer(look: &Look) -> Arc<dyn Observer> {
    match io::stderr().is_terminal() && !look.no_progress && !look.quiet {
        true => Arc::new(Bar::new()),
        false => Arc::new(trailseal::audit::Silent),
    }
}

impl Bar {
    fn new() -> Self {
        let counts = Arc::<Counts>::default();
        let shown = Arc::clone(&counts);
        let style = ProgressStyle::with_template(
            "{msg:11} {wide_bar} {human_pos}/{human_len} {per_sec:>9} {found} {eta:>4}",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("found", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let (bytes, tamper, incomplete) =
                (shown.bytes.load(Relaxed), shown.tamper.load(Relaxed), shown.incomplete.load(Relaxed));
            let _ = write!(out, "{}", HumanBytes(bytes));
            if tamper > 0 {
                let _ = write!(out, " tamper:{}", HumanCount(tamper));
            }
            if incomplete > 0 {
                let _ = write!(out, " incomplete:{}", HumanCount(incomplete));
            }
        });
        let bar = ProgressBar::new(0).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, counts }
    }
}

impl Observer for Bar {
    fn on(&self, event: Event<'_>) {
        match event {
            Event::Phase(Phase::Discovering) => self.bar.set_message("discovering"),
            Event::Phase(Phase::Verifying { .. }) => self.bar.set_message("verifying"),
            Event::DigestsListed(more) | Event::LogsNamed(more) => self.bar.inc_length(more),
            Event::Digest { .. } => self.bar.inc(1),
            Event::Log { compressed, .. } => {
                self.bar.inc(1);
                self.counts.bytes.fetch_add(compressed, Relaxed);
            }
            Event::Finding(finding) => {
                match finding.class {
                    Class::Tamper => self.counts.tamper.fetch_add(1, Relaxed),
                    Class::Incomplete => self.counts.incomplete.fetch_add(1, Relaxed),
                    Class::Notice => 0,
                };
            }
            Event::SiteDone => {}
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
