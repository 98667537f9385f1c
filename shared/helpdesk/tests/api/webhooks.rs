//! Webhooks: kept, tried, signed and remembered.

use crate::cast::{self, AGENT};
use crate::world::World;
use ceap_helpdesk::ids::RecordId;
use ceap_helpdesk::record::{Kept, Record, places};
use ceap_helpdesk::store::Store;
use ceap_helpdesk::webhook::{self, Delivered, Invocation, Undelivered, Verb, Webhook};
use ceap_kernel::TenantId;
use serde_json::{Value, json};

fn example(name: &str) -> Value {
    json!({"webhook": {
        "name": name,
        "description": "Description",
        "endpoint": "https://example.com",
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["conditional_ticket_events"],
        "authentication": {"type": "basic_auth", "add_position": "header",
            "data": {"username": "john_smith", "password": "hello_123"}},
        "custom_headers": {"X-Order": "7"},
    }})
}

async fn made(world: &World, asked: Value) -> Value {
    world.post("/webhooks", asked).await.is(201)["webhook"].clone()
}

fn path(webhook: &Value) -> String {
    format!("/webhooks/{}", webhook["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_webhook_is_kept_and_its_password_is_never_shown() {
    let world = World::new();
    let got = world.post("/webhooks", example("Example Webhook")).await;
    let location = got.header("location").unwrap().to_owned();
    let webhook = got.is(201)["webhook"].clone();
    let path = path(&webhook);
    assert_eq!(location, format!("http://desk.example/api/v2{path}"));
    assert_eq!(webhook["id"].as_str().unwrap().len(), 26);
    assert!(webhook["created_by"].is_string());
    let shown = json!({"type": "basic_auth", "data": {"username": "john_smith"},
        "add_position": "header"});
    assert_eq!(webhook["authentication"], shown);
    assert_eq!(world.get(&path).await.is(200)["webhook"], webhook);
    assert_eq!(world.get("/webhooks").await.is(200)["webhooks"][0], webhook);
    let kept = world.store.dump().into_iter().any(|(.., body)| body.contains("hello_123"));
    assert!(!kept, "a password in clear");
    let secrets = world.outside.secrets.borrow().clone();
    assert!(secrets.values().any(|secret| secret.contains("hello_123")));
    world.delete(&path).await.is(204);
    assert!(world.outside.secrets.borrow().is_empty());
    let missing = world.get(&path).await.is(404);
    assert_eq!(missing["errors"][0]["code"], "WebhookNotFound");
    world.get("/webhooks/01FVJ1J73MG04AJRDPD2AKKXH7").await.is(404);
    world.get("/webhooks/4711").await.is(404);
}

#[tokio::test]
async fn a_webhook_is_changed_in_part_or_as_a_whole() {
    let world = World::new();
    let webhook = made(&world, example("a")).await;
    let path = path(&webhook);
    let patch = |body: Value| {
        let (world, path) = (&world, path.clone());
        async move { world.ask("owner@acme.example", "PATCH", &path, body).await }
    };
    let renamed = patch(json!({"webhook": {"id": webhook["id"], "name": "A new name"}})).await;
    assert_eq!(renamed.is(204), Value::Null);
    let after = world.get(&path).await.is(200)["webhook"].clone();
    assert_eq!(
        (&after["name"], &after["description"]),
        (&json!("A new name"), &json!("Description"))
    );
    assert_eq!(after["authentication"]["data"]["username"], "john_smith");
    let before: Vec<_> = world.outside.secrets.borrow().keys().cloned().collect();
    let token = json!({"webhook": {"authentication":
        {"type": "bearer_token", "add_position": "header", "data": {"token": "t0ken"}}}});
    patch(token).await.is(204);
    let after: Vec<_> = world.outside.secrets.borrow().keys().cloned().collect();
    assert_eq!((before.len(), after.len()), (2, 2), "the old credential is forgotten");
    assert_ne!(before, after);
    let whole = json!({"webhook": {"name": "New name", "request_format": "xml",
        "http_method": "PUT", "endpoint": "https://example.com/2", "status": "inactive"}});
    world.put(&path, whole).await.is(204);
    let after = world.get(&path).await.is(200)["webhook"].clone();
    assert_eq!((&after["status"], &after["description"]), (&json!("inactive"), &json!(null)));
    assert_eq!(after["authentication"], json!({"type": "bearer_token", "add_position": "header"}));
    let part = json!({"webhook": {"name": "x"}});
    let refused = world.put(&path, part).await.is(400);
    assert_eq!(refused["errors"][0]["title"], "endpoint is required");
    patch(json!({"webhook": {"authentication": null}})).await.is(204);
    assert_eq!(world.get(&path).await.is(200)["webhook"]["authentication"], json!(null));
    let events = json!({"webhook": {"http_method": "POST", "request_format": "json",
        "subscriptions": ["zen:event-type:user.created"]}});
    let refused = patch(events).await.is(400);
    assert!(refused["errors"][0]["title"].as_str().unwrap().contains("cannot be changed"));
}

#[tokio::test]
async fn what_no_webhook_can_be_is_refused() {
    let world = World::new();
    let but = |name: &str, value: Value| {
        let mut asked = example("x");
        asked["webhook"][name] = value;
        asked
    };
    for asked in [
        but("name", json!("")),
        but("endpoint", json!("example.com")),
        but("endpoint", json!("https://exa mple.com")),
        but("http_method", json!("FETCH")),
        but("request_format", json!("yaml")),
        but("status", json!("sleeping")),
        but("subscriptions", json!(["zen:event-type:moon.full"])),
        but("subscriptions", json!(["conditional_ticket_events", "zen:event-type:user.created"])),
        but("authentication", json!({"type": "magic", "data": {}})),
        but("authentication", json!({"type": "basic_auth", "data": {"username": "x"}})),
        but(
            "authentication",
            json!({"type": "bearer_token", "add_position": "query",
            "data": {"token": "x"}}),
        ),
        but("authentication", json!({"type": "api_key", "data": {"name": "X Y", "value": "x"}})),
        but("authentication", json!({"type": "api_key", "data": {"name": "Host", "value": "x"}})),
        but("custom_headers", json!({"Authorization": "x"})),
        but("custom_headers", json!({"X-Zendesk-Webhook-Id": "x"})),
        but("custom_headers", json!({"A": "a\r\nB: b"})),
        but("custom_headers", json!({"1": "", "2": "", "3": "", "4": "", "5": "", "6": ""})),
    ] {
        let refused = world.post("/webhooks", asked.clone()).await.is(400);
        assert_eq!(refused["errors"][0]["code"], "InvalidWebhook", "{asked}");
    }
    let mut events = but("subscriptions", json!(["zen:event-type:user.created"]));
    events["webhook"]["request_format"] = json!("xml");
    world.post("/webhooks", events.clone()).await.is(400);
    events["webhook"]["request_format"] = json!("json");
    world.post("/webhooks", events).await.is(201);
    // As node-zendesk's own tests have it.
    made(&world, but("endpoint", json!("noop://noop"))).await;
}

#[tokio::test]
async fn webhooks_are_found_by_name_and_copied() {
    let world = World::new();
    let first = made(&world, example("Example Webhook X1234")).await;
    made(&world, example("another")).await;
    let found = world.get("/webhooks?filter[name_contains]=x1234").await.is(200);
    assert_eq!(found["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(found["meta"]["has_more"], false);
    assert_eq!(found["links"]["next"], json!(null));
    let sorted = world.get("/webhooks?sort=name&page[size]=1").await.is(200);
    assert_eq!(sorted["webhooks"][0]["name"], "another");
    let next = sorted["links"]["next"].as_str().unwrap();
    let next = next.strip_prefix("http://desk.example/api/v2").unwrap();
    let last = world.get(next).await.is(200);
    assert_eq!(last["webhooks"][0]["id"], first["id"]);
    assert_eq!(last["meta"]["has_more"], false);
    let none = world.get("/webhooks?filter[status]=inactive").await.is(200);
    assert_eq!(none["webhooks"], json!([]));
    world.get("/webhooks?sort=moon").await.is(400);

    let clone = format!("/webhooks?clone_webhook_id={}", first["id"].as_str().unwrap());
    let copy = world.post(&clone, Value::Null).await.is(201)["webhook"].clone();
    assert_ne!(copy["id"], first["id"]);
    assert_eq!(copy["name"], first["name"]);
    assert_eq!(copy["authentication"], first["authentication"]);
    world.delete(&path(&first)).await.is(204);
    let test = format!("/webhooks/test?webhook_id={}", copy["id"].as_str().unwrap());
    world.post(&test, Value::Null).await.is(200);
    let sent = world.outside.requests.borrow().last().unwrap().clone();
    let basic = ("Authorization".to_owned(), "Basic am9obl9zbWl0aDpoZWxsb18xMjM=".to_owned());
    assert!(sent.headers.contains(&basic));
    world.post("/webhooks?clone_webhook_id=01FVJ1J73MG04AJRDPD2AKKXH7", json!({})).await.is(404);
}

fn header<'a>(sent: &'a webhook::Prepared, name: &str) -> &'a str {
    sent.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_test_is_sent_signed_and_told_as_it_was_answered() {
    let world = World::new();
    let webhook = made(&world, example("x")).await;
    let secret = world.get(&format!("{}/signing_secret", path(&webhook))).await.is(200);
    assert_eq!(secret["signing_secret"]["algorithm"], "SHA256");
    let secret = secret["signing_secret"]["secret"].as_str().unwrap().to_owned();
    let answer = Delivered {
        status: 404,
        headers: vec![("Vary".to_owned(), "Accept".to_owned())],
        body: "<!doctype html>".to_owned(),
        milliseconds: 3,
    };
    world.outside.answers.borrow_mut().push_back(Ok(answer));
    // As node-zendesk asks for it.
    let test = format!("//webhooks/test.json?webhook_id={}", webhook["id"].as_str().unwrap());
    let asked =
        json!({"request": {"endpoint": "https://example.org/fail", "payload": "{\"a\":1}"}});
    let told = world.post(&test, asked).await.is(200);
    let expected = json!({"response": {"status_code": 404, "payload": "<!doctype html>",
        "headers": [{"key": "Vary", "value": "Accept"}]}});
    assert_eq!(told, expected);
    let sent = world.outside.requests.borrow()[0].clone();
    assert_eq!((sent.method, sent.url.as_str()), (Verb::Post, "https://example.org/fail"));
    assert_eq!(sent.body, b"{\"a\":1}");
    let at = header(&sent, "X-Zendesk-Webhook-Signature-Timestamp");
    assert_eq!(at, "2026-11-21T09:00:00Z");
    let signature = header(&sent, "X-Zendesk-Webhook-Signature");
    assert_eq!(signature, webhook::sign(&secret, at, "{\"a\":1}"));
    assert_eq!(header(&sent, "X-Zendesk-Webhook-Id"), webhook["id"]);
    assert_eq!(header(&sent, "X-Zendesk-Account-Id"), "acme");
    assert_eq!(header(&sent, "X-Order"), "7");
    assert_eq!(header(&sent, "Content-Type"), "application/json");

    // Without a webhook, it is signed with the secret that Zendesk documents for it.
    let alone = json!({"request": {"endpoint": "https://example.org", "request_format": "json",
        "http_method": "GET", "payload": "ignored"}});
    assert_eq!(world.post("/webhooks/test", alone).await.is(200)["response"]["status_code"], 200);
    let sent = world.outside.requests.borrow()[1].clone();
    assert_eq!(sent.body, b"");
    let at = header(&sent, "X-Zendesk-Webhook-Signature-Timestamp");
    let signature = header(&sent, "X-Zendesk-Webhook-Signature");
    assert_eq!(signature, webhook::sign(webhook::TEST_SECRET, at, ""));
    world.post("/webhooks/test", json!({"request": {}})).await.is(400);
    let why = Undelivered::Refused("the host is not a public address".to_owned());
    world.outside.answers.borrow_mut().push_back(Err(why));
    let refused = world.post(&test, json!({})).await.is(400);
    assert!(refused["errors"][0]["title"].as_str().unwrap().contains("not a public address"));
}

#[tokio::test]
async fn the_signing_secret_is_reset() {
    let world = World::new();
    let path = format!("{}/signing_secret", path(&made(&world, example("x")).await));
    let first = world.get(&path).await.is(200);
    let second = world.post(&path, Value::Null).await.is(201);
    assert_ne!(first, second);
    assert_eq!(world.get(&path).await.is(200), second);
}

#[tokio::test]
async fn what_came_of_requests_is_remembered_for_a_week() {
    let world = World::new();
    let shown = made(&world, example("x")).await;
    let path = path(&shown);
    let tenant = TenantId::new("acme").unwrap();
    let id = webhook::ulid::read(shown["id"].as_str().unwrap()).unwrap();
    let item = world.store.get(&tenant, &[places::record(Webhook::KIND, id)]).await.unwrap();
    let kept: Kept<Webhook> = Kept::read(&item[0]).unwrap();
    let broken =
        Delivered { status: 503, headers: Vec::new(), body: "x".repeat(9000), milliseconds: 1 };
    world
        .outside
        .answers
        .borrow_mut()
        .extend([Ok(broken), Err(Undelivered::Unreachable("no connection".to_owned()))]);
    for number in [1_u64, 2, 3] {
        world.pass(10);
        let id = RecordId::new((210_000_000_000 << 12) + number).unwrap();
        let (kept, tenant) = (&kept, &tenant);
        world
            .at_desk(async |desk| {
                webhook::invoke(desk, tenant, kept, Invocation::new(id), "{}").await.unwrap()
            })
            .await;
    }
    let all = world.get(&format!("{path}/invocations")).await.is(200);
    let status = |index: usize| all["invocations"][index]["status"].clone();
    assert_eq!([status(0), status(1), status(2)], ["success", "destination error", "server error"]);
    assert_eq!(all["invocations"][2]["status_code"], 503);
    assert_eq!(all["meta"]["has_more"], false);
    let good = world.get(&format!("{path}/invocations?filter[status]=success")).await.is(200);
    assert_eq!(good["invocations"].as_array().unwrap().len(), 1);
    let early = format!("{path}/invocations?filter[to_ts]=2026-11-21T09:00:15Z");
    assert_eq!(world.get(&early).await.is(200)["invocations"].as_array().unwrap().len(), 1);
    let page = world.get(&format!("{path}/invocations?page[size]=2")).await.is(200);
    assert_eq!(page["meta"]["has_more"], true);
    let one = all["invocations"][2]["id"].as_str().unwrap();
    let attempts = world.get(&format!("{path}/invocations/{one}/attempts")).await.is(200);
    let attempt = &attempts["attempts"][0];
    assert_eq!(attempt["request"]["payload"], "{}");
    assert!(attempt["response"]["payload"].as_str().unwrap().len() <= 4096);
    assert!(!attempts.to_string().contains("Basic"));
    let other = format!("{path}/invocations/{}/attempts", shown["id"].as_str().unwrap());
    world.get(&other).await.is(404);
    world.pass(7 * 24 * 60 * 60);
    let gone = world.get(&format!("{path}/invocations")).await.is(200);
    assert_eq!(gone["invocations"], json!([]));
}

#[tokio::test]
async fn only_administrators_keep_webhooks_and_only_their_own() {
    let world = World::new();
    cast::all(&world).await;
    let path = path(&made(&world, example("x")).await);
    for (method, path) in
        [("GET", "/webhooks"), ("POST", "/webhooks"), ("GET", &*path), ("DELETE", &*path)]
    {
        world.ask(AGENT, method, path, example("y")).await.is(403);
        if path.len() > 10 {
            world.ask("owner@other.example", method, path, Value::Null).await.is(404);
        }
    }
    assert_eq!(world.get(&path).await.is(200)["webhook"]["name"], "x");
}
