//! Who is told over the network: addresses on the web, topics and buses.

use super::send::{Failed, Taken, Undelivered, persist};
use super::{Network, is_elsewhere};
use crate::alert::{Message, Target, event_bridge, json, slack, sns};
use crate::aws::Signing;
use crate::aws::failure::{Failure as AwsFailure, Outlook};
use crate::aws::post::{Api, Post, Recipient};
use crate::cli::exit::Failure;

const JSON: (&str, &str) = ("content-type", "application/json");

/// AWS takes nothing from somebody who signs nothing; `spoken` is what the option is called.
pub(super) fn refuse_unsigned(
    targets: &[Target],
    network: Option<&Network>,
    spoken: &str,
) -> Result<(), Failure> {
    let is_aws =
        |target: &&Target| is_elsewhere(target) && !matches!(target, Target::Web(_) | Target::Slack(_));
    match (targets.iter().find(is_aws), network.map(Network::signing)) {
        (Some(target), Some(Signing::Unsigned)) => Err(Failure::new(format!(
            "{target} takes signed requests alone, and {spoken} has none signed: leave one of them out"
        ))),
        _ => Ok(()),
    }
}

/// Posts the message to a target.
pub(super) async fn post(
    network: &Network,
    target: &Target,
    message: &Message,
) -> Result<Taken, Undelivered> {
    match target {
        Target::Web(address) => {
            let to = Recipient::Web(address.as_str().to_owned());
            ask(network, Post { to, headers: vec![JSON], body: json(message) }, |_| None).await
        }
        Target::Slack(address) => {
            let to = Recipient::Web(address.as_str().to_owned());
            ask(network, Post { to, headers: vec![JSON], body: slack(message) }, |_| None).await
        }
        Target::Sns(topic) => {
            let headers = vec![("content-type", "application/x-www-form-urlencoded")];
            let to = Recipient::Aws(Api::Sns, topic.region().clone(), "/");
            ask(network, Post { to, headers, body: sns(message, topic) }, |_| None).await
        }
        Target::EventBridge(bus) => {
            let own = || network.region().ok_or_else(|| Undelivered::at_once("no region is configured"));
            let region = bus.region().cloned().map_or_else(own, Ok)?;
            let headers =
                vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];
            let to = Recipient::Aws(Api::EventBridge, region, "/");
            let body = event_bridge::put_events(message, bus);
            ask(network, Post { to, headers, body }, event_bridge::refused).await
        }
        Target::SecurityHub | Target::File(_) | Target::Exec(_) => Ok(Taken::NotForIt),
    }
}

/// Posts until it is taken. `refused` reads an answer that says otherwise than its status.
async fn ask(
    network: &Network,
    post: Post,
    refused: impl Fn(&[u8]) -> Option<String>,
) -> Result<Taken, Undelivered> {
    let attempt = async || {
        let answer = Box::pin(network.post(&post)).await.map_err(failed)?;
        refused(&answer).map_or(Ok(Taken::Wholly), |why| Err(Failed::Passing(why)))
    };
    persist(attempt).await
}

/// What a failure means for the next try.
pub(super) fn failed(failure: AwsFailure) -> Failed {
    match failure.outlook {
        Outlook::Passing => Failed::Passing(failure.detail),
        Outlook::Settled => Failed::Settled(failure.detail),
    }
}
