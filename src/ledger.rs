//! What is remembered of days that were read: a row for each, which says what they came to, on which terms, and what the listing
//! showed of all that they were read from. A row is carried into a later report where the listing shows the same again; it is a
//! cache of verdicts, and losing it costs a reading, never a wrong word.

mod clean;
mod file;
mod joints;
mod listing;
mod row;

pub use clean::{Seen, may_be_kept};
pub use file::{Month, MonthFile, Whose, origin_folder, places};
pub use joints::{close, unsure};
pub use listing::{
    Comparable, DayListing, Extent, FolderListing, LogRegion, Mark, Side, SiteListing, Stamp, near_midnight,
};
pub use row::{DayPart, LedgerKey, RULES, Row, SCHEMA, Terms, extent, part};
