//! Digests and log files that were unpacked on the way: `NAME.json` where `NAME.json.gz` should be. They are known by
//! the name that was delivered.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::trail::key::ObjectKey;

/// What a file of this name is called once it is unpacked.
pub(super) fn name(packed: &str) -> Option<&str> {
    packed.strip_suffix(".gz").filter(|name| name.ends_with(".json"))
}

/// The name of the digest or log file that the unpacked `name` in `folder`, whose keys begin with `prefix`, stands in
/// for; none, if that is there itself, or is neither.
pub(super) fn stands_in(folder: &Path, prefix: &str, name: &str) -> Option<String> {
    let packed = format!("{name}.gz");
    ObjectKey::parse(&format!("{prefix}{packed}"))?;
    let absent =
        fs::symlink_metadata(folder.join(&packed)).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    absent.then_some(packed)
}
