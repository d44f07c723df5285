//! The folders of log files of one account and region, looked through while digests are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Context;
use super::answers::Answers;
use super::task::Task;
use super::tree::{LogTree, log_tree};
use crate::inspection::{DayRead, Days, LogFolder};
use crate::trail::key::RegionFolder;
use crate::trail::{AccountRegion, Day, Location};

/// Folders that are being looked through, or have been.
#[derive(Default)]
pub(super) struct Folders {
    walks: BTreeMap<LogFolder, Walk>,
}

enum Walk {
    Going(Task<LogTree>),
    Done(LogTree),
}

impl Folders {
    /// Has the folder of one kind looked through.
    pub(super) fn begin(
        &mut self,
        context: &Arc<Context>,
        home: &Location,
        place: &AccountRegion,
        kind: &str,
    ) {
        let folder = LogFolder { home: home.clone(), kind: kind.into() };
        let region = RegionFolder::of(home, place, kind);
        let (context, home) = (Arc::clone(context), home.clone());
        let walk = async move { log_tree(&context, &home, &region).await };
        self.walks.entry(folder).or_insert_with(|| Walk::Going(Task::spawn(walk)));
    }

    /// What was found, once all is.
    pub(super) async fn found(&mut self) -> impl Iterator<Item = (&LogFolder, &LogTree)> {
        for walk in self.walks.values_mut() {
            if let Walk::Going(task) = walk {
                *walk = Walk::Done(task.await);
            }
        }
        self.walks.iter().filter_map(|(folder, walk)| match walk {
            Walk::Done(found) => Some((folder, found)),
            Walk::Going(_) => None,
        })
    }
}

/// What is read of the folders of log files.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Of which days.
    pub(super) days: &'a Days,
    /// What their digests say.
    pub(super) read: &'a BTreeMap<Day, DayRead>,
    /// Where what is listed is held against what was given, if it is to be remembered.
    pub(super) answers: Option<&'a Answers>,
}
