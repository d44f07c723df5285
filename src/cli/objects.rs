//! Writes a line for every object while the run goes on, or keeps it for the end.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use trailseal::audit::{Event, Observer};
use trailseal::render::aws_cli::Transcript;
use trailseal::render::{Judged, Seen, csv, jsonl};
use trailseal::report::Report;

use super::output::Writer;

/// A format that tells every object.
pub enum Table {
    /// A table.
    Csv(csv::Objects<Writer>),
    /// One JSON document to a line.
    Jsonl(jsonl::Stream<Writer>),
    /// The lines of the AWS CLI: kept here until the run is over.
    AwsCli(Transcript, Writer),
}

impl Table {
    fn hear(&mut self, event: &Event<'_>) -> io::Result<()> {
        match self {
            Self::Csv(table) => seen(event).map_or(Ok(()), |seen| table.object(&seen)),
            Self::Jsonl(stream) => seen(event).map_or(Ok(()), |seen| stream.object(&seen)),
            Self::AwsCli(transcript, _) => {
                note(transcript, event);
                Ok(())
            }
        }
    }

    /// Ends it with what the run came to.
    pub fn finish(self, report: &Report) -> io::Result<Writer> {
        match self {
            Self::Csv(table) => table.finish(),
            Self::Jsonl(stream) => stream.finish(report),
            Self::AwsCli(transcript, mut out) => {
                transcript.write(report, &mut out)?;
                Ok(out)
            }
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_ok()
            && let Some(table) = &mut state.table
        {
            state.failed = table.hear(&event);
        }
        drop(state);
        self.next.on(event);
    }
}

/// The object an event tells of, if it does.
fn seen<'a>(event: &Event<'a>) -> Option<Seen<'a>> {
    match event {
        Event::Digest { object, verdict, .. } => {
            Some(Seen { object, judged: Judged::Digest(*verdict), compressed: None, inflated: None })
        }
        Event::Log { object, verdict, compressed, inflated, .. } => Some(Seen {
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
    }
}

/// Notes what an event says of an object.
fn note(transcript: &mut Transcript, event: &Event<'_>) {
    match event {
        Event::Digest { object, verdict, span, logs } => {
            let logs = logs.iter().map(|log| (log.object.clone(), log.hash)).collect();
            transcript.digest(object, *span, *verdict, logs);
        }
        Event::Log { object, verdict, hash: Some(hash), fault, .. } => {
            transcript.log(object, hash, *verdict, *fault);
        }
        // A log file that no digest names has a finding of its own.
        Event::Log { hash: None, .. }
        | Event::Phase(_)
        | Event::DigestsListed(_)
        | Event::LogsNamed(_)
        | Event::Finding(_)
        | Event::SiteDone => {}
    }
}
