//! Other spellings of what `s3://BUCKET/PREFIX` says: ARNs, addresses of buckets, pages of AWS's console.

use percent_encoding::percent_decode_str;

use crate::cli::exit::Failure;
use crate::trail::ArnParts;

/// What a word names that is no path of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spelt {
    /// A bucket or an access point, and what follows.
    Bucket(BucketPath),
    /// Something that is spoken of by its ARN, such as a trail.
    Arn(String),
}

/// A bucket, and a path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPath {
    /// The bucket's name; of an access point, its ARN or alias.
    pub bucket: String,
    /// A prefix or a key.
    pub path: String,
}

impl BucketPath {
    /// Whether requests go to an access point rather than to the bucket behind it.
    pub fn is_access_point(&self) -> bool {
        self.bucket.starts_with("arn:") || self.bucket.ends_with("-s3alias")
    }
}

/// Reads a word; nothing, if it can only be a path. What cannot be understood is answered with the right spelling.
pub fn spelt(text: &str) -> Result<Option<Spelt>, Failure> {
    let unclear = || {
        Failure::new(format!(
            "{text} is not s3://BUCKET[/PREFIX]; name the bucket so, or for a store elsewhere with --endpoint-url"
        ))
    };
    if let Some(bucket) = with_few_slashes(text) {
        return Err(Failure::new(format!("{text} is not s3://BUCKET[/PREFIX]; did you mean s3://{bucket}?")));
    }
    let bucket = |found: Option<BucketPath>| found.map(Spelt::Bucket).map(Some).ok_or_else(unclear);
    let scheme = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    match scheme.as_ref().map(|(scheme, rest)| (scheme.as_str(), *rest)) {
        Some(("s3", rest)) => bucket(in_bucket(rest)),
        Some(("https" | "http", rest)) => match trail_page(rest) {
            Some(arn) => Ok(Some(Spelt::Arn(arn))),
            None => bucket(console(rest).or_else(|| address(rest))),
        },
        Some(_) | None if text.starts_with("arn:") => match text.split(':').nth(2) {
            Some("s3") => bucket(in_bucket(text)),
            _ => Ok(Some(Spelt::Arn(text.to_owned()))),
        },
        Some(_) | None => Ok(None),
    }
}

/// What follows `s3:/` or `s3:`, where a slash was forgotten.
fn with_few_slashes(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let bucket = rest.strip_prefix('/').unwrap_or(rest);
    let forgotten = scheme.eq_ignore_ascii_case("s3") && !bucket.is_empty() && !bucket.starts_with('/');
    forgotten.then_some(bucket)
}

/// `BUCKET[/PATH]`, `arn:aws:s3:::BUCKET[/PATH]` or `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME[/PATH]`
fn in_bucket(text: &str) -> Option<BucketPath> {
    let (bucket, path) = match ArnParts::of(text).filter(|arn| arn.service == "s3") {
        Some(ArnParts { region: "", account: "", resource, .. }) => {
            let (bucket, path) = cut(resource);
            // Policies speak of all objects so.
            (bucket.to_owned(), path.trim_end_matches('*'))
        }
        Some(ArnParts { partition, region, account, resource, .. }) => {
            let named = resource.strip_prefix("accesspoint")?.strip_prefix(['/', ':'])?;
            let (name, path) = cut(named);
            let path = path.strip_prefix("object/").unwrap_or(path);
            (format!("arn:{partition}:s3:{region}:{account}:accesspoint/{name}"), path.trim_end_matches('*'))
        }
        None => {
            let (bucket, path) = cut(text);
            (bucket.to_owned(), path)
        }
    };
    (!bucket.is_empty() && !bucket.ends_with('/')).then(|| BucketPath { bucket, path: path.to_owned() })
}

/// The address of a bucket at AWS: its name is a part of the host, or the first of the path.
fn address(rest: &str) -> Option<BucketPath> {
    let (host, path) = cut(rest.split(['?', '#']).next()?);
    let host = host.to_ascii_lowercase();
    let aws = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let path = decoded(path);
    let is_s3 = |label: &str| label == "s3" || label.starts_with("s3-") && label != "s3-accesspoint";
    let labels: Vec<&str> = aws.split('.').collect();
    // A bucket's own name may hold dots, and even the word.
    let at = labels.iter().rposition(|label| is_s3(label))?;
    match &labels[..at] {
        [] => in_bucket(&path),
        bucket => Some(BucketPath { bucket: bucket.join("."), path }),
    }
}

/// A page of the console that shows a bucket or a folder in it: `…/s3/buckets/BUCKET?prefix=PREFIX`.
fn console(rest: &str) -> Option<BucketPath> {
    let (place, query) = rest.split(['#']).next()?.split_once('?').unwrap_or((rest, ""));
    let (host, path) = cut(place);
    let is_console = host.contains("console.aws.amazon.com") || host.contains("console.amazonaws");
    let path = path.strip_prefix("s3/").filter(|_| is_console)?;
    let path = path.strip_prefix("buckets/").or_else(|| path.strip_prefix("object/"))?;
    let (bucket, below) = cut(path);
    let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
    (!bucket.is_empty())
        .then(|| BucketPath { bucket: bucket.to_owned(), path: decoded(prefix.unwrap_or(below)) })
}

/// A page of the console that shows a trail: `…/cloudtrailv2/home?region=R#/trails/ARN`.
fn trail_page(rest: &str) -> Option<String> {
    let (page, shown) = rest.split_once('#')?;
    let arn = decoded(shown.strip_prefix("/trails/")?);
    (page.contains("cloudtrail") && arn.starts_with("arn:")).then_some(arn)
}

fn cut(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or((text, ""))
}

/// Text as it is written in an address.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Option<Spelt> {
        spelt(text).unwrap()
    }

    fn bucket(bucket: &str, path: &str) -> Option<Spelt> {
        Some(Spelt::Bucket(BucketPath { bucket: bucket.into(), path: path.into() }))
    }

    #[test]
    fn a_bucket_is_understood_however_it_is_named() {
        for text in [
            "s3://my.bucket/audit/AWSLogs",
            "S3://my.bucket/audit/AWSLogs",
            "arn:aws:s3:::my.bucket/audit/AWSLogs",
            "arn:aws-cn:s3:::my.bucket/audit/AWSLogs",
            "https://my.bucket.s3.eu-central-1.amazonaws.com/audit/AWSLogs",
            "https://my.bucket.s3.amazonaws.com/audit/AWSLogs?x=1",
            "https://my.bucket.s3-eu-west-1.amazonaws.com/audit%2FAWSLogs",
            "https://my.bucket.s3.dualstack.us-east-1.amazonaws.com/audit/AWSLogs",
            "https://my.bucket.s3.cn-north-1.amazonaws.com.cn/audit/AWSLogs",
            "https://s3.us-east-1.amazonaws.com/my.bucket/audit/AWSLogs",
            "https://eu-central-1.console.aws.amazon.com/s3/buckets/my.bucket?region=eu-central-1&prefix=audit/AWSLogs&x=1",
            "https://s3.console.aws.amazon.com/s3/buckets/my.bucket/audit/AWSLogs",
        ] {
            assert_eq!(read(text), bucket("my.bucket", "audit/AWSLogs"), "{text}");
        }
        assert_eq!(read("arn:aws:s3:::my-bucket"), bucket("my-bucket", ""));
        assert_eq!(read("arn:aws:s3:::my-bucket/*"), bucket("my-bucket", ""));
    }

    #[test]
    fn access_points_are_understood() {
        let arn = "arn:aws:s3:us-east-1:111122223333:accesspoint/audit";
        for text in [
            format!("s3://{arn}/team/AWSLogs"),
            format!("{arn}/team/AWSLogs"),
            format!("{arn}/object/team/AWSLogs"),
            "s3://arn:aws:s3:us-east-1:111122223333:accesspoint:audit/team/AWSLogs".to_owned(),
        ] {
            assert_eq!(read(&text), bucket(arn, "team/AWSLogs"), "{text}");
        }
        for (name, is_one) in
            [(arn, true), ("audit-aqf4nd6jn3wbcd4pm9nq7c3h3drzeuse1a-s3alias", true), ("audit", false)]
        {
            assert_eq!(BucketPath { bucket: name.into(), path: String::new() }.is_access_point(), is_one);
        }
    }

    #[test]
    fn trails_are_named_by_their_arn_or_their_page() {
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
        assert_eq!(read(arn), Some(Spelt::Arn(arn.into())));
        let page = format!(
            "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/trails/{arn}"
        );
        assert_eq!(read(&page), Some(Spelt::Arn(arn.into())));
    }

    #[test]
    fn what_names_no_bucket_is_answered_and_paths_are_left_alone() {
        for text in [
            "s3://",
            "s3:///x",
            "https://example.com/bucket",
            "http://s3.amazonaws.com/",
            "arn:aws:s3:::",
            "https://",
        ] {
            assert!(spelt(text).is_err(), "{text}");
        }
        for text in ["s3:/my-bucket/x", "s3:my-bucket/x", "S3:/my-bucket/x"] {
            let answer = spelt(text).unwrap_err().to_string();
            assert!(answer.ends_with("did you mean s3://my-bucket/x?"), "{answer}");
        }
        for text in ["my-bucket", "./s3", "C:\\copy", "copy/arn", "/x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
