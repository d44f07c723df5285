//! The way to the server without a network: its answers come in the asking task itself. So the clock may be one that
//! stands still while anything is to be done, and jumps while everybody waits: minutes of an outage take none, and no
//! machine is too busy for them.

use std::io;
use std::sync::Arc;

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::StreamBody;
use hyper::body::Frame;

use super::faults::Fault;
use super::http::{Answer, Framing, Request, decode, pairs};
use super::server::State;

/// An HTTP client for AWS's SDK.
#[derive(Clone)]
pub struct Wire(Arc<State>);

impl Wire {
    pub(super) fn to(server: Arc<State>) -> Self {
        Self(server)
    }

    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (answer, fault) = self.0.answer(&read(&request)).await;
        let upto = |length: usize| answer.body.slice(..length.min(answer.body.len()));
        match &fault {
            None | Some(Fault::Refuse(..)) => Ok(respond(&answer, SdkBody::from(answer.body.to_vec()))),
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Reset) => Err(ConnectorError::io(reset().into())),
            Some(Fault::CutAt(length)) => {
                Ok(respond(&answer, body(upto(*length), stream::iter([Err(reset())]))))
            }
            Some(Fault::StallAt(length)) => Ok(respond(&answer, body(upto(*length), stream::pending()))),
            Some(Fault::Raw(bytes)) => Ok(raw(bytes)),
            Some(other) => panic!("{other:?} takes a network"),
        }
    }
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

fn read(request: &HttpRequest) -> Request {
    let uri = request.uri();
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Request {
        method: request.method().to_owned(),
        path: decode(path),
        query: pairs(query),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: Bytes::copy_from_slice(request.body().bytes().unwrap_or_default()),
    }
}

/// A body that begins with these bytes and goes on with the rest.
fn body(first: Bytes, rest: impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static) -> SdkBody {
    let parts = stream::iter([Ok(first)]).chain(rest).map(|part| part.map(Frame::data));
    SdkBody::from_body_1_x(StreamBody::new(parts))
}

fn respond(answer: &Answer, body: SdkBody) -> HttpResponse {
    with_head(&String::from_utf8(answer.head(Framing::Length)).unwrap(), body)
}

/// An answer of somebody else's, written out.
fn raw(bytes: &[u8]) -> HttpResponse {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    with_head(head, SdkBody::from(body.to_owned()))
}

fn with_head(head: &str, body: SdkBody) -> HttpResponse {
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = HttpResponse::new(status.try_into().unwrap(), body);
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        response.headers_mut().append(name.to_owned(), value.to_owned());
    }
    response
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
