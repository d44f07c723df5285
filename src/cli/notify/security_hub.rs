//! Security Hub is told in each region of a finding, and only what belongs to the caller's own account: of other accounts it takes
//! nothing (BatchImportFindings).

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;

use super::Network;
use super::network::failed;
use super::send::{Taken, Undelivered, persist};
use crate::alert::security_hub::{Import, imports, refused};
use crate::alert::{Kind, Message};
use crate::aws::post::{Api, Post, Recipient};
use crate::report::Report;
use crate::trail::{AccountId, Identity, Region};

/// Regions that are told at a time.
const AT_ONCE: usize = 8;
/// As many accounts as are named.
const NAMED: usize = 5;
/// All of it takes no longer, however many findings there are.
const WITHIN: Duration = Duration::from_secs(180);

/// Imports the findings of the caller's account, a batch after the other in each region. A region that fails is not asked again.
pub(super) async fn import(
    network: &Network,
    message: &Message,
    report: &Report,
) -> Result<Taken, Undelivered> {
    if message.kind == Kind::Recovered {
        return Ok(Taken::NotForIt);
    }
    let own = match network.identity().await {
        Some(Identity::Caller(arn)) => arn.split(':').nth(4).and_then(|account| account.parse().ok()),
        _ => None,
    };
    let (mine, others): (Vec<Import>, Vec<Import>) = imports(report)
        .into_iter()
        .partition(|import| own.is_none_or(|own: AccountId| import.account == own));
    let mut regions: BTreeMap<Region, Vec<Import>> = BTreeMap::new();
    for import in mine {
        regions.entry(import.region.clone()).or_default().push(import);
    }
    let asked = regions.len();
    let telling = stream::iter(regions).map(|(region, imports)| async move {
        tell(network, &region, imports).await.err().map(|why| format!("{region}: {why}"))
    });
    let told = timeout(WITHIN, telling.buffer_unordered(AT_ONCE).collect::<Vec<_>>()).await;
    let told = told.map_err(|_| Undelivered::at_once(format!("not done within {} s", WITHIN.as_secs())))?;
    let mut failures: Vec<String> = told.into_iter().flatten().collect();
    failures.sort();
    let nobody = !failures.is_empty() && failures.len() == asked;
    failures.extend(of_others(own, &others));
    match (asked, nobody, failures.is_empty()) {
        (_, true, _) => Err(Undelivered::at_once(failures.join("; "))),
        (0, _, true) => Ok(Taken::NotForIt),
        (0, _, false) => Err(Undelivered::at_once(failures.join("; "))),
        (_, false, true) => Ok(Taken::Wholly),
        (_, false, false) => Ok(Taken::InPart(failures.join("; "))),
    }
}

/// What is said of findings that Security Hub would not take.
fn of_others(own: Option<AccountId>, others: &[Import]) -> Option<String> {
    let own = own.filter(|_| !others.is_empty())?;
    let mut accounts: Vec<String> = others.iter().map(|import| import.account.to_string()).collect();
    accounts.sort();
    accounts.dedup();
    let more = match accounts.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and of {more} more"),
    };
    accounts.truncate(NAMED);
    Some(format!(
        "findings of other accounts than {own} were not sent, because it takes an account's findings from that account alone: run \
         with a role of {}{more}",
        accounts.join(", ")
    ))
}

async fn tell(network: &Network, region: &Region, imports: Vec<Import>) -> Result<(), Undelivered> {
    for import in imports {
        let to = Recipient::Aws(Api::SecurityHub, region.clone(), "/findings/import");
        let post = Post { to, headers: vec![("content-type", "application/json")], body: import.body };
        let answer = persist(async || Box::pin(network.post(&post)).await.map_err(failed)).await?;
        if let Some(why) = refused(&answer) {
            return Err(Undelivered::at_once(why));
        }
    }
    Ok(())
}
