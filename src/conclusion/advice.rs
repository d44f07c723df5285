//! What stands beside the findings in every report: what to do next, and what the run did not establish.

use std::collections::{BTreeMap, BTreeSet};

use crate::gzip::Fault;
use crate::inspection::Plan;
use crate::report::{Completion, MOST_OF_A_KIND, NEVER_PROVEN, Outcome, Report};
use crate::trail::Ended;
use crate::trail::source::Within;
use crate::trail::{ChainId, Depth, ObjectName, Origin, format_time};
use crate::verdict::what::{NotADigest, What};
use crate::verdict::{Cause, Class, Code, Finding, Retries, Scope, Unseen};

/// What a reader should do next, where something general stands behind many findings.
pub(super) fn hints(plan: &Plan, report: &Report, sites: usize) -> Vec<String> {
    let mut hints = nothing_found(report, sites);
    hints.extend(as_of_its_newest_object(plan, report));
    hints.extend(ends_in_the_future(plan, report));
    hints.extend(accepted(plan));
    hints.extend(stumbled(&report.totals.retries));
    hints.extend(refused(report));
    hints.extend(unsigned(report));
    hints.extend(not_kept(report));
    hints.extend(moved(report));
    hints.extend(unfinished_copy(plan, report));
    hints.extend(ended_lawfully(plan, report));
    hints.extend(alive_again(plan, report));
    hints.extend(unknown_keys(report));
    hints
}

fn nothing_found(report: &Report, sites: usize) -> Vec<String> {
    if report.outcome() != Outcome::Empty {
        return Vec::new();
    }
    let mut hints = vec![match sites {
        0 => "No account and region is in scope: check --account and --region, and that the source is where the trail \
              delivers."
            .to_owned(),
        1 => "There is a folder of one account and region in scope, but nothing of the window in it: check --start, \
              --end and --trail."
            .to_owned(),
        _ => format!(
            "There are folders of {sites} accounts and regions in scope, but nothing of the window in them: check \
             --start, --end and --trail."
        ),
    }];
    if report.window.start().is_some_and(|start| start >= report.started_at) {
        hints.push("The window lies in the future.".to_owned());
    }
    hints
}

fn accepted(plan: &Plan) -> Option<String> {
    let codes: Vec<String> = plan.accept.iter().map(ToString::to_string).collect();
    (!codes.is_empty())
        .then(|| format!("Findings of these codes were accepted and count as notices: {}.", codes.join(", ")))
}

/// Which rights are wanting.
fn refused(report: &Report) -> Vec<String> {
    let denied = |code: Code| {
        report.findings.iter().any(|finding| {
            finding.code() == code && matches!(&finding.cause, Some(Cause::Unseen(Unseen::Denied(_))))
        })
    };
    let mut hints = Vec::new();
    if denied(Code::ListingUnreadable) {
        hints.push(
            "A listing was refused. Grant s3:ListBucket on the bucket: without it what was deleted can't be told from \
             what is denied."
                .to_owned(),
        );
    }
    if denied(Code::DigestUnreadable) || denied(Code::LogUnreadable) {
        hints.push(
            "Objects were refused. Grant s3:GetObject on PREFIX/AWSLogs/* and s3:ListBucket on the bucket; S3 answers \
             403 for deleted objects too when listing is not allowed."
                .to_owned(),
        );
    }
    hints
}

fn unsigned(report: &Report) -> Option<String> {
    (report.totals.digests.unsigned > 0).then(|| {
        "Some digests have no signature at hand. In a folder the newest digest of each chain needs its metadata: \
         aws s3api head-object --output json --bucket BUCKET --key KEY > KEY.head.json"
            .to_owned()
    })
}

fn unknown_keys(report: &Report) -> Option<String> {
    let unknown =
        |finding: &Finding| finding.code() == Code::DigestUnknownKey && finding.class() == Class::Incomplete;
    report.findings.iter().any(unknown).then(|| {
        "Some keys are not at hand. Fetch them while the regions are within reach: trailseal keys fetch"
            .to_owned()
    })
}

/// That the store was not at its best, although nothing may have come of it.
fn stumbled(retries: &Retries) -> Option<String> {
    let what: Vec<String> = retries
        .counts()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| format!("{count} {}", cause.replace('_', " ")))
        .collect();
    (!what.is_empty()).then(|| {
        format!("The store stumbled {} times ({}) and was asked again.", retries.total(), what.join(", "))
    })
}

/// What a folder without an end was taken for.
fn as_of_its_newest_object(plan: &Plan, report: &Report) -> Option<String> {
    let age = plan.now - report.window.end();
    let as_of_it = plan.origin == Origin::Folder && plan.end.is_none();
    if as_of_it && report.window.start() == Some(report.window.end()) {
        let begins = format_time(report.window.end());
        return Some(format!(
            "The newest object of this folder is older than {begins}, where the window begins: nothing of that time is here. \
             --start says from when on this folder is to be looked at."
        ));
    }
    let old = as_of_it && age > plan.grace;
    old.then(|| {
        format!(
            "No --end was given, so this folder was judged as of its newest object, {}, {} ago: what may have been removed \
             after it, and what was younger than the grace time then, is not missed. --end TIME says how far the record has \
             to reach.",
            format_time(report.window.end()),
            match age.num_hours() {
                hours @ 0..48 => format!("{hours} hours"),
                hours => format!("{} days", hours / 24),
            }
        )
    })
}

/// A window that has hours which have not been yet: nothing in them is missed, and nothing proven.
fn ends_in_the_future(plan: &Plan, report: &Report) -> Option<String> {
    let ahead = plan.now < report.window.end();
    ahead.then(|| {
        format!(
            "The window ends at {}, and it was {} when this run began: of the time after that nothing can be said yet, \
             whatever the verdict.",
            format_time(report.window.end()),
            format_time(plan.now)
        )
    })
}

/// What the report counts and does not hold.
fn not_kept(report: &Report) -> Option<String> {
    let omitted: u64 = report.omitted.values().sum();
    (omitted > 0).then(|| {
        format!(
            "{omitted} more findings were counted and are not in this report, which holds {MOST_OF_A_KIND} of each code and \
             class: --objects lists every object as it is judged."
        )
    })
}

/// Log files that are missed in their place and lie in another, under the same name.
fn moved(report: &Report) -> Option<String> {
    fn name(finding: &Finding) -> Option<(&str, &ObjectName)> {
        let object = finding.object.as_ref()?;
        Some((object.key.rsplit('/').next()?, object))
    }
    let of = |code| report.findings.iter().filter(move |finding| finding.code() == code).filter_map(name);
    let missing: BTreeMap<&str, &ObjectName> = of(Code::LogMissing).collect();
    let moved: Vec<(&ObjectName, &ObjectName)> =
        of(Code::LogUnlisted).filter_map(|(name, lies_at)| Some((lies_at, *missing.get(name)?))).collect();
    let (lies_at, belongs_at) = moved.first()?;
    let many = match moved.len() {
        1 => "A log file that is missing lies elsewhere under the same name".to_owned(),
        many => format!("{many} log files that are missing lie elsewhere under the same names"),
    };
    Some(format!(
        "{many}: {lies_at} belongs at {belongs_at}. Moved back, it proves itself by the digest that names it, or shows that it \
         was changed."
    ))
}

/// What an unfinished copy looks like, and what does not look like one.
fn unfinished_copy(plan: &Plan, report: &Report) -> Option<String> {
    if plan.origin == Origin::Delivered {
        return None;
    }
    let accusing = report.findings.iter().filter(|finding| finding.class() == Class::Tamper);
    let (like, unlike): (Vec<&Finding>, Vec<&Finding>) = accusing.partition(|it| like_a_broken_copy(it));
    let codes = |findings: &[&Finding]| {
        let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code().as_str()).collect();
        codes.into_iter().collect::<Vec<_>>().join(", ")
    };
    let but = match unlike.is_empty() {
        true => String::new(),
        false => format!(" No broken copy looks like the other findings of tampering ({}).", codes(&unlike)),
    };
    (!like.is_empty()).then(|| {
        format!(
            "A copy that was broken off has files missing and files cut short too ({}). Before you accuse anybody of these, \
             compare it with its original (such as aws s3 sync --dryrun) and complete it.{but}",
            codes(&like)
        )
    })
}

/// Whether it may have come of a copy that was broken off: a file that is not there, or that ends too early. What is there
/// with other content was written so.
fn like_a_broken_copy(finding: &Finding) -> bool {
    match &finding.what {
        What::LogMissing { .. } | What::DigestMissing(_) => true,
        What::LogMalformed { fault, .. } | What::DigestMalformed(NotADigest::Gzip(fault)) => {
            matches!(fault, Fault::Empty | Fault::Truncated)
        }
        _ => false,
    }
}

/// The lines that acknowledge the chains which ended before the window, if all of them did so lawfully.
fn ended_lawfully(plan: &Plan, report: &Report) -> Option<String> {
    // One that was acknowledged with a later end has lost digests since: no line is to cover that up.
    let moved_back = |line: &Ended| plan.ended.iter().any(|word| word.includes(line));
    let single: Vec<Ended> = ended(report)
        .filter(|(class, line)| *class == Class::Incomplete && !moved_back(line))
        .map(|(_, line)| line)
        .collect();
    // A part of the record does not show what else an account's line would speak of.
    let lines = match plan.scope == Default::default() && plan.within == Within::Everything {
        true => Ended::together(single, &going_on(report)),
        false => single,
    };
    if lines.is_empty() {
        return None;
    }
    let told: Vec<String> = lines.iter().take(ENDED_LINES).map(|line| format!("--ended {line}")).collect();
    let rest = match lines.len().saturating_sub(ENDED_LINES) {
        0 => String::new(),
        rest => format!(" and {rest} more, each with its finding; --ended FILE reads a file of such lines"),
    };
    Some(format!(
        "Chains ended before the window. Where you know that to be right, acknowledge it: {}{rest}",
        told.join(" ")
    ))
}

/// More lines than anybody pastes at once.
const ENDED_LINES: usize = 12;

/// The chains that ended before the window, each with the line that acknowledges it.
fn ended(report: &Report) -> impl Iterator<Item = (Class, Ended)> {
    report.findings.iter().filter(|finding| finding.code() == Code::ChainEnded).filter_map(|finding| {
        let Scope { account, region, trail, .. } = finding.scope.clone();
        Some((finding.class(), Ended { account: account?, region, trail, last: finding.at? }))
    })
}

fn going_on(report: &Report) -> Vec<&ChainId> {
    report.chains.iter().filter(|chain| chain.digests.total() > 0).map(|chain| &chain.id).collect()
}

/// Words on ended chains that name one with digests in the window, and none that has ended.
fn alive_again(plan: &Plan, report: &Report) -> Option<String> {
    let alive = going_on(report);
    let needless: Vec<String> = plan
        .ended
        .iter()
        .filter(|word| alive.iter().any(|chain| word.names(chain)))
        .filter(|word| !ended(report).any(|(_, line)| word.includes(&line)))
        .map(ToString::to_string)
        .collect();
    (!needless.is_empty()).then(|| {
        format!(
            "What --ended {} names goes on in the window: take the line away, or it will acknowledge its next end too.",
            needless.join(", ")
        )
    })
}

/// Kinds of log files of which it is not known whether digests list them.
pub(super) fn kinds_not_looked_at(kinds: &BTreeSet<Box<str>>) -> Option<String> {
    (!kinds.is_empty()).then(|| {
        let kinds: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
        format!(
            "Anything about log files of the kinds {}: no digest of the window names one, so they were not looked at.",
            kinds.join(", ")
        )
    })
}

/// Chains that ended long ago are not noticed beside others that go on.
fn ended_before(report: &Report) -> String {
    match report.looked_back_to {
        Some(time) => format!(
            "That no trail which ended before {} should have gone on: digests were looked for from there on, and of an \
             account and region without any since, in its newest day; --look-back looks further.",
            format_time(time)
        ),
        None => "That every trail which should have gone on did: one that left no trace in the record is not missed.".to_owned(),
    }
}

/// What this run did not establish. Every report says so, whatever its verdict.
pub(super) fn not_proven(report: &Report) -> Vec<String> {
    let mut sentences = NEVER_PROVEN.map(str::to_owned).to_vec();
    sentences.extend([
        format!(
            "Anything about files outside the window {} to {}.",
            report.window.start().map_or("(open)".to_owned(), format_time),
            format_time(report.window.end())
        ),
        ended_before(report),
        "That regions and accounts without any trace in the bucket never recorded anything: name them with \
         --expect-region and --expect-account."
            .to_owned(),
    ]);
    for span in report.baselines.iter().filter_map(|held| held.before_the_window) {
        sentences.push(format!(
            "The hours from {}, up to where an earlier run saw the record, to {}, where the window begins: they were not \
             looked at.",
            format_time(span.start),
            format_time(span.end)
        ));
    }
    if report.asked.is_narrowed() {
        sentences.push(
            "Anything about accounts, regions and trails other than those asked for: their digests were not judged."
                .to_owned(),
        );
    }
    match report.depth {
        Depth::Chain => sentences.push(
            "That log files are present or intact, or that none was forged: depth chain looks at digests alone."
                .to_owned(),
        ),
        Depth::Presence => sentences
            .push("That the content of log files is intact: depth presence does not read them.".to_owned()),
        Depth::Full => {}
    }
    if report.window.start().is_none() {
        sentences.push("Where the record should begin: no --start was given.".to_owned());
    }
    if report.findings.iter().any(|finding| finding.code() == Code::StoreUnavailable) {
        sentences.push("Anything that was not read before the store stopped answering.".to_owned());
    }
    if report.completion == Completion::Interrupted {
        sentences.push("Anything that the run had not reached when it was interrupted.".to_owned());
    }
    sentences
}
