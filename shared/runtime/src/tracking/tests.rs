//! Recorded requests of SDKs (`events/ingest-tracking`), and what goes wrong.

use super::*;
use crate::http::answered;
use ceap_engagement::source::library::{Granted, Sources, Stored};
use ceap_kernel::TenantId;
use ceap_kernel::access::Role;
use ceap_testkit::World;
use ceap_testkit::builders::{fresh_tenant, noon};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// A stream that takes nothing for now.
struct Full;

impl EventStream for Full {
    async fn put(&self, _: &[ceap_engagement::event::Arrived]) -> Result<(), Fault> {
        Err(Fault::Throttled("the stream is over its capacity".to_owned()))
    }
}

struct Shop {
    world: World,
    tenant: TenantId,
    key: String,
}

impl Shop {
    /// A source with a write key.
    async fn open(role: Role) -> Self {
        let (world, tenant) = (World::new(noon()), fresh_tenant("tracking"));
        let document = json!({"id": "shop", "name": "Shop", "from": {"segment": {}}});
        let document = serde_json::from_value(document).unwrap();
        let stored = Stored { version: 1, updated_at: noon(), document };
        Sources::put(&world, &tenant, &stored).await.unwrap();
        let credential = Credential::generate(tenant.clone(), &[7; 32]);
        let granted = Granted { fingerprint: credential.fingerprint(), created_at: noon() };
        let source = SourceId::new("shop").unwrap();
        let principal =
            Principal { tenant: tenant.clone(), role, email: None, source: Some(source.clone()) };
        world.grant(&principal, &source, &granted).await.unwrap();
        Self { world, tenant, key: credential.reveal() }
    }

    fn tracking<S>(&self, stream: S) -> Tracking<World, S, World> {
        let (credentials, quarantine) = (self.world.clone(), self.world.clone());
        Tracking { credentials, stream, quarantine, url: "https://ceap.example.com".to_owned() }
    }

    async fn ask(&self, request: &Value) -> Value {
        let tracking = self.tracking(self.world.clone());
        answered(async |asked: &Asked| tracking.answer(asked).await, request).await
    }

    /// A recorded request, with this source's write key in place of the recorded one.
    fn recorded(&self, name: &str) -> Value {
        let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/ingest-tracking");
        let text = std::fs::read_to_string(format!("{events}/{name}.json")).unwrap();
        let basic = |key: &str| STANDARD.encode(format!("{key}:"));
        let text = text.replace(&basic("wk_example"), &basic(&self.key));
        serde_json::from_str(&text.replace("wk_example", &self.key)).unwrap()
    }

    /// A `track` call with these headers and this body.
    fn track(&self, headers: Value, body: &[u8]) -> Value {
        let mut request = self.recorded("no-credential");
        request["headers"] = headers;
        request["body"] = STANDARD.encode(body).into();
        request["isBase64Encoded"] = true.into();
        request
    }

    /// How many events are on the stream, and calls in quarantine.
    fn counts(&self) -> (usize, usize) {
        let stores = self.world.stores();
        assert!(
            stores.stream.iter().all(|it| it.tenant == self.tenant && it.event.source == "shop")
        );
        (stores.stream.len(), stores.quarantine.len())
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn said(answer: &Value) -> (u64, Value) {
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

const CALL: &[u8] = br#"{"userId":"u","event":"x","messageId":"m"}"#;

#[tokio::test]
async fn what_sdks_send_is_taken() {
    for (name, events) in [
        ("segment-node", 11),
        ("segment-python", 11),
        ("rudderstack-node", 9),
        ("rudderstack-python", 11),
        ("browser-page", 1),
        ("jitsu-identify", 2),
        ("jitsu-page", 1),
        ("jitsu-group", 1),
        ("jitsu-track", 1),
    ] {
        let shop = Shop::open(Role::Source).await;
        let answer = shop.ask(&shop.recorded(name)).await;
        assert_eq!(said(&answer), (200, json!({"success": true})), "{name}");
        assert_eq!(answer["headers"]["content-type"], "application/json");
        assert_eq!(shop.counts(), (events, 0), "{name}");
    }
}

#[tokio::test]
async fn a_write_key_comes_in_many_ways() {
    let shop = Shop::open(Role::Source).await;
    let (key, body) =
        (&shop.key, |key: &str| json!({"userId": "u", "event": "x", "writeKey": key}));
    let basic = |user: &str| format!("Basic {}", STANDARD.encode(user));
    let good = [
        (json!({"authorization": basic(&format!("{key}:"))}), body("nobody's")),
        (json!({"authorization": basic(key)}), json!({})),
        (json!({"authorization": format!("Bearer {key}")}), json!({})),
        (json!({"x-write-key": key}), json!({})),
        (json!({"x-write-key": format!("web:{key}")}), body("web:***")),
        (json!({}), body(key)),
        (json!({"authorization": basic(":")}), body(key)),
    ];
    for (headers, body) in good {
        let answer = shop.ask(&shop.track(headers.clone(), body.to_string().as_bytes())).await;
        assert_eq!(said(&answer).0, 200, "{headers}");
    }
    let other = Credential::generate(shop.tenant.clone(), &[8; 32]).reveal();
    let bad = [
        (json!({}), json!({})),
        (json!({}), body("nobody's")),
        (json!({"authorization": basic(&format!("{other}:"))}), body(key)),
        (json!({"authorization": "Basic ?"}), json!({})),
        (json!({"x-write-key": ""}), json!({})),
    ];
    for (headers, body) in bad {
        let answer = shop.ask(&shop.track(headers.clone(), body.to_string().as_bytes())).await;
        let (status, said) = said(&answer);
        assert_eq!((status, &said["code"]), (401, &json!("unauthorized")), "{headers} {body}");
        assert!(said["message"].as_str().is_some_and(|it| !it.contains(key)));
    }
    // One that reads and sends nothing.
    let agent = Shop::open(Role::Agent).await;
    let answer = agent.ask(&agent.track(json!({"x-write-key": agent.key}), CALL)).await;
    assert_eq!(said(&answer).0, 403);
}

#[tokio::test]
async fn what_is_no_good_is_taken_and_kept_apart() {
    let shop = Shop::open(Role::Source).await;
    let ask = async |body: &[u8]| {
        said(&shop.ask(&shop.track(json!({"x-write-key": shop.key}), body)).await)
    };
    assert_eq!(ask(br#"{"userId":"u"}"#).await.0, 200);
    assert_eq!(shop.counts(), (0, 1));
    let huge = json!({"userId": "u", "event": "x", "properties": {"a": "x".repeat(40_000)}});
    assert_eq!(ask(huge.to_string().as_bytes()).await.0, 200);
    assert_eq!(shop.counts(), (0, 2));
    for (body, says) in [
        (&b"{\"userId\":"[..], "body: is not a JSON object"),
        (b"", "body: is not a JSON object"),
        (b"hello", "body: is not a JSON object"),
        (br#"{"batch":1}"#, "batch: must be an array"),
        (&packed(CALL)[..20], "body: begins as gzip"),
        (&packed(&vec![b' '; 6 << 20]), "body: is larger than 5242880 bytes"),
        (&vec![b' '; 6 << 20], "body: is larger than 5242880 bytes"),
    ] {
        let (status, said) = ask(body).await;
        assert_eq!((status, &said["code"]), (400, &json!("invalid")), "{says}");
        assert!(said["message"].as_str().unwrap().starts_with(says), "{said}");
    }
    assert_eq!(shop.counts(), (0, 2));
}

#[tokio::test]
async fn batches_of_four_megabytes_are_taken() {
    let shop = Shop::open(Role::Source).await;
    let call = json!({"type": "track", "userId": "u", "event": "x", "properties": {"a": "x".repeat(1900)}});
    let body = json!({"batch": vec![call; 2000]}).to_string();
    assert!(body.len() > 3_900_000, "{}", body.len());
    for body in [packed(body.as_bytes()), body.into_bytes()] {
        let answer = shop.ask(&shop.track(json!({"x-write-key": shop.key}), &body)).await;
        assert_eq!(said(&answer).0, 200);
    }
    assert_eq!(shop.counts(), (4000, 0));
}

#[tokio::test]
async fn paths_say_what_a_call_is() {
    let shop = Shop::open(Role::Source).await;
    let body = json!({"userId": "u", "event": "x", "previousId": "p", "groupId": "g"}).to_string();
    for (routes, kind) in [
        (["POST /v1/track", "POST /v1/t"], "x"),
        (["POST /v1/identify", "POST /v1/i"], "profile_updated"),
        (["POST /v1/page", "POST /v1/p"], "page_viewed"),
        (["POST /v1/screen", "POST /v1/s"], "screen_viewed"),
        (["POST /v1/group", "POST /v1/g"], "group_joined"),
        (["POST /v1/alias", "POST /v1/a"], "profile_merged"),
    ] {
        for route in routes {
            let mut request = shop.track(json!({"x-write-key": shop.key}), body.as_bytes());
            request["routeKey"] = route.into();
            request["requestContext"]["routeKey"] = route.into();
            assert_eq!(said(&shop.ask(&request).await).0, 200, "{route}");
            assert_eq!(shop.world.stores().stream.pop().unwrap().event.kind, kind, "{route}");
        }
    }
    let batch = json!({"batch": [{"type": "track", "userId": "u", "event": "y"}]}).to_string();
    for (route, kind) in [
        ("POST /v1/batch", None),
        ("POST /v1/b", None),
        ("POST /api/s/{type}", Some("batch")),
        ("POST /api/s/s2s/{type}", Some("batch")),
    ] {
        let mut request = shop.track(json!({"x-write-key": shop.key}), batch.as_bytes());
        request["routeKey"] = route.into();
        request["requestContext"]["routeKey"] = route.into();
        request["pathParameters"] = json!({"type": kind.unwrap_or_default()});
        assert_eq!(said(&shop.ask(&request).await).0, 200, "{route}");
        assert_eq!(shop.world.stores().stream.pop().unwrap().event.kind, "y", "{route}");
    }
}

#[tokio::test]
async fn a_full_stream_is_a_matter_of_a_moment() {
    let shop = Shop::open(Role::Source).await;
    let tracking = shop.tracking(Full);
    let request = shop.recorded("segment-node");
    let answer = answered(async |asked: &Asked| tracking.answer(asked).await, &request).await;
    let (status, said) = said(&answer);
    assert_eq!((status, &said["code"]), (429, &json!("throttled")));
    assert_eq!(answer["headers"]["retry-after"], "1");
    assert_eq!(answer["headers"]["content-type"], "application/json");
}

#[tokio::test]
async fn browsers_are_told_where_to_send_to() {
    let shop = Shop::open(Role::Source).await;
    let answer = shop.ask(&shop.recorded("settings")).await;
    let (status, settings) = said(&answer);
    assert_eq!(status, 200);
    let segment = &settings["integrations"]["Segment.io"];
    assert_eq!(segment["apiKey"], shop.key.as_str());
    assert_eq!(
        (&segment["apiHost"], &segment["protocol"]),
        (&json!("ceap.example.com/v1"), &json!("https"))
    );
    let mut unknown = shop.recorded("settings");
    unknown["pathParameters"]["writeKey"] = "nobody's".into();
    assert_eq!(said(&shop.ask(&unknown).await).0, 404);
}
