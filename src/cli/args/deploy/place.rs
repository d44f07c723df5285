//! Buckets and folders, as they are written into templates.

use std::fmt;
use std::str::FromStr;

/// What cannot be a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlace {
    /// It is neither a bucket nor, where one may be, a folder.
    #[error(
        "a template needs the bucket's name, as s3://BUCKET[/PREFIX]; `trailseal verify` says where a trail delivers"
    )]
    NoBucket,
    /// A template's user is not where this is typed.
    #[error("neither s3://BUCKET[/PREFIX] nor a folder's full path, such as /srv/trailseal")]
    NotAbsolute,
    /// No bucket can be called so.
    #[error("no bucket is called {0:?}: names are 3 to 63 lower case letters, digits, dots and hyphens")]
    BucketName(String),
    /// It would break the line it is written to.
    #[error("it holds {0:?}, which cannot be written on one line of a template; leave it out")]
    Sign(char),
}

/// A bucket, and what keys in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucketed {
    bucket: String,
    prefix: String,
}

impl Bucketed {
    /// The bucket: lower case letters, digits, dots and hyphens.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Empty, or folders with a slash after each; any signs but those that break a line.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl FromStr for Bucketed {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let rest = text.strip_prefix("s3://").ok_or(NotAPlace::NoBucket)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(NotAPlace::BucketName(bucket.to_owned()));
        }
        on_one_line(prefix)?;
        let prefix = match prefix {
            "" => String::new(),
            ended if ended.ends_with('/') => ended.to_owned(),
            open => format!("{open}/"),
        };
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }
}

impl fmt::Display for Bucketed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix.strip_suffix('/') {
            Some(prefix) => write!(out, "s3://{}/{prefix}", self.bucket),
            None => write!(out, "s3://{}", self.bucket),
        }
    }
}

/// Where something is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a bucket.
    Bucket(Bucketed),
    /// In a folder, named from the root.
    Folder(String),
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        if text.starts_with("s3://") {
            return text.parse().map(Self::Bucket);
        }
        if !text.starts_with('/') {
            return Err(NotAPlace::NotAbsolute);
        }
        on_one_line(text)?;
        Ok(Self::Folder(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => bucket.fmt(out),
            Self::Folder(folder) => out.write_str(folder),
        }
    }
}

fn is_bucket(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let outer =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| inner(*byte))
        && outer(bytes.first())
        && outer(bytes.last())
}

/// Whether a text can stand on one line of any template and be read as it is shown there: quoting takes care of all signs but
/// those that end lines, have no shape, or turn the direction of reading.
pub fn on_one_line(text: &str) -> Result<(), NotAPlace> {
    let breaks = |letter: &char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars().find(breaks).map_or(Ok(()), |letter| Err(NotAPlace::Sign(letter)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn buckets_are_named_as_s3_names_them() {
        let read =
            |text: &str| text.parse::<Bucketed>().map(|place| (place.to_string(), place.prefix().to_owned()));
        assert_eq!(read("s3://my.bucket").unwrap(), ("s3://my.bucket".into(), String::new()));
        assert_eq!(read("s3://my-bucket/").unwrap(), ("s3://my-bucket".into(), String::new()));
        assert_eq!(
            read("s3://my-bucket/a b/it's").unwrap(),
            ("s3://my-bucket/a b/it's".into(), "a b/it's/".into())
        );
        for text in [
            "s3://",
            "s3://My-Bucket",
            "s3://a\"b",
            "s3://-abc",
            "s3://ab",
            "my-bucket",
            "arn:aws:s3:::my-bucket",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_would_break_a_line_is_refused() {
        for sign in ['\n', '\r', '\0', '\u{85}', '\u{2028}', '\u{202e}', '\u{1b}', '\t'] {
            let refused = format!("s3://my-bucket/a{sign}b").parse::<Bucketed>();
            assert_eq!(refused, Err(NotAPlace::Sign(sign)));
            assert_eq!(format!("/srv/a{sign}b").parse::<Place>(), Err(NotAPlace::Sign(sign)));
        }
        assert!("/srv/Prüfung 100%/記録".parse::<Place>().is_ok());
        assert_eq!("srv/x".parse::<Place>(), Err(NotAPlace::NotAbsolute));
    }
}
