//! Log files.

use super::Page;

pub(in crate::verdict::code) const MISSING: Page = Page {
    counted: ("log file missing", "log files missing"),
    title: "A log file is missing",
    meaning: "An authentic digest proves that AWS delivered this log file. It is no longer there, and the events in \
              it are lost from this record.",
    causes: &[
        "Somebody with s3:DeleteObject deleted it to hide the events in it.",
        "A lifecycle rule expired it, while the digest that names it was kept. Then everything older is usually \
         gone as well.",
        "A copy of the bucket left it out. Compare with the original before drawing conclusions.",
    ],
    next_steps: &[
        "In a versioned bucket, list the key's versions and delete markers: `aws s3api list-object-versions \
         --bucket BUCKET --prefix KEY`. The marker's date is the date of the deletion.",
        "Restore the file from a version, a replica or a backup: its hash in the digest proves whether it is the \
         right one.",
        "Find out who deleted it: S3 data events of another trail, or server access logs. Deletions of objects are \
         not recorded unless one of these was switched on.",
        "The digest tells the time of the oldest and the newest event in it: look for the same events in Event \
         history (90 days), another trail or a SIEM.",
    ],
};

pub(in crate::verdict::code) const MODIFIED: Page = Page {
    counted: ("log file modified", "log files modified"),
    title: "A log file was modified",
    meaning: "The file's content is not what AWS delivered: its hash differs from the one in an authentic digest. \
              Events in it may have been removed, altered or invented.",
    causes: &[
        "Somebody overwrote the file with an edited one. S3 keeps no trace of the old content unless the bucket is \
         versioned.",
        "A tool rewrote log files in place, for instance to add, mask or re-sort fields.",
        "A faulty copy or disk changed bytes.",
    ],
    next_steps: &[
        "Keep the file as it is: it is evidence.",
        "In a versioned bucket, fetch the older versions and compare their hashes with the expected one in the \
         evidence; the difference between the two contents shows what somebody wanted changed.",
        "Find out who wrote the object after its delivery: S3 data events of another trail, or server access logs.",
        "Don't use the file's events for anything until the original is back.",
    ],
};

pub(in crate::verdict::code) const MALFORMED: Page = Page {
    counted: ("log file malformed", "log files malformed"),
    title: "A log file is malformed",
    meaning: "The object is not exactly one gzip stream within the size AWS allows: it is cut short, not gzip, too \
              large when inflated, or has bytes after its end. CloudTrail does not deliver such files.",
    causes: &[
        "Somebody appended a second gzip stream: many tools read both streams as one file, while the hash in the \
         digest covers the first alone.",
        "Somebody truncated, emptied or overwrote the file.",
        "A tool stored the file uncompressed, or a copy broke off half way.",
    ],
    next_steps: &[
        "Keep the object as it is: it is evidence, and may have been made to harm whatever opens it. Inflate it only \
         with a limit.",
        "Restore the original from a version, a replica or a backup and verify again.",
        "Ask whether a SIEM has already read it: events in appended bytes are forged.",
    ],
};

pub(in crate::verdict::code) const UNLISTED: Page = Page {
    counted: ("log file that no digest names", "log files that no digest names"),
    title: "A log file that no digest names",
    meaning: "The file lies among the log files, but no authentic digest names it. Where the digests of every \
              trail cover the time of its delivery, AWS did not deliver it there; where they don't, it can be neither \
              proven nor accused.",
    causes: &[
        "Somebody planted a forged log file, to blame somebody else or to bury real events.",
        "A trail without log file validation delivers into the same folder: its files look just like this. Before \
         another trail's first digest, after its last and while its validation was off, the finding is incomplete, \
         not tampering.",
        "Its digest is missing or could not be read: then the time is not covered, and the finding is incomplete.",
        "Somebody copied or renamed log files within the bucket.",
        "CloudTrail still owes a backfill digest for an hour whose delivery was delayed.",
    ],
    next_steps: &[
        "Don't trust the events in the file until its origin is clear.",
        "Look up a few of its event IDs in Event history or in another trail: AWS's own events are there as well.",
        "Find out who wrote the object: CloudTrail writes as the service cloudtrail.amazonaws.com.",
    ],
};

pub(in crate::verdict::code) const UNREADABLE: Page = Page {
    counted: ("log file unreadable", "log files unreadable"),
    title: "A log file could not be read",
    meaning: "The store did not give the log file. That says nothing about the record itself: it may be perfectly \
              whole. The cause is reported with the finding.",
    causes: &[
        "The caller may not read it: s3:GetObject, or kms:Decrypt on the key that encrypts it. S3 also answers 403 \
         for an absent object when s3:ListBucket is not granted.",
        "It lies in an archive such as S3 Glacier and must be restored first.",
        "The network or the store failed, and went on failing through all retries.",
    ],
    next_steps: &[
        "Grant the permission the cause names, or restore the object, and run again.",
        "After an outage, just run again.",
    ],
};

pub(in crate::verdict::code) const UNPROVEN: Page = Page {
    counted: ("log file unproven", "log files unproven"),
    title: "A log file is named only by a digest that is not authentic",
    meaning: "The only digest that names the file could not be authenticated, so its hash for the file counts for \
              nothing. The file itself may be whole.",
    causes: &["The digest of its hour was tampered with, is unsigned, or names a key that is not at hand."],
    next_steps: &[
        "See to the digest first; its own finding says what is wrong with it. The file follows from it.",
    ],
};

pub(in crate::verdict::code) const PENDING: Page = Page {
    counted: ("log file pending", "log files pending"),
    title: "A log file is too young to be judged",
    meaning: "The file was delivered so recently that the digest of its hour is not due yet, or a digest names it and \
              it has not arrived. It is neither proven nor suspect.",
    causes: &[
        "CloudTrail writes a digest some time after the end of the hour it covers.",
        "Deliveries arrive out of order, and a replica or a copy may still be under way.",
    ],
    next_steps: &["Verify again in a few hours; the next run with a later end covers it."],
};

pub(in crate::verdict::code) const UNPACKED: Page = Page {
    counted: ("log file stored unpacked", "log files stored unpacked"),
    title: "A log file is stored without compression",
    meaning: "The file is not the gzip stream that CloudTrail delivered, but its bytes are exactly what that stream \
              inflates to: their hash is the one in the digest. Its content is intact.",
    causes: &[
        "A browser, a proxy or a gateway inflated the file while it was copied.",
        "Somebody unpacked the copy to read it.",
    ],
    next_steps: &["Nothing has to be done. A tool that expects gzip cannot read the file as it is."],
};

pub(in crate::verdict::code) const STRAY: Page = Page {
    counted: ("group of stray objects", "groups of stray objects"),
    title: "Objects that are no part of the record",
    meaning: "Beside the record lie objects that CloudTrail did not write and that no reader of log files takes for \
              one. They were counted and not looked at.",
    causes: &[
        "A tool left its own files there: markers, checksums, unfinished downloads.",
        "Somebody keeps notes or other data beside the record.",
    ],
    next_steps: &["Look at the first one, which the finding names, if you do not know what it is."],
};
