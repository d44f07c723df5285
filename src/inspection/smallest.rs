//! The first of many, in their own order and within a bound. Which are kept does not depend on the order in which they
//! come, and so not on which of many requests is answered first.

use std::collections::BTreeMap;

/// The smallest keys of all that were added, as many as find room together.
pub struct Smallest<K, V = ()> {
    kept: BTreeMap<K, V>,
    /// The smallest that was not kept: nothing from there on is.
    beyond: Option<K>,
    left_out: u64,
    used: usize,
    room: usize,
    takes: fn(&K) -> usize,
}

impl<K: Ord + Clone, V> Smallest<K, V> {
    /// Room for so much of what `takes` says that each takes.
    pub fn new(room: usize, takes: fn(&K) -> usize) -> Self {
        Self { kept: BTreeMap::new(), beyond: None, left_out: 0, used: 0, room, takes }
    }

    /// Room for so many.
    pub fn first(many: usize) -> Self {
        Self::new(many, |_| 1)
    }

    /// Adds one, and gives back what finds no room any more. The same key counts once.
    pub fn add(&mut self, key: K, value: V) -> Vec<(K, V)> {
        if self.beyond.as_ref().is_some_and(|beyond| key >= *beyond) {
            self.left_out += 1;
            return vec![(key, value)];
        }
        let takes = (self.takes)(&key);
        if self.kept.insert(key, value).is_none() {
            self.used += takes;
        }
        let mut left_out = Vec::new();
        while self.used > self.room {
            let Some((last, value)) = self.kept.pop_last() else { break };
            self.used -= (self.takes)(&last);
            self.left_out += 1;
            self.beyond = Some(last.clone());
            left_out.push((last, value));
        }
        left_out
    }

    /// Takes over what others kept, and that they left some out.
    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.kept {
            self.add(key, value);
        }
        self.left_out += other.left_out;
        if let Some(beyond) = other.beyond {
            self.cut(beyond);
        }
    }

    /// Nothing from `beyond` on is kept.
    fn cut(&mut self, beyond: K) {
        if self.beyond.as_ref().is_some_and(|known| *known <= beyond) {
            return;
        }
        for (key, _) in self.kept.split_off(&beyond) {
            self.used -= (self.takes)(&key);
            self.left_out += 1;
        }
        self.beyond = Some(beyond);
    }

    /// The smallest that found no room.
    pub fn beyond(&self) -> Option<&K> {
        self.beyond.as_ref()
    }

    /// How many there were in all.
    pub fn count(&self) -> u64 {
        self.kept.len() as u64 + self.left_out
    }

    /// Those kept, in order.
    pub fn into_kept(self) -> BTreeMap<K, V> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_parts_or_at_once_the_same_are_kept() {
        let names = ["d", "a", "f", "c", "b", "e", "g"];
        for cut in 0..=names.len() {
            for room in 1..=names.len() {
                let mut parts = [&names[..cut], &names[cut..]].map(|part| {
                    let mut smallest = Smallest::first(room);
                    part.iter().for_each(|name| drop(smallest.add(*name, ())));
                    smallest
                });
                let [one, other] = &mut parts;
                one.merge(std::mem::replace(other, Smallest::first(0)));
                let (beyond, count) = (one.beyond().copied(), one.count());
                assert_eq!(count, names.len() as u64);
                let mut sorted = names;
                sorted.sort_unstable();
                assert_eq!(beyond, sorted.get(room).copied(), "{cut} {room}");
                let kept = std::mem::replace(one, Smallest::first(0)).into_kept();
                assert_eq!(Vec::from_iter(kept.into_keys()), sorted[..room]);
            }
        }
    }

    fn kept(names: &[&'static str], room: usize) -> (Vec<&'static str>, Option<&'static str>, u64) {
        let mut smallest = Smallest::new(room, |name: &&str| name.len());
        for name in names {
            smallest.add(*name, ());
        }
        let (beyond, count) = (smallest.beyond().copied(), smallest.count());
        (smallest.into_kept().into_keys().collect(), beyond, count)
    }

    #[test]
    fn what_is_kept_does_not_depend_on_the_order() {
        let names = ["a", "bbb", "c", "dddd", "e", "ff"];
        for room in 0..=12 {
            let mut length = 0;
            let fit = names.iter().take_while(|name| {
                length += name.len();
                length <= room
            });
            let fit = fit.count();
            let expected = (names[..fit].to_vec(), names.get(fit).copied(), names.len() as u64);
            // Every order there is.
            let mut order: Vec<usize> = (0..names.len()).collect();
            let mut swaps = vec![0; names.len()];
            let mut at = 0;
            while at < order.len() {
                let shuffled: Vec<&'static str> = order.iter().map(|at| names[*at]).collect();
                assert_eq!(kept(&shuffled, room), expected, "{shuffled:?} in {room}");
                // Heap's algorithm.
                while at < order.len() && swaps[at] >= at {
                    swaps[at] = 0;
                    at += 1;
                }
                if at < order.len() {
                    order.swap(if at % 2 == 0 { 0 } else { swaps[at] }, at);
                    swaps[at] += 1;
                    at = 1;
                }
            }
        }
    }

    #[test]
    fn the_same_one_counts_once() {
        let mut smallest = Smallest::first(2);
        for name in ["b", "a", "b", "a"] {
            smallest.add(name, ());
        }
        assert_eq!((smallest.count(), smallest.beyond()), (2, None));
    }
}
