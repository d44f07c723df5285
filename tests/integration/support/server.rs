//! The server: one port, a world, a script of faults, and a count of everything asked.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::faults::{Action, Call, Fault, Script, none};
use super::http::{Answer, Connection, Framing, Request};
use super::wire::Wire;
use super::world::World;
use super::{control, s3};

/// How the server behaves beyond its world.
#[derive(Clone)]
pub struct Behaviour {
    pub script: Script,
    /// Keys a page, at most.
    pub page_size: usize,
    /// Added to every request.
    pub latency: Duration,
    /// Whose listings it makes, for prefixes that hold this text; all others are S3's.
    pub listings: Listings,
    pub listings_of: &'static str,
    /// Whether a write's conditions are looked at.
    pub keeps_conditions: bool,
}

/// Whose listings it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listings {
    AsS3,
    /// In no order, and what comes after a key is anybody's guess.
    Unordered,
    /// Says that names are encoded, and does not encode them.
    Unencoded,
    /// Says where it goes on, but not that it does.
    TokenAlone,
    /// Comes back to its first page, for ever.
    Circling,
    /// Shows every object twice.
    Doubled,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            script: none(),
            page_size: 1000,
            latency: Duration::ZERO,
            listings: Listings::AsS3,
            listings_of: "",
            keeps_conditions: true,
        }
    }
}

/// A running server; ends with its value.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub(super) struct State {
    world: RwLock<World>,
    behaviour: RwLock<Behaviour>,
    /// What every path to S3 begins with.
    mount: RwLock<String>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    number: usize,
    counts: BTreeMap<Action, usize>,
    repeats: HashMap<(Action, String, String, String), usize>,
}

impl Server {
    /// Serves `world` on a free loopback port.
    pub fn start(world: World) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            world: RwLock::new(world),
            behaviour: RwLock::default(),
            mount: RwLock::default(),
            seen: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let own = state.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(stream, own.clone()));
                    }
                });
                stopped.await.ok();
            });
            runtime.shutdown_background();
        });
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens, as AWS_ENDPOINT_URL takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A way to it without a network.
    pub fn wire(&self) -> Wire {
        Wire::to(Arc::clone(&self.state))
    }

    /// Changes how it behaves from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.state.behaviour.write().unwrap() = behaviour;
    }

    /// Changes how it fails from now on.
    pub fn fail(&self, script: Script) {
        self.state.behaviour.write().unwrap().script = script;
    }

    /// Has S3 spoken below this path from now on.
    pub fn mount(&self, path: &str) {
        *self.state.mount.write().unwrap() = path.to_owned();
    }

    /// Changes what it holds.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.state.world.write().unwrap());
    }

    /// How often each thing was asked for, since the last call.
    pub fn take_counts(&self) -> BTreeMap<Action, usize> {
        std::mem::take(&mut *self.state.seen.lock().unwrap()).counts
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(|thread| thread.join());
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut connection = Connection::new(stream);
    while let Ok(Some(mut request)) = connection.read().await {
        if let Some(path) = request.path.strip_prefix(&**state.mount.read().unwrap()) {
            request.path = path.to_owned();
        }
        let (answer, fault) = state.answer(&request).await;
        if !send(&mut connection, &answer, fault).await {
            return;
        }
    }
}

/// Sends an answer as its fault wants it. Whether the connection still stands.
async fn send(connection: &mut Connection, answer: &Answer, fault: Option<Fault>) -> bool {
    let body = &answer.body;
    let upto = |length: usize| &body[..length.min(body.len())];
    let head = |framing| answer.head(framing);
    let whole = |head: Vec<u8>, body: &[u8]| [head.as_slice(), body].concat();
    let (bytes, stands) = match fault {
        None | Some(Fault::Refuse(..)) => (whole(head(Framing::Length), body), true),
        Some(Fault::Reset) => {
            connection.reset();
            return false;
        }
        Some(Fault::Silence) => return std::future::pending().await,
        Some(Fault::CutAt(length)) => (whole(head(Framing::Length), upto(length)), false),
        Some(Fault::Chunked) => (whole(head(Framing::Chunks), &chunked(body, b"0\r\n\r\n")), true),
        Some(Fault::ChunkedCutAt(length)) => {
            (whole(head(Framing::Chunks), &chunked(upto(length), b"")), false)
        }
        Some(Fault::Unframed) => (whole(head(Framing::Close), body), false),
        Some(Fault::UnframedCutAt(length)) => (whole(head(Framing::Close), upto(length)), false),
        Some(Fault::Raw(bytes)) => (bytes.to_vec(), false),
        Some(Fault::StallAt(length)) => {
            connection.write(&whole(head(Framing::Length), upto(length))).await.ok();
            return std::future::pending().await;
        }
        Some(Fault::Drip(pause)) => {
            let mut result = connection.write(&head(Framing::Length)).await;
            for byte in body {
                tokio::time::sleep(pause).await;
                result = result.and(connection.write(&[*byte]).await);
                if result.is_err() {
                    break;
                }
            }
            return result.is_ok();
        }
    };
    connection.write(&bytes).await.is_ok() && stands
}

/// A body in chunks of a few bytes, and what comes last.
fn chunked(body: &[u8], last: &[u8]) -> Vec<u8> {
    let chunk = |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    [body.chunks(100).map(chunk).collect::<Vec<_>>().concat().as_slice(), last].concat()
}

fn answer(world: &World, request: &Request, call: &Call, behaviour: &Behaviour) -> Answer {
    if control::is_control(call.action) {
        control::answer(world, request, call)
    } else {
        s3::answer(world, request, call, behaviour)
    }
}

fn refuse(request: &Request, call: &Call, status: u16, code: &str, message: &str) -> Answer {
    if control::is_control(call.action) {
        control::error(call.action, status, code, message)
    } else {
        s3::error(request, status, code, message)
    }
}

impl State {
    /// What the server makes of a request, and what goes wrong on the way back.
    pub(super) async fn answer(&self, request: &Request) -> (Answer, Option<Fault>) {
        let call = self.note(request);
        let behaviour = self.behaviour.read().unwrap().clone();
        if !behaviour.latency.is_zero() {
            tokio::time::sleep(behaviour.latency).await;
        }
        let fault = (behaviour.script)(&call);
        let mut answer = match &fault {
            Some(Fault::Refuse(status, code, message)) => refuse(request, &call, *status, code, message),
            _ if call.action == Action::PutObject => {
                s3::put(&mut self.world.write().unwrap(), request, &call, &behaviour)
            }
            _ => answer(&self.world.read().unwrap(), request, &call, &behaviour),
        };
        if request.method == "HEAD" {
            answer.body = Bytes::new();
        }
        (answer, fault)
    }

    fn note(&self, request: &Request) -> Call {
        let region = request.scope().map_or("", |(region, _)| region).to_owned();
        let action = control::action(request).unwrap_or_else(|| s3::action(request));
        let (bucket, key) =
            if control::is_control(action) { (String::new(), String::new()) } else { s3::target(request) };
        let page: String = ["continuation-token", "start-after", "marker", "delimiter"]
            .iter()
            .map(|name| format!("{}\n", request.query(name).unwrap_or_default()))
            .collect();
        let mut seen = self.seen.lock().unwrap();
        let number = seen.number;
        seen.number += 1;
        *seen.counts.entry(action).or_default() += 1;
        let question = (action, bucket.clone(), key.clone(), format!("{region}\n{page}"));
        let repeat = seen.repeats.entry(question).or_default();
        *repeat += 1;
        let headers = request.headers.clone();
        Call { action, bucket, key, region, headers, repeat: *repeat - 1, number }
    }
}
