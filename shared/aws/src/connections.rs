//! Connections of a WebSocket API of API Gateway.

use crate::fault::fault;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use ceap_helpdesk::presence::{Connections, Posted};
use ceap_helpdesk::store::Soon;
use ceap_kernel::Fault;

/// The connections of one stage.
#[derive(Debug, Clone)]
pub struct GatewayConnections {
    client: Client,
    url: String,
}

impl GatewayConnections {
    /// Those at `endpoint`: `https://<api>.execute-api.<region>.amazonaws.com/<stage>`. Clients connect at the same
    /// address, by WebSocket.
    pub fn new(config: &aws_config::SdkConfig, endpoint: &str) -> Self {
        let own = Builder::from(config).endpoint_url(endpoint).build();
        // `http` becomes `ws`, and `https` becomes `wss` (RFC 6455 §3).
        let url = endpoint.replacen("http", "ws", 1);
        Self { client: Client::from_conf(own), url }
    }

    async fn send(&self, connection: &str, text: &str) -> Result<Posted, Fault> {
        let post = self.client.post_to_connection().connection_id(connection);
        match post.data(Blob::new(text)).send().await {
            Ok(_) => Ok(Posted::Sent),
            Err(SdkError::ServiceError(answer)) if answer.err().is_gone_exception() => {
                Ok(Posted::Gone)
            }
            Err(error) => Err(fault("PostToConnection", &error)),
        }
    }
}

impl Connections for GatewayConnections {
    fn url(&self) -> &str {
        &self.url
    }

    fn post<'a>(&'a self, connection: &'a str, text: &'a str) -> Soon<'a, Result<Posted, Fault>> {
        Box::pin(self.send(connection, text))
    }
}
