//! What earlier runs saw, which this one is held to.

use std::path::Path;

use crate::audit::{self, Plan};
use crate::cli::args::{Remember, Spoken};
use crate::cli::exit::Failure;
use crate::crypto::Hash;
use crate::render::json;
use crate::report::Baseline;

use super::seal_keys::SealKeys;

/// Reads what earlier runs saw.
pub fn baselines(remember: &Remember, spoken: &Spoken, keys: &SealKeys) -> Result<Vec<Baseline>, Failure> {
    let spoken = spoken.of("baseline");
    remember.baselines.iter().map(|path| baseline(&spoken, path, keys)).collect()
}

/// Reads what an earlier run saw; `spoken` is what the option is called.
fn baseline(spoken: &str, path: &Path, keys: &SealKeys) -> Result<Baseline, Failure> {
    let place = path.display().to_string();
    let wrong = |what: String| Failure::new(format!("{spoken} {place}: {what}"));
    let json = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let baseline = match keys.baseline(&place, &json) {
        Some(sealed) => sealed.map_err(wrong)?,
        None => {
            let report = json::read(&json).map_err(|error| {
                wrong(format!(
                    "is neither a seal nor a report of an earlier run as --report json=FILE writes it: {error}"
                ))
            })?;
            Baseline::of(&report, &*place, Hash::of(&json))
        }
    };
    if baseline.heads.is_empty() {
        Err(wrong("names no authentic digest, so nothing can be held to it".to_owned()))
    } else {
        Ok(baseline)
    }
}

/// A baseline of another place would prove nothing, and pass for proof.
pub fn belongs_here(spoken: &Spoken, plan: &Plan) -> Result<(), Failure> {
    let stranger = plan
        .baselines
        .iter()
        .find(|baseline| !baseline.heads.iter().any(|head| audit::lies_under(plan, head, &[])));
    match stranger {
        None => Ok(()),
        Some(Baseline { place, heads, .. }) => Err(Failure::new(format!(
            "{} {place}: none of the {} digests it names lies under {}, such as {}; give the report of an earlier run over this \
             record",
            spoken.of("baseline"),
            heads.len(),
            plan.source,
            heads.first().map_or(String::new(), |head| head.object.to_string())
        ))),
    }
}
