//! The API of Lambda's runtime, as far as a function needs it: events are asked for and answered.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

/// Where the API is, in the environment of the function.
pub const API: &str = "AWS_LAMBDA_RUNTIME_API";
/// The address that an answer to an event is posted to begins so.
pub const BASE: &str = "/2018-06-01/runtime/invocation";

/// Runs a function through these events, and gives what was answered to each: what was posted where, without [`BASE`]. When
/// nobody answers any more, it ends.
pub fn answers(mut function: Command, events: &[String]) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut process = function.env(API, address).spawn().unwrap();
    let mut answers = Vec::new();
    for (number, event) in events.iter().enumerate() {
        let id = format!("Lambda-Runtime-Aws-Request-Id: event-{number}\r\n");
        let (asked, _) = answer(&listener, &mut process, &id, event);
        assert_eq!(asked, format!("GET {BASE}/next HTTP/1.1"));
        let (told, body) = answer(&listener, &mut process, "", "{}");
        let told = told.strip_prefix("POST ").and_then(|told| told.strip_suffix(" HTTP/1.1")).unwrap();
        answers.push(format!("{} {body}", told.strip_prefix(BASE).unwrap()));
    }
    drop(listener);
    assert!(!process.wait().unwrap().success());
    answers
}

/// Takes one request, and gives its first line and its body.
fn answer(listener: &TcpListener, process: &mut Child, headers: &str, body: &str) -> (String, String) {
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(
                    process.try_wait().unwrap().is_none(),
                    "the function ended before it asked or answered"
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
    let mut said = vec![0; length];
    reader.read_exact(&mut said).unwrap();
    let mut stream: TcpStream = reader.into_inner();
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .unwrap();
    (first.trim().to_owned(), String::from_utf8(said).unwrap())
}
