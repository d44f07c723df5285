//! moto: an AWS that others wrote, in memory. It has S3, STS, KMS, IAM and CloudTrail's trails; it has no ListPublicKeys, so
//! keys come from a file.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;

use super::boto::{Boto, Credentials};
use super::daemon::{Daemon, free_port};
use super::python::Python;

/// The account of whoever calls.
pub const ACCOUNT: &str = "123456789012";
/// Anybody: signatures count only where a test asks for it.
pub const ANYBODY: Credentials = Credentials { id: "AKIDANYBODY", secret: "any-secret", session: None };

/// The server.
#[derive(Debug)]
pub struct Moto {
    _daemon: Daemon,
    port: u16,
}

impl Moto {
    /// The server, started once; none where there is no Python environment to take it from.
    pub fn get() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Moto>> = OnceLock::new();
        SERVER.get_or_init(Self::own).as_ref()
    }

    /// A server of a test's own.
    pub fn own() -> Option<Self> {
        Python::get().map(Self::start)
    }

    fn start(python: &Python) -> Self {
        let port = free_port();
        let words = ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
        let mut daemon = Daemon::start(tempfile::tempdir().unwrap(), &python.program("moto_server"), &words);
        daemon.listens(port);
        Self { _daemon: daemon, port }
    }

    /// From here on every call needs a signature that fits, and a policy that allows it.
    pub fn check_signatures_from_now_on(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = "POST /moto-api/reset-auth HTTP/1.1\r\nHost: moto\r\nConnection: close\r\nContent-Length: 1\r\n\r\n0";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// AWS's SDK for Python, as anybody.
    pub fn boto(&self) -> Boto {
        Boto::start(&self.url(), &ANYBODY).expect("the environment that the server is from")
    }
}
