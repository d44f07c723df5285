//! Damages by name: what somebody with write access to the bucket could do to it, what looks like it and is innocent,
//! and what only AWS could have signed. Each comes with the findings that are right for it.

use std::fmt;
use std::str::FromStr;

use super::ForgeError;
use super::body::HexCase;
use super::world::World;
use crate::trail::Malformed;

mod content;
mod copied;
mod logs;
mod metadata;
mod presence;
mod scene;
mod signed;

use scene::{Needs, Scene};

/// Defines the damages: variant, name and what it is.
macro_rules! damages {
    ($($variant:ident $name:literal $text:literal;)*) => {
        /// One way in which a record may differ from what AWS delivered.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Damage {
            $(#[doc = $text] $variant,)*
        }

        impl Damage {
            /// Every damage.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it is, in one line.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

damages! {
    LogEventEdited "log-event-edited" "In a log file an event's source address was edited.";
    LogEventRemoved "log-event-removed" "From a log file one event was removed.";
    LogEventsCleared "log-events-cleared" "A log file holds an empty list of events.";
    LogDeleted "log-deleted" "A log file was deleted.";
    LogTruncated "log-truncated" "A log file ends half way.";
    LogEmptied "log-emptied" "A log file has no bytes.";
    LogUnzipped "log-unzipped" "A log file was stored without compression: intact.";
    LogSecondMember "log-second-member" "A second gzip member with invented events follows the first in a log file.";
    LogTrailingBytes "log-trailing-bytes" "Stray bytes follow the gzip member of a log file.";
    LogWrongChecksum "log-wrong-checksum" "The checksum at the end of a log file is wrong.";
    LogRecompressed "log-recompressed" "A log file was compressed anew, its content untouched: intact.";
    LogsSwapped "logs-swapped" "Two log files changed places.";
    LogBomb "log-bomb" "A log file is a gzip bomb of more than 512 MiB.";
    LogForged "log-forged" "An invented log file lies among the real ones.";
    LogOddlyNamed "log-oddly-named" "An invented log file has a name that CloudTrail does not write and other readers take.";
    LogBelow "log-below" "An invented log file lies in a folder below the day's.";
    LogBesideGhost "log-beside-ghost" "An invented log file, and an empty object named as the digest of a trail that does not exist.";
    LogRenamed "log-renamed" "A log file was given another name.";
    LogMisfiled "log-misfiled" "A log file lies in the folder of another day.";
    StrayInsight "stray-insight" "A file of a kind that no digest ever listed appeared: nothing can be said of it.";
    StrayObject "stray-object" "An object that CloudTrail never writes lies among the log files: counted, no part of the record.";
    DigestDeleted "digest-deleted" "One digest was deleted.";
    DigestRunDeleted "digest-run-deleted" "Three digests in a row were deleted.";
    DigestHeadDeleted "digest-head-deleted" "A chain's first digest was deleted.";
    DigestTailDeleted "digest-tail-deleted" "A chain's last three digests were deleted.";
    DigestAndLogsDeleted "digest-and-logs-deleted" "One digest was deleted with all the log files it names.";
    RegionDigestsDeleted "region-digests-deleted" "All digests of a region were deleted.";
    RegionDeleted "region-deleted" "All digests and log files of a region were deleted: only an expected region shows that.";
    DigestEdited "digest-edited" "A digest was edited and kept its signature.";
    DigestEntryDropped "digest-entry-dropped" "An entry was dropped from a digest.";
    DigestEntryAdded "digest-entry-added" "An invented log file was entered in a digest.";
    DigestHashReplaced "digest-hash-replaced" "A log file was edited and its hash in the digest replaced.";
    DigestResigned "digest-resigned" "An edited digest was signed by a stranger under AWS's fingerprint.";
    DigestResignedUnknownKey "digest-resigned-unknown-key" "An edited digest was signed by a stranger under the stranger's own fingerprint.";
    TailForged "tail-forged" "A chain's last digest was replaced by a stranger's.";
    BackfillForged "backfill-forged" "A stranger's backfill digest attests an invented log file.";
    DigestUnsigned "digest-unsigned" "A digest's signature metadata was removed; the next digest vouches for it.";
    NewestUnsigned "newest-unsigned" "The signature metadata of a chain's last digest was removed.";
    SignatureReplaced "signature-replaced" "A digest's signature metadata was replaced by another digest's.";
    SignatureNotHex "signature-not-hex" "A digest's signature metadata is not hex.";
    SignatureOddHex "signature-odd-hex" "A digest's signature metadata lost a digit.";
    SignatureUpperCase "signature-upper-case" "A digest's signature metadata is written in upper case: authentic.";
    MetadataAlgorithm "metadata-algorithm" "A digest's metadata names another signature algorithm than the signed digest itself.";
    DigestMoved "digest-moved" "A digest was moved to the name of another time.";
    DigestMisfiled "digest-misfiled" "A digest was moved to the folder of another day.";
    DigestSwapped "digest-swapped" "A digest was replaced by another of its chain, signed by the same key.";
    DigestFromElsewhere "digest-from-elsewhere" "A digest was replaced by another region's.";
    DigestRolledBack "digest-rolled-back" "A digest was replaced by an older version that AWS signed for the same place.";
    DigestRecompressed "digest-recompressed" "A digest was compressed anew, its content untouched: authentic.";
    DigestTrailingBytes "digest-trailing-bytes" "Stray bytes follow the gzip member of a digest.";
    DigestSecondMember "digest-second-member" "A second gzip member follows the first in a digest.";
    DigestTruncated "digest-truncated" "A digest ends half way.";
    DigestEmptied "digest-emptied" "A digest has no bytes.";
    DigestUnzipped "digest-unzipped" "A digest was stored without compression: authentic.";
    DigestBomb "digest-bomb" "A digest is a gzip bomb of more than 128 MiB.";
    JsonCutShort "json-cut-short" "A digest's JSON ends half way.";
    JsonArray "json-array" "A digest's JSON is an array.";
    JsonFieldMissing "json-field-missing" "A digest's JSON lacks the fingerprint.";
    JsonFieldTwice "json-field-twice" "A digest's JSON gives its end time twice.";
    JsonTextAfter "json-text-after" "Text follows the JSON of a digest.";
    JsonNested "json-nested" "A digest's JSON nests 100,000 deep.";
    JsonNotUtf8 "json-not-utf8" "A digest's JSON is not UTF-8.";
    SignedAlgorithm "signed-algorithm" "AWS signed a digest that names another signature algorithm.";
    SignedLogAlgorithm "signed-log-algorithm" "AWS signed a digest that names another hash algorithm for a log file.";
    SignedLinkAlgorithm "signed-link-algorithm" "AWS signed a digest that names another hash algorithm for its predecessor.";
    SignedWrongAccount "signed-wrong-account" "AWS signed a digest of another account for this place.";
    SignedWrongEnd "signed-wrong-end" "AWS signed a digest whose end is not that of its name.";
    SignedExtraFields "signed-extra-fields" "AWS signed digests with fields nobody knows yet: authentic.";
    SignedEntryTwice "signed-entry-twice" "AWS signed a digest that names a log file twice with one hash: authentic.";
    SignedUpperCase "signed-upper-case" "AWS signed digests that write hashes in upper case: authentic.";
    SignedRestart "signed-restart" "A chain began anew without losing time.";
    SignedRestartAfterGap "signed-restart-after-gap" "A chain stopped for an hour and began anew.";
    BackfillDeleted "backfill-deleted" "A backfill digest was deleted.";
    BackfillUndated "backfill-undated" "A backfill digest's metadata lacks the time it was generated at.";
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for Damage {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let named = Self::ALL.iter().find(|damage| damage.as_str() == text);
        named
            .copied()
            .ok_or_else(|| Malformed { expected: "a damage", found: text.chars().take(200).collect() })
    }
}

impl Damage {
    fn needs(self) -> Needs {
        match self {
            Self::BackfillDeleted | Self::BackfillUndated => Needs::Backfill,
            _ => Needs::InnerHour,
        }
    }
}

impl World {
    /// Damages the world, at an account and region that no damage has touched yet, and so keeps every finding right.
    /// Each damage touches one account and region; [`ForgeError::NoRoom`] when none is left that fits.
    ///
    /// # Errors
    ///
    /// Where the world has nothing that it could be done to.
    pub fn apply(&mut self, damage: Damage) -> Result<(), ForgeError> {
        let mut scene = Scene::find(self, damage, damage.needs())?;
        match damage {
            Damage::LogEventEdited => logs::edit_event(&mut scene),
            Damage::LogEventRemoved => logs::remove_event(&mut scene),
            Damage::LogEventsCleared => logs::clear_events(&mut scene),
            Damage::LogDeleted => logs::delete(&mut scene),
            Damage::LogTruncated => logs::truncate(&mut scene),
            Damage::LogEmptied => logs::empty(&mut scene),
            Damage::LogUnzipped => logs::unzip(&mut scene),
            Damage::LogSecondMember => logs::add_member(&mut scene),
            Damage::LogTrailingBytes => logs::append(&mut scene),
            Damage::LogWrongChecksum => logs::break_checksum(&mut scene),
            Damage::LogRecompressed => logs::recompress(&mut scene),
            Damage::LogsSwapped => logs::swap(&mut scene),
            Damage::LogBomb => logs::bomb(&mut scene),
            Damage::LogForged => {
                logs::invent(&mut scene);
            }
            Damage::LogOddlyNamed => logs::invent_oddly(&mut scene),
            Damage::LogBelow => logs::invent_below(&mut scene),
            Damage::LogBesideGhost => logs::invent_beside_a_ghost(&mut scene),
            Damage::LogRenamed => logs::rename(&mut scene),
            Damage::LogMisfiled => logs::misfile(&mut scene),
            Damage::StrayInsight => logs::stray_insight(&mut scene),
            Damage::StrayObject => logs::stray_object(&mut scene),
            Damage::DigestDeleted => presence::delete_run(&mut scene, 1),
            Damage::DigestRunDeleted => presence::delete_run(&mut scene, 3),
            Damage::DigestHeadDeleted => presence::delete_head(&mut scene),
            Damage::DigestTailDeleted => presence::delete_tail(&mut scene, 3),
            Damage::DigestAndLogsDeleted => presence::delete_with_logs(&mut scene),
            Damage::RegionDigestsDeleted => presence::delete_region_digests(&mut scene),
            Damage::RegionDeleted => presence::delete_region(&mut scene),
            Damage::DigestEdited => content::edit(&mut scene),
            Damage::DigestEntryDropped => content::drop_entry(&mut scene),
            Damage::DigestEntryAdded => content::add_entry(&mut scene),
            Damage::DigestHashReplaced => content::replace_hash(&mut scene),
            Damage::DigestResigned => content::resign(&mut scene)?,
            Damage::DigestResignedUnknownKey => content::resign_under_own_name(&mut scene)?,
            Damage::TailForged => content::forge_tail(&mut scene)?,
            Damage::BackfillForged => content::forge_backfill(&mut scene)?,
            Damage::DigestUnsigned => metadata::unsign(&mut scene),
            Damage::NewestUnsigned => metadata::unsign_newest(&mut scene),
            Damage::SignatureReplaced => metadata::replace_signature(&mut scene),
            Damage::SignatureNotHex => metadata::garble(&mut scene),
            Damage::SignatureOddHex => metadata::shorten(&mut scene),
            Damage::SignatureUpperCase => metadata::uppercase_signature(&mut scene),
            Damage::MetadataAlgorithm => metadata::name_algorithm(&mut scene),
            Damage::BackfillUndated => metadata::undate(&mut scene),
            Damage::DigestMoved => presence::move_in_time(&mut scene),
            Damage::DigestMisfiled => presence::misfile(&mut scene),
            Damage::DigestSwapped => presence::replace_by_sibling(&mut scene)?,
            Damage::DigestFromElsewhere => presence::replace_by_foreigner(&mut scene)?,
            Damage::DigestRolledBack => signed::roll_back(&mut scene)?,
            Damage::DigestRecompressed => content::recompress(&mut scene),
            Damage::DigestTrailingBytes => content::append(&mut scene),
            Damage::DigestSecondMember => content::add_member(&mut scene),
            Damage::DigestTruncated => content::truncate(&mut scene),
            Damage::DigestEmptied => content::empty(&mut scene),
            Damage::DigestUnzipped => content::unzip(&mut scene),
            Damage::DigestBomb => content::bomb(&mut scene),
            Damage::JsonCutShort => content::cut_short(&mut scene),
            Damage::JsonArray => content::wrap_in_array(&mut scene),
            Damage::JsonFieldMissing => content::drop_field(&mut scene),
            Damage::JsonFieldTwice => content::repeat_field(&mut scene),
            Damage::JsonTextAfter => content::write_after(&mut scene),
            Damage::JsonNested => content::nest(&mut scene),
            Damage::JsonNotUtf8 => content::break_utf8(&mut scene),
            Damage::SignedAlgorithm => signed::with_algorithm(&mut scene)?,
            Damage::SignedLogAlgorithm => signed::with_log_algorithm(&mut scene)?,
            Damage::SignedLinkAlgorithm => signed::with_link_algorithm(&mut scene)?,
            Damage::SignedWrongAccount => signed::for_another_account(&mut scene)?,
            Damage::SignedWrongEnd => signed::with_another_end(&mut scene)?,
            Damage::SignedExtraFields => signed::with_extra_fields(&mut scene)?,
            Damage::SignedEntryTwice => signed::with_entry_twice(&mut scene)?,
            Damage::SignedUpperCase => signed::in_hex(&mut scene, HexCase::Upper)?,
            Damage::SignedRestart => signed::restart(&mut scene)?,
            Damage::SignedRestartAfterGap => signed::restart_after_gap(&mut scene)?,
            Damage::BackfillDeleted => presence::delete_backfill(&mut scene),
        }
        scene.finish();
        Ok(())
    }
}
