//! The files of one account and region in a ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SiteLedger;
use crate::audit::pages::each;
use crate::ledger::{DayPart, Month, MonthFile, Row};
use crate::store::StoreError;
use crate::store::state::{Kept, Over, Put, Version};
use crate::trail::Day;
use crate::verdict::what::LedgerFault;

/// So often a file is written anew that another run has written meanwhile.
const MEETINGS: usize = 8;
/// Files of one account and region that are read at once.
const AT_ONCE: usize = 8;

/// What is kept of an account and region, month by month.
#[derive(Default)]
pub(super) struct Files {
    months: BTreeMap<Month, Known>,
}

/// A month, as it is kept.
#[derive(Default)]
struct Known {
    file: MonthFile,
    /// None, if there is no file.
    version: Option<Version>,
}

impl Files {
    /// Reads all that the window may need. What cannot be read, or does not hold, is told.
    pub(super) async fn load(ledger: SiteLedger<'_>) -> Self {
        let SiteLedger { context, opened, place } = ledger;
        let reach = context.brief.reach();
        let (first, last) = (Month::of(Day::holding(reach.start)), Month::of(Day::holding(reach.end)));
        let names = opened.files.get(place).into_iter().flatten();
        let wanted: Vec<(Month, &String)> = names
            .filter_map(|name| {
                let month: Month = name.rsplit('/').next()?.strip_suffix(".jsonl")?.parse().ok()?;
                (first <= month && month <= last).then_some((month, name))
            })
            .collect();
        let read = each(wanted.clone(), AT_ONCE, |(_, name)| opened.ledger.state.read(name)).await;
        let mut months = BTreeMap::new();
        for ((month, name), read) in wanted.into_iter().zip(read) {
            match read {
                Ok(Some(kept)) => {
                    let (known, rejected) = Known::read(kept, month, ledger);
                    if rejected > 0 {
                        ledger.tell(name, LedgerFault::Lines(rejected));
                    }
                    months.insert(month, known);
                }
                Ok(None) => {}
                Err(error) => ledger.tell(name, LedgerFault::Unreadable(error.to_string().into())),
            }
        }
        Self { months }
    }

    /// All rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.months.values().flat_map(|known| known.file.rows.values())
    }

    /// Keeps rows of days that were read; of those without one, nothing stays.
    pub(super) async fn update(
        &mut self,
        ledger: SiteLedger<'_>,
        month: Month,
        rows: BTreeMap<DayPart, Option<Arc<Row>>>,
    ) {
        let name = MonthFile::name(&ledger.opened.delivered, ledger.place, month);
        let known = self.months.remove(&month).unwrap_or_default();
        match known.with(ledger, (&name, month), rows).await {
            Ok(known) => drop(self.months.insert(month, known)),
            Err(error) => ledger.tell(&name, LedgerFault::Unwritten(error.to_string().into())),
        }
    }
}

impl Known {
    /// A month as it was read, and how many of its lines do not hold.
    fn read(kept: Kept, month: Month, ledger: SiteLedger<'_>) -> (Self, u64) {
        let Kept { bytes, version } = kept;
        let (file, rejected) = MonthFile::read(&bytes, month, ledger.whose());
        (Self { file, version: Some(version) }, rejected)
    }

    /// The month with these rows, written.
    async fn with(
        mut self,
        ledger: SiteLedger<'_>,
        (name, month): (&str, Month),
        rows: BTreeMap<DayPart, Option<Arc<Row>>>,
    ) -> Result<Self, StoreError> {
        let state = &ledger.opened.ledger.state;
        for _meeting in 0..MEETINGS {
            let before = self.file.clone();
            for (part, row) in &rows {
                match row {
                    Some(row) => self.file.take(Arc::clone(row)),
                    None => drop(self.file.rows.remove(part)),
                }
            }
            if self.file == before {
                return Ok(self);
            }
            let over = self.version.as_ref().map_or(Over::Nothing, Over::Version);
            let bytes = self.file.to_bytes(ledger.whose());
            if state.put(name, &bytes, over).await? == Put::Done {
                return Ok(self);
            }
            // Another run was here: what it has found out counts as well.
            let kept = state.read(name).await?;
            self = kept.map_or_else(Self::default, |kept| Self::read(kept, month, ledger).0);
        }
        Ok(self)
    }
}
