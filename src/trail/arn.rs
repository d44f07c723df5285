//! How AWS names its resources, and the partitions they are in.

use super::Region;

/// Longest partition that is taken for one.
const LONGEST_PARTITION: usize = 20;

/// The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, as they are written; region and account are empty where the
/// service has none (IAM User Guide, "Identify AWS resources with Amazon Resource Names").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArnParts<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// `s3`, `iam`, …
    pub service: &'a str,
    /// Where it is.
    pub region: &'a str,
    /// Whose it is.
    pub account: &'a str,
    /// The rest, whatever signs are in it.
    pub resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// Takes an ARN apart; none, if it is none.
    pub fn of(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, service, region, account, resource] = parts.as_slice() else { return None };
        let is_partition = partition.starts_with("aws")
            && partition.len() <= LONGEST_PARTITION
            && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        is_partition.then_some(Self { partition, service, region, account, resource })
    }
}

/// A partition: a part of AWS with names and hosts of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// What ARNs call it: `aws`, `aws-cn`, …
    pub name: &'static str,
    /// What its hosts end in.
    pub dns_suffix: &'static str,
}

/// The partition a region lies in, by the beginning of its name (partitions.json of the SDKs).
pub fn partition(region: &Region) -> Partition {
    const USUAL: Partition = Partition { name: "aws", dns_suffix: "amazonaws.com" };
    const BEGINNINGS: [(&str, Partition); 7] = [
        ("us-gov-", Partition { name: "aws-us-gov", ..USUAL }),
        ("cn-", Partition { name: "aws-cn", dns_suffix: "amazonaws.com.cn" }),
        ("eusc-", Partition { name: "aws-eusc", dns_suffix: "amazonaws.eu" }),
        ("us-iso-", Partition { name: "aws-iso", dns_suffix: "c2s.ic.gov" }),
        ("us-isob-", Partition { name: "aws-iso-b", dns_suffix: "sc2s.sgov.gov" }),
        ("eu-isoe-", Partition { name: "aws-iso-e", dns_suffix: "cloud.adc-e.uk" }),
        ("us-isof-", Partition { name: "aws-iso-f", dns_suffix: "csp.hci.ic.gov" }),
    ];
    let found = BEGINNINGS.into_iter().find(|(beginning, _)| region.as_str().starts_with(beginning));
    found.map_or(USUAL, |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts() {
        let role = ArnParts {
            partition: "aws-us-gov",
            service: "iam",
            region: "",
            account: "111122223333",
            resource: "role/a:b",
        };
        assert_eq!(ArnParts::of("arn:aws-us-gov:iam::111122223333:role/a:b"), Some(role));
        for text in ["", "arn", "arn:aws:s3::", "arn:AWS:s3:::b", "arn:azure:s3:::b", "urn:aws:s3:::b"] {
            assert_eq!(ArnParts::of(text), None, "{text}");
        }
    }
}
