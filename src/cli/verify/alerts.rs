//! Who is told of a run.

use std::path::Path;
use std::sync::Arc;

use super::ledger::apart_from_the_record;
use crate::alert::Sent;
use crate::audit::Plan;
use crate::cli::args::{Notify, Outputs, Spoken};
use crate::cli::exit::Failure;
use crate::cli::notify::{Alerts, Memory};
use crate::cli::reach::Reach;
use crate::store::state::StateStore;
use crate::trail::Location;

/// Reads who is to be told. What was told is kept in the ledger, if there is one and the caller names no other place.
pub async fn open(
    (notify, spoken): (&Notify, &Spoken),
    plan: &mut Plan,
    ledger: Option<Arc<dyn StateStore>>,
    reach: &Reach<'_>,
) -> Result<Alerts, Failure> {
    let delivered = Location { bucket: Arc::clone(&plan.bucket), prefix: plan.prefix.clone() };
    let ledger = ledger.map(|state| Memory::in_ledger(state, &delivered));
    let apart = |spoken: &str, home: &Location| apart_from_the_record(spoken, plan, home);
    Alerts::open(notify, spoken, ledger, apart, reach).await
}

/// The files that the caller has the report written to.
pub fn sent(outputs: &Outputs) -> Sent {
    let beside = outputs.reports.iter().map(|(_, path)| path.as_path());
    let all = outputs.output.as_deref().into_iter().chain(beside);
    let files = all.filter(|path| *path != Path::new("-"));
    Sent { reports: files.map(|path| path.display().to_string()).collect() }
}
