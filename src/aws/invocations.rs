//! The runtime API of AWS Lambda: events are asked for and answered one by one (AWS Lambda Developer Guide, "Using the Lambda runtime
//! API for custom runtimes").

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};

use super::connect::{Between, Trust, call, connector_to};

/// The largest event of a synchronous call is 6 MB.
const LONGEST_EVENT: usize = 8 << 20;
/// The variable that names the host and the port of the API.
const API: &str = "AWS_LAMBDA_RUNTIME_API";
/// The header that names an event.
const ID: &str = "lambda-runtime-aws-request-id";

/// Where events come from.
pub struct Invocations {
    address: String,
    connector: SharedHttpConnector,
}

/// An event, to be answered.
pub struct Invocation {
    id: String,
    /// What it says, in JSON.
    pub event: Bytes,
}

/// What comes of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// What the caller of the function gets.
    Done(serde_json::Value),
    /// The function failed.
    Failed {
        /// The kind of its error.
        kind: &'static str,
        /// What is to be said of it.
        message: String,
    },
}

/// Lambda did not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
#[error("Lambda's runtime API at {address} was asked to {action}: {detail}")]
pub struct Unanswered {
    address: String,
    action: &'static str,
    detail: String,
}

impl Invocations {
    /// Those of the function that this process is, if it is one.
    pub fn from_environment() -> Option<Self> {
        let host = std::env::var(API).ok().filter(|host| !host.is_empty())?;
        let address = format!("http://{host}/2018-06-01/runtime/invocation");
        let connector = connector_to(&Trust::System, &address, Between::Nobody);
        Some(Self { address, connector })
    }

    /// The next event, however long it takes to come.
    ///
    /// # Errors
    ///
    /// Where Lambda does not give one.
    pub async fn next(&self) -> Result<Invocation, Unanswered> {
        let action = "give the next event";
        let (id, event) = self.ask(action, "GET", "next", Vec::new(), None).await?;
        let id = id.ok_or_else(|| self.unanswered(action, "the event has no id".to_owned()))?;
        Ok(Invocation { id, event })
    }

    /// Answers an event.
    ///
    /// # Errors
    ///
    /// Where Lambda does not take the answer.
    pub async fn answer(&self, invocation: &Invocation, answer: &Answer) -> Result<(), Unanswered> {
        let (path, body, kind) = match answer {
            Answer::Done(value) => ("response", value.to_string(), None),
            Answer::Failed { kind, message } => {
                let body = serde_json::json!({ "errorType": kind, "errorMessage": message });
                ("error", body.to_string(), Some(*kind))
            }
        };
        let path = format!("{}/{path}", invocation.id);
        self.ask("take an answer", "POST", &path, body.into_bytes(), kind).await.map(drop)
    }

    async fn ask(
        &self,
        action: &'static str,
        method: &'static str,
        path: &str,
        body: Vec<u8>,
        error_kind: Option<&'static str>,
    ) -> Result<(Option<String>, Bytes), Unanswered> {
        let failed = |detail: String| self.unanswered(action, detail);
        let mut request = HttpRequest::empty();
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = body.into();
        request.set_method(method).map_err(|error| failed(error.to_string()))?;
        request.set_uri(format!("{}/{path}", self.address)).map_err(|error| failed(error.to_string()))?;
        if let Some(kind) = error_kind {
            request.headers_mut().insert("lambda-runtime-function-error-type", kind);
        }
        let mut answer = call(&self.connector, request).await.map_err(|failure| failed(failure.detail))?;
        let status = answer.status();
        let id = answer.headers().get(ID).map(str::to_owned);
        let body = Limited::new(answer.take_body(), LONGEST_EVENT).collect().await;
        let body = body.map_err(|error| failed(error.to_string()))?.to_bytes();
        if status.is_success() { Ok((id, body)) } else { Err(failed(format!("status {}", status.as_u16()))) }
    }

    fn unanswered(&self, action: &'static str, detail: String) -> Unanswered {
        Unanswered { address: self.address.clone(), action, detail }
    }
}
