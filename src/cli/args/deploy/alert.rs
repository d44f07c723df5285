//! Whom a run tells what came of it, as `--notify` takes it.

use std::fmt;
use std::str::FromStr;

use crate::trail::{AccountId, Region};

use super::place::on_one_line;
use super::values::is_partition;

/// What cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAlert {
    /// None of the kinds there are.
    #[error(
        "neither sns:ARN, https://…, slack+https://…, eventbridge:BUS, securityhub, file:PATH nor exec:COMMAND"
    )]
    Kind,
    /// Not the ARN of a topic.
    #[error("not the ARN of a topic, such as sns:arn:aws:sns:us-east-1:111122223333:alerts")]
    Topic,
    /// Not an address.
    #[error("{0:?} does not stand in addresses; write it percent-encoded")]
    Address(char),
    /// No host in it.
    #[error("the address names no host")]
    Host,
    /// Not a bus.
    #[error("not the name of an event bus, such as eventbridge:default")]
    Bus,
    /// Not a file's path.
    #[error("a template needs the file's full path, such as file:/var/lib/trailseal/alerts.jsonl")]
    Path,
    /// Nothing to run.
    #[error("exec: is followed by a command")]
    Command,
    /// It would break the line it is written to.
    #[error("it holds a sign that cannot be written on one line of a template; leave it out")]
    Sign,
}

/// Whom a run tells what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alert {
    /// A topic of SNS, by its ARN.
    Sns(String),
    /// An address that takes JSON.
    Https(String),
    /// An incoming webhook of Slack.
    Slack(String),
    /// A bus of EventBridge, by its name.
    EventBridge(String),
    /// Security Hub of the account.
    SecurityHub,
    /// A file on the machine.
    File(String),
    /// A command on the machine.
    Exec(String),
}

impl Alert {
    /// Whether it needs more of the machine than the program: a place that stays, or other programs.
    pub fn needs_the_machine(&self) -> bool {
        match self {
            Self::File(_) | Self::Exec(_) => true,
            Self::Sns(_) | Self::Https(_) | Self::Slack(_) | Self::EventBridge(_) | Self::SecurityHub => {
                false
            }
        }
    }

    /// Whether whoever reads it can speak in its place.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Https(_) | Self::Slack(_) => true,
            Self::Sns(_) | Self::EventBridge(_) | Self::SecurityHub | Self::File(_) | Self::Exec(_) => false,
        }
    }
}

impl FromStr for Alert {
    type Err = NotAnAlert;

    fn from_str(text: &str) -> Result<Self, NotAnAlert> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "sns" if is_topic(rest) => Ok(Self::Sns(rest.to_owned())),
            "sns" => Err(NotAnAlert::Topic),
            "https" => address(text).map(Self::Https),
            "slack+https" => address(&text["slack+".len()..]).map(Self::Slack),
            "eventbridge" if is_name(rest, b"._-/", 256) => Ok(Self::EventBridge(rest.to_owned())),
            "eventbridge" => Err(NotAnAlert::Bus),
            "securityhub" if rest.is_empty() => Ok(Self::SecurityHub),
            "file" if !rest.starts_with('/') => Err(NotAnAlert::Path),
            "file" => line(rest).map(Self::File),
            "exec" if rest.trim().is_empty() => Err(NotAnAlert::Command),
            "exec" => line(rest).map(Self::Exec),
            _ => Err(NotAnAlert::Kind),
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sns(arn) => write!(out, "sns:{arn}"),
            Self::Https(address) => out.write_str(address),
            Self::Slack(address) => write!(out, "slack+{address}"),
            Self::EventBridge(bus) => write!(out, "eventbridge:{bus}"),
            Self::SecurityHub => out.write_str("securityhub"),
            Self::File(path) => write!(out, "file:{path}"),
            Self::Exec(command) => write!(out, "exec:{command}"),
        }
    }
}

fn is_topic(arn: &str) -> bool {
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "sns", region, account, name] => {
            is_partition(partition)
                && region.parse::<Region>().is_ok()
                && account.parse::<AccountId>().is_ok()
                && is_name(name, b"_-.", 256)
        }
        _ => false,
    }
}

fn is_name(text: &str, more: &[u8], most: usize) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
    (1..=most).contains(&text.len()) && text.bytes().all(legal)
}

/// An address of the signs that RFC 3986 has for them.
fn address(text: &str) -> Result<String, NotAnAlert> {
    let legal = |letter: &char| letter.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(*letter);
    if let Some(odd) = text.chars().find(|letter| !legal(letter)) {
        return Err(NotAnAlert::Address(odd));
    }
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    if host.is_none_or(str::is_empty) {
        return Err(NotAnAlert::Host);
    }
    Ok(text.to_owned())
}

fn line(text: &str) -> Result<String, NotAnAlert> {
    on_one_line(text).map(|()| text.to_owned()).map_err(|_| NotAnAlert::Sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_written_alike() {
        for text in [
            "sns:arn:aws:sns:us-east-1:111122223333:alerts",
            "https://example.org/hook?key=a%20b&x='$y'",
            "slack+https://hooks.slack.com/services/T/B/x",
            "eventbridge:default",
            "securityhub",
            "file:/var/log/it's 100%.jsonl",
            "exec:mail -s \"$SUBJECT\" root",
        ] {
            assert_eq!(text.parse::<Alert>().map(|alert| alert.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_nobody_could_be_told_by_is_refused_with_its_reason() {
        for (text, why) in [
            ("mail:root", NotAnAlert::Kind),
            ("http://example.org", NotAnAlert::Kind),
            ("securityhub:x", NotAnAlert::Kind),
            ("sns:alerts", NotAnAlert::Topic),
            ("sns:arn:aws:sns:us-east-1:111122223333:a'b", NotAnAlert::Topic),
            ("https://example.org/\"x", NotAnAlert::Address('"')),
            ("https://example.org/a\nb", NotAnAlert::Address('\n')),
            ("slack+https://a b", NotAnAlert::Address(' ')),
            ("https:///x", NotAnAlert::Host),
            ("eventbridge:a b", NotAnAlert::Bus),
            ("eventbridge:", NotAnAlert::Bus),
            ("file:alerts", NotAnAlert::Path),
            ("file:/a\nb", NotAnAlert::Sign),
            ("exec: ", NotAnAlert::Command),
            ("exec:a\nb", NotAnAlert::Sign),
        ] {
            assert_eq!(text.parse::<Alert>(), Err(why), "{text}");
        }
    }
}
