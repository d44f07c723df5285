//! Names by which other systems know a finding, an object and a partition.

use crate::crypto::Hash;
use crate::trail::{ObjectName, Region, UNKNOWN_BUCKET, partition};
use crate::verdict::Finding;

/// The same finding has the same name in every run, so that a later run updates what an earlier one filed.
pub fn uid(finding: &Finding) -> String {
    fn word<T: ToString>(fact: Option<T>) -> String {
        fact.map_or_else(String::new, |fact| fact.to_string())
    }
    let scope = &finding.scope;
    let words = [
        finding.code().to_string(),
        word(scope.account),
        word(scope.region.as_ref()),
        word(scope.trail.as_ref()),
        word(scope.organization.as_ref()),
        word(finding.object.as_ref()),
        word(finding.span.map(|span| span.start.timestamp())),
        word(finding.at.map(|at| at.timestamp())),
    ];
    Hash::of(words.join("\0").as_bytes()).to_string()
}

/// The ARN of an object.
pub fn object_arn(object: &ObjectName, region: Option<&Region>) -> String {
    match &*object.bucket {
        // Of a folder whose bucket nothing names.
        UNKNOWN_BUCKET => object.key.to_string(),
        bucket => format!(
            "arn:{}:s3:::{bucket}/{}",
            region.map_or("aws", |region| partition(region).name),
            object.key
        ),
    }
}
