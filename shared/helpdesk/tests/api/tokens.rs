//! Tokens, and the log of what they and others changed.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

fn bearer(token: &str) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), format!("Bearer {token}"))]
}

#[tokio::test]
async fn api_tokens_act_for_whoever_is_named() {
    let world = World::new();
    cast::all(&world).await;
    let made = world.post("/api_tokens.json", json!({"api_token": {"description": "Sync"}})).await;
    let made = made.is(201)["api_token"].clone();
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("ceap_acme_"));
    let path = format!("/api_tokens/{}", made["id"]);
    // It is shown once, and kept nowhere.
    let shown = world.get(&path).await.is(200)["api_token"].clone();
    assert_eq!((&shown["token"], &shown["description"]), (&Value::Null, &json!("Sync")));
    let all = world.get("/api_tokens").await.is(200);
    assert_eq!((&all["count"], &all["api_tokens"][0]), (&json!(1), &shown));
    assert!(world.store.dump().iter().all(|(_, _, body)| !body.contains(&token)));
    let me = world.with(world.basic(AGENT, &token), "GET", "/users/me", Value::Null).await.is(200);
    assert_eq!(me["user"]["id"], 1001);
    let me = world.with(world.basic(CUSTOMER, &token), "GET", "/users/me", Value::Null).await;
    assert_eq!(me.is(200)["user"]["id"], 4001);
    let ask = async || world.with(world.basic(AGENT, &token), "GET", "/groups", Value::Null).await;
    ask().await.is(200);
    world.put(&path, json!({"api_token": {"active": false}})).await.is(200);
    ask().await.is(401);
    world.put(&path, json!({"api_token": {"active": true}})).await.is(200);
    ask().await.is(200);
    world.delete(&path).await.is(204);
    ask().await.is(401);
    world.get(&path).await.is(404);
    for email in [AGENT, CUSTOMER] {
        world.ask(email, "GET", "/api_tokens", Value::Null).await.is(403);
        world.ask(email, "POST", "/api_tokens", json!({})).await.is(403);
    }
}

#[tokio::test]
async fn tokens_of_people_act_for_them_alone_within_their_scopes() {
    let world = World::new();
    cast::all(&world).await;
    let made = async |scopes: Value| {
        let asked = json!({"token": {"client_id": 1234, "scopes": scopes}});
        world.post("/oauth/tokens.json", asked).await.is(201)["token"].clone()
    };
    let reads = made(json!(["read"])).await;
    let token = reads["token"].as_str().unwrap();
    let ask = async |token: &str, method: &str, path: &str, body: Value| {
        world.with(bearer(token), method, path, body).await
    };
    let me = ask(token, "GET", "/users/me", Value::Null).await.is(200);
    assert_eq!(me["user"]["id"], reads["user_id"]);
    let group = json!({"group": {"name": "x"}});
    ask(token, "POST", "/groups", group.clone()).await.is(403);
    let current = ask(token, "GET", "/oauth/tokens/current.json", Value::Null).await.is(200);
    assert_eq!(current["token"]["id"], reads["id"]);
    assert_eq!(current["token"]["token"].as_str().unwrap().len(), 10);
    let some = made(json!(["groups:write", "read"])).await;
    let token = some["token"].as_str().unwrap();
    ask(token, "POST", "/groups", group).await.is(201);
    ask(token, "POST", "/brands", json!({})).await.is(403);
    // Who may do some things only makes no token that may do more.
    let writes = made(json!(["write"])).await;
    let token = writes["token"].as_str().unwrap();
    ask(token, "POST", "/oauth/tokens", json!({"token": {"scopes": ["read"]}})).await.is(403);
    ask(token, "POST", "/api_tokens", json!({})).await.is(403);
    assert_eq!(world.get("/oauth/tokens").await.is(200)["count"], 3);
    assert_eq!(world.get("/api_tokens").await.is(200)["count"], 0);
    let path = format!("/oauth/tokens/{}.json", reads["id"]);
    world.ask(AGENT, "GET", &path, Value::Null).await.is(404);
    world.ask(AGENT, "DELETE", &path, Value::Null).await.is(404);
    world.ask(AGENT, "GET", "/oauth/tokens?all=true", Value::Null).await.is(403);
    assert_eq!(world.ask(AGENT, "GET", "/oauth/tokens", Value::Null).await.is(200)["count"], 0);
    world.delete(&path).await.is(204);
    ask(reads["token"].as_str().unwrap(), "GET", "/groups", Value::Null).await.is(401);
    assert_eq!(world.get("/oauth/tokens?all=true").await.is(200)["count"], 2);
}

fn told(logs: &Value) -> Vec<String> {
    let line = |it: &Value| {
        let word = |name: &str| it[name].as_str().unwrap().to_owned();
        format!("{} {} {}", word("action"), word("source_type"), word("source_label"))
    };
    logs["audit_logs"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn the_log_tells_who_changed_what() {
    let world = World::new();
    cast::all(&world).await;
    assert_eq!(world.get("/audit_logs.json").await.is(200)["count"], 0);
    let mut headers = world.basic("owner@acme.example", world.token("acme"));
    headers.push(("x-forwarded-for".to_owned(), "6.6.6.6, 209.119.38.228".to_owned()));
    let body = json!({"group": {"name": "Billing"}});
    let group = world.with(headers, "POST", "/groups", body).await.is(201)["group"]["id"].clone();
    world.pass(60);
    world.put(&format!("/groups/{group}"), json!({"group": {"name": "Accounts"}})).await.is(200);
    world.put("/users/4001", json!({"user": {"role": "agent"}})).await.is(200);
    world.put("/users/4001", json!({"user": {"notes": "Nothing that is told"}})).await.is(200);
    world.post("/api_tokens", json!({"api_token": {"description": "Sync"}})).await.is(201);
    world.post("/users", json!({"user": {"name": "A customer"}})).await.is(201);
    world.post("/tickets", json!({"ticket": {"comment": {"body": "x"}}})).await.is(201);
    // What is refused did not happen.
    world.put(&format!("/groups/{group}"), json!({"group": {"name": ""}})).await.is(422);
    let logs = world.get("/audit_logs.json").await.is(200);
    let lines = told(&logs);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[0], "create apitoken Sync");
    assert!(lines.contains(&"update user customer".to_owned()), "{lines:?}");
    assert_eq!(lines[3..], ["update group Accounts", "create group Billing"]);
    let created = &logs["audit_logs"][4];
    assert_eq!((&created["ip_address"], &created["source_id"]), (&json!("209.119.38.228"), &group));
    assert_eq!(
        (&created["actor_name"], &created["action_label"]),
        (&json!("owner"), &json!("Created"))
    );
    assert_eq!(created["created_at"], "2026-11-21T09:00:00Z");
    let renamed = logs["audit_logs"][3]["change_description"].as_str().unwrap();
    assert_eq!(renamed, "Name changed from Billing to Accounts");
    let role =
        world.get("/audit_logs?filter[source_type]=user&filter[source_id]=4001").await.is(200);
    let text = role["audit_logs"][0]["change_description"].as_str().unwrap();
    assert!(text.contains("Role changed from End User to Agent"), "{text}");
    let path = format!("/audit_logs/{}.json", created["id"]);
    assert_eq!(world.get(&path).await.is(200)["audit_log"], *created);
    world.ask(AGENT, "GET", &path, Value::Null).await.is(403);
    world.ask(AGENT, "GET", "/audit_logs", Value::Null).await.is(403);
    assert_eq!(
        world.post("/audit_logs/export", json!({})).await.is(404)["error"],
        "InvalidEndpoint"
    );
}

#[tokio::test]
async fn the_log_is_filtered_and_comes_in_pages() {
    let world = World::new();
    for n in 0..5 {
        world.post("/groups", json!({"group": {"name": format!("g{n}")}})).await.is(201);
        world
            .post("/brands", json!({"brand": {"name": "b", "subdomain": format!("b{n}")}}))
            .await
            .is(201);
        world.pass(3600);
    }
    let one =
        world.get("/audit_logs?filter[source_type]=group&filter[action]=create").await.is(200);
    assert_eq!((&one["count"], told(&one)[0].as_str()), (&json!(5), "create group g4"));
    let asc = world
        .get("/audit_logs?filter[source_type]=group&sort=created_at&page[size]=2")
        .await
        .is(200);
    assert_eq!(told(&asc), ["create group g0", "create group g1"]);
    let mut seen = told(&asc);
    let mut next = asc["links"]["next"].as_str().map(str::to_owned);
    while let Some(url) = next {
        let page = world.get(url.strip_prefix("http://desk.example/api/v2").unwrap()).await.is(200);
        seen.extend(told(&page));
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 5);
    let between =
        "filter[created_at][]=2026-11-21T10:00:00Z&filter[created_at][]=2026-11-21T12:00:00Z";
    let page = world.get(&format!("/audit_logs?{between}&page[size]=100")).await.is(200);
    let lines = told(&page);
    assert_eq!((lines.len(), page["meta"]["has_more"].as_bool()), (6, Some(false)), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "create group g1");
    let two = "/audit_logs?filter[source_type][]=group&filter[source_type][]=brand&per_page=3";
    let page = world.get(two).await.is(200);
    assert_eq!((told(&page).len(), &page["count"]), (3, &json!(10)));
    assert!(page["next_page"].is_string());
    let nobody = world.get("/audit_logs?filter[actor_id]=4711").await.is(200);
    assert_eq!(nobody["count"], 0);
    world.get("/audit_logs?filter[source_id]=1").await.is(400);
    world.get("/audit_logs?filter[created_at]=2026-11-21T10:00:00Z").await.is(400);
    world.get("/audit_logs?filter[created_at]=x&filter[created_at]=y").await.is(400);
}
