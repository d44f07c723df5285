//! All checks in one table: what each asks for, what to do where it does not hold, and which controls others map it to. Mappings
//! disagree, so each says whose it is; numbers that only a scanner uses, such as 10.3.4.6, are nobody's control.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::control::{Control, cis, hipaa, hub, iso, nist, ours, pci, prowler, soc2};

/// What is said of a check.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name on the command line and in documents.
    pub id: &'static str,
    /// What it asks for.
    pub rule: &'static str,
    /// What to do where that does not hold.
    pub next: &'static str,
    /// The controls that it supports.
    pub controls: &'static [Control],
}

macro_rules! checks {
    ($($name:ident $id:literal, $rule:literal, $next:literal, [$($control:expr),* $(,)?];)*) => {
        /// A check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckId {
            $(#[doc = $rule] $name,)*
        }

        impl CheckId {
            /// All of them, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What is said of it.
            pub const fn about(self) -> About {
                match self {
                    $(Self::$name => About { id: $id, rule: $rule, next: $next, controls: const { &[$($control),*] } },)*
                }
            }
        }
    };
}

checks! {
    TrailLogging "trail-logging",
        "The trail records now and delivers here, and its log files came without an error within a day.",
        "aws cloudtrail start-logging --name TRAIL; an error of delivery names what the bucket or the key refuses.",
        [cis("5.0", "3.1", hub::SOURCE), cis("7.0", "4.1", prowler::SOURCE), hub::control("CloudTrail.3")];
    TrailMultiRegion "trail-multi-region",
        "The trail records in all regions, and the services that are in none.",
        "aws cloudtrail update-trail --name TRAIL --is-multi-region-trail --include-global-service-events",
        [
            cis("5.0", "3.1", hub::SOURCE), cis("7.0", "4.1", prowler::SOURCE), hub::control("CloudTrail.1"),
            soc2("CC2.1"), soc2("CC7.2"), soc2("A1.2"), soc2("PI1.3"),
            nist("AU-2"), nist("AU-3"), nist("AU-10"), nist("AU-12"), iso("A.8.15"), iso("A.8.16"),
        ];
    TrailManagementEvents "trail-management-events",
        "The trail records management events, those that read and those that write; services that are left out are told.",
        "aws cloudtrail put-event-selectors --trail-name TRAIL with ReadWriteType All and IncludeManagementEvents.",
        [cis("5.0", "3.1", hub::SOURCE), cis("7.0", "4.1", prowler::SOURCE), hub::control("CloudTrail.1")];
    TrailDataEventsS3 "trail-data-events-s3",
        "The trail records what is read from and written to the objects of all buckets.",
        "aws cloudtrail put-event-selectors --trail-name TRAIL with AWS::S3::Object of arn:aws:s3; it costs by the event.",
        [
            cis("5.0", "3.8", hub::SOURCE), cis("5.0", "3.9", hub::SOURCE),
            cis("7.0", "4.8", prowler::SOURCE), cis("7.0", "4.9", prowler::SOURCE),
            hub::control("S3.22"), hub::control("S3.23"), pci("10.2.1", hub::SOURCE),
            soc2("CC2.1"), soc2("CC7.2"), nist("AU-2"), nist("AU-3"), nist("AU-12"), iso("A.8.15"), iso("A.8.16"),
        ];
    TrailBucketSelfWatch "trail-bucket-self-watch",
        "The trail records what is written to and deleted from the bucket that it delivers to: nothing else does.",
        "aws cloudtrail put-event-selectors --trail-name TRAIL with AWS::S3::Object of arn:aws:s3:::BUCKET/, writes at least.",
        [];
    TrailValidation "trail-validation",
        "Log file validation is on, and a digest was delivered without an error within three hours.",
        "aws cloudtrail update-trail --name TRAIL --enable-log-file-validation; what is delivered before that can never be proven.",
        [
            cis("5.0", "3.2", hub::SOURCE), cis("7.0", "4.2", prowler::SOURCE), hub::control("CloudTrail.4"),
            soc2("CC7.3"), soc2("PI1.3"),
            pci("10.3.2", prowler::SOURCE), pci("10.3.3", prowler::SOURCE), pci("10.3.4", prowler::SOURCE),
            hipaa("164.308(a)(1)(ii)(B)"), hipaa("164.308(a)(1)(ii)(D)"), hipaa("164.312(b)"), hipaa("164.312(c)(1)"), hipaa("164.312(c)(2)"),
            nist("AU-9(a)"), nist("SI-7(1)"), nist("SI-7(3)"), nist("SI-7(7)"), iso("A.8.15"), iso("A.8.16"),
        ];
    TrailKms "trail-kms",
        "The trail encrypts with a KMS key that is enabled and not about to be deleted.",
        "aws cloudtrail update-trail --name TRAIL --kms-key-id KEY; aws kms enable-key or cancel-key-deletion for one that is there.",
        [
            cis("5.0", "3.5", hub::SOURCE), cis("7.0", "4.5", prowler::SOURCE), hub::control("CloudTrail.2"), pci("10.3.2", hub::SOURCE),
            hipaa("164.312(a)(2)(iv)"), hipaa("164.312(c)(1)"), hipaa("164.312(c)(2)"), hipaa("164.312(e)(2)(ii)"),
            nist("AU-9(3)"), nist("SC-28(1)"), iso("A.8.15"), iso("A.8.16"),
        ];
    TrailCloudwatch "trail-cloudwatch",
        "The trail delivers to a log group, too, and did so without an error within a day.",
        "aws cloudtrail update-trail --name TRAIL --cloud-watch-logs-log-group-arn GROUP --cloud-watch-logs-role-arn ROLE",
        [hub::control("CloudTrail.5"), soc2("CC7.2"), soc2("CC7.3"), soc2("A1.2"), soc2("PI1.3")];
    TrailOrganization "trail-organization",
        "The trail is an organization's, or all accounts that the policy expects are in the bucket.",
        "Make it an organization's trail in the management account, or name the accounts in a policy file.",
        [];
    BucketOtherAccount "bucket-other-account",
        "The bucket belongs to another account than the trail: whoever rules the one does not rule the other.",
        "Deliver into a bucket of an account for logs alone.",
        [];
    BucketObjectLock "bucket-object-lock",
        "New objects are locked as firmly and as long as the policy asks.",
        "aws s3api put-object-lock-configuration --bucket BUCKET with a default retention in COMPLIANCE mode.",
        [hub::control("S3.15"), pci("10.5.1", hub::SOURCE), pci("10.3.4", prowler::SOURCE), soc2("PI1.5")];
    ObjectsLocked "objects-locked",
        "Objects that are there are locked so: a default retention is not retroactive.",
        "aws s3api put-object-retention for objects that came before the default, or S3 Batch Operations for all of them.",
        [ours::pci("10.5.1")];
    BucketVersioning "bucket-versioning",
        "The bucket keeps versions: what is written over or deleted is still there.",
        "aws s3api put-bucket-versioning --bucket BUCKET --versioning-configuration Status=Enabled",
        [
            hub::control("S3.14"), soc2("CC7.4"), soc2("A1.2"), soc2("C1.2"), soc2("PI1.5"), pci("10.3.4", prowler::SOURCE),
            hipaa("164.312(c)"), nist("AU-9(2)"), nist("CP-9"), iso("A.8.10"),
        ];
    BucketMfaDelete "bucket-mfa-delete",
        "Versions are deleted with a second factor alone; not asked for beside a lifecycle configuration, which excludes it, or a lock.",
        "As the root user: aws s3api put-bucket-versioning --bucket BUCKET --versioning-configuration Status=Enabled,MFADelete=Enabled --mfa \"SERIAL CODE\"",
        [cis("5.0", "2.1.2", hub::SOURCE), cis("7.0", "3.1.2", prowler::SOURCE), hub::control("S3.20")];
    BucketTls "bucket-tls",
        "The bucket's policy denies everybody every request that comes without TLS, for the bucket and its objects.",
        "Add a Deny of s3:* for Principal * with Bool aws:SecureTransport false to the bucket's policy.",
        [cis("5.0", "2.1.1", hub::SOURCE), cis("7.0", "3.1.1", prowler::SOURCE), hub::control("S3.5")];
    BucketPublic "bucket-public",
        "Nobody outside may get at the bucket: all public access is blocked, and neither policy nor ACL grants any.",
        "aws s3api put-public-access-block --bucket BUCKET with all four settings true.",
        [
            cis("5.0", "2.1.4", hub::SOURCE), cis("7.0", "3.1.4", prowler::SOURCE),
            hub::control("CloudTrail.6"), hub::control("S3.1"), hub::control("S3.8"),
        ];
    BucketSourceArn "bucket-source-arn",
        "CloudTrail may write for named trails alone (aws:SourceArn): else anybody's trail may deliver into the bucket.",
        "Add ArnEquals or StringEquals aws:SourceArn with the trail's ARN to the statement that lets CloudTrail write.",
        [];
    BucketDeleteRights "bucket-delete-rights",
        "The bucket's policy lets nobody but CloudTrail write, delete, re-encrypt, or change what protects the record.",
        "Take the statement out, or add a Deny for Principal * without conditions: it holds against identity policies, too.",
        [ours::pci("10.3.2")];
    BucketLifecycle "bucket-lifecycle",
        "No rule deletes log files or digests before the policy's time, and both are kept equally long.",
        "Lengthen the rule's expiration, or take it out: aws s3api put-bucket-lifecycle-configuration.",
        [hub::control("S3.13"), pci("10.5.1", prowler::SOURCE), iso("A.8.10")];
    BucketReplication "bucket-replication",
        "The record is copied to a bucket of another account, and its delete markers are not.",
        "aws s3api put-bucket-replication with a destination of another account and DeleteMarkerReplication Disabled.",
        [hub::control("S3.7"), ours::pci("10.3.3")];
    BucketAccessLogging "bucket-access-logging",
        "Accesses are logged to another bucket, on which no default lock keeps the logs from being delivered.",
        "aws s3api put-bucket-logging --bucket BUCKET with a target of its own and without a default retention.",
        [
            cis("5.0", "3.4", hub::SOURCE), cis("7.0", "4.4", prowler::SOURCE), hub::control("CloudTrail.7"),
            soc2("CC7.2"), soc2("CC7.3"), soc2("A1.2"),
        ];
}

impl CheckId {
    /// Its name on the command line and in documents.
    pub fn as_str(self) -> &'static str {
        self.about().id
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        let found = Self::ALL.iter().copied().find(|check| check.as_str() == text);
        found.ok_or_else(|| D::Error::custom(format!("there is no check {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_something_to_say() {
        let ids: BTreeSet<&str> = CheckId::ALL.iter().map(|check| check.as_str()).collect();
        assert_eq!(ids.len(), CheckId::ALL.len());
        for check in CheckId::ALL {
            let About { rule, next, controls, .. } = check.about();
            assert!(rule.ends_with('.') && next.len() > 20, "{check}");
            let mut told = BTreeSet::new();
            assert!(controls.iter().all(|control| told.insert(*control)), "{check}: a control twice");
            assert_eq!(serde_json::from_value::<CheckId>(check.as_str().into()).unwrap(), *check);
        }
    }

    #[test]
    fn no_scanner_s_own_number_is_told_as_a_control() {
        for control in CheckId::ALL.iter().flat_map(|check| check.about().controls) {
            assert_ne!(control.id, "A1.1", "the criterion of availability is A1.2");
            let parts = control.id.split('.').count();
            assert!(!control.framework.starts_with("PCI") || parts <= 3, "{control:?}");
        }
    }
}
