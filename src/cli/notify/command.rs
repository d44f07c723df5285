//! A command of the caller's own, which is given the message. A shell reads the caller's words and nothing else: whatever comes from
//! a bucket reaches the command on its standard input alone.

use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;

use super::send::{Taken, Undelivered};
use crate::alert::{Message, json};

/// A command that takes longer is ended.
const WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether the command has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Runs the command once. It is not run again where it fails, for it may have done a part of its work.
pub async fn run(command: &str, message: &Message) -> Result<Taken, Undelivered> {
    let (command, line) = (command.to_owned(), [&*json(message), b"\n"].concat());
    let ended = spawn_blocking(move || fed(&command, line, WITHIN)).await;
    let ended = ended.map_err(|error| Undelivered::at_once(error.to_string()))?;
    match ended {
        Ok(Some(status)) if status.success() => Ok(Taken::Wholly),
        Ok(Some(status)) => Err(Undelivered::at_once(format!("the command failed: {status}"))),
        Ok(None) => Err(Undelivered::at_once(format!(
            "the command took longer than {} s and was ended",
            WITHIN.as_secs()
        ))),
        Err(error) => Err(Undelivered::at_once(format!("the command cannot be run by sh: {error}"))),
    }
}

/// How the command ended; nothing, if it did not end in time.
fn fed(command: &str, input: Vec<u8>, within: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    let mut shell = Command::new("sh");
    // Stdout is the report's.
    shell.args(["-c", command]).stdin(Stdio::piped()).stdout(io::stderr()).stderr(io::stderr());
    apart(&mut shell);
    let mut child = shell.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // By itself, because a command may read nothing; then it is no failure that nothing was read.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    while started.elapsed() < within {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None => thread::sleep(LOOK),
        }
    }
    end(&mut child);
    child.wait().map(|_| None)
}

/// Puts the shell and all that it starts into a group of their own, to be ended together.
fn apart(shell: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(shell, 0);
    #[cfg(not(unix))]
    let _ = shell;
}

fn end(child: &mut Child) {
    // Where there is nobody left to be ended, that is well too.
    #[cfg(unix)]
    let _ = Command::new("sh").args(["-c", "kill -s KILL -- \"-$0\"", &child.id().to_string()]).status();
    let _ = child.kill();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_gets_its_input_or_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        let got = folder.path().join("got");
        let long = vec![b'x'; 1 << 20];
        let command = format!("cat > '{}'", got.display());
        assert!(fed(&command, long.clone(), WITHIN).unwrap().unwrap().success());
        assert_eq!(std::fs::read(&got).unwrap(), long);
        assert!(fed("true", long.clone(), WITHIN).unwrap().unwrap().success());
        assert_eq!(fed("exit 7", long, WITHIN).unwrap().unwrap().code(), Some(7));
    }

    #[test]
    fn a_command_that_does_not_end_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let id = folder.path().join("id");
        let command = format!("sleep 1000 & echo $! > '{}'; wait", id.display());
        // Time for the shell to begin; the rest waits for no time to pass.
        assert!(fed(&command, Vec::new(), Duration::from_secs(2)).unwrap().is_none());
        let id = std::fs::read_to_string(&id).unwrap();
        let is_there = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while is_there() && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        assert!(!is_there());
    }
}
