//! Who may get at the bucket: what its policy, its ACL and its blocks say.
//!
//! A right counts as given where a statement that is wholly understood gives it and no statement takes it from everybody. Where an
//! element says whom or what it does not mean, or a condition narrows it, nobody can tell from here: not known, never passed. So
//! another Deny never makes a right given, and another Allow never takes one away.

use std::collections::BTreeMap;

use super::check::{Judged, Reading, State};
use super::document::{Condition, Document, Effect, Listed, Pattern, Principal, Statement, Target, Who};
use super::table::CheckId;
use crate::settings::{BucketOwner, BucketSettings, PolicyStatus, Setting};
use crate::trail::ArnParts;
use crate::trail::key::ROOT;

/// The service that delivers.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";
/// How services of AWS are called.
const SERVICES: &str = ".amazonaws.com";
/// What harms objects that are there, or lets others in.
const OF_OBJECTS: [&str; 12] = [
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:BypassGovernanceRetention",
    "s3:UpdateObjectEncryption",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
];
/// What harms the bucket's own protection.
const OF_THE_BUCKET: [&str; 12] = [
    "s3:DeleteBucket",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketLogging",
    "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
];
const WRITES: &str = "s3:PutObject";
/// A trail of somebody unknown.
const ANYBODY_S: &str = "arn:aws:cloudtrail:us-east-1:000000000000:trail/unknown";
/// Rights told of one principal.
const TOLD: usize = 4;

/// The checks of a bucket's access.
pub(super) fn checks(bucket: &BucketSettings) -> Vec<Judged> {
    vec![
        Judged::new(CheckId::BucketOtherAccount, owner(bucket)),
        Judged::new(CheckId::BucketTls, by_policy(bucket, tls)),
        Judged::new(CheckId::BucketPublic, public(bucket)),
        Judged::new(CheckId::BucketSourceArn, by_policy(bucket, source_arn)),
        Judged::new(CheckId::BucketDeleteRights, by_policy(bucket, delete_rights)),
    ]
}

fn owner(bucket: &BucketSettings) -> Reading {
    let absent = || Reading::unclear("S3 does not say whose it is");
    Reading::of(&bucket.owner, absent, |owner| match owner {
        BucketOwner::Another => Reading::pass("another account than the trail's owns it"),
        BucketOwner::TrailAccount => Reading::fail("the trail's own account owns it"),
    })
}

/// The bucket as policies name it: itself, and the record in it.
struct Names {
    bucket: String,
    objects: String,
    record: String,
}

impl Names {
    fn of(bucket: &BucketSettings, partition: &str) -> Self {
        let named = format!("arn:{partition}:s3:::{}", bucket.bucket);
        Self {
            objects: format!("{named}/"),
            record: format!("{named}/{}{ROOT}", bucket.prefix),
            bucket: named,
        }
    }

    fn target(&self, action: &str) -> Target<'_> {
        match OF_THE_BUCKET.contains(&action) {
            true => Target::This(&self.bucket),
            false => Target::Below(&self.record),
        }
    }
}

fn by_policy(bucket: &BucketSettings, judge: fn(&Document, &Names) -> Reading) -> Reading {
    let absent = || judge(&Document::default(), &Names::of(bucket, "aws"));
    Reading::of(&bucket.policy, absent, |text| match Document::parse(text) {
        Ok(document) => judge(&document, &Names::of(bucket, partition(&document))),
        Err(unclear) => Reading::unclear(&format!("the policy is not understood: {unclear}")),
    })
}

/// The partition that a policy's resources are in.
fn partition(document: &Document) -> &str {
    let patterns = document.statements.iter().filter_map(|statement| match &statement.resources {
        Listed::These(patterns) => Some(patterns),
        Listed::AllBut => None,
    });
    let named = patterns.flatten().find_map(|pattern| ArnParts::of(&pattern.0));
    named.map_or("aws", |arn| arn.partition)
}

fn tls(document: &Document, names: &Names) -> Reading {
    let mut unclear = None;
    for statement in document.of(Effect::Deny) {
        let is_about = |condition: &Condition| condition.key == "aws:securetransport";
        let Some(condition) = statement.conditions.iter().find(|condition| is_about(condition)) else {
            continue;
        };
        let denies_plain = matches!(&*condition.operator, "Bool" | "BoolIfExists")
            && condition.values.iter().all(|value| value.eq_ignore_ascii_case("false"));
        let everything = |listed: &Listed| matches!(listed, Listed::These(patterns) if patterns.iter().any(|pattern| matches!(&*pattern.0, "*" | "s3:*" | "S3:*")));
        let covers = |target| statement.resources.covers(target);
        let is_whole = denies_plain
            && statement.conditions.len() == 1
            && statement.who == Who::Everybody
            && everything(&statement.actions)
            && covers(Target::This(&names.bucket))
            && covers(Target::Below(&names.objects));
        if is_whole {
            return Reading::pass(&format!("{} denies it", statement.name));
        }
        unclear = unclear.or(Some(&statement.name));
    }
    match unclear {
        Some(name) => {
            Reading::unclear(&format!("{name} denies some requests without TLS, and not plainly all of them"))
        }
        None => Reading::fail("nothing denies requests without TLS"),
    }
}

fn public(bucket: &BucketSettings) -> Reading {
    const EVERYBODY: [&str; 2] = ["/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"];
    let is_blocked = match bucket.public_access.known() {
        Err(why) => return Reading::unread(why),
        Ok(block) => block.is_some_and(|block| block.is_whole()),
    };
    if is_blocked {
        return Reading::pass("all four blocks are on");
    }
    if let Ok(Some(PolicyStatus::Public)) = bucket.policy_status.known() {
        return Reading::fail("the policy makes it public, and not all four blocks are on");
    }
    if let Ok(Some(grants)) = bucket.grants.known()
        && let Some(grant) =
            grants.iter().find(|grant| EVERYBODY.iter().any(|group| grant.grantee.ends_with(group)))
    {
        return Reading::fail(&format!("the ACL grants {} to {}", grant.permission, grant.grantee));
    }
    // Without a policy none makes it public.
    let status = bucket.policy_status.known().err().filter(|_| bucket.policy != Setting::Absent);
    if let Some(why) = status.or(bucket.grants.known().err()) {
        return Reading::unread(why);
    }
    Reading::unclear(
        "neither policy nor ACL makes it public, and not all its own blocks are on; the account's were not asked",
    )
}

fn source_arn(document: &Document, names: &Names) -> Reading {
    let record = Target::Below(&names.record);
    let mut letting =
        document.of(Effect::Allow).filter(|statement| lets_cloudtrail_write(statement, record)).peekable();
    if letting.peek().is_none() {
        return Reading::unclear("no statement lets CloudTrail write to the record");
    }
    let mut trails = Vec::new();
    for statement in letting {
        if statement.who == Who::EverybodyBut
            || statement.actions == Listed::AllBut
            || statement.resources == Listed::AllBut
        {
            return Reading::unclear(&format!("{} says what it does not mean", statement.name));
        }
        match named_trails(statement) {
            Ok(named) => trails.extend(named),
            Err(reading) if reading.state == State::Fail && may_be_denied(document, WRITES, record) => {
                return Reading::unclear(&format!(
                    "{}, and what another statement denies is not understood",
                    reading.value
                ));
            }
            Err(reading) => return reading,
        }
    }
    trails.sort();
    trails.dedup();
    Reading::pass(&format!("for {}", trails.join(", ")))
}

fn lets_cloudtrail_write(statement: &Statement, record: Target<'_>) -> bool {
    let about_it = match &statement.who {
        Who::Everybody | Who::EverybodyBut => true,
        Who::These(named) => named.contains(&Principal::Service(CLOUDTRAIL.to_owned())),
    };
    about_it
        && statement.actions.holds_action(WRITES).unwrap_or(true)
        && statement.resources.touches(record).unwrap_or(true)
}

/// The trails that a statement lets CloudTrail write for.
fn named_trails(statement: &Statement) -> Result<Vec<String>, Reading> {
    const OPERATORS: [&str; 4] = ["StringEquals", "ArnEquals", "StringLike", "ArnLike"];
    let of_key = |key: &str| {
        statement.conditions.iter().filter(move |condition| condition.key == key).collect::<Vec<_>>()
    };
    let found = of_key("aws:sourcearn");
    if found.is_empty() {
        const PLAIN: [&str; 3] = ["s3:x-amz-acl", "aws:sourceaccount", "aws:sourceorgid"];
        if statement.conditions.iter().any(|condition| !PLAIN.contains(&&*condition.key)) {
            return Err(Reading::unclear(&format!(
                "{} has conditions that are not understood",
                statement.name
            )));
        }
        let weaker = ["aws:sourceaccount", "aws:sourceorgid"].into_iter().find(|key| !of_key(key).is_empty());
        return Err(match weaker {
            Some(key) => {
                Reading::fail(&format!("{} asks for {key} alone: any trail there may write", statement.name))
            }
            None => Reading::fail(&format!("{} lets anybody's trail write", statement.name)),
        });
    }
    let mut trails = Vec::new();
    for condition in found {
        if !OPERATORS.contains(&&*condition.operator) {
            return Err(Reading::unclear(&format!(
                "{}: {} of aws:SourceArn",
                statement.name, condition.operator
            )));
        }
        for value in &condition.values {
            if Pattern(value.clone()).fits(ANYBODY_S) {
                let what = format!("{} lets {value} write, which may be anybody's trail", statement.name);
                return Err(Reading::fail(&what));
            }
            let arn = ArnParts::of(value).filter(|arn| arn.service == "cloudtrail");
            let named = arn.filter(|arn| !arn.account.contains(['*', '?', '$'])).map(|arn| arn.resource);
            match named.and_then(|resource| resource.strip_prefix("trail/")) {
                Some(name) if name.contains(['*', '?']) => {
                    let what = format!("{} lets {value} write: any trail of that account", statement.name);
                    return Err(Reading::fail(&what));
                }
                Some(name) if !name.contains('$') => {}
                _ => return Err(Reading::unclear(&format!("{}: {value} is not understood", statement.name))),
            }
            trails.push(value.clone());
        }
    }
    Ok(trails)
}

/// A right that somebody has by the policy, as far as that can be told.
struct Held<'d> {
    who: &'d str,
    action: &'static str,
    statement: &'d Statement,
    certainty: Certainty,
}

/// The surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// It is given.
    Given,
    /// Something narrows it that cannot be told from here.
    Perhaps,
}

fn delete_rights(document: &Document, names: &Names) -> Reading {
    let mut held: Vec<Held<'_>> = Vec::new();
    for action in OF_OBJECTS.into_iter().chain(OF_THE_BUCKET) {
        let target = names.target(action);
        if is_denied_to_all(document, action, target) {
            continue;
        }
        // Whoever has it by one statement may be kept from it by another.
        let at_most =
            if may_be_denied(document, action, target) { Certainty::Perhaps } else { Certainty::Given };
        held.extend(
            document
                .of(Effect::Allow)
                .flat_map(|statement| holders(statement, action, target))
                .map(|held| Held { certainty: held.certainty.max(at_most), ..held }),
        );
    }
    let of = |certainty: Certainty| {
        held.iter().filter(move |held| held.certainty == certainty).collect::<Vec<_>>()
    };
    match (&of(Certainty::Given)[..], &of(Certainty::Perhaps)[..]) {
        ([], []) => Reading::pass(
            "it gives nobody else such a right; what identity policies of its account give is not seen",
        ),
        ([], perhaps) => Reading::unclear(&format!("not to be told from here: {}", told(perhaps))),
        (given, _) => Reading::fail(&told(given)),
    }
}

/// Whether an action on all of a target is denied to everybody, whatever anything else says.
fn is_denied_to_all(document: &Document, action: &str, target: Target<'_>) -> bool {
    document.of(Effect::Deny).any(|statement| {
        statement.who == Who::Everybody
            && statement.conditions.is_empty()
            && statement.actions.holds_action(action) == Some(true)
            && statement.resources.covers(target)
    })
}

/// Whether some statement may deny an action on some of a target to somebody. Where it is only for requests without TLS, nobody is
/// kept from anything by it.
fn may_be_denied(document: &Document, action: &str, target: Target<'_>) -> bool {
    document.of(Effect::Deny).any(|statement| {
        let for_plain_requests = !statement.conditions.is_empty()
            && statement.conditions.iter().all(|condition| condition.key == "aws:securetransport");
        !for_plain_requests
            && statement.actions.holds_action(action) != Some(false)
            && statement.resources.touches(target) != Some(false)
    })
}

/// Those to whom a statement gives an action on some of a target.
fn holders<'d>(statement: &'d Statement, action: &'static str, target: Target<'_>) -> Vec<Held<'d>> {
    let (is_meant, touches) = (statement.actions.holds_action(action), statement.resources.touches(target));
    if is_meant == Some(false) || touches == Some(false) {
        return Vec::new();
    }
    let is_plain = is_meant.is_some() && touches.is_some() && statement.conditions.is_empty();
    let held = |who: &'d str, is_certain: bool| {
        let certainty = if is_certain { Certainty::Given } else { Certainty::Perhaps };
        Held { who, action, statement, certainty }
    };
    match &statement.who {
        Who::Everybody => vec![held("everybody", is_plain)],
        Who::EverybodyBut => vec![held("everybody but some", false)],
        Who::These(named) => named
            .iter()
            .filter_map(|principal| match principal {
                Principal::Service(service) if service == CLOUDTRAIL && action == WRITES => None,
                // Other services write to folders of their own there, on behalf of whom nobody can tell from here.
                Principal::Service(service) => {
                    Some(held(service, is_plain && !(action == WRITES && service.ends_with(SERVICES))))
                }
                Principal::Other(who) => Some(held(who, is_plain)),
            })
            .collect(),
    }
}

/// Who holds what, by which statement.
fn told(held: &[&Held<'_>]) -> String {
    let mut by_holder: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for Held { who, action, statement, .. } in held {
        by_holder.entry((who, &statement.name)).or_default().push(action);
    }
    let one = |((who, statement), actions): ((&str, &str), Vec<&str>)| {
        let more = actions.len().saturating_sub(TOLD);
        let told = actions.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{who} has {told}{more} by {statement}")
    };
    by_holder.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
