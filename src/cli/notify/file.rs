//! A file that a line is added to for each message.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::send::{Taken, Undelivered};
use crate::alert::{Message, json};

/// A pipe that nobody reads would be waited for for ever.
const WITHIN: Duration = Duration::from_secs(10);

/// Adds the message as one line of JSON. It reaches the disk before this returns.
pub async fn add(path: &Path, message: &Message) -> Result<Taken, Undelivered> {
    let (path, line) = (path.to_owned(), [&*json(message), b"\n"].concat());
    let named = path.display().to_string();
    match timeout(WITHIN, spawn_blocking(move || append(path, &line))).await {
        Ok(Ok(Ok(()))) => Ok(Taken::Wholly),
        Ok(Ok(Err(error))) => Err(Undelivered::at_once(format!("cannot write to {named}: {error}"))),
        Ok(Err(error)) => Err(Undelivered::at_once(format!("cannot write to {named}: {error}"))),
        Err(_) => Err(Undelivered::at_once(format!("nobody took what was written to {named} within 10 s"))),
    }
}

fn append(path: PathBuf, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // In one piece, so that lines of several runs do not mix.
    file.write_all(line)?;
    match file.metadata()?.is_file() {
        true => file.sync_all(),
        false => Ok(()),
    }
}
