//! As much of S3 and CloudTrail as a verifier asks for, with every answer made ready beforehand: what is measured is
//! never this server.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, Bytes, BytesMut};
use chrono::DateTime;
use clap::ValueEnum as _;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{contest, record};

/// What the server does to those who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Trick {
    /// Nothing.
    None,
    /// Its digests never end.
    EndlessDigests,
    /// Its log files never end.
    EndlessLogFiles,
    /// It refuses log files, and its refusals never end.
    EndlessRefusals,
    /// Its pages of what lies below a folder never end.
    EndlessPages,
}

impl Trick {
    /// The answer that does not end, where there is one.
    fn endless(self, method: &str, target: &str) -> Option<Endless> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let digest = path.contains("/CloudTrail-Digest/");
        let object = path.ends_with(".gz");
        let everything_below = query.contains("prefix=") && !query.contains("delimiter=");
        match self {
            _ if method != "GET" => None,
            Self::EndlessDigests if object && digest => Some(Endless::Member),
            Self::EndlessLogFiles if object && !digest => Some(Endless::Member),
            Self::EndlessRefusals if object && !digest => Some(Endless::Document("403 Forbidden")),
            Self::EndlessPages if everything_below => Some(Endless::Document("200 OK")),
            _ => None,
        }
    }
}

/// An answer of unknown length that goes on until nobody listens.
enum Endless {
    /// A gzip member of stored blocks.
    Member,
    /// A status, and XML that begins with blanks.
    Document(&'static str),
}

impl Endless {
    async fn answer(self, stream: &mut TcpStream) -> std::io::Result<()> {
        const HEAD: &str = "content-type: application/xml\r\nconnection: close\r\nx-amz-request-id: BENCH\r\n\
                            date: Sun, 01 Mar 2026 00:00:00 GMT\r\n\r\n";
        let (status, begin, block) = match self {
            Self::Member => {
                let length = u16::MAX.to_le_bytes();
                let block = [&[0], &length[..], &[0, 0], &vec![b' '; usize::from(u16::MAX)]].concat();
                ("200 OK", &b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..], block)
            }
            Self::Document(status) => {
                (status, &b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"[..], vec![b' '; 64 << 10])
            }
        };
        stream.write_all(format!("HTTP/1.1 {status}\r\n{HEAD}").as_bytes()).await?;
        stream.write_all(begin).await?;
        loop {
            stream.write_all(&block).await?;
        }
    }
}

/// The server's process.
pub struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub fn start(folder: &Path, latency: u64, trick: Trick) -> Self {
        let mut command = contest::this_program("serve");
        command.arg(folder).arg(latency.to_string());
        command.arg(trick.to_possible_value().unwrap().get_name()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Serves until it is killed; prints its address first.
pub fn run(folder: &Path, latency: Duration, trick: Trick) {
    let content = Arc::new(Content::read(folder));
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let content = Arc::clone(&content);
            tokio::spawn(async move { connection(stream, &content, latency, trick).await.ok() });
        }
    });
}

async fn connection(
    mut stream: TcpStream,
    content: &Content,
    latency: Duration,
    trick: Trick,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut unread = BytesMut::with_capacity(8 << 10);
    loop {
        let Some(head) = memchr::memmem::find(&unread, b"\r\n\r\n") else {
            if stream.read_buf(&mut unread).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let head = unread.split_to(head + 4);
        let text = std::str::from_utf8(&head).unwrap_or_default();
        let (line, headers) = text.split_once("\r\n").unwrap_or_default();
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let length = headers.lines().find_map(|header| {
            let (name, value) = header.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.unwrap_or(0);
        while unread.len() < length {
            if stream.read_buf(&mut unread).await? == 0 {
                return Ok(());
            }
        }
        unread.advance(length);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if let Some(endless) = trick.endless(method, target) {
            return endless.answer(&mut stream).await;
        }
        stream.write_all(&content.answer(method, target)).await?;
    }
}

struct Content {
    /// Whole answers, by the path that asks for them.
    objects: HashMap<String, Bytes>,
    /// Keys and sizes, sorted.
    listing: Vec<(String, u64)>,
    keys: Bytes,
    /// How many requests were answered.
    requests: AtomicU64,
}

impl Content {
    fn read(folder: &Path) -> Self {
        let (mut objects, mut listing) = (HashMap::new(), Vec::new());
        for (key, path) in record::objects(&folder.join("bucket")) {
            let body = fs::read(&path).unwrap();
            let beside = format!("{}.head.json", path.to_str().unwrap());
            let head: Value =
                fs::read(beside).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
            let metadata = head["Metadata"].as_object().into_iter().flatten();
            let metadata = metadata
                .map(|(name, value)| format!("x-amz-meta-{name}: {}\r\n", value.as_str().unwrap()))
                .collect::<String>();
            listing.push((key.clone(), body.len() as u64));
            objects.insert(key, whole(200, "application/x-gzip", &metadata, &body));
        }
        let keys: Value = serde_json::from_slice(&fs::read(folder.join("keys.json")).unwrap()).unwrap();
        Self {
            objects,
            listing,
            keys: whole(200, "application/x-amz-json-1.1", "", as_asked(keys).to_string().as_bytes()),
            requests: AtomicU64::new(0),
        }
    }

    fn answer(&self, method: &str, target: &str) -> Bytes {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (_, key) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        if path == "/requests" {
            return whole(
                200,
                "text/plain",
                "",
                self.requests.load(Ordering::Relaxed).to_string().as_bytes(),
            );
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        match (method, key) {
            ("POST", _) => self.keys.clone(),
            ("GET", "") if query.contains("location") => whole(
                200,
                "application/xml",
                "",
                b"<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
            ),
            ("GET", "") => self.list(query),
            ("GET", key) => match self.objects.get(&decoded(key)) {
                Some(object) => object.clone(),
                None => whole(
                    404,
                    "application/xml",
                    "",
                    b"<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>",
                ),
            },
            _ => whole(200, "application/xml", "", b""),
        }
    }

    /// ListObjects and ListObjectsV2, whose marker and token are both the last key or folder shown.
    fn list(&self, query: &str) -> Bytes {
        let asked: HashMap<&str, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, decoded(value)))
            .collect();
        let text = |name: &str| asked.get(name).map_or("", String::as_str);
        let (prefix, delimiter) = (text("prefix"), text("delimiter"));
        let after = [text("continuation-token"), text("start-after"), text("marker")]
            .into_iter()
            .find(|text| !text.is_empty());
        let first = |past: &str| self.listing.partition_point(|(key, _)| &**key <= past);
        let mut at = self.listing.partition_point(|(key, _)| &**key < prefix);
        if let Some(after) = after {
            at = at.max(if delimiter.is_empty() || !after.ends_with(delimiter) {
                first(after)
            } else {
                first(&format!("{after}\u{10ffff}"))
            });
        }
        let (mut contents, mut folders, mut last) = (String::new(), BTreeSet::new(), String::new());
        let mut count = 0;
        while let Some((key, size)) =
            self.listing.get(at).filter(|(key, _)| key.starts_with(prefix) && count < 1000)
        {
            count += 1;
            let folder = (!delimiter.is_empty()).then(|| key[prefix.len()..].find(delimiter)).flatten();
            if let Some(end) = folder {
                last = key[..=prefix.len() + end].to_owned();
                at = first(&format!("{last}\u{10ffff}"));
                folders.insert(last.clone());
            } else {
                contents.push_str(&format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-03-01T00:00:00.000Z</LastModified><ETag>&quot;0&quot;</ETag>\
                     <Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
                ));
                last = key.clone();
                at += 1;
            }
        }
        let more = self.listing.get(at).is_some_and(|(key, _)| key.starts_with(prefix));
        let next = if more {
            format!("<NextContinuationToken>{last}</NextContinuationToken><NextMarker>{last}</NextMarker>")
        } else {
            String::new()
        };
        let folders = folders
            .iter()
            .map(|folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"))
            .collect::<String>();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>bench</Name><Prefix>{prefix}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>\
             <IsTruncated>{more}</IsTruncated>{next}{contents}{folders}</ListBucketResult>"
        );
        whole(200, "application/xml", "", body.as_bytes())
    }
}

fn whole(status: u16, kind: &str, headers: &str, body: &[u8]) -> Bytes {
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {}\r\netag: \"0\"\r\n\
         x-amz-request-id: BENCH\r\nlast-modified: Sun, 01 Mar 2026 00:00:00 GMT\r\n\
         date: Tue, 01 Sep 2026 00:00:00 GMT\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

/// The key file with its times as the service writes them, and every key in the one encoding that the AWS CLI reads.
fn as_asked(mut keys: Value) -> Value {
    for key in keys["PublicKeyList"].as_array_mut().into_iter().flatten() {
        let encoded = STANDARD.decode(key["Value"].as_str().unwrap()).unwrap();
        if let Ok(public) = rsa::PublicKey::from_public_key_der(&encoded) {
            key["Value"] = json!(STANDARD.encode(public.to_pkcs1_der().unwrap().as_bytes()));
        }
        for field in ["ValidityStartTime", "ValidityEndTime"] {
            let time = DateTime::parse_from_rfc3339(key[field].as_str().unwrap()).unwrap();
            key[field] = json!(time.timestamp() as f64);
        }
    }
    keys
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            b'+' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap_or_default()
}
