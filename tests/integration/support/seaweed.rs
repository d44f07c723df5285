//! SeaweedFS: an S3 that others wrote, with signatures, TLS and permissions. It refuses session tokens and knows none of
//! AWS's other services.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use super::boto::{Boto, Credentials};
use super::daemon::{Daemon, free_port};
use super::python::Python;

/// May do everything.
pub const OWNER: Credentials = Credentials { id: "AKIDOWNER", secret: "an-owners-secret", session: None };
/// May list and read, as an auditor may.
pub const AUDITOR: Credentials =
    Credentials { id: "AKIDAUDITOR", secret: "an-auditors-secret", session: None };
/// May list alone.
pub const LISTER: Credentials = Credentials { id: "AKIDLISTER", secret: "a-listers-secret", session: None };

/// The server.
#[derive(Debug)]
pub struct Seaweed {
    daemon: Daemon,
    plain: u16,
    tls: u16,
}

impl Seaweed {
    /// The server, started once; none where there is no Python environment to take it from.
    pub fn get() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Seaweed>> = OnceLock::new();
        SERVER.get_or_init(|| Python::get().map(Self::start)).as_ref()
    }

    fn start(python: &Python) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = |who: &Credentials, actions: &[&str]| {
            let key = json!({ "accessKey": who.id, "secretKey": who.secret });
            json!({ "name": who.id, "credentials": [key], "actions": actions })
        };
        let identities = json!({ "identities": [
            identity(&OWNER, &["Admin", "Read", "List", "Write"]),
            identity(&AUDITOR, &["Read", "List"]),
            identity(&LISTER, &["List"]),
        ]});
        fs::write(folder.path().join("identities.json"), identities.to_string()).unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        certificates(&folder);
        let [plain, tls] = [free_port(), free_port()];
        let mut words: Vec<String> = [
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-dir=data",
            "-master.telemetry=false",
            // Room for every bucket, each of which takes volumes of its own, and no more on disk than is written.
            "-master.volumeSizeLimitMB=64",
            "-volume.max=500",
            "-filer",
            "-filer.localSocket=filer.sock",
            "-s3",
            "-s3.localSocket=s3.sock",
            "-s3.config=identities.json",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.cert.file=server.pem",
            "-s3.key.file=server.key",
        ]
        .map(str::to_owned)
        .into();
        words.push(format!("-s3.port={plain}"));
        words.push(format!("-s3.port.https={tls}"));
        for port in [
            "s3.port.grpc",
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
        ] {
            words.push(format!("-{port}={}", free_port()));
        }
        let mut daemon = Daemon::start(folder, &python.program("weed"), &words);
        daemon.listens(plain);
        daemon.listens(tls);
        Self { daemon, plain, tls }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plain)
    }

    /// The same server, behind a certificate that only [`authority`](Self::authority) vouches for.
    pub fn tls_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.tls)
    }

    /// The private authority's certificate.
    pub fn authority(&self) -> String {
        self.daemon.folder().join("authority.pem").display().to_string()
    }

    /// AWS's SDK for Python, as the bucket's owner.
    pub fn owner(&self) -> Boto {
        Boto::start(&self.url(), &OWNER).expect("the environment that the server is from")
    }
}

/// An authority, and a certificate it vouches for.
fn certificates(folder: &tempfile::TempDir) {
    const CURVE: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let openssl = |words: &[&str]| {
        let made = Command::new("openssl")
            .arg("req")
            .args(CURVE)
            .args(["-x509", "-days", "2"])
            .args(words)
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "openssl req {words:?}");
    };
    openssl(&["-subj", "/CN=private authority", "-keyout", "authority.key", "-out", "authority.pem"]);
    let vouched = ["-CA", "authority.pem", "-CAkey", "authority.key", "-subj", "/CN=storage"];
    let for_what =
        ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
    openssl(&[&vouched[..], &for_what, &["-keyout", "server.key", "-out", "server.pem"]].concat());
}
