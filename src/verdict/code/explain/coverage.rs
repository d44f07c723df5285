//! What the record spans, what stands at its breaks, and who touched the trail.

use super::Page;

pub(in crate::verdict::code) const PART_MISSING: Page = Page {
    counted: ("part of the run missing", "parts of the run missing"),
    title: "A part of the run is missing",
    meaning: "The run was planned for several machines, and a shard of it handed in nothing that holds, or the account and region \
              was not there when it was planned. What that shard was to look at was not looked at; nothing is said against it.",
    causes: &[
        "The shard failed, was killed for good, or is still running.",
        "Its part was cut short, changed, or is of another plan or another version of trailseal.",
        "An account or region began to deliver after the plan was made.",
    ],
    next_steps: &[
        "Run the shard again (trailseal verify --plan PLAN --shard N --parts PLACE), and then trailseal merge: parts that are \
         there are not made again.",
        "If something is newer than the plan, plan anew: the next run looks at it.",
    ],
};

pub(in crate::verdict::code) const RESTARTED: Page = Page {
    counted: ("chain restarted", "chain restarts"),
    title: "A chain began anew",
    meaning: "CloudTrail delivered a starting digest, which links to nothing before it, although the chain already \
              existed. It does so when logging or log file validation is switched on again.",
    causes: &[
        "Somebody stopped logging or switched validation off, and on again later. What happened in between is not \
         recorded, or not proven.",
        "The trail was deleted and created again under the same name.",
        "The region or the account was taken out of the trail and put back.",
    ],
    next_steps: &[
        "Look at the event that explains it, if the finding names one: who, when, from where, and whether it was \
         planned.",
        "If nothing explains it, look for StopLogging, DeleteTrail and UpdateTrail in the trail's home region, in \
         Event history (90 days) or another trail.",
    ],
};

pub(in crate::verdict::code) const ENDED: Page = Page {
    counted: ("chain that ended before the window", "chains that ended before the window"),
    title: "A chain ended before the window",
    meaning: "The chain has digests before the time asked for and none in it. Either its trail, region or account has \
              ended, or everything since was removed: nothing in the record can tell the two apart.",
    causes: &[
        "The trail was stopped or deleted, the region was disabled, or the account was closed.",
        "The trail was converted to or from an organization's, and goes on under another folder.",
        "Somebody deleted the newest digests. Nothing links to them, so this leaves no trace in the chain itself.",
    ],
    next_steps: &[
        "Look at the call that explains it, if the finding names one: who, when, from where, and whether it was \
         planned.",
        "Ask the trail, if it is still there: `aws cloudtrail get-trail-status`.",
        "If it has lawfully ended, acknowledge it with the --ended line that the finding gives: it is a notice then, for \
         as long as its last digest is there.",
    ],
};

pub(in crate::verdict::code) const HEAD: Page = Page {
    counted: ("chain that begins late", "chains that begin late"),
    title: "The record begins after the window does",
    meaning: "The first part of the time asked for is not covered by any authentic digest, so nothing in it is proven.",
    causes: &[
        "The trail, its log file validation or the region was switched on only later: then the chain's first digest \
         is a starting digest, and the finding says so.",
        "A lifecycle rule expired the older digests.",
        "Somebody deleted the oldest digests. That leaves no broken link behind at the front of a chain.",
    ],
    next_steps: &[
        "Compare with the date on which the trail and its validation were switched on.",
        "Compare the bucket's lifecycle rules with how far back the record is meant to reach.",
    ],
};

pub(in crate::verdict::code) const GAP: Page = Page {
    counted: ("gap in the coverage", "gaps in the coverage"),
    title: "A gap in the coverage",
    meaning: "For this time no authentic digest exists, though there are some before or after it. What happened in it \
              is not proven, and may not have been recorded at all.",
    causes: &[
        "The digests of that time are missing, damaged or unreadable; each has a finding of its own.",
        "Logging was stopped, or validation was switched off, and on again later.",
        "CloudTrail could not deliver, for instance because the bucket's policy refused it.",
    ],
    next_steps: &[
        "Look at the cause the finding gives: an event names who did it, digests have findings of their own.",
        "If nothing explains it, look for StopLogging, UpdateTrail and PutBucketPolicy in the trail's home region, \
         and at GetTrailStatus for delivery errors.",
        "Until it is explained, assume that anything may have happened in that time.",
    ],
};

pub(in crate::verdict::code) const TAIL: Page = Page {
    counted: ("chain that ends early", "chains that end early"),
    title: "The record ends before the window does",
    meaning: "The last part of the time asked for is not covered by any authentic digest, although digests for it are \
              due. Either none were written, or the newest were removed: nothing in the record could tell the latter.",
    causes: &[
        "Logging was stopped, the trail was deleted, or validation was switched off.",
        "Somebody deleted the newest digests. Nothing links to the newest digest, so this leaves no trace in the \
         chain itself.",
        "CloudTrail could not deliver, for instance because the bucket's policy refused it.",
        "A copy of the bucket is older than the window's end.",
    ],
    next_steps: &[
        "Ask the trail: `aws cloudtrail get-trail-status`. If LatestDigestDeliveryTime is later than the newest \
         digest found, the newest ones were removed.",
        "Look for StopLogging, DeleteTrail and UpdateTrail in Event history of the trail's home region.",
        "If this is a copy, copy the newest files too, or end the window where the copy does.",
    ],
};

pub(in crate::verdict::code) const REGION_ABSENT: Page = Page {
    counted: ("account, region or trail without digests", "accounts, regions or trails without digests"),
    title: "An account, region or trail without digests",
    meaning: "There should be standard digests for this account, region or trail, because it has log files or backfill \
              digests or because the caller names it, and there is not a single one. None of its record can be proven.",
    causes: &[
        "Log file validation was never switched on for the trail that delivers there.",
        "Somebody deleted every digest of the region, which leaves nothing that could link to them.",
        "The region is not enabled in the account, or the trail does not cover it.",
    ],
    next_steps: &[
        "Compare with the trail's settings: multi-region, log file validation, and the account's enabled regions.",
        "If digests must have existed, look for them among the bucket's versions and delete markers.",
    ],
};

pub(in crate::verdict::code) const LISTING_UNREADABLE: Page = Page {
    counted: ("folder that could not be listed", "folders that could not be listed"),
    title: "A folder could not be listed",
    meaning: "The store did not give the list of a folder's objects, or not all of it, so it is not known what is in \
              it. That says nothing about the record itself.",
    causes: &[
        "The caller lacks s3:ListBucket, perhaps for that prefix alone.",
        "The network or the store failed, and went on failing through all retries.",
        "In a folder on disk: no permission to read it, or a link that leads out of it.",
        "There is more than this run looks through: the finding names the bound.",
    ],
    next_steps: &[
        "Grant s3:ListBucket on the bucket, or mend the access, and run again.",
        "Where a bound was reached, name the prefix that the trail delivers to.",
    ],
};

pub(in crate::verdict::code) const STORE_UNAVAILABLE: Page = Page {
    counted: ("store that stopped answering", "stores that stopped answering"),
    title: "The store stopped answering",
    meaning: "The bucket answered no request at all for minutes, however often it was asked again, and the run ended with \
              what it knew. What follows from that, such as objects that were not read, is counted in this one finding. It \
              says nothing about the record itself.",
    causes: &[
        "The network, a proxy or a VPN failed on the way to the store.",
        "The store was down, or refused everything with errors of its own.",
        "A firewall or an endpoint's policy began to drop the requests without a word.",
    ],
    next_steps: &[
        "Run again when the store answers: nothing that was not read was judged.",
        "If it happens each time, try `aws s3 ls` on the bucket from the same machine, and check the proxy and \
         --endpoint-url.",
    ],
};

pub(in crate::verdict::code) const TRAIL_CHANGED: Page = Page {
    counted: ("change to a trail", "changes to a trail"),
    title: "Somebody changed, stopped or started a trail",
    meaning: "An intact log file records a call that changes what is recorded: a trail was created, deleted, stopped, \
              started or reconfigured, or a region was switched off. A call that failed is reported as an attempt.",
    causes: &[
        "An administrator changed the trail.",
        "Somebody who wanted not to be recorded stopped it or narrowed what it records.",
    ],
    next_steps: &["Check that the change was planned: the finding names who made it, when and from where."],
};

pub(in crate::verdict::code) const BUCKET_CHANGED: Page = Page {
    counted: ("change to the bucket", "changes to the bucket"),
    title: "Somebody changed the bucket the record lies in",
    meaning: "An intact log file records a call that changes how the record is kept: the bucket's policy, lifecycle, \
              versioning, lock, encryption or replication. A call that failed is reported as an attempt.",
    causes: &[
        "An administrator changed the bucket.",
        "Somebody prepared the removal of log files: a lifecycle rule that expires them, versioning suspended, a \
         policy that lets them delete or keeps CloudTrail out.",
    ],
    next_steps: &["Check that the change was planned: the finding names who made it, when and from where."],
};

pub(in crate::verdict::code) const KEY_CHANGED: Page = Page {
    counted: ("change to an encryption key", "changes to an encryption key"),
    title: "Somebody changed the key that encrypts the record",
    meaning: "An intact log file records a call on the KMS key that encrypts the record: its policy was changed, or it \
              was disabled or scheduled for deletion. Without the key nobody can read the record.",
    causes: &[
        "An administrator changed the key.",
        "Somebody wants to make the record unreadable, or keep CloudTrail from delivering.",
    ],
    next_steps: &[
        "If a deletion is scheduled and was not planned, cancel it: `aws kms cancel-key-deletion`.",
        "Check that the change was planned: the finding names who made it, when and from where.",
    ],
};
