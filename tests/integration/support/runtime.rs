//! The API of Lambda's runtime, as far as a bootstrap needs it: events are asked for and answered.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::deployed::Stage;

/// The exit codes that the program ends with, event by event.
const ENDS: [&str; 2] = ["0", "3"];

/// Runs a bootstrap through two events: what the program was called with first, and what was answered to each. None, and a
/// word on stderr, where there is no curl, which Lambda has.
pub fn events(stage: &Stage, bootstrap: &str, source: &str) -> Option<(Vec<Vec<String>>, Vec<String>)> {
    if Command::new("curl").arg("--version").output().is_err() {
        writeln!(std::io::stderr(), "SKIPPED: curl is not here, and the bootstrap of Lambda was not run")
            .ok();
        return None;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bootstrap");
    std::fs::write(&file, bootstrap).unwrap();
    let mut process = Command::new("bash")
        .arg(&file)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
        .env("LAMBDA_TASK_ROOT", stage.folder())
        .envs([
            ("SOURCE", source),
            ("STATE", "s3://state"),
            ("TOPIC", "arn:aws:sns:us-east-1:123456789012:own"),
        ])
        .env("no_proxy", "127.0.0.1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = Vec::new();
    for (number, ends) in ENDS.iter().enumerate() {
        stage.end_with(ends);
        let (asked, _) =
            answer(&listener, &mut process, &format!("Lambda-Runtime-Aws-Request-Id: event-{number}\r\n"));
        assert_eq!(asked, "GET /2018-06-01/runtime/invocation/next HTTP/1.1");
        let (told, body) = answer(&listener, &mut process, "");
        answers.push(format!("{told} {body}"));
    }
    // Nobody answers any more, and so it ends.
    drop(listener);
    assert!(!process.wait().unwrap().success());
    Some((stage.said("trailseal").into_iter().take(1).collect(), answers))
}

/// Takes one request, and gives its first line and its body.
fn answer(listener: &TcpListener, process: &mut Child, headers: &str) -> (String, String) {
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(
                    process.try_wait().unwrap().is_none(),
                    "the bootstrap ended before it asked or answered"
                );
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
    };
    stream.set_nonblocking(false).unwrap();
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(found) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = found.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream: TcpStream = reader.into_inner();
    write!(stream, "HTTP/1.1 200 OK\r\n{headers}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}").unwrap();
    (first.trim().to_owned(), String::from_utf8(body).unwrap())
}
