//! Where a run remembers what days came to.

use std::sync::Arc;

use crate::audit::{Carries, Ledger, LedgerKey, Plan, Reread};
use crate::cli::args::{self, Remember, Spoken};
use crate::cli::exit::Failure;
use crate::cli::reach::{Reach, State};
use crate::shard::Lies;
use crate::trail::Location;
use crate::trail::key::ROOT;

use super::seal_keys::SealKeys;
use super::witness::Place;

/// What of a run needs the bytes of every object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: verdicts of an earlier reading are as good.
    Verdicts,
    /// What is told of each object.
    Bytes,
}

/// The ledger of a run, if it has one. What is worth knowing of its place is noted in the plan.
pub async fn ledger(
    (remember, spoken): (&Remember, &Spoken),
    (plan, lies): (&mut Plan, &Lies),
    keys: &SealKeys,
    reach: &Reach<'_>,
    needs: Needs,
) -> Result<Option<Ledger>, Failure> {
    let Some(words) = &remember.ledger else { return Ok(None) };
    let spoken = spoken.of("ledger");
    if matches!(lies, Lies::InFolder { .. }) {
        // Days on disk say nothing of when they were written, so nothing of theirs can be carried.
        return Err(Failure::new(format!(
            "{spoken} goes with a bucket: a folder does not say when its files were written or by what to tell them, so each run \
             has to read all of it"
        )));
    }
    let State { home, store, .. } = reach.state(&spoken, words).await?;
    if let Some(home) = home {
        apart_from_the_record(&spoken, plan, &home)?;
    }
    Ok(Some(Ledger {
        state: store,
        key: keys.signing.as_ref().map_or(LedgerKey::Nobody, |key| LedgerKey::Secret(key.derive(b"ledger"))),
        carries: carries(remember, plan, reach, needs).await?,
        reread: reread(remember),
    }))
}

/// The places of the witnesses.
pub async fn witnesses(
    (remember, spoken): (&Remember, &Spoken),
    plan: &mut Plan,
    reach: &Reach<'_>,
) -> Result<Vec<Place>, Failure> {
    let spoken = spoken.of("witness");
    let mut places = Vec::new();
    for words in &remember.witnesses {
        let State { place, home, store } = reach.state(&spoken, words).await?;
        if let Some(home) = home {
            apart_from_the_record(&spoken, plan, &home)?;
        }
        places.push(Place { words: words.clone(), home: place, state: store });
    }
    Ok(places)
}

/// The place of the parts of shards.
pub async fn parts(words: &str, plan: &mut Plan, reach: &Reach<'_>) -> Result<State, Failure> {
    let parts = reach.state("--parts", words).await?;
    if let Some(home) = &parts.home {
        apart_from_the_record("--parts", plan, home)?;
    }
    Ok(parts)
}

/// The record and what is said of it never lie in one another.
pub fn apart_from_the_record(spoken: &str, plan: &mut Plan, home: &Location) -> Result<(), Failure> {
    if home.bucket != plan.bucket {
        return Ok(());
    }
    let record = format!("{}{ROOT}", plan.prefix);
    if home.prefix.starts_with(&record) || record.starts_with(&*home.prefix) {
        return Err(Failure::new(format!(
            "{spoken} {home} lies where the record lies, {}: name another bucket, or at least another prefix",
            Location::new(Arc::clone(&plan.bucket), record)
        )));
    }
    plan.notes.push(format!(
        "{spoken} {home} lies in the bucket that it speaks of: whoever may change the record may change it, too. Keep it in \
         another bucket, better in another account."
    ));
    Ok(())
}

async fn carries(
    remember: &Remember,
    plan: &mut Plan,
    reach: &Reach<'_>,
    needs: Needs,
) -> Result<Carries, Failure> {
    if needs == Needs::Bytes {
        return Ok(Carries::Nothing);
    }
    if speaks_s3_elsewhere(reach).await? && !remember.trust_listing {
        plan.notes.push(
            "Nothing is carried from earlier readings: the store is at a custom endpoint, and whether its listing shows every \
             change is not known; --trust-listing says so."
                .to_owned(),
        );
        return Ok(Carries::Nothing);
    }
    Ok(Carries::Days)
}

#[cfg(feature = "aws")]
async fn speaks_s3_elsewhere(reach: &Reach<'_>) -> Result<bool, Failure> {
    Ok(reach.aws().await?.speaks_s3_elsewhere())
}

#[cfg(not(feature = "aws"))]
async fn speaks_s3_elsewhere(_: &Reach<'_>) -> Result<bool, Failure> {
    Err(crate::cli::reach::without_aws())
}

fn reread(remember: &Remember) -> Reread {
    match remember.reread {
        args::Reread::After(time) => Reread::After(time),
        args::Reread::Off => Reread::Never,
        args::Reread::All => Reread::Always,
    }
}
