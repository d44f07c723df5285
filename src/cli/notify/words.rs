//! The words that name who is to be told, and how they are shown where others read them.

use crate::alert::Target;
use crate::cli::args::Notify;
use crate::cli::exit::Failure;

/// The option that names them.
const NOTIFY: &str = "--notify";

/// Reads them all; `spoken` is what the option is called.
pub(super) fn targets(asked: &Notify, spoken: &str) -> Result<Vec<Target>, Failure> {
    let read = |word: &String| {
        word.parse::<Target>()
            .map_err(|fault| Failure::new(format!("{spoken} {}: {fault}", Target::shown(word))))
    };
    asked.targets.iter().map(read).collect()
}

/// The words of a command line, for a report: whom it tells stands there without what is secret.
pub fn shown(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut follows = false;
    let show = |word: String| match word.strip_prefix(NOTIFY).and_then(|rest| rest.strip_prefix('=')) {
        Some(target) => format!("{NOTIFY}={}", Target::shown(target)),
        None if std::mem::replace(&mut follows, word == NOTIFY) => Target::shown(&word),
        None => word,
    };
    words.map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_does_not_name_the_addresses_that_alerts_go_to() {
        let words = [
            "verify",
            "--notify",
            "slack+https://a.example/secret",
            "s3://b",
            "--notify=exec:mail secret",
            "-q",
        ];
        let expected =
            ["verify", "--notify", "slack+https://a.example/…", "s3://b", "--notify=exec:mail …", "-q"];
        assert_eq!(shown(words.map(str::to_owned).into_iter()), expected);
    }
}
