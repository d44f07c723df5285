//! The files of one account and region in a ledger.

use std::collections::BTreeMap;

use super::{Opened, tell};
use crate::audit::Context;
use crate::ledger::{DayPart, Month, MonthFile, Rejected, Row, Whose};
use crate::store::StoreError;
use crate::store::state::{Kept, Over, Put, Version};
use crate::trail::{AccountRegion, Day};
use crate::verdict::what::LedgerFault;

/// So often a file is written anew that another run has written meanwhile.
const MEETINGS: usize = 8;

/// What is kept of an account and region, month by month.
#[derive(Default)]
pub(super) struct Files {
    months: BTreeMap<Month, Known>,
}

/// A month, as it is kept.
struct Known {
    file: MonthFile,
    /// None, if there is no file.
    version: Option<Version>,
}

impl Files {
    /// Reads all that the window may need. What cannot be read, or does not hold, is told.
    pub(super) async fn load(context: &Context, opened: &Opened, place: &AccountRegion) -> Self {
        let mut files = Self::default();
        let reach = context.brief.reach();
        let (first, last) = (Month::of(Day::holding(reach.start)), Month::of(Day::holding(reach.end)));
        let names = opened.files.get(place).into_iter().flatten();
        let months = names.filter_map(|name| {
            let month: Month = name.rsplit('/').next()?.strip_suffix(".jsonl")?.parse().ok()?;
            (first <= month && month <= last).then_some((month, name))
        });
        for (month, name) in months {
            match opened.ledger.state.read(name).await {
                Ok(Some(Kept { bytes, version })) => {
                    let (file, Rejected { lines }) = MonthFile::read(&bytes, month, opened.whose(place));
                    if lines > 0 {
                        tell(context, place, name, LedgerFault::Lines(lines));
                    }
                    let file = file.unwrap_or_default();
                    files.months.insert(month, Known { file, version: Some(version) });
                }
                Ok(None) => {}
                Err(error) => tell(context, place, name, LedgerFault::Unreadable(error.to_string().into())),
            }
        }
        files
    }

    /// All rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.months.values().flat_map(|known| known.file.rows.values())
    }

    /// Keeps rows of days that were read; of those without one, nothing stays.
    pub(super) async fn update(
        &mut self,
        context: &Context,
        opened: &Opened,
        place: &AccountRegion,
        month: Month,
        rows: BTreeMap<DayPart, Option<Row>>,
    ) {
        let name = MonthFile::name(&opened.delivered, place, month);
        let known = self.months.remove(&month).unwrap_or(Known { file: MonthFile::default(), version: None });
        match write(opened, place, (&name, month), known, rows).await {
            Ok(known) => drop(self.months.insert(month, known)),
            Err(error) => tell(context, place, &name, LedgerFault::Unwritten(error.to_string().into())),
        }
    }
}

async fn write(
    opened: &Opened,
    place: &AccountRegion,
    (name, month): (&str, Month),
    mut known: Known,
    rows: BTreeMap<DayPart, Option<Row>>,
) -> Result<Known, StoreError> {
    let state = &opened.ledger.state;
    for _meeting in 0..MEETINGS {
        let before = known.file.clone();
        for (part, row) in &rows {
            match row {
                Some(row) => known.file.take(row.clone()),
                None => drop(known.file.rows.remove(part)),
            }
        }
        if known.file == before {
            return Ok(known);
        }
        let over = known.version.as_ref().map_or(Over::Nothing, Over::Version);
        let bytes = known.file.to_bytes(opened.whose(place));
        if state.put(name, &bytes, over).await? == Put::Done {
            return Ok(known);
        }
        // Another run was here: what it has found out counts as well.
        known = match state.read(name).await? {
            None => Known { file: MonthFile::default(), version: None },
            Some(Kept { bytes, version }) => {
                let (file, _) = MonthFile::read(&bytes, month, opened.whose(place));
                Known { file: file.unwrap_or_default(), version: Some(version) }
            }
        };
    }
    Ok(known)
}

impl Opened {
    fn whose<'a>(&'a self, place: &'a AccountRegion) -> Whose<'a> {
        Whose { delivered: &self.delivered, place, key: &self.ledger.key }
    }
}
