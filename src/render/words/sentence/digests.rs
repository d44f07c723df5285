//! Sentences on digests.

use std::borrow::Cow;

use crate::crypto::{Authority, Fingerprint, Hash};
use crate::trail::Location;
use crate::verdict::what::{
    BadSignature, Differs, Due, Folder, NoSignature, NotADigest, Original, Signed, Sought, Unread,
};

pub(super) fn missing(sought: &Sought) -> String {
    match sought {
        Sought::Listed => "the digest was listed, but the store says it is not there".to_owned(),
        Sought::Linked | Sought::Deduced | Sought::LinkedFromAnotherOrganization => {
            format!("{}, and it is not there", how(sought))
        }
    }
}

pub(super) fn pending(sought: &Sought, due: &Due) -> String {
    format!("{}, and {}", how(sought), not_there_yet(due))
}

/// That something may still come, or might have.
pub(super) fn not_there_yet(due: &Due) -> &'static str {
    match due {
        Due::StillDue => "it is not there yet; it is young enough for that",
        Due::LongAgo => {
            "it is not there yet; it is young enough for that at the time of the newest object here, but this copy is old: \
             it was not copied, or it was removed"
        }
    }
}

fn how(sought: &Sought) -> &'static str {
    match sought {
        Sought::Listed => "the digest was listed",
        Sought::Linked => "the digest after it links to it",
        Sought::Deduced => "the chain's hourly rhythm calls for it between two digests",
        Sought::LinkedFromAnotherOrganization => {
            "the digest after it, in another organization's folder, links to it"
        }
    }
}

pub(super) fn signature(misfit: &BadSignature) -> &'static str {
    match misfit {
        BadSignature::Garbled(_) => "the signature metadata is not a signature in hex",
        BadSignature::Refuted(_) => {
            "the signature does not fit the digest: AWS did not sign these bytes for this place"
        }
    }
}

pub(super) fn malformed(shape: &NotADigest) -> Cow<'static, str> {
    match shape {
        NotADigest::Gzip(fault) => fault.to_string().into(),
        NotADigest::Document(problem) => format!("not a digest: {problem}").into(),
        NotADigest::GenerationTimeMissing => {
            "a backfill digest without its backfill-generation-timestamp metadata".into()
        }
    }
}

pub(super) fn link_broken(
    content: Option<&Differs<Hash>>,
    signature: Option<&Differs<Box<str>>>,
    successor: &Folder,
) -> String {
    let what = match (content, signature) {
        (Some(_), Some(_)) => "content and signature",
        (Some(_), None) => "content",
        (None, _) => "signature",
    };
    match successor {
        Folder::Same => format!("its {what} is not what the digest after it recorded"),
        Folder::OfAnotherOrganization => {
            format!("its {what} is not what the digest after it, in another organization's folder, recorded")
        }
    }
}

pub(super) fn unsigned(why: &NoSignature) -> Cow<'static, str> {
    match why {
        NoSignature::Removed => "the signature metadata that CloudTrail stores is not there".into(),
        NoSignature::NotKept(unusable) => {
            let why = unusable.as_ref().map_or(String::new(), |why| format!(" ({why})"));
            format!(
                "no signature is at hand{why}: put the output of `aws s3api head-object --output json` beside it as \
                 <name>.head.json, or add the digest that follows it"
            )
            .into()
        }
    }
}

pub(super) fn unknown_key(fingerprint: &Fingerprint, authority: &Authority) -> String {
    let signed = format!("signed, it says, by key {fingerprint}");
    match authority {
        Authority::Aws => format!("{signed}, which AWS does not list for this region and time"),
        Authority::File => format!("{signed}, which the given keys do not hold; fetch the region's keys"),
        Authority::Refused(detail) => format!("{signed}; the region's keys could not be retrieved: {detail}"),
        Authority::Nobody => {
            format!(
                "{signed}; no public keys were given; pass --keys FILE, as `trailseal keys fetch` writes it"
            )
        }
    }
}

pub(super) fn unreadable(how: &Unread, detail: &str) -> Cow<'static, str> {
    match how {
        Unread::Refused => format!("the digest could not be read: {detail}").into(),
        Unread::SeenBefore(_) => {
            format!("this digest, which an earlier run saw, could not be read: {detail}").into()
        }
        Unread::NotFollowed => {
            "a digest links to it, and the folder it lies in was not looked into: the chain has moved more often than is \
             followed"
                .into()
        }
    }
}

pub(super) fn algorithm(field: &str, found: &str, signed: &Signed) -> String {
    match signed {
        Signed::ByAws => format!(
            "{field} names {found}, although AWS signed the digest with SHA256withRSA: its metadata was changed"
        ),
        Signed::Unknown => format!("{field} names {found}, which is not known"),
    }
}

pub(super) fn copied(delivered: &Location, (chains, digests): (u64, u64), original: &Original) -> String {
    let what = format!(
        "{digests} digests of {chains} chains here say that they were delivered to {delivered}, and AWS signed them for there"
    );
    match original {
        Original::Here => format!("{what}: a copy beside its original, which was judged by itself"),
        Original::FolderAbove(folder) => format!(
            "{what}: this is a copy, and was not judged; name the folder that stands for the bucket: {folder}"
        ),
        Original::Elsewhere => {
            let Location { bucket, prefix } = delivered;
            format!(
                "{what}: this is a copy, and was not judged; name where it was delivered: --copied-from s3://{bucket}/{prefix}"
            )
        }
    }
}
