//! Makes the record of one account and region: of what is there, and of what is remembered of it.

use std::sync::Arc;

use super::fetch::Try;
use super::homes::close;
use super::site::read_days;
use super::wanted::Wanted;
use super::{Context, Event, ledger};
use crate::inspection::Site;
use crate::inspection::SiteRecord;

/// A site that could not begin, for a cause that may pass: of its digests nothing was read.
pub(super) struct Postponed(pub(super) Site);

/// Makes the record of `site`. Its last try is not postponed.
pub(super) async fn survey(context: &Arc<Context>, site: Site, round: Try) -> Result<SiteRecord, Postponed> {
    let Ok((mut closed, digests)) = close(context, &site, round).await else { return Err(Postponed(site)) };
    let record = match &context.ledger {
        Some(opened) => ledger::survey(context, opened, &site.place, (&mut closed, &digests)).await,
        None => {
            let part = Wanted::of(&digests).by(context, &context.days);
            // Nothing else is read of them.
            drop(digests);
            read_days(context, &site.place, &mut closed, part, None).await.record
        }
    };
    context.observer.on(Event::SiteDone);
    Ok(record)
}
