//! Whom a run tells what came of it, as a template can hold it.

use std::fmt;
use std::str::FromStr;

use crate::alert::{Bus, Target, TargetFault};

use super::place::on_one_line;

/// What cannot be told by a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAlert {
    /// `--notify` would not take it.
    #[error(transparent)]
    NotATarget(#[from] TargetFault),
    /// It leads to the machine that it is read on, wherever that is.
    #[error("http:// leads to the machine itself, and a template may run on any; name an https:// address")]
    Unprotected,
    /// A bus elsewhere.
    #[error("a template gives rights to a bus of its own account, by its name, such as eventbridge:default")]
    Bus,
    /// Not a file's full path.
    #[error("a template needs the file's full path, such as file:/var/lib/trailseal/alerts.jsonl")]
    Path,
    /// It would break the line it is written to.
    #[error("it holds a sign that cannot be written on one line of a template; leave it out")]
    Sign,
}

/// Whom a run tells what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// As `--notify` takes it.
    words: Box<str>,
    /// Who that is.
    pub target: Target,
}

impl Alert {
    /// Whether it needs more of the machine than the program: a place that stays, or other programs.
    pub fn needs_the_machine(&self) -> bool {
        matches!(self.target, Target::File(_) | Target::Exec(_))
    }

    /// Whether whoever reads it can speak in its place.
    pub fn is_secret(&self) -> bool {
        matches!(self.target, Target::Web(_) | Target::Slack(_))
    }
}

impl FromStr for Alert {
    type Err = NotAnAlert;

    fn from_str(text: &str) -> Result<Self, NotAnAlert> {
        let target: Target = text.parse()?;
        match &target {
            Target::Web(_) | Target::Slack(_) if text.trim_start_matches("slack+").starts_with("http:") => {
                return Err(NotAnAlert::Unprotected);
            }
            Target::EventBridge(Bus::At(_)) => return Err(NotAnAlert::Bus),
            Target::File(path) if !path.has_root() => return Err(NotAnAlert::Path),
            Target::Sns(_)
            | Target::Web(_)
            | Target::Slack(_)
            | Target::EventBridge(Bus::Named(_))
            | Target::SecurityHub
            | Target::File(_)
            | Target::Exec(_) => {}
        }
        on_one_line(text).map_err(|_| NotAnAlert::Sign)?;
        Ok(Self { words: text.into(), target })
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.words)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
            ("http://127.0.0.1:8080/", NotAnAlert::Unprotected),
            ("eventbridge:arn:aws:events:us-east-1:111122223333:event-bus/x", NotAnAlert::Bus),
            ("file:alerts", NotAnAlert::Path),
            ("file:/a\nb", NotAnAlert::Sign),
            ("exec:a\nb", NotAnAlert::Sign),
        ] {
            assert_eq!(text.parse::<Alert>(), Err(why), "{text}");
        }
        for text in [
            "mail:root",
            "http://example.org",
            "securityhub:x",
            "sns:alerts",
            "https:///x",
            "https://a/\"",
            "exec: ",
        ] {
            let refused = text.parse::<Alert>().unwrap_err();
            assert!(matches!(refused, NotAnAlert::NotATarget(_)), "{text}: {refused}");
        }
    }
}
