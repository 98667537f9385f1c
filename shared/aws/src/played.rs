//! The SDKs' clients over a network that is played in this process: they encode, sign and decode as always, and what they
//! send is answered by a [`Network`] instead of AWS. TLS and sockets are what is left out.

use crate::loader;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// A request as it would go over the wire, signed.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`, `POST`, ….
    pub method: String,
    /// All of the URL.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A header's value, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What stands in for the network and AWS behind it.
pub trait Network: Debug + Send + Sync + 'static {
    /// A request goes out; what is returned comes back with [`Self::received`]. Requests that are made at once are all
    /// sent before any of their answers is received.
    fn sent(&self) -> u64;
    /// Answers a request that was `sent`.
    fn answer(&self, asked: &Asked, sent: u64) -> Answered;
    /// The answer to a request has arrived.
    fn received(&self, sent: u64);
    /// How long an answer is on its way. With none it is there at once, but for who else asks at the same time in the same
    /// thread.
    fn latency(&self) -> Duration {
        Duration::ZERO
    }
}

/// The functions' configuration, with `network` in the place of the network, in us-east-1.
pub async fn config(network: Arc<dyn Network>) -> SdkConfig {
    let credentials = Credentials::new("played", "played", None, None, "played");
    let client = http_client_fn(move |_, _| SharedHttpConnector::new(Line(Arc::clone(&network))));
    loader()
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client)
        .load()
        .await
}

#[derive(Debug, Clone)]
struct Line(Arc<dyn Network>);

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let network = Arc::clone(&self.0);
        let sent = network.sent();
        HttpConnectorFuture::new(async move {
            let asked = read(request).await?;
            let answered = network.answer(&asked, sent);
            // As a network would let it: whoever else asks at the same time gets to do so before this answer is there.
            match network.latency() {
                Duration::ZERO => tokio::task::yield_now().await,
                latency => tokio::time::sleep(latency).await,
            }
            network.received(sent);
            response(answered)
        })
    }
}

async fn read(mut request: HttpRequest) -> Result<Asked, ConnectorError> {
    let body = match request.body().bytes() {
        Some(bytes) => bytes.to_vec(),
        None => {
            let body = ByteStream::new(request.take_body()).collect().await;
            body.map_err(|error| ConnectorError::user(error.into()))?.to_vec()
        }
    };
    let headers = request.headers().iter();
    Ok(Asked {
        method: request.method().to_owned(),
        url: request.uri().to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body,
    })
}

fn response(answered: Answered) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answered.status);
    let status = status.map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answered.body));
    for (name, value) in answered.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
