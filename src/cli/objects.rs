//! Writes a line for every object while the run goes on.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use trailseal::audit::{Event, Observer};
use trailseal::render::{Judged, Seen, csv, jsonl};
use trailseal::report::Report;

use super::output::Writer;

/// A format that tells every object.
pub enum Table {
    /// A table.
    Csv(csv::Objects<Writer>),
    /// One JSON document to a line.
    Jsonl(jsonl::Stream<Writer>),
}

impl Table {
    fn object(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        match self {
            Self::Csv(table) => table.object(seen),
            Self::Jsonl(stream) => stream.object(seen),
        }
    }

    /// Ends it with what the run came to.
    pub fn finish(self, report: &Report) -> io::Result<Writer> {
        match self {
            Self::Csv(table) => table.finish(),
            Self::Jsonl(stream) => stream.finish(report),
        }
    }
}

/// Listens for objects on behalf of a table, and passes everything on.
pub struct Objects {
    next: Arc<dyn Observer>,
    state: Mutex<State>,
}

struct State {
    table: Option<Table>,
    failed: io::Result<()>,
}

impl Objects {
    /// Writes to `table` what `next` hears too.
    pub fn new(table: Table, next: Arc<dyn Observer>) -> Self {
        Self { next, state: Mutex::new(State { table: Some(table), failed: Ok(()) }) }
    }

    /// The table as far as it was written, and the failure that ended it early, if one did.
    pub fn take(&self) -> (Option<Table>, io::Result<()>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.table.take(), std::mem::replace(&mut state.failed, Ok(())))
    }
}

impl Observer for Objects {
    fn on(&self, event: Event<'_>) {
        let seen = match &event {
            Event::Digest { object, verdict } => {
                Some(Seen { object, judged: Judged::Digest(*verdict), compressed: None, inflated: None })
            }
            Event::Log { object, verdict, compressed, inflated } => Some(Seen {
                object,
                judged: Judged::Log(*verdict),
                compressed: (*compressed > 0).then_some(*compressed),
                inflated: (*inflated > 0).then_some(*inflated),
            }),
            Event::Phase(_)
            | Event::DigestsListed(_)
            | Event::LogsNamed(_)
            | Event::Finding(_)
            | Event::SiteDone => None,
        };
        if let Some(seen) = seen {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.failed.is_ok()
                && let Some(table) = &mut state.table
            {
                state.failed = table.object(&seen);
            }
        }
        self.next.on(event);
    }
}
