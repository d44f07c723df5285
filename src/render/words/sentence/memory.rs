//! Sentences on what earlier runs saw.

use std::borrow::Cow;

use crate::trail::{Day, ObjectName, Span, format_time};
use crate::verdict::what::{HeadLoss, LedgerFault};

pub(super) fn lost(loss: &HeadLoss, hours: Option<Span>) -> Cow<'static, str> {
    let removed = "an earlier run saw this digest, authentic, and it is not there any more";
    match (loss, hours) {
        (HeadLoss::CopyIsOlder, _) => {
            "an earlier run saw this digest, and it is not in this copy, whose newest object is older".into()
        }
        (HeadLoss::Removed, None) => removed.into(),
        (HeadLoss::Removed, Some(hours)) => format!(
            "{removed}; the chain's newest digest here ends at {}, and that run saw it whole up to {}",
            format_time(hours.start),
            format_time(hours.end)
        )
        .into(),
    }
}

/// Of a digest whose new content the authentic digest `named_by` names, or none.
pub(super) fn changed(named_by: Option<&ObjectName>) -> String {
    let but = match named_by {
        Some(_) => "; the authentic digest that follows names the new content, so AWS signed both",
        None => "",
    };
    format!("its content is not what an earlier run saw and AWS had signed{but}")
}

pub(super) fn expired(days: i64, retention_days: Option<i64>) -> String {
    let gone = format!("this digest, which an earlier run saw, is {days} days old and is not there any more");
    match retention_days {
        Some(retention) => format!("{gone}: older than the {retention} days that --retention names"),
        None => format!(
            "{gone}, nor is any digest that is as old: it expired, or everything up to then was removed; if the bucket lets \
             go of what is old, say after how many days: --retention DAYS"
        ),
    }
}

pub(super) fn rejected(file: &str, fault: &LedgerFault) -> String {
    match fault {
        LedgerFault::Lines(lines) => {
            format!(
                "{lines} lines of {file} in the ledger do not hold; the days that they should tell of are read"
            )
        }
        LedgerFault::Unreadable(said) => format!("{said}; the days that it should tell of are read"),
        LedgerFault::Unwritten(said) => format!("{said}; the days that were read now will be read again"),
    }
}

pub(super) fn in_pieces(days: u64, first: Day) -> String {
    let first = first.date();
    let which = match days {
        1 => format!("{first} holds objects that were"),
        _ => format!("{days} days, {first} the first of them, hold objects that were"),
    };
    format!(
        "{which} put in several pieces (an ETag that ends in `-` and a number), as CloudTrail never does: what they hold is read and \
         judged in every run"
    )
}
