//! Who is told: the words of `--notify`. An address that messages are posted to is a secret to whoever knows it, and so may be
//! what stands in a command: neither is ever shown.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::topic::{Bus, TopicArn};
use crate::trail::Malformed;

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A topic of SNS.
    Sns(TopicArn),
    /// Whoever takes a message in JSON at an address.
    Web(Address),
    /// Slack, or what takes the same.
    Slack(Address),
    /// A bus of EventBridge.
    EventBridge(Bus),
    /// Security Hub, in each region of a finding.
    SecurityHub,
    /// A file that a line is added to.
    File(PathBuf),
    /// A command that is given the message.
    Exec(Box<str>),
}

/// A way to name each of them, for messages.
const KINDS: &str =
    "sns:ARN, https://…, slack+https://…, eventbridge:BUS, securityhub, file:PATH or exec:COMMAND";

/// Why a word names nobody who could be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// It begins like none of them.
    #[error("it names none of {KINDS}")]
    Unknown,
    /// A topic or a bus that is none.
    #[error(transparent)]
    Name(#[from] Malformed),
    /// An address that is none.
    #[error("what follows {scheme}:// is no address: {why}")]
    Address {
        /// How it begins.
        scheme: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An address that everybody on the way could read.
    #[error("http:// goes to this machine alone, such as http://127.0.0.1:8080/; name an https:// address")]
    Unprotected,
    /// Nothing follows.
    #[error("nothing follows {scheme}: name {what}")]
    Empty {
        /// How it begins.
        scheme: &'static str,
        /// What should follow.
        what: &'static str,
    },
}

impl FromStr for Target {
    type Err = TargetFault;

    fn from_str(text: &str) -> Result<Self, TargetFault> {
        let given = |scheme, rest: &str, what| match rest {
            "" => Err(TargetFault::Empty { scheme, what }),
            _ => Ok(()),
        };
        match text.split_once(':') {
            None if text == "securityhub" => Ok(Self::SecurityHub),
            Some(("sns", arn)) => Ok(Self::Sns(arn.parse()?)),
            Some(("eventbridge", bus)) => Ok(Self::EventBridge(bus.parse()?)),
            Some(("https" | "http", _)) => Ok(Self::Web(text.parse()?)),
            Some(("slack+https" | "slack+http", _)) => {
                Ok(Self::Slack(text.trim_start_matches("slack+").parse()?))
            }
            Some(("file", path)) => given("file:", path, "a file").map(|()| Self::File(path.into())),
            Some(("exec", command)) => {
                given("exec:", command.trim(), "a command").map(|()| Self::Exec(command.into()))
            }
            _ => Err(TargetFault::Unknown),
        }
    }
}

impl Target {
    /// A word of `--notify` as it may be shown, whether it names anybody or not.
    pub fn shown(word: &str) -> String {
        match word.parse::<Self>() {
            Ok(target) => target.to_string(),
            Err(_) => format!("{}…", word.split([':', '/', '?', '@', ' ']).next().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Target {
    /// Without what is secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sns(topic) => write!(out, "sns:{topic}"),
            Self::Web(address) => address.fmt(out),
            Self::Slack(address) => write!(out, "slack+{address}"),
            Self::EventBridge(bus) => write!(out, "eventbridge:{bus}"),
            Self::SecurityHub => out.write_str("securityhub"),
            Self::File(path) => write!(out, "file:{}", path.display()),
            Self::Exec(command) => match command.split_whitespace().next() {
                Some(program) if program.len() < command.trim().len() => write!(out, "exec:{program} …"),
                _ => write!(out, "exec:{}", command.trim()),
            },
        }
    }
}

/// An address that messages are posted to: `https`, or `http` on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    scheme: &'static str,
    host: Box<str>,
    whole: Box<str>,
}

impl Address {
    /// All of it. It is a secret.
    pub fn as_str(&self) -> &str {
        &self.whole
    }
}

impl FromStr for Address {
    type Err = TargetFault;

    fn from_str(text: &str) -> Result<Self, TargetFault> {
        let scheme = if text.starts_with("http:") { "http" } else { "https" };
        let wrong = |why| TargetFault::Address { scheme, why };
        let rest = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        let rest = rest.ok_or(wrong("two slashes have to follow the colon"))?;
        let (host, _) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>`{}|^".contains(&byte)) {
            return Err(wrong("it has a sign that has to be percent-encoded"));
        }
        if host.contains('@') {
            return Err(wrong("a name and a password in it are not sent"));
        }
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, ""),
        };
        let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        let is_host = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
        let is_named = address.parse::<IpAddr>().is_ok() || name.chars().all(is_host);
        if name.is_empty() || !is_named || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("it names no host"));
        }
        if scheme == "http" && !address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            return Err(TargetFault::Unprotected);
        }
        Ok(Self { scheme, host: host.into(), whole: text.into() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}/…", self.scheme, self.host)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_target_is_shown_without_what_is_secret() {
        for (word, shown) in [
            (
                "sns:arn:aws:sns:eu-west-1:111122223333:alerts.fifo",
                "sns:arn:aws:sns:eu-west-1:111122223333:alerts.fifo",
            ),
            ("https://hooks.example.com:8443/T0/secret?x=1", "https://hooks.example.com:8443/…"),
            ("slack+https://hooks.slack.com/services/T/B/secret", "slack+https://hooks.slack.com/…"),
            ("http://127.0.0.1:9/x", "http://127.0.0.1:9/…"),
            ("http://[::1]:9/x", "http://[::1]:9/…"),
            ("eventbridge:default", "eventbridge:default"),
            (
                "eventbridge:arn:aws-cn:events:cn-north-1:111122223333:event-bus/audit",
                "eventbridge:arn:aws-cn:events:cn-north-1:111122223333:event-bus/audit",
            ),
            ("securityhub", "securityhub"),
            ("file:/var/log/alerts.jsonl", "file:/var/log/alerts.jsonl"),
            ("exec:mail -s 'password' me", "exec:mail …"),
        ] {
            assert_eq!(word.parse::<Target>().unwrap().to_string(), shown);
            assert_eq!(Target::shown(word), shown);
            assert!(!format!("{:?}", word.parse::<Target>()).contains("hooks.slack.com/services"), "{word}");
        }
        assert_eq!(Target::shown("slack:https://hooks.slack.com/secret"), "slack…");
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for word in [
            "",
            "pigeon:home",
            "securityhub:x",
            "sns:alerts",
            "sns:arn:aws:sqs:eu-west-1:111122223333:a",
            "sns:arn:aws:sns:eu-west-1:1:a",
            "eventbridge:",
            "eventbridge:a b",
            "eventbridge:arn:aws:events:x",
            "https:/example.com",
            "https://",
            "https://:443/",
            "https://me:password@example.com/",
            "https://a b/",
            "https://exa\u{202e}mple.com/",
            "https://a/#x",
            "file:",
            "exec:  ",
            "ftp://example.com/",
        ] {
            assert!(word.parse::<Target>().is_err(), "{word}");
        }
    }

    #[test]
    fn nothing_leaves_the_machine_unprotected() {
        for word in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "slack+http://localhost/",
        ] {
            assert_eq!(word.parse::<Target>(), Err(TargetFault::Unprotected), "{word}");
        }
        assert!("http://127.1.2.3/".parse::<Target>().is_ok());
    }
}
