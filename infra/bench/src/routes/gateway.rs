//! Requests as API Gateway writes them.

use super::script::{Body, Request};
use serde_json::{Map, Value, json};

/// A request to `path` by the route `key`, with headers beside those of every request.
pub fn event(
    request: &Request,
    (key, path): (&str, &str),
    parameters: Map<String, Value>,
    headers: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Vec<u8> {
    let (kind, body) = match &request.body {
        Body::None => (None, None),
        Body::Json(value) => (Some("application/json".to_owned()), Some(value.to_string())),
        Body::Raw(text, kind) => (Some(kind.clone()), Some(text.clone())),
    };
    let always = ["accept", "host"].into_iter().zip(["application/json", "api.example.com"]);
    let always = always.map(|(name, value)| (name, Some(value.to_owned())));
    let given = always.chain([("content-type", kind)]).chain(headers);
    let headers: Map<String, Value> =
        given.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
    let event = json!({
        "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": request.query,
        "headers": headers, "pathParameters": parameters,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
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
