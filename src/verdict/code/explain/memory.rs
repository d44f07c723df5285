//! What an earlier run saw.

use super::Page;

pub(in crate::verdict::code) const LOST: Page = Page {
    counted: ("head of an earlier run lost", "heads of earlier runs lost"),
    title: "A digest that an earlier run saw is gone",
    meaning: "An earlier run read this digest and found it authentic: the newest of its chain then. It commits to all that the \
              chain was up to there, and it is not in the bucket any more, although nothing of its age has expired.",
    causes: &[
        "Somebody deleted the newest digests, or a whole region or account, so that nothing that is left links to them.",
        "Somebody put an older copy of the bucket in its place.",
        "The bucket lets go of what is old, and nobody said so: --retention DAYS does.",
        "The baseline is of another trail, or of a place that has moved since.",
    ],
    next_steps: &[
        "In a versioned bucket, list the versions and delete markers of the key that is named: `aws s3api \
         list-object-versions --bucket BUCKET --prefix KEY`.",
        "Look for DeleteObject, DeleteObjects and PutBucketLifecycle calls in another trail that records S3 data events, or \
         in the bucket's server access logs.",
        "Keep the earlier report: with the digest's hash it proves any copy of the digest that turns up.",
        "Treat everything up to the time that the finding names as lost until it is restored from a version, a replica or a \
         backup.",
    ],
};

pub(in crate::verdict::code) const CHANGED: Page = Page {
    counted: ("head of an earlier run changed", "heads of earlier runs changed"),
    title: "A digest that an earlier run saw has changed",
    meaning: "Under the name of this digest lie other bytes than an earlier run found there, authentic. CloudTrail never writes \
              a digest a second time, so somebody else wrote this one, even if its signature holds.",
    causes: &[
        "Somebody overwrote the digest, for instance with another one that AWS had signed.",
        "A restored backup holds a digest of another time under this name.",
        "The baseline was edited. Keep baselines where those who can write to the bucket cannot.",
    ],
    next_steps: &[
        "Keep the object as it is, with its metadata and its versions: it is evidence.",
        "In a versioned bucket, find the version whose inflated bytes have the hash that the finding expects.",
        "Find out who wrote the object: S3 data events of another trail, or server access logs.",
    ],
};

pub(in crate::verdict::code) const EXPIRED: Page = Page {
    counted: ("head of an earlier run expired", "heads of earlier runs expired"),
    title: "A digest that an earlier run saw is gone with all of its age",
    meaning: "An earlier run saw this digest, and it is gone; so is every other digest that is as old. That is what a lifecycle \
              rule leaves behind, and what somebody leaves behind who deletes everything up to a day.",
    causes: &[
        "A lifecycle rule deletes what is older than so many days.",
        "Somebody deleted everything up to a day.",
    ],
    next_steps: &[
        "Look at the bucket's lifecycle rules: `aws s3api get-bucket-lifecycle-configuration --bucket BUCKET`.",
        "If they let go of what is older than so many days, say so: --retention DAYS. Then a head that old is a notice, and a \
         younger one that is gone is tampering.",
        "Take a newer report as baseline.",
    ],
};

pub(in crate::verdict::code) const LEDGER: Page = Page {
    counted: ("file of the ledger not believed", "files of the ledger not believed"),
    title: "A part of the ledger is not believed",
    meaning: "A file of the ledger could not be read or written, or some of its lines do not hold: their seals do not fit them, or \
              they are of another record, account, region, day or version. Nothing rests on them: the days that they should tell of \
              are read.",
    causes: &[
        "The key that rows are sealed with has changed, or was not given.",
        "The ledger was written by another version of trailseal, or for another bucket.",
        "A file was cut short, edited or moved.",
        "The right to read or write there is missing.",
    ],
    next_steps: &[
        "Nothing, if the key or the version has just changed: this run has written the rows anew.",
        "If nothing has changed, find out who writes to the ledger: whoever edits rows wants a day not to be read.",
        "For a ledger on S3, grant s3:GetObject, s3:PutObject and s3:ListBucket on its prefix.",
    ],
};
