//! Somebody who is told something over HTTP: takes what is posted, keeps it, and answers as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::http::{Answer, Connection, Framing, Request};

type Answers = Arc<dyn Fn(usize, &Request) -> Answer + Send + Sync>;

/// A running server; ends with its value.
pub struct PostBox {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Request>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl PostBox {
    /// Answers the request of each number, from 0 on.
    pub fn start(answers: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        let answers: Answers = Arc::new(answers);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let taken: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (stop, stopped) = oneshot::channel();
        let own = Arc::clone(&taken);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(Connection::new(stream), Arc::clone(&answers), Arc::clone(&own)));
                    }
                });
                stopped.await.ok();
            });
            runtime.shutdown_background();
        });
        Self { address, taken, stop: Some(stop), thread: Some(thread) }
    }

    /// One who takes everything.
    pub fn friendly() -> Self {
        Self::start(|_, _| Answer::new(200, "text/plain", "ok"))
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was posted since the last call.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }
}

impl Drop for PostBox {
    fn drop(&mut self) {
        self.stop = None;
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

async fn serve(mut connection: Connection, answers: Answers, taken: Arc<Mutex<Vec<Request>>>) {
    while let Ok(Some(request)) = connection.read().await {
        let number = {
            let mut taken = taken.lock().unwrap();
            taken.push(request.clone());
            taken.len() - 1
        };
        let answer = answers(number, &request);
        let bytes = [answer.head(Framing::Length), answer.body.to_vec()].concat();
        if connection.write(&bytes).await.is_err() {
            return;
        }
    }
}
