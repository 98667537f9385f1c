//! Nobody reaches what is another's: every route there is, asked with another's ids by whom they are nothing to.
//!
//! The table of routes makes the tests: a route that is added is asked too.

use crate::world::World;
use ceap_helpdesk::api::{Does, Route};
use ceap_helpdesk::routes;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What everything of Ada's, and of her account, has in it.
const MARK: &str = "MARK-OF-ADA";
const ADA: &str = "ada@acme.example";
const EVE: &str = "eve@acme.example";
const STRANGER: &str = "owner@other.example";

/// An account with something of everything that is made by hand here, all of it marked.
async fn populated() -> World {
    let world = World::new();
    world.get("/groups").await.is(200);
    let ticket = |subject: &str, email: &str| {
        json!({"ticket": {"subject": subject, "external_id": subject, "type": "problem",
            "comment": {"body": subject}, "tags": [subject],
            "requester": {"name": subject, "email": email}}})
    };
    world.post("/tickets", ticket(MARK, ADA)).await.is(201);
    world.post("/tickets", ticket("of-eve", EVE)).await.is(201);
    let note = json!({"ticket": {"comment": {"body": MARK, "public": false}}});
    world.put("/tickets/1", note.clone()).await.is(200);
    world.put("/tickets/2", note).await.is(200);
    world.post("/tickets", ticket(MARK, ADA)).await.is(201);
    world.delete("/tickets/3").await.is(204);
    world.post("/groups", json!({"group": {"name": MARK}})).await.is(201);
    world.done(world.delete("/tickets/destroy_many?ids=99").await).await;
    world
}

/// Every id that stands in the account's keys, and those of jobs.
fn ids(world: &World) -> BTreeSet<String> {
    let mut ids = BTreeSet::from(["1".to_owned()]);
    for (tenant, key, body) in world.store.dump() {
        if tenant.as_str() != "acme" {
            continue;
        }
        let last = key.sort.rsplit('#').next().unwrap();
        ids.extend(last.parse::<u64>().ok().filter(|id| *id > 0).map(|id| id.to_string()));
        ids.extend(key.partition.strip_prefix("JOB#").map(str::to_owned));
        let record: Value = serde_json::from_str(&body).unwrap_or_default();
        for name in ["memberships", "identities"] {
            let all = record[name].as_array().into_iter().flatten();
            ids.extend(all.filter_map(|it| it["id"].as_u64()).map(|id| id.to_string()));
        }
    }
    ids
}

/// All that the account has, but for how much was asked of it.
fn state(world: &World, tenant: &str) -> Vec<(String, String)> {
    let items = world.store.dump().into_iter();
    let own =
        items.filter(|(of, key, _)| of.as_str() == tenant && !key.partition.starts_with("RATE"));
    own.map(|(_, key, body)| (key.to_string(), body)).collect()
}

/// A body that names `id` wherever a body may, in the envelope of any kind of record.
fn body(id: &str) -> Value {
    let id: Value = id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id));
    let mut record = json!({
        "name": "x", "title": "x", "subject": "x", "description": "x", "key": "x",
        "comment": {"body": "x", "author_id": id}, "value": "x", "type": "problem",
        "tags": ["x"], "custom_fields": [{"id": id, "value": "x"}], "email": "x@other.example",
        "solved": true, "score": "good", "status": "open", "active": false,
    });
    for name in [
        "id",
        "user_id",
        "group_id",
        "organization_id",
        "requester_id",
        "assignee_id",
        "problem_id",
        "submitter_id",
        "brand_id",
        "ticket_form_id",
        "via_followup_source_id",
        "winner_id",
        "ticket_id",
    ] {
        record[name] = id.clone();
    }
    record["id"] = id.clone();
    let mut body = Map::new();
    for route in routes::all().into_iter().flatten() {
        for segment in route.path.split('/').filter(|it| !it.is_empty() && !it.starts_with('{')) {
            let one = segment.strip_suffix("ies").map(|it| format!("{it}y"));
            let one = one.or(segment.strip_suffix('s').map(str::to_owned));
            body.insert(one.unwrap_or_else(|| segment.to_owned()), record.clone());
            body.insert(segment.to_owned(), json!([record]));
        }
    }
    for (name, value) in [
        ("ids", json!([id])),
        ("ticket_id", id.clone()),
        ("tags", json!(["x"])),
        ("text", json!(MARK)),
        ("target_comment", json!("x")),
        ("id", id.clone()),
        ("name", json!(MARK)),
    ] {
        body.insert(name.to_owned(), value);
    }
    Value::Object(body)
}

/// Every route that does something, with `id` for each of its variables.
fn asked(id: &str) -> Vec<(&'static Route, String)> {
    let all = routes::all().into_iter().flatten();
    let done = all.filter(|route| matches!(route.does, Does::Run(..)));
    done.map(|route| {
        let segments = route.path.split('/').map(|it| if it.starts_with('{') { id } else { it });
        let path = segments.collect::<Vec<_>>().join("/");
        (route, format!("{path}?ids={id}&external_ids={MARK}&external_id={MARK}&query={MARK}&name={MARK}&email={ADA}&start_time=0&user_id={id}"))
    })
    .collect()
}

#[tokio::test]
async fn a_tenant_reaches_nothing_of_anothers() {
    let world = populated().await;
    world.ask(STRANGER, "GET", "/groups", Value::Null).await.is(200);
    let before = state(&world, "acme");
    for id in ids(&world) {
        let body = body(&id);
        for (route, path) in asked(&id) {
            let method = route.method.as_str();
            let sent = if method == "GET" { Value::Null } else { body.clone() };
            let got = world.ask(STRANGER, method, &path, sent).await;
            let told = got.body.to_string().replace("\"query\"", "");
            let echo = got.body["next_page"].is_string() || got.body["links"].is_object();
            assert!(echo || !told.contains(MARK), "{method} {path}: {told}");
            world.pass(2);
        }
        world.work().await;
    }
    assert_eq!(state(&world, "acme"), before);
}

#[tokio::test]
async fn an_end_user_reaches_nothing_of_anothers() {
    let world = populated().await;
    let hers = |world: &World| {
        let items = state(world, "acme").into_iter();
        items.filter(|(_, body)| body.contains(MARK)).collect::<Vec<_>>()
    };
    let before = hers(&world);
    for id in ids(&world) {
        let body = body(&id);
        for (route, path) in asked(&id) {
            let method = route.method.as_str();
            let sent = if method == "GET" { Value::Null } else { body.clone() };
            let got = world.ask(EVE, method, &path.replace(&format!("={MARK}"), "=x"), sent).await;
            assert!(!got.body.to_string().contains(MARK), "{method} {path}: {}", got.body);
            world.pass(2);
        }
        world.work().await;
        assert_eq!(hers(&world), before, "what is hers changed by requests with {id}");
    }
}

/// The marks are where the other tests would find them.
#[tokio::test]
async fn who_may_see_it_does() {
    let world = populated().await;
    let mut told = BTreeSet::new();
    for id in ids(&world) {
        for (route, path) in asked(&id).into_iter().filter(|(it, _)| it.method.as_str() == "GET") {
            let got = world.get(&path.replace(&format!("={MARK}"), "=x")).await;
            if got.body.to_string().contains(MARK) {
                told.insert(route.path);
            }
            world.pass(2);
        }
    }
    for path in ["/tickets/{id}", "/tickets/{ticket_id}/comments", "/groups", "/deleted_tickets"] {
        assert!(told.contains(path), "{path}: {told:?}");
    }
}

#[tokio::test]
async fn who_shows_no_token_learns_nothing() {
    let world = populated().await;
    let before = state(&world, "acme");
    let tenant = vec![("x-ceap-tenant".to_owned(), "acme".to_owned())];
    for id in ids(&world) {
        for (route, path) in asked(&id) {
            let method = route.method.as_str();
            let sent = if method == "GET" { Value::Null } else { json!({}) };
            let got = world.with(tenant.clone(), method, &path.replace(MARK, "x"), sent).await;
            assert!(!got.body.to_string().contains(MARK), "{method} {path}: {}", got.body);
            world.pass(2);
        }
    }
    assert_eq!(state(&world, "acme"), before);
}
