//! Where a run remembers what days came to.

use std::path::PathBuf;
use std::sync::Arc;

use crate::audit::{Carries, Ledger, LedgerKey, Plan, Reread};
use crate::cli::args::{self, Form, ReportForm, Verify};
use crate::cli::exit::Failure;
use crate::cli::source;
use crate::store::state::{DirState, StateStore};
use crate::trail::Location;
use crate::trail::key::ROOT;

#[cfg(feature = "aws")]
use super::aws::AwsClients;
use super::seal_keys::SealKeys;
use super::witness::Place;

/// Days on disk say nothing of when they were written, so nothing of theirs can be carried.
pub fn refuse_for_folder(args: &Verify) -> Result<(), Failure> {
    match &args.remember.ledger {
        None => Ok(()),
        Some(_) => Err(Failure::new(format!(
            "{} goes with a bucket: a folder does not say when its files were written or by what to tell them, so each run \
             has to read all of it",
            args.spoken.of("ledger")
        ))),
    }
}

/// The ledger of a run over a bucket, if it has one. What is worth knowing of its place is noted in the plan.
#[cfg(feature = "aws")]
pub fn ledger(
    args: &Verify,
    plan: &mut Plan,
    keys: &SealKeys,
    reach: &AwsClients,
) -> Result<Option<Ledger>, Failure> {
    let Some(place) = &args.remember.ledger else { return Ok(None) };
    let spoken = args.spoken.of("ledger");
    let state: Arc<dyn StateStore> = match source::bucket_and_prefix(place)? {
        Some(home) => {
            apart_from_the_record(&spoken, plan, &home)?;
            Arc::new(reach.state(home))
        }
        None => Arc::new(folder(&spoken, place)?),
    };
    Ok(Some(Ledger {
        state,
        key: keys.signing.as_ref().map_or(LedgerKey::Nobody, |key| LedgerKey::Secret(key.derive(b"ledger"))),
        carries: carries(args, plan, reach),
        reread: reread(args),
    }))
}

fn folder(spoken: &str, place: &str) -> Result<DirState, Failure> {
    DirState::open(place).map_err(|error| {
        Failure::new(format!("{spoken} {place}: cannot be used: {error}; name a folder that can be written"))
    })
}

/// The places of the witnesses. `reach` is asked for only where one is a bucket.
pub async fn witnesses<R>(
    args: &Verify,
    plan: &mut Plan,
    reach: impl AsyncFn(Location) -> Result<R, Failure>,
) -> Result<Vec<Place>, Failure>
where
    R: StateStore,
{
    let spoken = args.spoken.of("witness");
    let mut places = Vec::new();
    for words in &args.remember.witnesses {
        let (home, state): (String, Arc<dyn StateStore>) = match source::bucket_and_prefix(words)? {
            Some(home) => {
                apart_from_the_record(&spoken, plan, &home)?;
                (home.to_string(), Arc::new(reach(home).await?))
            }
            None => {
                let state = folder(&spoken, words)?;
                let home = std::fs::canonicalize(words).unwrap_or_else(|_| PathBuf::from(words));
                (home.display().to_string(), Arc::new(state))
            }
        };
        places.push(Place { words: words.clone(), home, state });
    }
    Ok(places)
}

/// The record and what is said of it never lie in one another.
fn apart_from_the_record(spoken: &str, plan: &mut Plan, home: &Location) -> Result<(), Failure> {
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

fn carries(args: &Verify, plan: &mut Plan, reach: &AwsClients) -> Carries {
    let tables = args.objects
        || args.form() == Form::AwsCli
        || args.reports.iter().any(|(form, _)| matches!(form, ReportForm::Objects(_)));
    if tables {
        return Carries::Nothing;
    }
    if reach.speaks_s3_elsewhere() && !args.remember.trust_listing {
        plan.notes.push(
            "Nothing is carried from earlier readings: the store is at a custom endpoint, and whether its listing shows every \
             change is not known; --trust-listing says so."
                .to_owned(),
        );
        return Carries::Nothing;
    }
    Carries::Days
}

fn reread(args: &Verify) -> Reread {
    match args.remember.reread {
        args::Reread::After(time) => Reread::After(time),
        args::Reread::Off => Reread::Never,
        args::Reread::All => Reread::Always,
    }
}
