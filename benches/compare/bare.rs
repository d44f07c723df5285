//! What no verifier can undercut: the same bytes got, inflated and hashed by the leanest means, and nothing judged.

use std::cell::RefCell;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

use super::record;

thread_local! {
    static READY: RefCell<(libdeflater::Decompressor, Vec<u8>)> =
        RefCell::new((libdeflater::Decompressor::new(), Vec::new()));
}

fn inflate_and_hash(member: &[u8]) -> [u8; 32] {
    READY.with_borrow_mut(|(inflater, room)| {
        let length = record::inflated(member);
        if room.len() < length {
            room.resize(length, 0);
        }
        inflater.gzip_decompress(member, &mut room[..length]).unwrap();
        Sha256::digest(&room[..length]).into()
    })
}

/// Gets every object over so many connections.
pub fn client(folder: &Path, address: &str, concurrency: usize) {
    let keys: Arc<[String]> = record::objects(&folder.join("bucket"))
        .into_iter()
        .map(|(key, _)| format!("/bucket/{key}"))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..concurrency.min(keys.len()) {
            let (keys, next, address) = (Arc::clone(&keys), Arc::clone(&next), address.to_owned());
            // One after another: all at once are more than a listening socket queues.
            let stream = TcpStream::connect(&address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            clients.spawn(async move {
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request =
                        Request::get(key).header("host", &address).body(Empty::<Bytes>::new()).unwrap();
                    sender.ready().await.unwrap();
                    let body = sender.send_request(request).await.unwrap().collect().await.unwrap();
                    black_box(inflate_and_hash(&body.to_bytes()));
                }
            });
        }
        while let Some(done) = clients.join_next().await {
            done.unwrap();
        }
    });
}

/// Inflates and hashes every object on all processors, and prints the seconds that took once all were in memory.
pub fn ceiling(folder: &Path) {
    let bodies: Vec<Vec<u8>> =
        record::objects(folder).into_iter().map(|(_, path)| fs::read(path).unwrap()).collect();
    // Threads and buffers made ready.
    rayon::broadcast(|_| bodies.first().map(|body| inflate_and_hash(body)));
    let started = Instant::now();
    bodies.par_iter().for_each(|body| {
        black_box(inflate_and_hash(body));
    });
    println!("{}", started.elapsed().as_secs_f64());
}
