//! Judgement of one account and region. What is asked comes in as a [`Brief`], what was read as values; nothing here lists,
//! fetches or waits.
//!
//! Digests are held against keys and successors as they come in ([`Reading`]), day by day; what each day came to is a
//! [`SiteRecord`]'s, plain data that can be kept and joined; and all that reaches further than a day is judged over the
//! whole of it ([`judge`]).

mod authenticate;
mod brief;
mod days;
mod digests;
mod entry;
mod homes;
mod judge;
mod loose;
mod plan;
mod record;
mod room;
mod settle;
mod site;
mod smallest;
mod view;
mod wire;

pub use authenticate::{authenticate, exceeds, unknown_to_aws};
pub use brief::Brief;
pub use days::{Days, Horizon, MARGIN};
pub use entry::{Entry, EntryState};
pub use homes::{Home, Site};
pub use judge::{judge, terms};
pub use loose::present_terms;
pub use plan::{Bounds, Expected, Load, Plan, Selection, TrailFilter};
pub use record::{
    DayRecord, FolderDay, FolderRecord, Gathering, HomeRecord, KeyCount, KeyFacts, ListingFailure, LogFolder,
    LooseFile, LooseName, Made, Mismatch, SiteRecord, Strays,
};
pub use room::Heard;
pub use settle::{DayRead, Reading, Said};
pub use site::{home_of, keys_unavailable};
pub use smallest::Smallest;
pub use view::{SiteView, Told};
pub use wire::RecordError;
