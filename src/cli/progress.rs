//! A progress bar on stderr, when that is a terminal: how far, how fast, what was found so far, how long still.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::audit::{Event, Observer, Phase};
use crate::verdict::Class;
use indicatif::{DecimalBytes, HumanCount, ProgressBar, ProgressStyle};

use super::args::Look;

/// Counts what happens; the bar reads the counts when it draws, so that a fast run is not slowed by drawing.
struct Bar {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    sites: AtomicU64,
    sites_listed: AtomicU64,
    digests_listed: AtomicU64,
    digests: AtomicU64,
    logs_named: AtomicU64,
    bytes: AtomicU64,
    days_carried: AtomicU64,
    tamper: AtomicU64,
    incomplete: AtomicU64,
}

impl Counts {
    /// How many objects there will be, reckoned from what is known so far: sites not listed yet are taken for average
    /// ones, and so are digests not read yet.
    fn expected(&self) -> u64 {
        let [sites, listed, digests_listed, digests, logs] =
            [&self.sites, &self.sites_listed, &self.digests_listed, &self.digests, &self.logs_named]
                .map(|count| count.load(Relaxed) as f64);
        let all_digests = digests_listed * (sites / listed.max(1.0)).max(1.0);
        (all_digests * (1.0 + logs / digests.max(1.0))) as u64
    }
}

/// The observer that suits this stderr.
pub fn observer(look: &Look) -> Arc<dyn Observer> {
    if io::stderr().is_terminal() && !look.no_progress && !look.quiet {
        Arc::new(Bar::new())
    } else {
        Arc::new(crate::audit::Silent)
    }
}

impl Bar {
    fn new() -> Self {
        let counts = Arc::<Counts>::default();
        let shown = Arc::clone(&counts);
        let style = ProgressStyle::with_template(
            "{msg:11} {wide_bar} {human_pos}/~{human_len} {rate:>8} {found} {eta:>4}",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("found", move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let (bytes, tamper, incomplete) =
                (shown.bytes.load(Relaxed), shown.tamper.load(Relaxed), shown.incomplete.load(Relaxed));
            let _ = write!(out, "{}", DecimalBytes(bytes));
            let carried = shown.days_carried.load(Relaxed);
            if carried > 0 {
                let _ = write!(out, " carried:{}d", HumanCount(carried));
            }
            if tamper > 0 {
                let _ = write!(out, " tamper:{}", HumanCount(tamper));
            }
            if incomplete > 0 {
                let _ = write!(out, " incomplete:{}", HumanCount(incomplete));
            }
        })
        .with_key("rate", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        });
        // Empty until it is known how much there is.
        let bar = ProgressBar::no_length().with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, counts }
    }
}

impl Observer for Bar {
    fn on(&self, event: Event<'_>) {
        match event {
            Event::Phase(Phase::Discovering) => self.bar.set_message("discovering"),
            Event::Phase(Phase::Verifying { sites }) => {
                self.counts.sites.store(sites as u64, Relaxed);
                self.bar.set_message("verifying");
            }
            Event::DigestsListed(more) => {
                self.counts.sites_listed.fetch_add(1, Relaxed);
                self.counts.digests_listed.fetch_add(more, Relaxed);
            }
            Event::LogsNamed(more) => {
                self.counts.logs_named.fetch_add(more, Relaxed);
                self.bar.set_length(self.counts.expected());
            }
            Event::Digest { .. } => {
                self.counts.digests.fetch_add(1, Relaxed);
                self.bar.inc(1);
            }
            Event::Log { compressed, .. } => {
                self.bar.inc(1);
                self.counts.bytes.fetch_add(compressed, Relaxed);
            }
            Event::Finding(finding) => {
                match finding.class() {
                    Class::Tamper => self.counts.tamper.fetch_add(1, Relaxed),
                    Class::Incomplete => self.counts.incomplete.fetch_add(1, Relaxed),
                    Class::Notice => 0,
                };
            }
            Event::DaysCarried(days) => {
                self.counts.days_carried.fetch_add(days, Relaxed);
            }
            Event::AbsentDigest { .. } | Event::SiteDone => {}
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
