//! Findings while they come in: bounded, so that whoever owns the bucket cannot fill memory or a report with them.

use std::collections::BTreeMap;

use crate::verdict::{Class, Code, Finding};

/// The most findings of one code and class that are kept; beyond them they are counted. Which ones are kept is decided by
/// [`Finding::order`]: the same record gives the same ones, in whatever order they come in.
pub const MOST_OF_A_KIND: usize = 4000;

/// How many more may gather before they are looked through.
const SLACK: usize = 1000;

/// How many findings were counted and not kept, by class and code.
pub type Omitted = BTreeMap<(Class, Code), u64>;

/// Findings of a run.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<(Class, Code), Kind>);

/// Those of one code and class.
#[derive(Debug, Default)]
struct Kind {
    kept: Vec<Finding>,
    /// Of what is kept, so many come first, in order, each once.
    sorted: usize,
    omitted: u64,
}

impl Findings {
    /// Takes one in.
    pub fn push(&mut self, finding: Finding) {
        self.0.entry(finding.kind()).or_default().push(finding);
    }

    /// Counts some that are not at hand.
    pub fn count(&mut self, class: Class, code: Code, count: u64) {
        self.0.entry((class, code)).or_default().omitted += count;
    }

    /// Lets go of those kept that `holds` does not hold for. Of a kind with none left nothing is counted either.
    pub fn retain(&mut self, mut holds: impl FnMut(&Finding) -> bool) {
        for kind in self.0.values_mut() {
            kind.settle();
            kind.kept.retain(&mut holds);
            kind.sorted = kind.kept.len();
        }
        self.0.retain(|_, kind| !kind.kept.is_empty());
    }

    /// Takes out those kept that `source` names a source of, and counts them by source and code. Of a kind with none left,
    /// those that were only counted are taken for their like.
    pub fn take_out(&mut self, source: impl Fn(&Finding) -> Option<usize>) -> Vec<(usize, Code, u64)> {
        let mut taken = Vec::new();
        for ((_, code), kind) in &mut self.0 {
            kind.settle();
            let mut last = None;
            kind.kept.retain(|finding| {
                let of = source(finding);
                taken.extend(of.map(|of| (of, *code, 1)));
                last = of.or(last);
                of.is_none()
            });
            kind.sorted = kind.kept.len();
            if let Some(of) = last.filter(|_| kind.kept.is_empty()) {
                taken.push((of, *code, std::mem::take(&mut kind.omitted)));
            }
        }
        self.0.retain(|_, kind| !kind.kept.is_empty() || kind.omitted > 0);
        taken
    }

    /// Of many collections that end up in one, lets go of what will not be kept there; it stays counted.
    pub fn thin_out<'f>(all: impl IntoIterator<Item = &'f mut Self>) {
        let mut kinds: BTreeMap<(Class, Code), Vec<&mut Kind>> = BTreeMap::new();
        for (kind, of_a_kind) in all.into_iter().flat_map(|findings| &mut findings.0) {
            kinds.entry(*kind).or_default().push(of_a_kind);
        }
        for mut parts in kinds.into_values() {
            parts.iter_mut().for_each(|part| part.settle());
            let mut order: Vec<&Finding> = parts.iter().flat_map(|part| &part.kept).collect();
            if order.len() <= MOST_OF_A_KIND {
                continue;
            }
            let (_, first_beyond, _) =
                order.select_nth_unstable_by(MOST_OF_A_KIND, |one, other| one.order(other));
            let first_beyond = first_beyond.clone();
            for part in parts {
                let kept = part.kept.partition_point(|finding| finding.order(&first_beyond).is_lt());
                part.omitted += (part.kept.len() - kept) as u64;
                part.kept.truncate(kept);
                part.sorted = part.kept.len();
            }
        }
    }

    /// Those kept, in their one order, each once; and how many there were beside them.
    pub fn into_sorted(self) -> (Vec<Finding>, Omitted) {
        let mut findings = Vec::new();
        let mut omitted = Omitted::new();
        for (kind, mut of_a_kind) in self.0 {
            of_a_kind.settle();
            if of_a_kind.omitted > 0 {
                omitted.insert(kind, of_a_kind.omitted);
            }
            findings.append(&mut of_a_kind.kept);
        }
        findings.sort_by(Finding::order);
        (findings, omitted)
    }
}

impl Extend<Finding> for Findings {
    fn extend<Several: IntoIterator<Item = Finding>>(&mut self, findings: Several) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

impl Kind {
    fn push(&mut self, finding: Finding) {
        let last = self.kept.get(MOST_OF_A_KIND - 1).filter(|_| self.sorted == MOST_OF_A_KIND);
        if last.is_some_and(|last| last.order(&finding).is_lt()) {
            self.omitted += 1;
            return;
        }
        self.kept.push(finding);
        if self.kept.len() >= MOST_OF_A_KIND + SLACK {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.kept.len() > self.sorted {
            self.kept.sort_by(Finding::order);
            self.kept.dedup();
            self.omitted += self.kept.len().saturating_sub(MOST_OF_A_KIND) as u64;
            self.kept.truncate(MOST_OF_A_KIND);
            self.sorted = self.kept.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::ObjectName;
    use crate::verdict::{Scope, what::What};

    fn finding(number: usize) -> Finding {
        let mut finding = Finding::new(What::saved(Code::LogUnlisted, "unlisted"), Scope::default());
        finding.object = Some(ObjectName::new("b", format!("{number:06}")));
        finding
    }

    fn sorted(numbers: impl Iterator<Item = usize>) -> (Vec<Finding>, Omitted) {
        let mut findings = Findings::default();
        findings.extend(numbers.map(finding));
        findings.into_sorted()
    }

    #[test]
    fn the_same_ones_are_kept_in_whatever_order_they_come_and_all_are_counted() {
        const MANY: usize = 3 * MOST_OF_A_KIND + 17;
        let expected: Vec<Finding> = (0..MOST_OF_A_KIND).map(finding).collect();
        let omitted = Omitted::from([((Class::Tamper, Code::LogUnlisted), (MANY - MOST_OF_A_KIND) as u64)]);
        // 7919 is prime to their number.
        let shuffled = (0..MANY).map(|number| number * 7919 % MANY);
        assert_eq!(sorted(0..MANY), (expected.clone(), omitted.clone()));
        assert_eq!(sorted((0..MANY).rev()), (expected.clone(), omitted.clone()));
        assert_eq!(sorted(shuffled), (expected, omitted));
    }

    #[test]
    fn what_is_said_twice_is_kept_once_and_few_are_all_kept() {
        let (kept, omitted) = sorted([3, 1, 2, 1, 3].into_iter());
        assert_eq!((kept, omitted), ([1, 2, 3].map(finding).to_vec(), Omitted::new()));
    }

    #[test]
    fn many_that_are_thinned_out_keep_what_one_would() {
        const MANY: usize = 2 * MOST_OF_A_KIND + 17;
        let mut parts: Vec<Findings> = (0..7).map(|_| Findings::default()).collect();
        (0..MANY).for_each(|number| parts[number % 7].push(finding(number)));
        Findings::thin_out(&mut parts);
        let mut all = Findings::default();
        let mut held = 0;
        for part in parts {
            let (kept, omitted) = part.into_sorted();
            held += kept.len();
            all.extend(kept);
            omitted.into_iter().for_each(|((class, code), count)| all.count(class, code, count));
        }
        assert_eq!(held, MOST_OF_A_KIND);
        assert_eq!(all.into_sorted(), sorted(0..MANY));
    }

    #[test]
    fn of_a_kind_that_is_let_go_nothing_is_counted() {
        let mut findings = Findings::default();
        findings.extend((0..2 * MOST_OF_A_KIND).map(finding));
        findings.push(Finding::new(What::saved(Code::LogMissing, "missing"), Scope::default()));
        findings.retain(|finding| finding.code() == Code::LogMissing);
        let (kept, omitted) = findings.into_sorted();
        assert_eq!((kept.len(), omitted), (1, Omitted::new()));
    }
}
