//! AWS's SDK for Python, told what to call: what it puts into a bucket is put as an AWS user would.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trailseal::forge::{Stored, World};
use trailseal::trail::ObjectName;

use super::python::Python;

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    pub id: &'a str,
    pub secret: &'a str,
    pub session: Option<&'a str>,
}

/// The SDK, in a process that ends with this.
#[derive(Debug)]
pub struct Boto {
    process: Child,
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    client: Value,
}

impl Drop for Boto {
    fn drop(&mut self) {
        // The end of its input is its end.
        self.asked = None;
        self.process.wait().ok();
    }
}

/// One call: service, operation, parameters.
pub type Call<'a> = (&'a str, &'a str, Value);

/// An object as it is put: from which bytes, with which metadata.
type Put = (Vec<u8>, BTreeMap<String, String>);

impl Boto {
    /// The SDK against `url`; none where there is no Python environment.
    pub fn start(url: &str, who: &Credentials<'_>) -> Option<Self> {
        let python = Python::get()?;
        let mut process = Command::new(python.program("python"))
            .args(["-c", include_str!("boto.py")])
            .env_clear()
            .env("AWS_CONFIG_FILE", "/nowhere")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asked, answers) = (process.stdin.take(), process.stdout.take().unwrap());
        let client = json!({
            "endpoint_url": url,
            "region_name": "us-east-1",
            "aws_access_key_id": who.id,
            "aws_secret_access_key": who.secret,
            "aws_session_token": who.session,
        });
        Some(Self { process, asked, answers: BufReader::new(answers), client })
    }

    /// Makes these calls, several at once, and gives their answers; every one has to succeed.
    #[track_caller]
    pub fn all(&mut self, calls: &[Call<'_>]) -> Vec<Value> {
        let call = |(service, operation, parameters): &Call<'_>| json!({ "service": service, "operation": operation, "parameters": parameters });
        let asked = json!({ "client": self.client, "calls": calls.iter().map(call).collect::<Vec<_>>() });
        writeln!(self.asked.as_mut().unwrap(), "{asked}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        match said["answers"].take() {
            Value::Array(answers) => answers,
            _ => panic!("{}", said["error"]),
        }
    }

    #[track_caller]
    pub fn call(&mut self, service: &str, operation: &str, parameters: Value) -> Value {
        self.all(&[(service, operation, parameters)]).remove(0)
    }

    /// Makes the world's buckets and puts every object into them, with its metadata and what `more` adds.
    #[track_caller]
    pub fn upload(&mut self, world: &World, more: &Value) {
        let buckets: std::collections::BTreeSet<&str> =
            world.objects().keys().map(|name| &*name.bucket).collect();
        for bucket in buckets {
            self.call("s3", "create_bucket", json!({ "Bucket": bucket }));
        }
        let puts = world.objects().iter().map(|(name, stored)| put(name, stored, more));
        self.all(&puts.collect::<Vec<_>>());
    }

    /// Makes one world of another in the buckets, by the objects that differ.
    #[track_caller]
    pub fn change(&mut self, from: &World, to: &World) {
        let gone = from.objects().keys().filter(|name| !to.objects().contains_key(*name));
        let mut calls: Vec<Call<'_>> = gone
            .map(|name| ("s3", "delete_object", json!({ "Bucket": &*name.bucket, "Key": &*name.key })))
            .collect();
        let same = |name: &ObjectName, stored: &Stored| {
            from.objects().get(name).is_some_and(|other| bytes(other) == bytes(stored))
        };
        let put_anew = to.objects().iter().filter(|(name, stored)| !same(name, stored));
        calls.extend(put_anew.map(|(name, stored)| put(name, stored, &json!({}))));
        self.all(&calls);
    }
}

fn bytes(stored: &Stored) -> Put {
    let mut metadata = BTreeMap::new();
    if let Some(kept) = &stored.metadata {
        for (name, value) in [
            ("signature", &kept.signature),
            ("signature-algorithm", &kept.signature_algorithm),
            ("backfill-generation-timestamp", &kept.backfill_generation_timestamp),
        ] {
            if let Some(value) = value {
                metadata.insert(name.to_owned(), value.clone());
            }
        }
    }
    (stored.body.to_vec(), metadata)
}

fn put<'a>(name: &ObjectName, stored: &Stored, more: &Value) -> Call<'a> {
    let (body, metadata) = bytes(stored);
    let mut parameters = json!({
        "Bucket": &*name.bucket,
        "Key": &*name.key,
        "Body": STANDARD.encode(body),
        "Metadata": metadata,
        // As CloudTrail stores them.
        "ContentType": "application/json",
        "ContentEncoding": "gzip",
    });
    for (field, value) in more.as_object().unwrap() {
        parameters[field] = value.clone();
    }
    ("s3", "put_object", parameters)
}

impl fmt::Display for Credentials<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.id)
    }
}
