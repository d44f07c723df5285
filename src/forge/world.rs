//! A whole world in memory: every object, and how it came to be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::ForgeError;
use super::chain::{ForgedDigest, Stored, forge_chain};
use super::hour::Opening;
use super::keys::Keys;
use super::plan::{ChainPlan, WorldPlan};
use super::truth::{Deed, Expected, InFolder};
use crate::trail::{AccountRegion, ChainId, ObjectName};

/// A forged world. Cheap to clone: object bodies are shared.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) plan: Arc<WorldPlan>,
    pub(super) keys: Arc<Keys>,
    /// Every object.
    pub(super) objects: BTreeMap<ObjectName, Stored>,
    /// Every chain, oldest digest first.
    pub(super) chains: Vec<ForgedChain>,
    /// Log files that digests name which no longer hold.
    pub(super) named_by_rejected: BTreeSet<ObjectName>,
    /// Findings that follow from a damage itself.
    pub(super) direct: Vec<Expected>,
    pub(super) deeds: Vec<Deed>,
    /// Places that a damage has taken, and what it comes to in a folder.
    pub(super) taken: BTreeMap<AccountRegion, InFolder>,
    /// As forged, before any damage.
    pub(super) counts: [u64; 2],
}

/// A chain as forged, and what became of its digests.
#[derive(Debug, Clone)]
pub struct ForgedChain {
    /// Which chain.
    pub id: ChainId,
    /// Its digests, oldest first.
    pub digests: Vec<ForgedDigest>,
    pub(super) states: Vec<State>,
}

/// What a verifier can make of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It, or its successor's word for it, proves its hour and its log files.
    Sound,
    /// It is there and proves nothing.
    Rejected,
    /// It is not there.
    Absent,
}

impl World {
    /// Forges the plan's world. The same plan gives the same bytes, however many threads there are.
    ///
    /// # Errors
    ///
    /// Where the plan makes no world.
    pub fn forge(plan: &WorldPlan) -> Result<Self, ForgeError> {
        plan.check()?;
        let keys = Keys::forge(plan)?;
        let forged = plan.chains().into_par_iter().map(|chain| forge_whole(plan, &keys, &chain));
        let forged: Vec<(ForgedChain, Vec<(ObjectName, Stored)>)> = forged.collect::<Result<_, _>>()?;
        let mut world = Self {
            plan: Arc::new(plan.clone()),
            keys: Arc::new(keys),
            objects: BTreeMap::new(),
            chains: Vec::with_capacity(forged.len()),
            named_by_rejected: BTreeSet::new(),
            direct: Vec::new(),
            deeds: Vec::new(),
            taken: BTreeMap::new(),
            counts: [0, 0],
        };
        for (chain, logs) in forged {
            world.counts[0] += chain.digests.len() as u64;
            world.counts[1] += logs.len() as u64;
            world.objects.extend(logs);
            world
                .objects
                .extend(chain.digests.iter().map(|digest| (digest.object().clone(), digest.store())));
            world.chains.push(chain);
        }
        Ok(world)
    }

    /// The plan it follows.
    pub fn plan(&self) -> &WorldPlan {
        &self.plan
    }

    /// Its keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Every object, by bucket and key.
    pub fn objects(&self) -> &BTreeMap<ObjectName, Stored> {
        &self.objects
    }

    /// Every chain as it was forged; damages take objects away, not chains.
    pub fn chains(&self) -> &[ForgedChain] {
        &self.chains
    }
}

type Objects = Vec<(ObjectName, Stored)>;

fn forge_whole(
    plan: &WorldPlan,
    keys: &Keys,
    chain: &ChainPlan,
) -> Result<(ForgedChain, Objects), ForgeError> {
    let (mut digests, mut objects) = (Vec::new(), Vec::new());
    for hour in forge_chain(plan, keys, chain) {
        let hour = hour?;
        digests.push(hour.digest);
        objects.extend(hour.logs);
    }
    let states = vec![State::Sound; digests.len()];
    Ok((ForgedChain { id: chain.id.clone(), digests, states }, objects))
}

impl ForgedChain {
    /// Whether the digests `at - 1`, `at` and `at + 1` link without a break.
    pub(super) fn is_inner(&self, at: usize) -> bool {
        let linked = |at: usize| self.digests.get(at).is_some_and(|it| it.opening == Opening::Linked);
        at > 0 && linked(at) && linked(at + 1)
    }
}
