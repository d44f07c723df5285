//! What of a report is news: matters that were never told, or have grown; and those told before that are gone.

use super::matter::{Key, Matter, keys, matters};
use super::recovery::is_gone;
use super::state::{State, Told};
use crate::report::Report;
use crate::trail::Time;

/// How a matter stands to what was told before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was never told.
    New,
    /// It was told with so many findings fewer.
    More(u64),
    /// It was told.
    Told,
}

/// A report, held against what was told before.
#[derive(Debug, Clone)]
pub struct News<'r> {
    /// All that is not well, news first.
    pub matters: Vec<(Matter<'r>, Standing)>,
    /// What was told before and is gone.
    pub gone: Vec<(Key, Told)>,
    /// Since when something that is still not well has been told; nothing of it, if nothing was.
    pub since: Option<Time>,
}

impl<'r> News<'r> {
    /// Holds the report on a source against what was told of it.
    pub fn of(report: &'r Report, source: &str, state: &State) -> Self {
        let mut since: Option<Time> = None;
        let mut standing = |matter: &Matter<'_>| {
            let Some(told) = state.told(source, &matter.key) else { return Standing::New };
            since = since.into_iter().chain([told.first_told]).min();
            match matter.count.saturating_sub(told.count) {
                0 => Standing::Told,
                more => Standing::More(more),
            }
        };
        let mut all: Vec<(Matter<'r>, Standing)> = matters(report)
            .into_iter()
            .map(|matter| {
                let standing = standing(&matter);
                (matter, standing)
            })
            .collect();
        // The order that they come in stays among news and among the rest.
        all.sort_by_key(|(_, standing)| *standing == Standing::Told);
        let there = keys(report);
        let absent = state.of(source).filter(|(key, _)| !there.contains(key));
        let gone = absent.filter(|(_, told)| is_gone(told, report));
        Self { matters: all, gone: gone.map(|(key, told)| (key.clone(), told.clone())).collect(), since }
    }

    /// How many matters are news.
    pub fn fresh(&self) -> usize {
        self.matters.iter().filter(|(_, standing)| *standing != Standing::Told).count()
    }
}

#[cfg(test)]
mod tests;
