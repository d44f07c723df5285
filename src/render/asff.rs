//! Security Hub's format, ready for BatchImportFindings: each line is an array of at most 100 findings of one account
//! and region, because that is what one call can import.
//!
//! Findings that belong to no account, such as a folder that could not be listed, have no place in Security Hub and
//! are left out, and so are those that the report only counts; the exit code and every other format tell them.

use std::collections::BTreeMap;
use std::io;

use super::identity::{object_arn, uid};
use super::json::visible::line;
use super::plain::Plain;
use super::words;
use crate::report::Report;
use crate::trail::{AccountId, Region, format_time, partition};
use crate::verdict::{Class, Code, Finding, Severity};

mod model;

/// BatchImportFindings, quotas.
const BATCH: usize = 100;
/// Longest title, description, recommendation, and product field (ASFF attributes), in characters.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const RECOMMENDATION: usize = 512;
const FIELD: usize = 2048;
/// Most product fields (ASFF attributes).
const FIELDS: usize = 50;

/// Findings that one call imports: at most 100 of one account and region.
#[derive(Debug)]
pub struct Batch {
    /// Whose they are.
    pub account: AccountId,
    /// Where they are imported.
    pub region: Region,
    findings: Vec<model::Finding>,
}

impl Batch {
    /// An array of JSON in one line.
    pub fn json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        // Into memory, which takes all.
        let _ = line(&self.findings, &mut json);
        json
    }
}

/// The findings in batches.
pub fn batches(report: &Report) -> Vec<Batch> {
    let mut places: BTreeMap<(AccountId, &Region), Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if let (Some(account), Some(region)) = (finding.scope.account, &finding.scope.region) {
            places.entry((account, region)).or_default().push(finding);
        }
    }
    let mut batches = Vec::new();
    for ((account, region), findings) in places {
        batches.extend(findings.chunks(BATCH).map(|batch| Batch {
            account,
            region: region.clone(),
            findings: batch.iter().map(|found| finding(report, account, region, found)).collect(),
        }));
    }
    batches
}

/// Writes the batches.
///
/// # Errors
///
/// Where `out` cannot be written to.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    batches(report).iter().try_for_each(|batch| line(&batch.findings, out))
}

fn finding(report: &Report, account: AccountId, region: &Region, finding: &Finding) -> model::Finding {
    let code = finding.code();
    let partition = partition(region).name;
    let severity = severity(finding.severity());
    let types = types(finding);
    let now = format_time(report.finished_at);
    model::Finding {
        schema_version: "2018-10-08",
        id: format!("{region}/{account}/trailseal/{}", uid(finding)),
        product_arn: format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        product_name: "trailseal",
        company_name: "trailseal",
        generator_id: format!("trailseal/{code}"),
        aws_account_id: account.to_string(),
        region: region.to_string(),
        created_at: now.clone(),
        updated_at: now,
        title: cut(code.title(), TITLE),
        description: cut(&format!("{}. {}", Plain(words::message(finding)), code.meaning()), DESCRIPTION),
        severity: severity.clone(),
        types: types.clone(),
        finding_provider_fields: model::ProviderFields { severity, types },
        compliance: compliance(finding),
        remediation: model::Remediation {
            recommendation: model::Recommendation { text: cut(&code.next_steps().join(" "), RECOMMENDATION) },
        },
        product_fields: product_fields(report, finding),
        resources: vec![resource(finding, partition, account, region)],
        record_state: "ACTIVE",
    }
}

/// AWS keeps HIGH and CRITICAL for objectives that were achieved, such as the loss of data; an open question is none.
fn severity(severity: Severity) -> model::Severity {
    let label = match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "MEDIUM",
        Severity::Medium | Severity::Low => "LOW",
        Severity::Info => "INFORMATIONAL",
    };
    model::Severity { label, original: severity.as_str() }
}

fn types(finding: &Finding) -> Vec<&'static str> {
    match (finding.class(), finding.code()) {
        (Class::Tamper, Code::DigestMissing | Code::LogMissing) => {
            vec!["TTPs/Defense Evasion/CloudTrailRecordRemoved", "Effects/Data Destruction"]
        }
        (Class::Tamper, _) => vec!["TTPs/Defense Evasion/CloudTrailRecordChanged"],
        (Class::Incomplete | Class::Notice, _) => {
            vec!["Software and Configuration Checks/AWS Security Best Practices"]
        }
    }
}

fn compliance(finding: &Finding) -> Option<model::Compliance> {
    let status = match (finding.class(), finding.severity()) {
        (Class::Incomplete, Severity::High) => "FAILED",
        (Class::Incomplete, _) => "NOT_AVAILABLE",
        (Class::Tamper | Class::Notice, _) => return None,
    };
    Some(model::Compliance { status })
}

fn product_fields(report: &Report, finding: &Finding) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut tell = |name: &str, fact: String| {
        let fact = cut(&fact, FIELD);
        if !fact.is_empty() && fields.len() < FIELDS {
            fields.insert(format!("trailseal/{}", cut(&Plain(name).to_string(), 100)), fact);
        }
    };
    tell("class", finding.class().as_str().to_owned());
    tell("source", Plain(&report.source).to_string());
    if let Some(trail) = &finding.scope.trail {
        tell("trail", trail.to_string());
    }
    if let Some(object) = &finding.object {
        tell("object", Plain(object).to_string());
    }
    if let Some(digest) = &finding.digest {
        tell("digest", Plain(digest).to_string());
    }
    if let Some(span) = finding.span {
        tell("start", format_time(span.start));
        tell("end", format_time(span.end));
    }
    if let Some(at) = finding.at {
        tell("at", format_time(at));
    }
    if let Some(cause) = &finding.cause {
        tell("cause", Plain(cause).to_string());
    }
    for (name, fact) in &finding.evidence().0 {
        tell(&format!("evidence/{name}"), Plain(words::fact(fact)).to_string());
    }
    fields
}

fn resource(finding: &Finding, partition: &str, account: AccountId, region: &Region) -> model::Resource {
    let (kind, id) = match &finding.object {
        Some(object) => ("AwsS3Object", Plain(object_arn(object, Some(region))).to_string()),
        None => ("AwsAccount", format!("arn:{partition}:iam::{account}:root")),
    };
    model::Resource { r#type: kind, id, region: region.to_string() }
}

/// `text` in at most so many characters, saying so where something was left out.
fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        text.to_owned()
    } else {
        text.chars().take(limit - 1).chain(['…']).collect()
    }
}
