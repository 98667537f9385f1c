//! Connections of a WebSocket API, as API Gateway answers for them.
#![allow(clippy::unwrap_used)]

mod canned;
mod local;

use canned::{Reply, Server};
use ceap_aws::connections::GatewayConnections;
use ceap_helpdesk::presence::{Connections, Posted};
use ceap_kernel::Fault;

fn answer(status: &str, kind: &str) -> Reply {
    let kind =
        if kind.is_empty() { String::new() } else { format!("x-amzn-errortype: {kind}\r\n") };
    Reply::Answer(format!(
        "HTTP/1.1 {status}\r\n{kind}content-length: 2\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{{}}"
    ))
}

async fn post(server: &Server) -> Result<Posted, Fault> {
    let endpoint = format!("{}/live", server.url);
    let connections = GatewayConnections::new(&local::config(&server.url).await, &endpoint);
    assert_eq!(connections.url(), endpoint.replace("http://", "ws://"));
    connections.post("L0SM9cOFvHcCIhw=", r#"{"type":"pong"}"#).await
}

#[test]
fn who_is_gone_is_told_from_who_cannot_be_reached() {
    local::run(async || {
        let there = Server::new(|_| answer("200 OK", ""));
        assert_eq!(post(&there).await, Ok(Posted::Sent));
        let asked = there.asked().await;
        assert_eq!((asked.len(), &*asked.first().unwrap().body), (1, r#"{"type":"pong"}"#));
        let gone = Server::new(|_| answer("410 Gone", "GoneException"));
        assert_eq!(post(&gone).await, Ok(Posted::Gone));
        let busy = Server::new(|_| answer("429 Too Many Requests", "LimitExceededException"));
        assert!(matches!(post(&busy).await, Err(Fault::Throttled(_))));
        let refused = Server::new(|_| answer("403 Forbidden", "ForbiddenException"));
        assert!(matches!(post(&refused).await, Err(Fault::Internal(_))));
    });
}
