//! Packs accounts and regions into shards: the heaviest first, each into the shard that has least. One that is too heavy for a
//! shard is cut at midnights (UTC), the only moments at which records can be cut.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Piece;
use crate::trail::Day;

/// A request takes about as long as so many bytes do.
const BYTES_A_REQUEST: u64 = 64 << 10;

/// What reading something takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Objects to be read.
    pub objects: u64,
    /// Their bytes as stored, as far as the listing says.
    pub bytes: u64,
    /// Pages of listings.
    pub pages: u64,
}

impl Weight {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.objects = self.objects.saturating_add(other.objects);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.pages = self.pages.saturating_add(other.pages);
    }

    /// All of it in one number.
    fn total(self) -> u64 {
        (self.objects.saturating_add(self.pages)).saturating_mul(BYTES_A_REQUEST).saturating_add(self.bytes)
    }
}

/// What reading an account and region takes, day by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteLoad {
    /// What its days take.
    pub days: BTreeMap<Day, Weight>,
    /// Pages of listings for all of it.
    pub pages: u64,
}

impl SiteLoad {
    /// All of it.
    pub fn weight(&self) -> Weight {
        let mut weight = Weight { pages: self.pages, ..Weight::default() };
        self.days.values().for_each(|day| weight.add(*day));
        weight
    }

    /// Cuts it into pieces of about this weight, each with its own.
    fn cut(&self, site: usize, most: u64) -> Vec<(u64, Piece)> {
        let mut pieces: Vec<(u64, Piece)> = Vec::new();
        let mut piece = Piece { site, from: None, to: None };
        let mut weight = 0;
        for (day, of_day) in &self.days {
            let of_day = of_day.total();
            let before = day.neighbours().find(|near| near < day);
            if let Some(before) = before.filter(|_| weight > 0 && weight + of_day > most) {
                pieces.push((weight, Piece { to: Some(before), ..piece }));
                (piece.from, weight) = (Some(*day), 0);
            }
            weight += of_day;
        }
        pieces.push((weight, piece));
        pieces
    }
}

/// Which shard does what, for so many of them. The same sites are always packed the same; shards may be left with nothing.
pub fn pack(sites: &[SiteLoad], shards: usize) -> Vec<Vec<Piece>> {
    let shards = shards.max(1);
    let all: u64 = sites.iter().map(|site| site.weight().total()).fold(0, u64::saturating_add);
    let most = all.div_ceil(shards as u64).max(1);
    let mut pieces: Vec<(u64, Piece)> = sites
        .iter()
        .enumerate()
        .flat_map(|(at, site)| match site.weight().total() {
            weight if weight <= most => vec![(weight, Piece { site: at, from: None, to: None })],
            _ => site.cut(at, most),
        })
        .collect();
    pieces.sort_by(|(one, of_one), (other, of_other)| other.cmp(one).then(of_one.cmp(of_other)));
    let mut packed: Vec<(u64, Vec<Piece>)> = vec![(0, Vec::new()); shards];
    for (weight, piece) in pieces {
        if let Some((sum, shard)) = packed.iter_mut().min_by_key(|(sum, _)| *sum) {
            *sum = sum.saturating_add(weight);
            shard.push(piece);
        }
    }
    packed
        .into_iter()
        .map(|(_, mut shard)| {
            shard.sort_unstable();
            shard
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn site(days: &[(&str, u64)]) -> SiteLoad {
        let days = days
            .iter()
            .map(|(day, objects)| (day.parse().unwrap(), Weight { objects: *objects, ..Weight::default() }));
        SiteLoad { days: days.collect(), pages: 0 }
    }

    #[test]
    fn light_sites_are_whole_and_shards_are_about_as_heavy() {
        let sites: Vec<SiteLoad> = (1..=20).map(|objects| site(&[("2026-03-01", objects)])).collect();
        let packed = pack(&sites, 4);
        assert!(packed.iter().flatten().all(|piece| (piece.from, piece.to) == (None, None)));
        let weights: Vec<u64> =
            packed.iter().map(|shard| shard.iter().map(|piece| piece.site as u64 + 1).sum()).collect();
        assert_eq!(weights.iter().sum::<u64>(), 210);
        assert!(weights.iter().all(|weight| (50..=55).contains(weight)), "{weights:?}");
    }

    #[test]
    fn a_heavy_site_is_cut_at_midnights_without_hole_or_overlap() {
        let days = [("2026-03-01", 30), ("2026-03-02", 30), ("2026-03-03", 30), ("2026-03-04", 30)];
        let packed = pack(&[site(&days), site(&[("2026-03-01", 1)])], 3);
        let mut pieces: Vec<Piece> = packed.concat().into_iter().filter(|piece| piece.site == 0).collect();
        pieces.sort();
        assert!(pieces.len() > 1);
        assert_eq!((pieces[0].from, pieces[pieces.len() - 1].to), (None, None));
        for (one, next) in pieces.iter().zip(&pieces[1..]) {
            assert_eq!(one.to.unwrap(), next.from.unwrap().neighbours().next().unwrap());
        }
    }

    #[test]
    fn more_shards_than_days_leave_some_with_nothing() {
        let packed = pack(&[site(&[("2026-03-01", 5)])], 3);
        assert_eq!(packed.iter().filter(|shard| shard.is_empty()).count(), 2);
        assert_eq!(pack(&[], 2), vec![Vec::new(), Vec::new()]);
    }
}
