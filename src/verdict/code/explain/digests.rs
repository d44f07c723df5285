//! Digests and the keys that sign them.

use super::Page;

pub(in crate::verdict::code) const MISSING: Page = Page {
    counted: ("digest missing", "digests missing"),
    title: "A digest is missing",
    meaning: "AWS delivered this digest: a later, authentic digest links to it, or the hours before and after it are \
              there and its own is not. It is no longer in the bucket, so the log files of its hour are unproven.",
    causes: &[
        "Somebody with s3:DeleteObject deleted it, so that the log files of its hour could be changed or removed \
         without a hash to contradict it.",
        "A lifecycle rule expired it. Such a rule takes the oldest first and everything up to a date, not one hour \
         out of the middle.",
        "A copy of the bucket left it out. Compare with the original before drawing conclusions.",
        "CloudTrail delivered it late after a delivery failure. Digests can arrive out of order then; a later run \
         finds them.",
    ],
    next_steps: &[
        "In a versioned bucket, list the key's versions and delete markers: `aws s3api list-object-versions \
         --bucket BUCKET --prefix KEY`. The marker's date is the date of the deletion.",
        "Look for DeleteObject, DeleteObjects and PutBucketLifecycle calls in another trail that records S3 data \
         events, or in the bucket's server access logs.",
        "Treat the log files of that hour as unproven until the digest is restored from a version, a replica or a \
         backup; it proves itself once it is back.",
    ],
};

pub(in crate::verdict::code) const SIGNATURE_INVALID: Page = Page {
    counted: ("digest with an invalid signature", "digests with invalid signatures"),
    title: "A digest's signature is invalid",
    meaning: "The signature does not fit the digest's bytes and place. AWS did not sign this digest as it is now, so \
              nothing it says about log files can be believed.",
    causes: &[
        "Somebody edited the digest, for instance to take a log file out of its list or to fit a changed log file's \
         hash.",
        "Somebody replaced the object's signature metadata, or re-signed the digest with a key that is not AWS's.",
        "A faulty copy changed the bytes, or stored another digest's metadata with it.",
    ],
    next_steps: &[
        "Keep the object as it is: it is evidence. Save it with its metadata (`aws s3api head-object --output json`) and its \
         versions.",
        "If the bucket is versioned, verify the older versions: the one AWS delivered still proves itself.",
        "Find out who wrote the object after its delivery: S3 data events of another trail, or server access logs.",
        "Treat the log files of its hour as unproven.",
    ],
};

pub(in crate::verdict::code) const MALFORMED: Page = Page {
    counted: ("digest malformed", "digests malformed"),
    title: "A digest is malformed",
    meaning: "The object in the digest's place is not what CloudTrail delivers: exactly one gzip stream, nothing \
              after it, that holds a digest in JSON with every field in its place.",
    causes: &[
        "Somebody overwrote, truncated or appended to the digest. Appended bytes are invisible to tools that stop \
         after the first gzip stream.",
        "A tool that decompressed, recompressed or re-encoded objects on the way stored something else under the \
         same name.",
        "A copy broke off half way.",
    ],
    next_steps: &[
        "Compare the object's size and last-modified time with its neighbours: AWS writes a digest once, some time \
         after the hour it covers.",
        "Restore it from an earlier version, a replica or a backup and verify again.",
        "If this is a copy, copy the object again and compare.",
    ],
};

pub(in crate::verdict::code) const RELOCATED: Page = Page {
    counted: ("digest out of its place", "digests out of their place"),
    title: "A digest belongs to another place",
    meaning: "The digest says that it was delivered to another bucket, key, account or time than those it was found \
              under. A genuine digest of one hour proves nothing about another.",
    causes: &[
        "Somebody copied a genuine digest over another one, so that a signature is there and an hour's log files \
         are not listed.",
        "The files were copied to another bucket or prefix, and the run was not told from where.",
    ],
    next_steps: &[
        "If this is a copy, name its origin with --copied-from s3://BUCKET[/PREFIX] and run again.",
        "Otherwise compare with the object's earlier versions, and find out who wrote the present one.",
        "Treat the log files of the hour it stands for as unproven.",
    ],
};

pub(in crate::verdict::code) const LINK_BROKEN: Page = Page {
    counted: ("chain link broken", "chain links broken"),
    title: "A digest is not the one its successor recorded",
    meaning: "The digest that follows is authentic and recorded this one's hash and signature. What is there now \
              differs from that record, even if it verifies by itself.",
    causes: &[
        "Somebody put another digest in its place, such as an older or a different one that AWS really signed.",
        "Somebody edited the digest; then its own signature usually fails as well.",
        "Somebody changed the object's signature metadata only; then the content still agrees with the record.",
    ],
    next_steps: &[
        "The hash in the evidence is the one of the digest AWS delivered: look for it among the object's versions, \
         replicas and backups.",
        "Find out who wrote the object after its delivery.",
        "Compare the log files both digests list for that hour.",
    ],
};

pub(in crate::verdict::code) const UNSIGNED: Page = Page {
    counted: ("digest without a signature", "digests without a signature"),
    title: "A digest has no signature",
    meaning: "CloudTrail stores a signature with every digest, and here there is none. In a bucket that means it was \
              removed; in a folder it usually means that the copy did not keep it.",
    causes: &[
        "In a bucket: somebody rewrote the object, which drops its metadata, or removed the metadata on purpose.",
        "In a folder: `aws s3 sync` and `aws s3 cp` do not keep metadata. Each digest also holds the signature of \
         the one before it, so only the newest digest of a chain, and the last before a break, is left without one.",
    ],
    next_steps: &[
        "In a folder: save the digest's metadata beside it, `aws s3api head-object --output json --bucket BUCKET --key KEY \
         > FILE.head.json`, or copy the digest that follows it too.",
        "In a bucket: look at the object's versions and at who wrote it last.",
    ],
};

pub(in crate::verdict::code) const UNKNOWN_KEY: Page = Page {
    counted: ("digest signed by an unknown key", "digests signed by unknown keys"),
    title: "A digest names a key that is not known",
    meaning: "The digest says it was signed by a key that is not among the public keys at hand. Where AWS's own list \
              for the region and time was asked and does not know the key, the digest was not signed by AWS.",
    causes: &[
        "The key file does not reach back far enough, or lacks the digest's region: keys are published per region \
         and change every few weeks.",
        "Somebody forged the digest and signed it with a key of their own.",
    ],
    next_steps: &[
        "Fetch the keys of the region and time: `trailseal keys fetch`, or `aws cloudtrail list-public-keys \
         --region REGION --start-time T --end-time T`.",
        "If AWS does not list the key, treat the digest as forged and keep it as evidence.",
    ],
};

pub(in crate::verdict::code) const UNREADABLE: Page = Page {
    counted: ("digest unreadable", "digests unreadable"),
    title: "A digest could not be read",
    meaning: "The store did not give the digest. That says nothing about the record itself: it may be perfectly \
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

pub(in crate::verdict::code) const ALGORITHM_UNSUPPORTED: Page = Page {
    counted: ("digest with unknown algorithms", "digests with unknown algorithms"),
    title: "A digest names algorithms that are not known",
    meaning: "The digest says it was hashed or signed with something other than SHA-256 and SHA256withRSA, the only \
              algorithms CloudTrail is known to use. It was not believed and not accused.",
    causes: &[
        "AWS began to use new algorithms that this version does not know.",
        "Somebody edited the digest to send verifiers astray.",
    ],
    next_steps: &[
        "Look for a newer version of trailseal.",
        "If only single digests are affected while their neighbours use the usual algorithms, suspect an edit and \
         compare the object's versions.",
    ],
};

pub(in crate::verdict::code) const KEYS_UNAVAILABLE: Page = Page {
    counted: ("region without its public keys", "regions without their public keys"),
    title: "A region's public keys could not be retrieved",
    meaning: "AWS publishes the keys that check digests per region, and this region's list is not at hand. Its digests \
              cannot be authenticated without it; nothing is said against them.",
    causes: &[
        "A folder is verified and no keys were given with --keys.",
        "The caller lacks cloudtrail:ListPublicKeys, or a policy forbids calls in that region.",
        "The region is an opt-in region that the caller's account has not enabled.",
        "The region's endpoint could not be reached.",
    ],
    next_steps: &[
        "Grant cloudtrail:ListPublicKeys, or run with credentials of an account in which the region is enabled.",
        "Or fetch the keys elsewhere with `trailseal keys fetch` and pass them with --keys.",
    ],
};

pub(in crate::verdict::code) const KEY_VALIDITY: Page = Page {
    counted: ("key used outside its published time", "keys used outside their published time"),
    title: "A key was used outside its published time",
    meaning: "The signature verifies, but the digest's time lies outside the dates AWS published for the key. The \
              dates are advice: AWS's own published samples break them.",
    causes: &[
        "A digest was signed close to a key rotation, or delivered late.",
        "The key file states other dates than AWS does.",
    ],
    next_steps: &["Nothing has to be done. Fetch the region's keys again if the dates look wrong."],
};

pub(in crate::verdict::code) const PENDING: Page = Page {
    counted: ("digest pending", "digests pending"),
    title: "A digest has not arrived yet",
    meaning: "A later digest links to this one and it is not there, but it is younger than the grace period: deliveries \
              arrive out of order. It is neither proven nor missing yet.",
    causes: &[
        "CloudTrail delivered the digests of neighbouring hours out of order, as it does after a delivery failure.",
        "A replica or a copy of the bucket is still under way.",
        "Somebody deleted it a short while ago: then the next run calls it missing.",
    ],
    next_steps: &["Verify again in a few hours."],
};

pub(in crate::verdict::code) const UNPACKED: Page = Page {
    counted: ("digest stored unpacked", "digests stored unpacked"),
    title: "A digest is stored without compression",
    meaning: "The digest is not the gzip stream that CloudTrail delivered, but AWS signed exactly these bytes for \
              exactly this place. Its content is authentic.",
    causes: &[
        "A browser, a proxy or a gateway inflated the digest while it was copied.",
        "Somebody unpacked the copy to read it.",
    ],
    next_steps: &["Nothing has to be done. The AWS CLI cannot read the digest as it is."],
};

pub(in crate::verdict::code) const COPIED: Page = Page {
    counted: ("copy of a record", "copies of a record"),
    title: "This is a copy of a record that was delivered elsewhere",
    meaning: "Whole chains here are signed for another bucket or prefix, all for the same one: this is a copy, and it \
              was not judged as the original. Beside its whole original it is only worth knowing.",
    causes: &[
        "The source is a replica, a backup or an evidence copy, and was not named as one.",
        "The folder that was named lies above or below the one that stands for the bucket.",
        "The place in --copied-from is mistyped.",
    ],
    next_steps: &[
        "Run again with what the finding says to type: it names the place the digests were delivered to.",
    ],
};
