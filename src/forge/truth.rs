//! What a verifier must say about a world: its window, and every finding that is right for it.

use serde::{Deserialize, Serialize};

use super::plan::{Destination, WorldPlan};
use crate::trail::{AccountRegion, ChainId, ObjectName, format_time};

/// A finding's code, as reports write it. Only those that a world can call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A digest is not there.
    DigestMissing,
    /// A signature does not fit.
    DigestSignatureInvalid,
    /// Not one gzip member holding a digest.
    DigestMalformed,
    /// A digest of another place.
    DigestRelocated,
    /// Not what the successor recorded.
    DigestLinkBroken,
    /// No signature.
    DigestUnsigned,
    /// Signed with a key nobody lists.
    DigestUnknownKey,
    /// Other algorithms.
    DigestAlgorithmUnsupported,
    /// Stored without compression, and authentic.
    DigestUnpacked,
    /// A chain began anew.
    ChainRestarted,
    /// A log file is not there.
    LogMissing,
    /// A log file holds other bytes.
    LogModified,
    /// Not one gzip member.
    LogMalformed,
    /// Named by no authentic digest.
    LogUnlisted,
    /// Stored without compression, and intact.
    LogUnpacked,
    /// Objects beside the record.
    StrayObjects,
    /// Named only by a digest that is not authentic.
    LogUnproven,
    /// Not covered at the front.
    CoverageHead,
    /// Not covered in the middle.
    CoverageGap,
    /// Not covered at the end.
    CoverageTail,
    /// An account and region without digests.
    RegionAbsent,
    /// Somebody changed, stopped or started a trail.
    TrailChanged,
}

/// What a finding says about the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Changed or removed.
    Tamper,
    /// Not established.
    Incomplete,
    /// Worth knowing.
    Notice,
}

/// A finding that is right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expected {
    /// What it is.
    pub code: Code,
    /// What it says, where the keys come from a file.
    pub class: Class,
    /// The account.
    pub account: String,
    /// The region whose activity is recorded.
    pub region: String,
    /// The trail; absent where the finding is about a place that trails share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<String>,
    /// `s3://bucket/key`; absent for a finding about a chain or a region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl Expected {
    /// A finding about a chain, or about an object that belongs to one.
    pub(super) fn of_chain(code: Code, chain: &ChainId, object: Option<&ObjectName>) -> Self {
        Self { trail: Some(chain.trail.to_string()), ..Self::of_place(code, &chain.place, object) }
    }

    /// A finding about what the trails of an account and region share.
    pub(super) fn of_place(code: Code, place: &AccountRegion, object: Option<&ObjectName>) -> Self {
        Self {
            code,
            class: code.class(),
            account: place.account.to_string(),
            region: place.region.to_string(),
            trail: None,
            object: object.map(ObjectName::to_string),
        }
    }
}

impl Code {
    /// What a finding of this code usually says.
    fn class(self) -> Class {
        match self {
            Self::DigestMissing
            | Self::DigestSignatureInvalid
            | Self::DigestMalformed
            | Self::DigestRelocated
            | Self::DigestLinkBroken
            | Self::DigestUnsigned
            | Self::LogMissing
            | Self::LogModified
            | Self::LogMalformed
            | Self::LogUnlisted => Class::Tamper,
            // Tamper where AWS itself was asked: a key file may merely lack the key.
            Self::DigestUnknownKey
            | Self::DigestAlgorithmUnsupported
            | Self::LogUnproven
            | Self::CoverageHead
            | Self::CoverageGap
            | Self::CoverageTail
            | Self::RegionAbsent => Class::Incomplete,
            Self::ChainRestarted
            | Self::DigestUnpacked
            | Self::LogUnpacked
            | Self::StrayObjects
            | Self::TrailChanged => Class::Notice,
        }
    }
}

/// What a folder says of a damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InFolder {
    /// The same as a bucket.
    Same,
    /// The same, and nobody is accused of it.
    Unproven,
    /// Nothing.
    Nothing,
}

/// What was done to a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The damage's name.
    pub damage: String,
    /// What it is, in one line.
    pub description: String,
    /// The objects that were changed, removed or added.
    pub objects: Vec<String>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first moment.
    pub start: String,
    /// The first moment after it.
    pub end: String,
}

/// All that is right to say about a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The seed it was forged from.
    pub seed: u64,
    /// The bucket to verify.
    pub bucket: String,
    /// The prefix to verify from: where the first trail delivers at the end.
    pub prefix: String,
    /// The window to ask for.
    pub window: Window,
    /// When to ask.
    pub now: String,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The regions.
    pub regions: Vec<String>,
    /// The trails.
    pub trails: Vec<String>,
    /// Digests forged, before any damage.
    pub digests: u64,
    /// Log files forged, before any damage.
    pub logs: u64,
    /// What was done.
    pub damages: Vec<Deed>,
    /// Every right finding on the bucket, sorted.
    pub findings: Vec<Expected>,
    /// The exit code that is right for the bucket.
    pub exit_code: u8,
    /// What is right for the folder that the world is written to, as it lies there; absent where that is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_folder: Option<Answer>,
}

/// Findings that are right, and what follows from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The findings, sorted.
    pub findings: Vec<Expected>,
    /// The exit code.
    pub exit_code: u8,
}

impl Answer {
    /// What follows from findings.
    pub(super) fn of(mut findings: Vec<Expected>) -> Self {
        findings.sort();
        Self { exit_code: exit_code(findings.iter().map(|finding| finding.class)), findings }
    }
}

impl Truth {
    /// The truth about a world in which nothing was damaged, or nothing of which a folder says less.
    pub(super) fn new(plan: &WorldPlan, digests: u64, logs: u64, findings: Vec<Expected>) -> Self {
        let Destination { bucket, prefix } = plan.source();
        let window = plan.window();
        let answer = Answer::of(findings);
        Self {
            seed: plan.seed,
            bucket,
            prefix,
            window: Window { start: format_time(window.start), end: format_time(window.end) },
            now: format_time(plan.now()),
            accounts: plan.account_ids().iter().map(ToString::to_string).collect(),
            regions: plan.region_names().iter().map(ToString::to_string).collect(),
            trails: plan.trails.iter().map(ToString::to_string).collect(),
            digests,
            logs,
            damages: Vec::new(),
            findings: answer.findings,
            exit_code: answer.exit_code,
            in_folder: None,
        }
    }

    /// What is right for the folder that the world is written to.
    pub fn of_the_folder(&self) -> Answer {
        let same = || Answer { findings: self.findings.clone(), exit_code: self.exit_code };
        self.in_folder.clone().unwrap_or_else(same)
    }

    /// As it is written to `truth.json`.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

fn exit_code(classes: impl Iterator<Item = Class>) -> u8 {
    match classes.min() {
        Some(Class::Tamper) => 1,
        Some(Class::Incomplete) => 3,
        Some(Class::Notice) | None => 0,
    }
}
