//! Sources with write keys of their own, and the dialects of clients nobody here wrote.

use ceap_e2e::http::{Answer, gzip};
use ceap_e2e::{PATIENCE, Tenant, aws, http, stack, until};
use serde_json::{Value, json};

pub fn call(tenant: &Tenant, method: &str, path: &str, version: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    let mut headers = vec![("authorization", bearer.as_str())];
    if !body.is_null() {
        headers.push(("content-type", "application/json"));
    }
    if !version.is_empty() {
        headers.push(("if-match", version));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::call(method, &format!("{}/v1/{path}", aws::API), &headers, body.as_bytes())
}

/// Keeps a source.
pub fn keep(tenant: &Tenant, id: &str, kind: &str) {
    let document = json!({"id": id, "name": id, "from": {kind: {}}});
    let kept = call(tenant, "PUT", &format!("sources/{id}"), "", &document);
    assert_eq!(kept.status, 201, "{kept}");
}

/// A fresh write key of a source.
pub fn write_key(tenant: &Tenant, id: &str) -> String {
    let made = call(tenant, "POST", &format!("sources/{id}/keys"), "", &Value::Null);
    assert_eq!(made.status, 201, "{made}");
    made.json()["write_key"].as_str().unwrap().to_owned()
}

fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    http::call("POST", &format!("{}{path}", aws::API), headers, body)
}

#[test]
fn a_source_is_kept_and_its_keys_are_its_own() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("sources");
    keep(&tenant, "shop", "segment");
    let document = json!({"id": "shop", "name": "Shop", "from": {"segment": {}}});
    assert_eq!(call(&tenant, "PUT", "sources/shop", "", &document).status, 409);
    assert_eq!(call(&tenant, "PUT", "sources/shop", "\"1\"", &document).status, 200);
    let wrong = json!({"id": "shop", "name": "Shop", "from": {"fax": {}}});
    assert_eq!(call(&tenant, "PUT", "sources/shop", "\"2\"", &wrong).status, 400);
    let key = write_key(&tenant, "shop");
    let read = call(&tenant, "GET", "sources/shop", "", &Value::Null).json();
    assert_eq!((&read["version"], read["keys"].as_array().unwrap().len()), (&json!(2), 1));
    let shown = read["keys"][0]["key"].as_str().unwrap().to_owned();
    assert!(!read.to_string().contains(key.rsplit('_').next().unwrap()));
    let listed = call(&tenant, "GET", "sources", "", &Value::Null).json();
    assert_eq!(listed[0]["id"], "shop");

    // It sends and reads nothing.
    let own = [("x-write-key", key.as_str()), ("content-type", "application/json")];
    let sent = post("/v1/track", &own, br#"{"userId":"u","event":"x","messageId":"m"}"#);
    assert_eq!((sent.status, sent.json()), (200, json!({"success": true})));
    let asked = http::call("GET", &format!("{}/v1/sources", aws::API), &own, &[]);
    assert_eq!(asked.status, 403, "{asked}");
    tenant.wait_for_count("u", "x", 1);

    let gone = call(&tenant, "DELETE", &format!("sources/shop/keys/{shown}"), "", &Value::Null);
    assert_eq!(gone.status, 204, "{gone}");
    until("the key to be refused", PATIENCE, || {
        let answer = post("/v1/track", &own, br#"{"userId":"u","event":"y"}"#);
        (answer.status == 401).then_some(())
    });
    let other = write_key(&tenant, "shop");
    assert_eq!(call(&tenant, "DELETE", "sources/shop", "\"2\"", &Value::Null).status, 204);
    assert_eq!(call(&tenant, "GET", "sources/shop", "", &Value::Null).status, 404);
    let refused = post("/v1/track", &[("x-write-key", &other)], br#"{"userId":"u","event":"y"}"#);
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!("unauthorized")));
}

#[test]
fn browsers_send_as_browsers_do() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("browsers");
    let key = &tenant.write_key;
    let origin = ("origin", "https://shop.example.com");
    let settings = format!("{}/v1/projects/{key}/settings", aws::API);
    let settings = http::call("GET", &settings, &[origin], &[]);
    assert_eq!(settings.status, 200, "{settings}");
    assert_eq!(settings.json()["integrations"]["Segment.io"]["apiKey"], key.as_str());
    let unknown = format!("{}/v1/projects/nobody/settings", aws::API);
    assert_eq!(http::call("GET", &unknown, &[origin], &[]).status, 404);

    // Text is sent without asking first, and answered to any origin.
    let page = json!({"type": "page", "anonymousId": "v", "name": "Kettles", "messageId": "p-1",
                      "writeKey": key, "context": {"page": {"path": "/kettles"}}});
    let text = ("content-type", "text/plain");
    let sent = post("/v1/p", &[origin, text], page.to_string().as_bytes());
    assert_eq!(sent.status, 200, "{sent}");
    assert!(!sent.header("access-control-allow-origin").is_empty(), "{sent}");
    // Anything else is asked for first.
    let ask = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-write-key"),
    ];
    let url = format!("{}/api/s/page", aws::API);
    let asked = http::call("OPTIONS", &url, &ask, &[]);
    assert!(matches!(asked.status, 200 | 204), "{asked}");
    assert!(!asked.header("access-control-allow-origin").is_empty());
    assert!(asked.header("access-control-allow-headers").to_lowercase().contains("x-write-key"));
    tenant.wait_for_count("v", "page_viewed", 1);
}

#[test]
fn bodies_come_packed_and_labelled_wrong() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("dialects");
    let own = ("x-write-key", tenant.write_key.as_str());
    let batch = json!({"batch": [
        {"type": "track", "userId": "u", "event": "x", "messageId": "m-1"},
        {"type": "track", "userId": "u", "messageId": "m-2"},
        {"type": "track", "userId": "u", "event": "x", "messageId": "m-3"},
    ]});
    let packed = gzip(batch.to_string().as_bytes());
    let gz = ("content-encoding", "gzip");
    for kind in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
        let sent = post("/v1/batch", &[own, gz, ("content-type", kind)], &packed);
        assert_eq!((sent.status, sent.json()), (200, json!({"success": true})), "{kind}");
    }
    let sent = post("/v1/batch", &[own], batch.to_string().as_bytes());
    assert_eq!(sent.status, 200, "{sent}");
    tenant.wait_for_count("u", "x", 2);
    assert_eq!(tenant.quarantined().len(), 1);
    assert!(tenant.quarantined()[0]["reason"].to_string().contains("event: is missing"));
    let broken = post("/v1/track", &[own], b"{");
    assert_eq!((broken.status, &broken.json()["code"]), (400, &json!("invalid")));

    // CloudEvents with their attributes as headers.
    let event = [
        own,
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "b-1"),
        ("ce-source", "urn:example:shop"),
        ("ce-type", "cart_updated"),
        ("ce-subject", "u"),
    ];
    let sent = post("/v1/events", &event, br#"{"value": 80}"#);
    assert_eq!((sent.status, sent.json()), (202, json!({"accepted": 1, "quarantined": []})));
    tenant.wait_for_count("u", "cart_updated", 1);
}

/// As large as Segment's limits allow, packed and not.
#[test]
fn a_batch_of_four_megabytes_is_taken() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("large");
    let call = |n: usize| {
        json!({"type": "track", "userId": format!("u{}", n % 50), "event": "x", "messageId": n.to_string(),
               "properties": {"text": "x".repeat(3900)}})
    };
    let batch = json!({"batch": (0..1000).map(call).collect::<Vec<_>>()}).to_string();
    assert!(batch.len() > 3_900_000);
    let own = ("x-write-key", tenant.write_key.as_str());
    let json = ("content-type", "application/json");
    let sent = post("/v1/batch", &[own, json], batch.as_bytes());
    assert_eq!(sent.status, 200, "{sent}");
    let packed = gzip(batch.as_bytes());
    let sent = post("/v1/batch", &[own, json, ("content-encoding", "gzip")], &packed);
    assert_eq!(sent.status, 200, "{sent}");
    for user in 0..50 {
        tenant.wait_for_count(&format!("u{user}"), "x", 20);
    }
}
