//! Findings for Security Hub: what BatchImportFindings is asked, batch by batch, and what it answers. It holds each finding by its
//! name, so that importing it again updates what is there.

use serde::Deserialize;

use crate::render::asff;
use crate::report::Report;
use crate::trail::{AccountId, Region};

/// What BatchImportFindings is asked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whose findings they are. Security Hub takes them of this account alone.
    pub account: AccountId,
    /// Where it is asked.
    pub region: Region,
    /// What it is asked.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    failed_count: u64,
    success_count: u64,
    #[serde(default)]
    failed_findings: Vec<Failed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    error_code: Option<String>,
    error_message: Option<String>,
}

/// Writes what BatchImportFindings is asked: at most 100 findings of one account and region at a time.
pub fn imports(report: &Report) -> Vec<Import> {
    let batches = asff::batches(report).into_iter().map(|batch| Import {
        account: batch.account,
        region: batch.region.clone(),
        body: [b"{\"Findings\":", &*batch.json(), b"}"].concat(),
    });
    batches.collect()
}

/// Why findings were not taken although the request was: none, where all were.
pub fn refused(answer: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Answer>(answer) {
        Ok(Answer { failed_count: 0, .. }) => None,
        Ok(Answer { failed_count, success_count, failed_findings }) => {
            let all = failed_count.saturating_add(success_count);
            let first = failed_findings.into_iter().next();
            let words = first.map(|first| [first.error_code, first.error_message]).into_iter().flatten();
            let why = words.flatten().collect::<Vec<_>>().join(": ");
            Some(format!("{failed_count} of {all} findings were not taken: {why}"))
        }
        Err(error) => Some(format!("what answered is not Security Hub: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_taken_may_hold_findings_that_are_not() {
        assert_eq!(refused(br#"{"FailedCount":0,"SuccessCount":2,"FailedFindings":[]}"#), None);
        let failed = br#"{"FailedCount":1,"SuccessCount":2,"FailedFindings":[{"Id":"1","ErrorCode":"InvalidInput","ErrorMessage":"x"}]}"#;
        assert_eq!(refused(failed).as_deref(), Some("1 of 3 findings were not taken: InvalidInput: x"));
        assert!(refused(b"").is_some());
    }
}
