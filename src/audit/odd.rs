//! Folders and objects that lie where only the folders of regions belong: readers that take all below `CloudTrail/` find
//! them, so they are looked at too.

use futures_util::stream::{self, StreamExt};

use super::Context;
use super::discover::{Found, KindFolder, OddFolder};
use super::listing::Strays;
use super::site::unlistable;
use super::tree::odd_folder;
use crate::logs::{Oddity, odd_file, oddity};
use crate::report::Depth;
use crate::store::ObjectStore;
use crate::trail::key::LOG_FOLDER;
use crate::trail::{ObjectName, Region};
use crate::verdict::{Finding, Scope};

/// Folders listed at once.
const AT_ONCE: usize = 16;

/// What lies beside the folders of regions.
#[derive(Default)]
pub(super) struct Odd {
    pub(super) findings: Vec<Finding>,
    /// Objects that no reader takes for a log file.
    pub(super) strays: Strays,
}

/// Looks into the odd folders and at the odd objects that the search met.
pub(super) async fn look<S: ObjectStore>(context: &Context<S>, found: &Found) -> Odd {
    let mut odd = Odd::default();
    if context.plan.depth == Depth::Chain {
        return odd;
    }
    for object in &found.odd_objects.first {
        let name = ObjectName::new(object.of.home.bucket.clone(), object.listed.key.clone());
        let what = oddity(&object.listed.key, object.listed.size, context.plan.origin);
        odd.take(&object.of, None, name, what);
    }
    let mut listed =
        stream::iter(&found.odd_folders.first)
            .map(|folder| async move {
                (folder, odd_folder(context, &folder.of.home, folder.key.to_string()).await)
            })
            .buffered(AT_ONCE);
    while let Some((OddFolder { of, region, .. }, inside)) = listed.next().await {
        let scope = scope(of, region.as_ref());
        odd.findings.extend(inside.failures.iter().map(|failure| unlistable(scope.clone(), failure)));
        odd.strays.merge(inside.strays);
        for object in inside.odd {
            odd.take(of, region.as_ref(), object, Oddity::LogLike);
        }
    }
    odd
}

impl Odd {
    fn take(&mut self, of: &KindFolder, region: Option<&Region>, object: ObjectName, what: Oddity) {
        match what {
            Oddity::FolderMarker => {}
            Oddity::LogLike if *of.kind == *LOG_FOLDER => {
                self.findings.push(odd_file(scope(of, region), object, None));
            }
            Oddity::LogLike | Oddity::Stray => self.strays.add(object),
        }
    }
}

fn scope(of: &KindFolder, region: Option<&Region>) -> Scope {
    Scope {
        account: Some(of.account),
        region: region.cloned(),
        trail: None,
        organization: of.organization.clone(),
    }
}
