//! Tells others of a run that is not well, once its results are written. Whoever cannot be told is named on stderr, and the verdict
//! and the exit code are what they are: an alert is no part of the proof.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::args::{Look, Notify, Spoken};
use super::exit::{self, Failure};
use super::reach::Reach;
use crate::alert::{Message, News, Sent, State, Target, without_query};
use crate::report::{Completion, Report};
use crate::trail::Location;

mod command;
mod file;
mod memory;
#[cfg(feature = "aws")]
mod network;
#[cfg(feature = "aws")]
mod security_hub;
mod send;
mod words;

pub use memory::Memory;
pub use words::shown;

use send::{Taken, Undelivered};

/// What leads out of the machine: a session. Without the feature `aws` there is none.
#[cfg(feature = "aws")]
pub type Network = crate::aws::Session;
/// What leads out of the machine; in this build, nothing.
#[cfg(not(feature = "aws"))]
pub enum Network {}

/// What was told before is waited for no longer: an alert that comes late is worse than one that repeats itself.
const MEMORY_WITHIN: Duration = Duration::from_secs(30);

/// All who are to be told, and what was told before.
pub struct Alerts {
    targets: Vec<Target>,
    memory: Option<Memory>,
    network: Option<Network>,
}

impl Alerts {
    /// Reads who is to be told; `apart` holds that a place in a bucket is no part of the record. What was told is kept in `ledger`,
    /// unless the caller names another place.
    ///
    /// # Errors
    ///
    /// Where a word names nobody, or what was told cannot be kept where the caller says. Nobody is spoken to yet.
    pub async fn open(
        asked: &Notify,
        spoken: &Spoken,
        ledger: Option<Memory>,
        apart: impl FnOnce(&str, &Location) -> Result<(), Failure>,
        reach: &Reach<'_>,
    ) -> Result<Self, Failure> {
        let targets = words::targets(asked, &spoken.of("notify"))?;
        if targets.is_empty() {
            return Ok(Self { targets, memory: None, network: None });
        }
        let memory = match &asked.state {
            None => ledger,
            Some(words) => {
                let spoken = spoken.of("notify-state");
                let file = reach.file(&spoken, words).await?;
                if let Some(home) = &file.home {
                    apart(&spoken, home)?;
                }
                Some(file.into())
            }
        };
        let network = match targets.iter().any(is_elsewhere) {
            true => Some(network(spoken, reach).await?),
            false => None,
        };
        #[cfg(feature = "aws")]
        network::refuse_unsigned(&targets, network.as_ref(), &spoken.of("no-sign-request"))?;
        Ok(Self { targets, memory, network })
    }

    /// Tells everybody, all at once, and keeps what was told if anybody took it. Says on stderr who was told, unless nothing is to be
    /// said, and in any case who could not be.
    pub async fn tell(self, report: &Report, sent: &Sent, look: &Look) {
        if self.targets.is_empty() || report.completion == Completion::Interrupted {
            return;
        }
        let source = without_query(&report.source);
        let (state, keeps) = self.told_before().await;
        let news = News::of(report, &source, &state);
        let Some(message) = Message::of(report, &news, sent) else { return };
        let sending = self.targets.iter().map(|target| self.send(target, &message, report));
        let results = join_all(sending).await;
        for (target, result) in self.targets.iter().zip(&results) {
            match result {
                Ok(Taken::Wholly) if look.quiet => {}
                Ok(Taken::Wholly) => exit::note(&format!("the alert was sent to {target}")),
                Ok(Taken::InPart(but)) => exit::note(&format!("{target} took a part of the alert: {but}")),
                Ok(Taken::NotForIt) => {}
                Err(undelivered) => exit::note(&format!(
                    "{target} was not told, and the verdict is what it is: {undelivered}"
                )),
            }
        }
        let was_taken = results.iter().any(|result| matches!(result, Ok(Taken::Wholly | Taken::InPart(_))));
        let memory = self.memory.as_ref().filter(|_| was_taken && keeps == Keeps::AllThatIsTold);
        if let Some(memory) = memory {
            let kept = timeout(MEMORY_WITHIN, memory.keep(&source, &news, report.finished_at)).await;
            if let Err(why) = kept.unwrap_or_else(|_| Err("it did not answer in time".to_owned())) {
                exit::note(&format!(
                    "what was told is not kept in {memory}, and is told as new again: {why}"
                ));
            }
        }
    }

    /// What was told before; nothing, where nobody remembers.
    async fn told_before(&self) -> (State, Keeps) {
        let Some(memory) = &self.memory else { return (State::default(), Keeps::Nothing) };
        let read = timeout(MEMORY_WITHIN, memory.read()).await;
        match read.unwrap_or_else(|_| Err("it did not answer in time".to_owned())) {
            Ok(state) => (state, Keeps::AllThatIsTold),
            Err(why) => {
                exit::note(&format!(
                    "what was told before is not known, so all is told as new: {memory}: {why}"
                ));
                (State::default(), Keeps::Nothing)
            }
        }
    }

    async fn send(&self, target: &Target, message: &Message, report: &Report) -> Result<Taken, Undelivered> {
        match (target, &self.network) {
            (Target::File(path), _) => file::add(path, message).await,
            (Target::Exec(command), _) => command::run(command, message).await,
            (target, Some(network)) => elsewhere(network, target, message, report).await,
            (_, None) => Err(Undelivered::at_once("nothing leads there")),
        }
    }
}

#[cfg(feature = "aws")]
async fn network(_: &Spoken, reach: &Reach<'_>) -> Result<Network, Failure> {
    Ok(reach.aws().await?.session())
}

#[cfg(not(feature = "aws"))]
async fn network(spoken: &Spoken, _: &Reach<'_>) -> Result<Network, Failure> {
    Err(Failure::new(format!(
        "{} tells nobody over the network, because this trailseal was built without the feature `aws`: name file:PATH or \
         exec:COMMAND",
        spoken.of("notify")
    )))
}

#[cfg(feature = "aws")]
async fn elsewhere(
    network: &Network,
    target: &Target,
    message: &Message,
    report: &Report,
) -> Result<Taken, Undelivered> {
    match target {
        Target::SecurityHub => security_hub::import(network, message, report).await,
        target => network::post(network, target, message).await,
    }
}

#[cfg(not(feature = "aws"))]
async fn elsewhere(nowhere: &Network, _: &Target, _: &Message, _: &Report) -> Result<Taken, Undelivered> {
    match *nowhere {}
}

/// Whether what is told now is kept. What could not be read is not written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    AllThatIsTold,
    Nothing,
}

fn is_elsewhere(target: &Target) -> bool {
    match target {
        Target::Sns(_) | Target::Web(_) | Target::Slack(_) | Target::EventBridge(_) | Target::SecurityHub => {
            true
        }
        Target::File(_) | Target::Exec(_) => false,
    }
}
