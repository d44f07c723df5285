//! Writes a line for every object while the run goes on, or keeps it for the end.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::audit::{Event, Observer};
use crate::render::aws_cli::Transcript;
use crate::render::{Judged, Seen, csv, jsonl};
use crate::report::{Part, Report};
use crate::trail::ObjectName;
use crate::verdict::DigestVerdict;

use super::args::TableForm;
use super::output::Writer;

/// What is told of every object, being written.
pub enum Table {
    /// A table.
    Csv(csv::Objects<Writer>),
    /// One JSON document to a line.
    Jsonl(jsonl::Stream<Writer>),
    /// The lines of the AWS CLI: kept here until the run is over.
    AwsCli(Transcript, Writer),
}

impl Table {
    /// Begins to write it.
    pub fn begin(form: TableForm, out: Writer) -> io::Result<Self> {
        Ok(match form {
            TableForm::Csv => Self::Csv(csv::Objects::new(out)?),
            TableForm::Jsonl => Self::Jsonl(jsonl::Stream::new(out)),
            TableForm::AwsCli => Self::AwsCli(Transcript::default(), out),
        })
    }

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

/// Listens for objects on behalf of a table.
pub struct Objects(Mutex<State>);

/// The table as far as it was written, or why it could not be written further.
type State = io::Result<Option<Table>>;

impl Objects {
    /// Writes to `table` what is heard.
    pub fn new(table: Table) -> Self {
        Self(Mutex::new(Ok(Some(table))))
    }

    /// The table as far as it was written, or the failure that ended it early. What is heard later is nobody's.
    pub fn take(&self) -> io::Result<Table> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::replace(&mut *state, Ok(None))?;
        taken.ok_or_else(|| io::Error::other("the table was taken before"))
    }

    fn hear(&self, event: &Event<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(Some(table)) = &mut *state
            && let Err(error) = table.hear(event)
        {
            *state = Err(error);
        }
    }
}

/// Has objects told, and passes everything on.
pub struct Both(pub Arc<Objects>, pub Arc<dyn Observer>);

impl Observer for Both {
    fn on(&self, event: Event<'_>) {
        let Self(objects, next) = self;
        objects.hear(&event);
        next.on(event);
    }
}

/// The object an event tells of, if it does.
fn seen<'a>(event: &Event<'a>) -> Option<Seen<'a>> {
    match event {
        Event::Digest { object, verdict, part, .. } => Some(digest(object, *verdict, *part)),
        Event::AbsentDigest { object, verdict } => Some(digest(object, *verdict, Part::Asked)),
        Event::Log { object, verdict, compressed, inflated, .. } => Some(Seen {
            object,
            judged: Judged::Log(*verdict),
            part: Part::Asked,
            compressed: (*compressed > 0).then_some(*compressed),
            inflated: (*inflated > 0).then_some(*inflated),
        }),
        Event::Phase(_)
        | Event::DigestsListed(_)
        | Event::LogsNamed(_)
        | Event::Finding(_)
        | Event::DaysCarried(_)
        | Event::SiteDone => None,
    }
}

fn digest(object: &ObjectName, verdict: DigestVerdict, part: Part) -> Seen<'_> {
    Seen { object, judged: Judged::Digest(verdict), part, compressed: None, inflated: None }
}

/// Notes what an event says of an object.
fn note(transcript: &mut Transcript, event: &Event<'_>) {
    match event {
        Event::Digest { object, verdict, span, logs, .. } => {
            let logs = logs.iter().map(|log| (log.object.clone(), log.hash)).collect();
            transcript.digest(object, *span, *verdict, logs);
        }
        Event::Log { object, verdict, hash: Some(hash), fault, .. } => {
            transcript.log(object, hash, *verdict, *fault);
        }
        // A log file that no digest names has a finding of its own.
        Event::Log { hash: None, .. }
        | Event::AbsentDigest { .. }
        | Event::Phase(_)
        | Event::DigestsListed(_)
        | Event::LogsNamed(_)
        | Event::Finding(_)
        | Event::DaysCarried(_)
        | Event::SiteDone => {}
    }
}
