//! What other AWS services keep under `AWSLogs/`, beside a trail's own folders. None of it is a trail's record, and some
//! of it has a folder for every hour of every year.

use super::Region;

/// Folders of an account, as the services' own guides name them. New services come with new names: those are known by
/// their [layout](is_layout).
const SERVICES: [&str; 17] = [
    // Amazon Q Business User Guide, monitoring with log delivery.
    "AmazonQBusinessLogs",
    // Amazon Bedrock User Guide, model invocation logging.
    "BedrockModelInvocationLogs",
    // CloudFront Developer Guide, standard logging (v2).
    "CloudFront",
    // CloudTrail User Guide, saved results of queries.
    "CloudTrail-Lake",
    // AWS Config Developer Guide, delivery channel: history and snapshots.
    "Config",
    // GuardDuty User Guide, exporting findings.
    "GuardDuty",
    // MSK Developer Guide, broker logs.
    "KafkaBrokerLogs",
    // Kiro, user activity reports.
    "KiroLogs",
    // Macie User Guide, discovery results.
    "Macie",
    // VPC Lattice User Guide, access logs.
    "VpcLattice",
    // WAF Developer Guide, logging to S3.
    "WAFLogs",
    // Elastic Load Balancing User Guides, access and connection logs.
    "elasticloadbalancing",
    // Global Accelerator Developer Guide, flow logs.
    "globalaccelerator",
    // Network Firewall Developer Guide, logging to S3.
    "network-firewall",
    // Redshift Management Guide, audit logging.
    "redshift",
    // Route 53 Developer Guide, resolver query logging.
    "vpcdnsquerylogs",
    // VPC and transit gateway User Guides, flow logs.
    "vpcflowlogs",
];

/// Whether a folder of this name in an account's is another service's.
pub fn is_service(name: &str) -> bool {
    SERVICES.contains(&name)
}

/// Whether a folder of this name in `AWSLogs/` holds what services write in the partitions of Hive, such as
/// `aws-account-id=111122223333/aws-service=vpcflowlogs/` (VPC User Guide, flow log files).
pub fn is_partition(name: &str) -> bool {
    name.starts_with("aws-account-id=")
}

/// Whether a folder of this name, somewhere below an account's, is one that services lay out what they write by: a
/// region's, as in `NAME/REGION/` and `NAME/KIND/REGION/`, or a year's.
pub fn is_layout(name: &str) -> bool {
    let year = name.len() == 4 && name.starts_with("20") && name.bytes().all(|byte| byte.is_ascii_digit());
    year || name.parse::<Region>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_and_written_as_services_write_them() {
        assert!(is_service("Config") && is_service("vpcflowlogs"));
        for name in ["config", "Config2", "CloudTrail", "CloudTrail-Digest", "CloudTrail-Insight", "team", ""]
        {
            assert!(!is_service(name), "{name}");
        }
        assert!(SERVICES.is_sorted());
    }

    #[test]
    fn services_lay_out_by_partitions_regions_and_years() {
        assert!(is_partition("aws-account-id=111122223333") && !is_partition("111122223333"));
        assert!(is_layout("us-gov-east-1") && is_layout("2026"));
        for name in ["us-east", "US-EAST-1", "1999", "20260", "team", ""] {
            assert!(!is_layout(name), "{name}");
        }
    }
}
