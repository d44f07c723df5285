//! Accounts and regions, and where their folders lie.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::trail::key::{DIGEST_FOLDER, LOG_FOLDER};
use crate::trail::{AccountRegion, Location};

/// One account and region, and where its folders lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Which one.
    pub place: AccountRegion,
    /// Every bucket and prefix that has a folder of it.
    pub homes: Vec<Home>,
}

impl Site {
    /// Where its folders lie.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        self.homes.iter().map(|home| &home.location)
    }
}

/// A bucket and prefix with folders of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Which one.
    pub location: Location,
    /// The folders there: `CloudTrail-Digest`, `CloudTrail`, …
    pub kinds: BTreeSet<Box<str>>,
}

impl Home {
    /// A home whose folders were not looked for: both halves are taken to be there.
    pub fn unseen(location: Location) -> Self {
        Self { location, kinds: [DIGEST_FOLDER, LOG_FOLDER].map(Into::into).into() }
    }
}
