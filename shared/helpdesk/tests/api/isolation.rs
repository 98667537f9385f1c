//! Nobody reaches what is another's: every route there is, asked with another's ids by whom they are nothing to.
//!
//! The table of routes makes the tests: a route that is added is asked too.

use crate::world::World;
use ceap_helpdesk::account::Remembered;
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
    let world = World::standard();
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
    let uploads = [file(&world, ADA).await, file(&world, "owner@acme.example").await];
    let note = json!({"body": MARK, "public": false, "uploads": [uploads[1]]});
    world.put("/tickets/1", json!({"ticket": {"comment": note}})).await.is(200);
    world.done(world.delete("/tickets/destroy_many?ids=99").await).await;
    let saved = json!({"saved_search": {"title": MARK, "query": "ada", "shared": "all"}});
    world.post("/saved_searches", saved).await.is(201);
    world
}

/// The token of a file that somebody uploads.
async fn file(world: &World, email: &str) -> Value {
    let headers = world.basic(email, world.token("acme"));
    let path = format!("/uploads?filename={MARK}");
    world.raw(headers, "POST", &path, vec![1]).await.is(201)["upload"]["token"].clone()
}

/// Every id that stands in the account's keys, with the kind of what has it, and those of jobs.
fn ids(world: &World) -> BTreeSet<(String, String)> {
    let mut ids = BTreeSet::new();
    let mut add = |kind: &str, id: &str| {
        ids.insert((kind.to_lowercase(), id.to_owned()));
    };
    for (tenant, key, body) in world.store.dump() {
        if tenant.as_str() != "acme" {
            continue;
        }
        let kind = if key.partition == "ACCOUNT" { &key.sort } else { &key.partition };
        let kind = kind.split('#').next().unwrap();
        let last = key.sort.rsplit('#').next().unwrap().parse::<u64>().unwrap_or_default();
        if last > 0 {
            add(kind, &last.to_string());
        }
        for (begins, kind) in
            [("JOB#", "job_status"), ("UPLOAD#", "upload"), ("ATTACHMENT#", "attachment")]
        {
            key.partition.strip_prefix(begins).into_iter().for_each(|id| add(kind, id));
        }
        let record: Value = serde_json::from_str(&body).unwrap_or_default();
        for name in ["memberships", "identities"] {
            let all = record[name].as_array().into_iter().flatten();
            all.filter_map(|it| it["id"].as_u64()).for_each(|id| add(name, &id.to_string()));
        }
    }
    ids
}

/// The ids that a route is asked with: those of the kinds that its path names, and one of each other kind for one route
/// in several, so that all routes together meet all kinds.
fn fitting(route: &Route, index: usize, all: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    let named = |kind: &str| {
        let word = kind.trim_end_matches('s');
        route.path.split('/').any(|segment| segment.starts_with(word))
    };
    let mut kinds: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.dedup();
    let other = kinds[index % kinds.len()];
    let fit = all.iter().filter(|(kind, _)| named(kind) || kind == other);
    let mut fit: Vec<&(String, String)> = fit.collect();
    // Those that the first variable stands for come first.
    let of = route.path.split("/{").next().and_then(|it| it.rsplit('/').next()).unwrap();
    fit.sort_by_key(|(kind, _)| !of.starts_with(kind.trim_end_matches('s')));
    let mut fit: BTreeSet<String> =
        fit.into_iter().map(|(_, id)| id.clone()).take(MOST_IDS).collect();
    fit.insert("1".to_owned());
    fit
}

/// Ids that one route is asked with at most.
const MOST_IDS: usize = 6;

/// All that the account has, but for how much was asked of it.
fn state(world: &World, tenant: &str) -> Vec<(String, String)> {
    let items = world.store.dump().into_iter();
    let own =
        items.filter(|(of, key, _)| of.as_str() == tenant && !key.partition.starts_with("RATE"));
    own.map(|(_, key, body)| (key.to_string(), body)).collect()
}

/// A body that names `id` wherever a body may, in the envelope of every kind of record that the route's path names.
fn body(route: &Route, id: &str) -> Value {
    let id: Value = id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id));
    let mut record = json!({
        "name": "x", "title": "x", "subject": "x", "description": "x", "key": "x",
        "comment": {"body": "x", "author_id": id}, "value": "x", "type": "problem",
        "tags": ["x"], "custom_fields": [{"id": id, "value": "x"}], "email": "x@other.example",
        "solved": true, "score": "good", "status": "open", "active": false, "query": "ada",
        "all": [{"field": "status", "operator": "less_than", "value": "closed"}],
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
    for segment in route.path.split('/').filter(|it| !it.is_empty() && !it.starts_with('{')) {
        let one = segment.strip_suffix("ies").map(|it| format!("{it}y"));
        let one = one.or(segment.strip_suffix("hes").map(|it| format!("{it}h")));
        let one = one.or(segment.strip_suffix('s').map(str::to_owned));
        body.insert(one.unwrap_or_else(|| segment.to_owned()), record.clone());
        body.insert(segment.to_owned(), json!([record]));
    }
    for (name, value) in [
        ("ids", json!([id])),
        ("ticket_id", id.clone()),
        ("tags", json!(["x"])),
        ("text", json!("x")),
        ("target_comment", json!("x")),
        ("id", id.clone()),
        ("name", json!("x")),
    ] {
        body.insert(name.to_owned(), value);
    }
    Value::Object(body)
}

/// Every route that does something, with ids for its variables.
fn asked(world: &World) -> Vec<(&'static Route, String, String)> {
    let ids = ids(world);
    let all = routes::all().into_iter().flatten();
    let done = all.filter(|route| matches!(route.does, Does::Run(..))).enumerate();
    let each = done.flat_map(|(index, route)| {
        fitting(route, index, &ids).into_iter().map(move |id| (route, id))
    });
    each.map(|(route, id)| {
        let segments = route.path.split('/').map(|it| if it.starts_with('{') { &id } else { it });
        let path = segments.collect::<Vec<_>>().join("/");
        let query = format!("ids={id}&external_ids={MARK}&external_id={MARK}&query=ada&name=mark&filter[type]=ticket&email={ADA}&start_time=0&user_id={id}&token={id}");
        (route, format!("{path}?{query}"), id)
    })
    .collect()
}

#[tokio::test]
async fn a_tenant_reaches_nothing_of_anothers() {
    let world = populated().await;
    world.ask(STRANGER, "GET", "/groups", Value::Null).await.is(200);
    let before = state(&world, "acme");
    for (route, path, id) in asked(&world) {
        let method = route.method.as_str();
        let sent = if method == "GET" { Value::Null } else { body(route, &id) };
        let got = world.ask(STRANGER, method, &path.replace(&format!("={MARK}"), "=x"), sent).await;
        assert!(!got.body.to_string().contains(MARK), "{method} {path}: {}", got.body);
        world.pass(2);
    }
    world.work().await;
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
    for (route, path, id) in asked(&world) {
        let method = route.method.as_str();
        let sent = if method == "GET" { Value::Null } else { body(route, &id) };
        let got = world.ask(EVE, method, &path.replace(&format!("={MARK}"), "=x"), sent).await;
        assert!(!got.body.to_string().contains(MARK), "{method} {path}: {}", got.body);
        world.pass(2);
    }
    world.work().await;
    assert_eq!(hers(&world), before);
}

/// The marks are where the other tests would find them.
#[tokio::test]
async fn who_may_see_it_does() {
    let world = populated().await;
    let mut told = BTreeSet::new();
    for (route, path, _) in asked(&world) {
        if route.method.as_str() == "GET" {
            let got = world.get(&path.replace(&format!("={MARK}"), "=x")).await;
            if got.body.to_string().contains(MARK) {
                told.insert(route.path);
            }
            world.pass(2);
        }
    }
    for path in [
        "/tickets/{id}",
        "/tickets/{ticket_id}/comments",
        "/groups",
        "/deleted_tickets",
        "/attachments/{id}",
        "/search",
        "/search/export",
        "/users/autocomplete",
        "/requests/search",
        "/saved_searches",
        "/saved_searches/{id}/execute",
        "/views/{id}/tickets",
        "/views/{id}/execute",
    ] {
        assert!(told.contains(path), "{path}: {told:?}");
    }
}

/// Whatever is asked, no more than three calls wait for each other; of jobs' routes, to start them. That is so of a
/// function that has just begun, too, and knows nothing of the account.
#[tokio::test]
async fn no_route_waits_for_more_than_three_calls() {
    let mut world = populated().await;
    let mut slow = BTreeSet::new();
    for (route, path, id) in asked(&world) {
        let method = route.method.as_str();
        let sent = if method == "GET" { Value::Null } else { body(route, &id) };
        let path = path.replace(&format!("={MARK}"), "=x");
        world.accounts = Remembered::default();
        let _before = world.store.calls();
        let got = world.ask("owner@acme.example", method, &path, sent).await;
        let calls = world.store.calls();
        if calls.rounds > 3 {
            slow.insert(format!(
                "{} {}: {} {:?}",
                route.method.as_str(),
                route.path,
                got.status,
                calls.made
            ));
        }
        world.pass(2);
    }
    assert_eq!(slow, BTreeSet::new());
}

#[tokio::test]
async fn who_shows_no_token_learns_nothing() {
    let world = populated().await;
    let before = state(&world, "acme");
    let tenant = vec![("x-ceap-tenant".to_owned(), "acme".to_owned())];
    for (route, path, _) in asked(&world) {
        let method = route.method.as_str();
        let sent = if method == "GET" { Value::Null } else { json!({}) };
        let got = world.with(tenant.clone(), method, &path.replace(MARK, "x"), sent).await;
        assert!(!got.body.to_string().contains(MARK), "{method} {path}: {}", got.body);
        world.pass(2);
    }
    assert_eq!(state(&world, "acme"), before);
}
