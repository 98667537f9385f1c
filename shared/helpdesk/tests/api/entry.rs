//! Who is let in, and what everyone is told.

use crate::cast::{self, AGENT};
use crate::world::World;
use ceap_kernel::TenantId;
use serde_json::{Value, json};

#[tokio::test]
async fn the_first_administrator_finds_an_account_that_is_set_up() {
    let world = World::new();
    let groups = world.get("/groups.json").await.is(200);
    assert_eq!(groups["groups"][0]["name"], "Support");
    assert_eq!(groups["count"], 1);
}

#[tokio::test]
async fn who_is_not_known_is_told_so() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let stranger = format!("ceap_acme_{}", "0".repeat(64));
    for headers in [
        Vec::new(),
        world.basic("owner@acme.example", &stranger),
        world.basic("nobody@acme.example", world.token("acme")),
        vec![("authorization".to_owned(), "Basic nonsense".to_owned())],
    ] {
        let got = world.with(headers, "GET", "/groups", Value::Null).await;
        assert_eq!(got.header("retry-after"), None);
        assert_eq!(got.is(401), json!({"error": "Couldn't authenticate you"}));
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_zendesks_words() {
    let world = World::new();
    let nothing = json!({"error": "RecordNotFound", "description": "Not found"});
    assert_eq!(world.get("/groups/4711").await.is(404), nothing);
    let nowhere = json!({"error": "InvalidEndpoint", "description": "Not found"});
    assert_eq!(world.get("/grops").await.is(404), nowhere);
    let wrong = world.get("/groups/x").await.is(400);
    assert_eq!(wrong["error"]["title"], "Invalid attribute");
    let blank = world.post("/groups", json!({"group": {"name": " "}})).await.is(422);
    assert_eq!(blank["details"]["name"][0]["description"], "Name: cannot be blank");
    let missing = world.post("/groups", json!({"name": "x"})).await.is(400);
    assert!(missing["error"]["message"].as_str().unwrap().contains("group is required"));
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let world = World::new();
    let first = world.get("/groups").await;
    let tag = first.header("etag").unwrap().to_owned();
    let mut headers = world.basic("owner@acme.example", world.token("acme"));
    headers.push(("if-none-match".to_owned(), tag));
    let again = world.with(headers.clone(), "GET", "/groups", Value::Null).await;
    assert_eq!((again.status, again.body), (304, Value::Null));
    world.post("/groups", json!({"group": {"name": "Billing"}})).await.is(201);
    world.with(headers, "GET", "/groups", Value::Null).await.is(200);
}

#[tokio::test]
async fn a_minute_has_so_many_requests() {
    let world = World::new();
    let first = world.get("/groups").await;
    assert_eq!(first.header("x-rate-limit"), Some("700"));
    assert_eq!(first.header("x-rate-limit-remaining"), Some("699"));
    assert_eq!(first.header("retry-after"), None);
    for _ in 1..700 {
        world.get("/groups").await.is(200);
    }
    let refused = world.get("/groups").await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(refused.is(429)["error"], "APIRateLimitExceeded");
    world.pass(60);
    world.get("/groups").await.is(200);
}

#[tokio::test]
async fn all_of_an_account_together_may_ask_so_much() {
    let world = World::new();
    cast::all(&world).await;
    let acme = TenantId::new("acme").unwrap();
    world.around.left.borrow_mut().insert(acme.clone(), 2);
    let stranger = world.basic("owner@acme.example", &format!("ceap_acme_{}", "0".repeat(64)));
    world.with(stranger, "GET", "/groups", Value::Null).await.is(401);
    world.get("/groups").await.is(200);
    world.ask(AGENT, "GET", "/groups", Value::Null).await.is(200);
    for email in ["owner@acme.example", AGENT] {
        let refused = world.ask(email, "GET", "/groups", Value::Null).await;
        assert_eq!(refused.header("retry-after"), Some("37"));
        assert_eq!(refused.is(429)["error"], "APIRateLimitExceeded");
    }
    world.ask("owner@other.example", "GET", "/groups", Value::Null).await.is(200);
    // Whom nobody knows keeps no agent out, and is not kept out by any.
    let anyone = vec![("x-ceap-tenant".to_owned(), "acme".to_owned())];
    let request = json!({"request": {"subject": "It burns", "comment": {"body": "Help"},
        "requester": {"name": "Zoe", "email": "zoe@x.example"}}});
    assert_ne!(world.with(anyone, "POST", "/requests", request).await.status, 429);
    assert_eq!(world.around.left.borrow()[&acme], 0);
}
