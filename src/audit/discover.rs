//! Finds accounts and regions from the bucket's own folders: nothing else knows of deleted trails and of accounts
//! that have left. Needs no right but to list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::listing::{Walk, pages};
use super::{AuditError, Plan};
use crate::store::{Listing, ObjectStore, Reach, StoreError};
use crate::trail::key::{DIGEST_FOLDER, LOG_FOLDER, ROOT};
use crate::trail::{AccountId, AccountRegion, OrganizationId, Region};

/// A trail's prefix has at most 200 characters (CreateTrail), so it nests no deeper than a few folders in practice;
/// a bucket made of millions of folders must not hold the search for ever.
const DEEPEST_PREFIX: usize = 8;
/// The most folders opened in search of `AWSLogs/`.
const MOST_FOLDERS: usize = 2_000;
/// Folder listings under way at once.
const LISTINGS: usize = 32;

/// One account and region, and where its folders lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which one.
    pub place: AccountRegion,
    /// Every bucket and prefix that has a folder of it.
    pub homes: Vec<Home>,
}

/// A bucket and the prefix before `AWSLogs/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home {
    /// The bucket.
    pub bucket: Arc<str>,
    /// Empty, or ending in a slash.
    pub prefix: Box<str>,
}

/// What discovery came to.
#[derive(Debug)]
pub(super) struct Found {
    /// Every account and region in scope, sorted.
    pub(super) sites: Vec<Site>,
    /// Folders that could not be listed.
    pub(super) failures: Vec<StoreError>,
}

/// Finds every site in scope below the plan's prefix.
pub(super) async fn sites<S: ObjectStore>(store: &S, plan: &Plan) -> Result<Found, AuditError> {
    let mut failures = Vec::new();
    let mut homes = Vec::new();
    let mut level = vec![plan.prefix.clone()];
    let mut opened = 0;
    for depth in 0..DEEPEST_PREFIX {
        let listed: Vec<_> = stream::iter(std::mem::take(&mut level))
            .map(|prefix| async move { (folders(store, &plan.bucket, &prefix).await, prefix) })
            .buffered(LISTINGS.min(plan.load.requests))
            .collect()
            .await;
        for (listed, prefix) in listed {
            let listed = match listed {
                Ok(listed) => listed,
                Err(error) if depth == 0 => return Err(error.into()),
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            };
            let root = format!("{prefix}{ROOT}");
            for folder in listed {
                if folder == root {
                    homes.push(Home { bucket: Arc::clone(&plan.bucket), prefix: prefix.as_str().into() });
                } else if opened < MOST_FOLDERS {
                    opened += 1;
                    level.push(folder);
                }
            }
        }
    }
    if homes.is_empty() && failures.is_empty() {
        let looked_in = match plan.source.is_empty() {
            true => plan.prefix.clone(),
            false => plan.source.clone(),
        };
        return Err(AuditError::NoRecord { looked_in });
    }

    let mut sites: BTreeMap<AccountRegion, BTreeSet<Home>> = BTreeMap::new();
    for home in homes {
        let accounts = accounts(store, &home, plan, &mut failures).await;
        let kinds = accounts
            .into_iter()
            .flat_map(|account| [DIGEST_FOLDER, LOG_FOLDER].map(|kind| (account.clone(), kind)));
        let regions: Vec<_> = stream::iter(kinds)
            .map(|(account, kind)| {
                let home = &home;
                async move {
                    let prefix = format!("{}{kind}/", account.folder);
                    (folders(store, &home.bucket, &prefix).await, account)
                }
            })
            .buffered(LISTINGS.min(plan.load.requests))
            .collect()
            .await;
        for (listed, account) in regions {
            match listed {
                Ok(listed) => {
                    for region in listed.iter().filter_map(|folder| last_part(folder)?.parse::<Region>().ok())
                    {
                        if plan.scope.holds_region(&region) {
                            let place = AccountRegion {
                                account: account.id,
                                region,
                                organization: account.organization.clone(),
                            };
                            sites.entry(place).or_default().insert(home.clone());
                        }
                    }
                }
                Err(error) => failures.push(error),
            }
        }
    }
    let sites =
        sites.into_iter().map(|(place, homes)| Site { place, homes: homes.into_iter().collect() }).collect();
    Ok(Found { sites, failures })
}

#[derive(Clone)]
struct Account {
    id: AccountId,
    organization: Option<OrganizationId>,
    folder: String,
}

async fn accounts<S: ObjectStore>(
    store: &S,
    home: &Home,
    plan: &Plan,
    failures: &mut Vec<StoreError>,
) -> Vec<Account> {
    let mut found = Vec::new();
    let mut open = vec![(format!("{}{ROOT}", home.prefix), None)];
    while let Some((prefix, organization)) = open.pop() {
        let listed = match folders(store, &home.bucket, &prefix).await {
            Ok(listed) => listed,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        for folder in listed {
            let name = last_part(&folder).unwrap_or_default();
            if let Ok(id) = name.parse::<AccountId>() {
                if plan.scope.holds_account(id) {
                    found.push(Account { id, organization: organization.clone(), folder });
                }
            } else if let (None, Ok(id)) = (&organization, name.parse::<OrganizationId>()) {
                open.push((folder, Some(id)));
            }
        }
    }
    found
}

async fn folders<S: ObjectStore>(
    store: &S,
    bucket: &Arc<str>,
    prefix: &str,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let mut listing = Listing {
        bucket: Arc::clone(bucket),
        prefix: prefix.to_owned(),
        after: None,
        reach: Reach::Folder,
        token: None,
    };
    pages(store, &mut listing, |page| {
        found.extend(page.folders);
        Walk::On
    })
    .await?;
    Ok(found)
}

fn last_part(folder: &str) -> Option<&str> {
    folder.strip_suffix('/')?.rsplit('/').next()
}
