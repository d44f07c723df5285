//! Slurm: a controller and two nodes of one processor each, on loopback, with a key and folders of their own. Debian's packages
//! slurmctld, slurmd, munge and slurm-client; they run as root alone.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::daemon::{Daemon, free_port};

/// A node that answers no more is given up after some seconds, and what it ran is queued again; on a busy machine that takes
/// a minute.
const PATIENCE: Duration = Duration::from_secs(400);

/// A cluster that runs until the test ends.
pub struct Slurm {
    _daemons: Vec<Daemon>,
    folder: TempDir,
}

impl Slurm {
    /// Starts it; none where it is not installed, or not to be run.
    pub fn start() -> Option<Self> {
        let programs = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged", "/usr/bin/sbatch"];
        let missing = programs.iter().find(|program| !Path::new(program).exists());
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if missing.is_some() || !is_root {
            println!(
                "not run: Slurm is {}",
                missing.map_or("run by root alone".into(), |program| format!("not installed ({program})"))
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let munge = path.join("munge");
        fs::create_dir_all(&munge).unwrap();
        fs::set_permissions(&munge, fs::Permissions::from_mode(0o700)).unwrap();
        let mut key = [0; 1024];
        std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut key).unwrap();
        let mut file =
            fs::OpenOptions::new().create_new(true).write(true).mode(0o400).open(munge.join("key")).unwrap();
        std::io::Write::write_all(&mut file, &key).unwrap();
        let ports = [free_port(), free_port(), free_port()];
        fs::create_dir(path.join("state")).unwrap();
        fs::write(path.join("slurm.conf"), configuration(&path, ports)).unwrap();
        let start = |program: &str, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Daemon::start(tempfile::tempdir().unwrap(), Path::new(program), &words)
        };
        let at = |name: &str| munge.join(name).display().to_string();
        let munged = start(
            "/usr/sbin/munged",
            &[
                "--force",
                "--foreground",
                &format!("--key-file={}", at("key")),
                &format!("--socket={}", at("socket")),
                &format!("--pid-file={}", at("pid")),
                &format!("--seed-file={}", at("seed")),
                &format!("--log-file={}", at("log")),
            ],
        );
        let slurm = |daemons| Self { _daemons: daemons, folder };
        until(|| munge.join("socket").exists().then_some(()), || munged.said());
        let conf = path.join("slurm.conf").display().to_string();
        let mut controller = start("/usr/sbin/slurmctld", &["-D", "-f", &conf]);
        controller.listens(ports[0]);
        let nodes = ["n1", "n2"].map(|node| start("/usr/sbin/slurmd", &["-D", "-N", node, "-f", &conf]));
        let [one, two] = nodes;
        let cluster = slurm(vec![munged, controller, one, two]);
        until(
            || {
                let states = cluster.asks("sinfo", &["-h", "-N", "-o", "%t"]);
                (states.lines().filter(|state| *state == "idle").count() == 2).then_some(())
            },
            || cluster.asks("sinfo", &["-N", "-l"]),
        );
        Some(cluster)
    }

    /// What one of Slurm's programs says.
    pub fn asks(&self, program: &str, words: &[&str]) -> String {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.folder.path().join("slurm.conf")).args(words).current_dir(self.home());
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Queues a script, and gives the number of its job.
    pub fn queue(&self, name: &str, script: &str, options: &[&str]) -> String {
        fs::write(self.home().join(name), script).unwrap();
        let job = self.asks("sbatch", &[&["--parsable"], options, &[name]].concat()).trim().to_owned();
        assert!(!job.is_empty(), "{}", self.asks("scontrol", &["ping"]));
        job
    }

    /// Where jobs run.
    pub fn home(&self) -> PathBuf {
        let home = self.folder.path().join("home");
        fs::create_dir_all(&home).unwrap();
        home
    }

    /// Waits until nothing is queued any more.
    pub fn runs_dry(&self) {
        until(
            || self.asks("squeue", &["-h", "-o", "%i"]).trim().is_empty().then_some(()),
            || self.asks("squeue", &["-o", "%i %t %r %N"]),
        );
    }

    /// Waits until a job has written this file, and gives what it says.
    pub fn hears(&self, file: &str) -> String {
        let path = self.home().join(file);
        until(
            || fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n')),
            || self.asks("squeue", &["-o", "%i %t %r %N"]),
        )
    }

    /// Kills a node: its daemon, and these processes that it runs, without a word to anybody.
    pub fn kill(&self, node: &str, processes: &[&str]) {
        let pid = fs::read_to_string(self.folder.path().join(format!("slurmd.{node}.pid"))).unwrap();
        for process in [pid.trim()].iter().chain(processes) {
            let killed = Command::new("kill").args(["-KILL", process]).status().unwrap();
            assert!(killed.success(), "{process}");
        }
    }
}

fn until<T>(mut look: impl FnMut() -> Option<T>, says: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{}", says());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn configuration(folder: &Path, [controller, one, two]: [u16; 3]) -> String {
    let folder = folder.display();
    format!(
        "ClusterName=trailseal
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={controller}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SlurmdTimeout=5
JobRequeue=1
ReturnToService=2
MpiDefault=none
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={one} CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={two} CPUs=1 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"
    )
}
