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

pub(in crate::verdict::code) const IN_PIECES: Page = Page {
    counted: ("site with objects put in several pieces", "sites with objects put in several pieces"),
    title: "Objects were put in several pieces",
    meaning: "CloudTrail puts each digest and each log file with one request. The ETag of what is put in several pieces ends in `-` and \
              their number, so somebody has put these objects again since. What they hold is judged by the digests as always; but \
              the date of such an object can be older than its bytes, so the ledger carries no day that holds one.",
    causes: &[
        "The record was copied or restored by a tool that uploads in parts.",
        "The objects were copied onto themselves, to encrypt them anew or to change their storage class.",
        "Somebody who has changed an object wants its date to look old.",
    ],
    next_steps: &[
        "Nothing, if you know who put them: their days are read in every run, which costs time and no certainty.",
        "If nobody does, look for CreateMultipartUpload and CompleteMultipartUpload on the bucket in the trail's data events.",
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

pub(in crate::verdict::code) const WITNESS_BROKEN: Page = Page {
    counted: ("witness changed", "witnesses changed"),
    title: "What a witness holds was changed",
    meaning: "A witness keeps the seals of earlier runs, each under its own number, none ever written over. What this one holds \
              breaks that: a signature that does not fit, a number that is missing between others, a seal of another number or \
              place, a second version of one, an earlier version that the bucket keeps, or a seal that was there and is gone.",
    causes: &[
        "Somebody who can write to the witness deleted or replaced seals, so that a loss in the record would not be noticed.",
        "A backup of the witness was restored, and later seals went missing.",
        "Two places write to the same witness with different keys.",
    ],
    next_steps: &[
        "Compare it with another witness, and with what the ledger remembers of it.",
        "In a versioned bucket, list the versions of the seal that is named.",
        "Find out who wrote there: the witness belongs into another account, under Object Lock, where nobody may delete.",
        "Until that is known, hold the record to a seal or a report kept elsewhere: --baseline FILE.",
    ],
};

pub(in crate::verdict::code) const WITNESS_UNREACHABLE: Page = Page {
    counted: ("witness that could not tell all", "witnesses that could not tell all"),
    title: "A witness could not tell all that earlier runs saw",
    meaning: "A witness keeps the seals of earlier runs. This one could not be listed or read as a whole, holds seals of keys that \
              nobody named, or has lost its oldest seals or all of them, as retention takes them. Nobody is accused; what it does not \
              tell was not held against the record.",
    causes: &[
        "The right to list or read the witness is missing, or its store does not answer.",
        "The seals were signed with a new key: name it with --vkey.",
        "A retention rule has let go of the lowest numbers.",
    ],
    next_steps: &[
        "Grant s3:ListBucket, s3:ListBucketVersions and s3:GetObject on the witness, and s3:PutObject to who seals.",
        "Give every verifier key that is in use: --vkey may be given several times.",
    ],
};

pub(in crate::verdict::code) const WITNESS_EMPTY: Page = Page {
    counted: ("witness without a seal", "witnesses without a seal"),
    title: "A witness holds nothing yet",
    meaning: "A witness keeps the seals of earlier runs, and this one keeps none of this record: what it remembers begins with this \
              run. No ledger that was given knows of a seal there.",
    causes: &[
        "It is the first run with this witness.",
        "The witness is another place than before: a word of its address has changed.",
        "Somebody removed everything in it, and no ledger remembers.",
    ],
    next_steps: &[
        "For the first run, nothing: the next one finds a seal.",
        "If runs have been sealed there before, find out who removed the seals, and hold the record to a report kept elsewhere: \
         --baseline FILE.",
    ],
};
