//! Servers of others, in processes of their own: they end with the test process, however it ends.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Starting takes some seconds; on a machine with much else to do, some more.
const PATIENCE: Duration = Duration::from_secs(60);
/// Statics are not dropped, and a process that is killed drops nothing. So a shell waits for the end of a pipe that the
/// test process holds, ends the server by its id and removes its folder.
const WATCH: &str = r#"folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -KILL $server; wait $server; rm -rf "$folder""#;

/// A server that runs until the test process ends.
#[derive(Debug)]
pub struct Daemon {
    watch: Child,
    folder: PathBuf,
}

impl Daemon {
    /// Starts it with these words in `folder`, where what it says is kept too.
    pub fn start(folder: TempDir, program: &Path, words: &[String]) -> Self {
        let folder = folder.keep();
        let said = || File::options().create(true).append(true).open(folder.join("said")).unwrap();
        let watch = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(&folder)
            .arg(program)
            .args(words)
            .current_dir(&folder)
            // A Ctrl-C at the tests ends them, and so the server, in that order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(said())
            .stderr(said())
            .spawn()
            .unwrap();
        Self { watch, folder }
    }

    /// Waits until something listens on `port`.
    pub fn listens(&mut self, port: u16) {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < PATIENCE, "nothing listens on {port}: {}", self.said());
            assert!(self.watch.try_wait().unwrap().is_none(), "ended: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("said")).unwrap_or_default()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A port on which nothing listens. Below those that the system gives to whoever asks for any, so that nobody is given
/// it before it is used; where the search begins depends on the process, so that two of them seldom meet.
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const PORTS: u16 = 18_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = (std::process::id() as u16).wrapping_mul(97) % PORTS;
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(next < PORTS, "no port is free");
        let port = FIRST + (begin + next) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
