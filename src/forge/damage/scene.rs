//! Where a damage happens: one chain, one digest in its middle, and a record of what was touched.

use std::collections::BTreeSet;

use bytes::Bytes;
use flate2::Compression;

use super::Damage;
use crate::forge::ForgeError;
use crate::forge::body::Entry;
use crate::forge::chain::{ForgedDigest, Stored, UserMetadata, gzip};
use crate::forge::hour::reaches_over;
use crate::forge::truth::{Class, Code, Deed, Expected};
use crate::forge::world::{ForgedChain, State, World};
use crate::gzip::{Limit, inflate};
use crate::trail::{AccountRegion, ChainId, DigestKind, ObjectName};

/// What a damage needs of its chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// An hour with log files, with linked hours around it.
    InnerHour,
    /// A chain of backfill digests.
    Backfill,
}

/// A damage in the making.
pub(super) struct Scene<'world> {
    pub(super) world: &'world mut World,
    damage: Damage,
    chain: usize,
    /// The digest in question, by its place in the chain.
    pub(super) at: usize,
    touched: BTreeSet<ObjectName>,
}

impl<'world> Scene<'world> {
    /// Takes an untouched place for the damage: a home region, where the rarer things happen, only if it has to be one.
    pub(super) fn find(world: &'world mut World, damage: Damage, needs: Needs) -> Result<Self, ForgeError> {
        let free = |chain: &ForgedChain| !world.taken.contains_key(&chain.id.place);
        let at_home = |chain: &ForgedChain| chain.id.place.region == chain.id.home_region;
        let mut found: Vec<(bool, usize, usize)> = world
            .chains
            .iter()
            .enumerate()
            .filter(|(_, chain)| free(chain))
            .filter_map(|(number, chain)| Some((at_home(chain), number, site(world, chain, needs)?)))
            .collect();
        found.sort();
        let &(_, chain, at) = found.first().ok_or(ForgeError::NoRoom(damage))?;
        world.taken.insert(world.chains[chain].id.place.clone(), damage.in_a_folder());
        Ok(Self { world, damage, chain, at, touched: BTreeSet::new() })
    }

    /// Records the deed.
    pub(super) fn finish(self) {
        let deed = Deed {
            damage: self.damage.to_string(),
            description: self.damage.description().into(),
            objects: self.touched.iter().map(ToString::to_string).collect(),
        };
        self.world.deeds.push(deed);
    }

    pub(super) fn damage(&self) -> Damage {
        self.damage
    }

    pub(super) fn chain(&self) -> &ForgedChain {
        &self.world.chains[self.chain]
    }

    pub(super) fn chain_mut(&mut self) -> &mut ForgedChain {
        &mut self.world.chains[self.chain]
    }

    pub(super) fn place(&self) -> AccountRegion {
        self.chain().id.place.clone()
    }

    /// The digest in question.
    pub(super) fn digest(&self) -> &ForgedDigest {
        &self.chain().digests[self.at]
    }

    pub(super) fn digest_object(&self) -> ObjectName {
        self.digest().object().clone()
    }

    /// A log file of the digest in question.
    pub(super) fn entry(&self) -> Entry {
        self.digest().body.logs[0].clone()
    }

    /// An object as it lies in the bucket now.
    pub(super) fn stored(&self, object: &ObjectName) -> Stored {
        self.world.objects[object].clone()
    }

    /// An object's inflated text as it lies in the bucket now.
    pub(super) fn text(&self, object: &ObjectName) -> String {
        let inflated = inflate(&self.world.objects[object].body, Limit::DIGEST).unwrap_or_default();
        String::from_utf8_lossy(&inflated).into_owned()
    }

    /// Puts an object into the bucket.
    pub(super) fn put(&mut self, object: &ObjectName, stored: Stored) {
        if self.world.objects.insert(object.clone(), stored.clone()) != Some(stored) {
            self.touched.insert(object.clone());
        }
    }

    /// Replaces an object's bytes and keeps its metadata, as an overwriting copy can.
    pub(super) fn put_body(&mut self, object: &ObjectName, body: impl Into<Bytes>) {
        let stored = Stored { body: body.into(), ..self.stored(object) };
        self.put(object, stored);
    }

    /// Replaces an object's text.
    pub(super) fn put_text(&mut self, object: &ObjectName, text: impl AsRef<[u8]>) {
        self.put_body(object, gzip(text.as_ref(), Compression::default()));
    }

    /// Changes the metadata of the digest in question.
    pub(super) fn change_metadata(&mut self, change: impl FnOnce(&mut UserMetadata)) {
        let object = self.digest_object();
        let mut stored = self.stored(&object);
        let mut metadata = stored.metadata.take().unwrap_or_default();
        change(&mut metadata);
        stored.metadata = Some(metadata);
        self.put(&object, stored);
    }

    /// Takes an object out of the bucket.
    pub(super) fn remove(&mut self, object: &ObjectName) -> Option<Stored> {
        self.touched.insert(object.clone());
        self.world.objects.remove(object)
    }

    /// Records what became of a digest.
    pub(super) fn mark(&mut self, at: usize, state: State) {
        self.chain_mut().states[at] = state;
    }

    /// The digest in question no longer proves anything; these are the log files it names, if it can be read.
    pub(super) fn reject(&mut self, names: impl IntoIterator<Item = Entry>) {
        self.mark(self.at, State::Rejected);
        self.world.named_by_rejected.extend(names.into_iter().map(|entry| entry.object));
    }

    /// Takes away what this very damage put there.
    pub(super) fn take_back(&mut self, object: &ObjectName) -> Option<Stored> {
        self.touched.remove(object);
        self.world.objects.remove(object)
    }

    /// Records a finding about an object, of another class than its code usually has.
    pub(super) fn expect_as(&mut self, code: Code, class: Class, object: &ObjectName) {
        let expected = Expected { class, ..Expected::of_place(code, &self.place(), Some(object)) };
        self.world.direct.push(expected);
    }

    /// Records a finding about a chain.
    pub(super) fn expect_chain(&mut self, code: Code, chain: &ChainId) {
        self.world.direct.push(Expected::of_chain(code, chain, None));
    }

    /// Records a finding about an object that follows from the damage itself.
    pub(super) fn expect(&mut self, code: Code, object: &ObjectName) {
        let expected = Expected::of_chain(code, &self.chain().id, Some(object));
        self.world.direct.push(expected);
    }
}

/// The digest of a chain at which a damage can be told without doubt: it links on both sides and further on, has log files, and no
/// log file of it is named for the hour after it.
fn site(world: &World, chain: &ForgedChain, needs: Needs) -> Option<usize> {
    let kind = chain.id.kind;
    match needs {
        Needs::Backfill => {
            let known = kind == DigestKind::Backfill && !chain.digests[0].logs().is_empty();
            return (known && chain.digests.len() > 1).then_some(0);
        }
        Needs::InnerHour if kind == DigestKind::Backfill => return None,
        Needs::InnerHour => {}
    }
    let repaired: BTreeSet<u32> = world
        .chains
        .iter()
        .filter(|other| other.id.place == chain.id.place && other.id.kind == DigestKind::Backfill)
        .flat_map(|other| other.digests.iter().map(|digest| digest.hour))
        .collect();
    let fits = |at: &usize| {
        let digest = &chain.digests[*at];
        digest.hour % 4 == 2
            && !reaches_over(digest.hour)
            && !digest.logs().is_empty()
            && (at - 1..=at + 3).all(|at| chain.is_inner(at))
            && (digest.hour..digest.hour + 3).all(|hour| !repaired.contains(&hour))
            && world.plan.events_per_log > 0
    };
    let count = chain.digests.len();
    let middle = count / 2;
    (2..count.saturating_sub(4)).filter(fits).min_by_key(|at| at.abs_diff(middle))
}
