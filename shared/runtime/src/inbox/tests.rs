use super::*;
use crate::http::answered;
use ceap_engagement::inbox::Notification;
use ceap_engagement::link::{Allows, Signer};
use ceap_engagement::message::{Claims, Dispatch, Record};
use ceap_engagement::secret::Secret;
use ceap_kernel::access::{Credential, Principal, Role};
use ceap_kernel::{SignedDuration, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{at, noon, subject, tenant};
use serde_json::{Value, json};

/// The credential of a tenant's admin has ones as its secret, of its agent twos, of a source threes.
struct Issued;

fn credential(of: &str, secret: u8) -> String {
    Credential::generate(tenant(of), &[secret; 32]).reveal()
}

impl Credentials for Issued {
    async fn find(&self, of: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        let roles = [(1, Role::Admin), (2, Role::Agent), (3, Role::Source)];
        let known = roles.into_iter().find(|(secret, _)| {
            Credential::generate(of.clone(), &[*secret; 32]).fingerprint() == fingerprint
        });
        Ok(known.map(|(_, role)| Principal { tenant: of.clone(), role, email: None, source: None }))
    }
}

impl Secrets for Issued {
    async fn get(&self, of: &TenantId, _name: &str) -> Result<Secret, Fault> {
        Ok(Secret::new(format!("key of {of}")))
    }
}

/// As a sample has it.
fn sample(case: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let text = std::fs::read_to_string(format!("{root}/inbox/{case}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A world at noon with one notification in the inbox of u1 at acme; and its id.
async fn world() -> (World, String) {
    let world = World::new(noon());
    let dispatch: Dispatch = serde_json::from_value(json!({
        "tenant": "acme", "id": "9f0a6c1d2e3b4a5968778695a4b3c2d1", "subject": "u1",
        "purpose": "transactional", "channel": "in-app", "to": "inbox",
        "content": {"subject": "Shipped", "text": "It is on its way.", "link": "/orders/7"},
        "expires_at": "2026-11-22T10:00:00Z",
    }))
    .unwrap();
    let record: Record = serde_json::from_value(json!({
        "id": dispatch.id, "subject": "u1", "channel": "in-app", "purpose": "transactional",
        "state": "queued", "history": {"queued": "2026-11-21T10:00:00Z"},
    }))
    .unwrap();
    world.claim(&tenant("acme"), &record, None, noon()).await.unwrap();
    let notification = Notification::of(&dispatch, at("2026-11-21T10:00:00Z"));
    world.put(&tenant("acme"), &subject("u1"), &notification).await.unwrap();
    (world, notification.id.to_string())
}

/// The status and the body of what the API answers.
async fn ask(world: &World, event: &Value) -> (u64, Value) {
    ask_again(world, event, 0).await
}

/// The same, of who asked so often before.
async fn ask_again(world: &World, event: &Value, before: usize) -> (u64, Value) {
    let api = InboxApi {
        credentials: Issued,
        secrets: Issued,
        limit: Limit::new(world.clone(), world.clone(), 3),
        desk: Desk {
            inbox: world.clone(),
            receipts: world.clone(),
            aftermath: world.aftermath(),
            clock: world.clone(),
        },
    };
    let served = async |asked: &Asked| api.answer(asked).await;
    for _ in 0..before {
        answered(served, event).await;
    }
    let answer = answered(served, event).await;
    let body = answer["body"].as_str().map(|body| serde_json::from_str(body).unwrap());
    (answer["statusCode"].as_u64().unwrap(), body.unwrap_or_default())
}

/// The sample, by another caller and with other values of its path.
fn by(case: &str, bearer: &str, path: &[(&str, &str)]) -> Value {
    let mut event = sample(case);
    event["headers"]["authorization"] = json!(format!("Bearer {bearer}"));
    for (name, value) in path {
        event["pathParameters"][*name] = json!(value);
    }
    event
}

fn mark(bearer: &str, id: &str, mark: &str) -> Value {
    by("mark", bearer, &[("id", id), ("mark", mark)])
}

async fn token(world: &World) -> String {
    let (status, body) = ask(world, &by("token", &credential("acme", 1), &[])).await;
    assert_eq!((status, &body["expires_at"]), (201, &json!("2026-11-21T13:00:00Z")));
    body["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_app_reads_its_users_inbox_with_a_token() {
    let (world, id) = world().await;
    let token = token(&world).await;
    let (status, list) = ask(&world, &by("list", &token, &[])).await;
    assert_eq!(status, 200);
    let shown = json!({
        "id": id, "message": "9f0a6c1d2e3b4a5968778695a4b3c2d1", "title": "Shipped",
        "text": "It is on its way.", "link": "/orders/7", "at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-22T10:00:00Z",
    });
    assert_eq!(list, json!({"notifications": [shown]}));
    let count = async || ask(&world, &by("unread", &token, &[])).await;
    assert_eq!(count().await, (200, json!({"unread": 1, "capped": false})));
    let (status, read) = ask(&world, &mark(&token, &id, "read")).await;
    assert_eq!((status, &read["read_at"]), (200, &json!("2026-11-21T12:00:00Z")));
    assert_eq!(count().await, (200, json!({"unread": 0, "capped": false})));
    assert_eq!(ask(&world, &by("list", &token, &[])).await.1, json!({"notifications": []}));
    assert_eq!(ask(&world, &mark(&token, &id, "unread")).await.0, 200);
    let all = json!({"read": 1, "more": false});
    assert_eq!(ask(&world, &by("read-all", &token, &[])).await, (200, all));
    assert_eq!(ask(&world, &mark(&token, &id, "click")).await.0, 200);
    let (status, gone) = ask(&world, &mark(&token, &id, "dismiss")).await;
    assert_eq!((status, &gone["text"]), (200, &json!("")));
    let mut everything = by("list", &token, &[]);
    everything["rawQueryString"] = json!("");
    assert_eq!(ask(&world, &everything).await.1, json!({"notifications": []}));
    assert_eq!(world.stores().stream.len(), 2, "opened and clicked");
}

#[tokio::test]
async fn who_may_not_gets_nothing() {
    let (world, id) = world().await;
    let token = token(&world).await;
    let status = async |event: &Value| ask(&world, event).await.0;
    let mine = [by("list", &token, &[]), by("unread", &token, &[]), by("read-all", &token, &[])];
    for mut event in mine.into_iter().chain([mark(&token, &id, "read")]) {
        event["pathParameters"]["subject"] = json!("u2");
        assert_eq!(status(&event).await, 403, "another subject's inbox: {event}");
        event["pathParameters"]["subject"] = json!("u1");
        event["headers"]["x-ceap-tenant"] = json!("globex");
        assert_eq!(status(&event).await, 403, "another tenant: {event}");
        event["headers"].as_object_mut().unwrap().remove("authorization");
        assert_eq!(status(&event).await, 401, "nobody: {event}");
        event["headers"].as_object_mut().unwrap().remove("x-ceap-tenant");
        event["headers"]["x-write-key"] = json!(credential("acme", 3));
        assert_eq!(status(&event).await, 403, "a source: {event}");
    }
    for role in [1, 2] {
        assert_eq!(status(&by("list", &credential("acme", role), &[])).await, 200);
        // Another tenant's subject of the same name has another inbox.
        let (status, body) = ask(&world, &by("list", &credential("globex", role), &[])).await;
        assert_eq!((status, body), (200, json!({"notifications": []})));
        let other = mark(&credential("globex", role), &id, "dismiss");
        assert_eq!(ask(&world, &other).await.0, 404);
    }
    for holder in [credential("acme", 2), credential("acme", 3), token.clone()] {
        assert_eq!(status(&by("token", &holder, &[])).await, 403, "may not issue");
    }
    let forged = Signer::new(tenant("acme"), Secret::new("key of globex"))
        .token(&Allows::Inbox { subject: subject("u1"), expires: i64::MAX })
        .unwrap();
    let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
    for bad in [forged, unsigned, "ceap_acme_00".to_owned(), "x".to_owned()] {
        assert_eq!(status(&by("list", &bad, &[])).await, 401, "{bad}");
    }
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(status(&by("list", &token, &[])).await, 401, "over");
    assert_eq!(world.stores().stream.len(), 0);
}

#[tokio::test]
async fn bad_input_is_told_where_and_why() {
    let (world, id) = world().await;
    let admin = credential("acme", 1);
    let told = async |event: &Value| {
        let (status, body) = ask(&world, event).await;
        (status, body["detail"].as_str().unwrap_or_default().to_owned())
    };
    let mut list = by("list", &admin, &[]);
    for (name, value) in
        [("cursor", "acme%23INBOX%23u2"), ("cursor", ""), ("limit", "1000"), ("unread", "1")]
    {
        list["rawQueryString"] = json!(format!("{name}={value}"));
        let (status, detail) = told(&list).await;
        assert!(status == 400 && detail.starts_with(name), "{status} {detail}");
    }
    for (event, expected, begins) in [
        (mark(&admin, "u2", "read"), 400, "id: "),
        (mark(&admin, &id, "archive"), 400, "mark: must be read, unread, click or dismiss"),
        (mark(&admin, &id.replace('9', "8"), "read"), 404, "there is no such notification"),
        (by("list", &admin, &[("subject", "")]), 400, "subject: "),
        (by("list", &admin, &[("subject", "a\nb")]), 400, "subject: "),
    ] {
        let (status, detail) = told(&event).await;
        assert!(status == expected && detail.starts_with(begins), "{status} {detail}");
    }
    for body in ["{\"expires_in\": \"31d\"}", "{\"expires_in\": 3600}", "{\"for\": 1}", "[", "null"]
    {
        let mut event = by("token", &admin, &[]);
        event["body"] = json!(body);
        assert_eq!(told(&event).await.0, 400, "{body}");
    }
    let mut event = by("read-all", &admin, &[]);
    event["body"] = json!("{\"until\": \"tomorrow\"}");
    let (status, detail) = told(&event).await;
    assert!(status == 400 && detail.contains("must be one that the inbox's list gave"), "{detail}");
    let mut event = by("list", &admin, &[]);
    event["requestContext"]["routeKey"] = json!("GET /v1/inbox");
    assert_eq!(told(&event).await.0, 404);
}

#[tokio::test]
async fn who_asks_again_and_again_waits_and_nobody_else() {
    let (world, _) = world().await;
    let token = token(&world).await;
    assert_eq!(ask_again(&world, &by("unread", &token, &[]), 30).await.0, 429);
    let agents = by("unread", &credential("acme", 2), &[]);
    assert_eq!(ask_again(&world, &agents, 30).await.0, 200, "a tenant's own have its limit");
}
