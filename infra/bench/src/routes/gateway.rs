//! Requests as API Gateway writes them.

use super::script::Request;
use serde_json::{Map, Value, json};

/// Where the API is.
pub const HOST: &str = "api.example.com";

/// A request to `path` by the route `key`, with headers that show who makes it.
pub fn event(
    request: &Request,
    (key, path): (&str, &str),
    parameters: Map<String, Value>,
    shown: impl IntoIterator<Item = (String, String)>,
) -> Vec<u8> {
    let (kind, body) = request.body.written().unzip();
    let always = [("accept", "application/json"), ("host", HOST)];
    let always = always.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let kind = kind.map(|kind| ("content-type".to_owned(), kind));
    let given = always.into_iter().chain(kind).chain(shown).chain(request.headers.clone());
    let headers: Map<String, Value> = given.map(|(name, value)| (name, value.into())).collect();
    let event = json!({
        "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": request.query,
        "headers": headers, "pathParameters": parameters,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": HOST,
            "domainPrefix": "api", "requestId": "r", "routeKey": key, "stage": "$default",
            "time": "21/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_255_200_000_u64,
            "http": {
                "method": request.method.as_str(), "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "bench",
            },
        },
        "body": body,
        "isBase64Encoded": false,
    });
    event.to_string().into_bytes()
}
