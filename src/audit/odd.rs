//! Folders and objects that lie where only the folders of regions belong: readers that take all below `CloudTrail/` find
//! them, so they are looked at too.

use futures_util::stream::{self, StreamExt};

use super::Context;
use super::discover::{Found, KindFolder, OddFolder};
use super::tree::odd_tree;
use super::unseen::failure;
use crate::inspection::Strays;
use crate::logs::{Oddity, odd_file, oddity};
use crate::trail::key::LOG_FOLDER;
use crate::trail::{Depth, ObjectName, Region};
use crate::verdict::Scope;

/// Folders listed at once.
const AT_ONCE: usize = 16;

/// Looks into the odd folders and at the odd objects that the search met, and tells of them. What no reader takes for a
/// log file is counted.
pub(super) async fn look(context: &Context, found: &Found) -> Strays {
    let mut strays = Strays::default();
    if context.brief.plan.depth == Depth::Chain {
        return strays;
    }
    for object in &found.odd_objects.first {
        let name = ObjectName::new(object.of.home.bucket.clone(), object.listed.key.clone());
        match oddity(&object.listed.key, object.listed.size, context.brief.plan.origin) {
            Oddity::FolderMarker => {}
            Oddity::LogLike => log_like(context, &object.of, None, name, &mut strays),
            Oddity::Stray => strays.add(name),
        }
    }
    // Their own, so that the run may be moved between threads.
    let folders: Vec<OddFolder> = found.odd_folders.first.clone();
    let mut listed = stream::iter(folders)
        .map(|folder| async move {
            let inside = odd_tree(context, &folder.of.home, folder.key.to_string()).await;
            (folder, inside)
        })
        .buffered(AT_ONCE);
    while let Some((OddFolder { of, region, .. }, inside)) = listed.next().await {
        let scope = scope(&of, region.as_ref());
        context.tell_all(inside.failures.iter().map(|error| failure(error).finding(scope.clone())));
        strays.merge(inside.strays);
        for object in inside.odd {
            log_like(context, &of, region.as_ref(), object, &mut strays);
        }
    }
    strays
}

/// An object that readers of this kind of folder would take for a log file.
fn log_like(
    context: &Context,
    of: &KindFolder,
    region: Option<&Region>,
    object: ObjectName,
    strays: &mut Strays,
) {
    if *of.kind == *LOG_FOLDER {
        context.tell(odd_file(scope(of, region), object, None))
    } else {
        strays.add(object)
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
