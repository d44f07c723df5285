//! What one run is held to: the plan, and what was found out of it before anything is judged.

use super::Plan;
use crate::report::Part;
use crate::trail::{ChainId, Origin, Span, Time, Window};
use crate::verdict::Finding;
use crate::verdict::what::{Due, PendingLog, What};

/// What is asked, of which window, as of when. All judgement of a run sees the same one, and nothing else of the run.
#[derive(Debug, Clone)]
pub struct Brief {
    /// What is asked for.
    pub plan: Plan,
    /// The window, with the end that it has.
    pub window: Window,
    /// The moment the record is judged at.
    pub as_of: Time,
}

impl Brief {
    /// What was delivered after this may still be under way.
    pub fn grace_cutoff(&self) -> Time {
        self.as_of.checked_sub_signed(self.plan.grace).unwrap_or(Time::MIN_UTC)
    }

    /// Whether a digest of this chain and hour belongs to what was asked for.
    pub fn part(&self, chain: &ChainId, span: &Span) -> Part {
        if self.plan.scope.holds_chain(chain) && self.window.overlaps(span) {
            Part::Asked
        } else {
            Part::Beside
        }
    }

    /// A finding, seen with what is known of the run as a whole: an old copy will not get what it lacks any more.
    pub fn in_its_light(&self, mut finding: Finding) -> Finding {
        if let What::DigestPending(_, due) | What::LogPending(PendingLog::NotThereYet { due, .. }) =
            &mut finding.what
            && self.is_an_old_copy()
        {
            *due = Due::LongAgo;
        }
        finding
    }

    /// Whether it is a copy, judged as of its own newest object.
    pub fn is_as_of_its_newest_object(&self) -> bool {
        self.plan.origin == Origin::Folder && self.plan.end.is_none()
    }

    /// The same, and that object is old.
    fn is_an_old_copy(&self) -> bool {
        self.is_as_of_its_newest_object() && self.plan.now - self.as_of > self.plan.grace
    }
}
