//! Policies: four that are built in, and files of the same kind.

use std::fs;

use crate::cli::exit::Failure;
use crate::posture::Policy;

/// Those that are built in, as files.
const BUILT_IN: [(&str, &str); 4] = [
    ("soc2", include_str!("policies/soc2.toml")),
    ("pci", include_str!("policies/pci.toml")),
    ("hipaa", include_str!("policies/hipaa.toml")),
    ("sox", include_str!("policies/sox.toml")),
];

/// Reads a policy by its name, or from a file.
pub fn read(named: &str) -> Result<Policy, Failure> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(name, _)| *name == named) {
        return parse(named, text);
    }
    let text = fs::read_to_string(named).map_err(|error| {
        let names = BUILT_IN.map(|(name, _)| name).join(", ");
        Failure::new(format!("--policy {named}: {error}; name one of {names}, or a TOML file of that kind"))
    })?;
    parse(named, &text)
}

fn parse(named: &str, text: &str) -> Result<Policy, Failure> {
    toml::from_str(text).map_err(|error| Failure::new(format!("--policy {named}: {error}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::posture::Weight;

    #[test]
    fn what_is_built_in_can_be_read_and_bears_its_name() {
        for (name, _) in BUILT_IN {
            let policy = read(name).unwrap();
            assert_eq!(policy.name, name);
            assert!(policy.hot_days < policy.retention_days && policy.lock_days >= 365, "{name}");
            assert!(policy.checks.values().all(|weight| *weight == Weight::Advised), "{name}");
        }
    }

    #[test]
    fn a_file_s_mistakes_are_told() {
        let good = BUILT_IN[0].1;
        for (mistake, told) in [
            (good.replace("hot-days", "hot-day"), "hot-day"),
            (good.replace("bucket-mfa-delete", "bucket-mfa-deletes"), "bucket-mfa-deletes"),
            (good.replace("\"advised\"", "\"perhaps\""), "perhaps"),
            (good.replace("governance", "firm"), "firm"),
            (format!("accounts = [\"1\"]\n{good}"), "account"),
        ] {
            let failure = parse("file.toml", &mistake).unwrap_err().to_string();
            assert!(failure.contains(told) && failure.contains("file.toml"), "{failure}");
        }
    }
}
