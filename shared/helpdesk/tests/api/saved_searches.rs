//! Searches that agents keep.

use crate::cast::{AGENT, CUSTOMER, LEAD, OTHER};
use crate::search::{desk, found};
use crate::world::World;
use serde_json::{Value, json};

fn saved(more: Value) -> Value {
    let mut saved = json!({"title": "Hot ones", "query": "type:ticket tags:hot"});
    saved.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"saved_search": saved})
}

async fn save(world: &World, who: &str, more: Value) -> String {
    let made = world.ask(who, "POST", "/saved_searches.json", saved(more)).await.is(201);
    format!("/saved_searches/{}", made["saved_search"]["id"])
}

#[tokio::test]
async fn a_search_is_kept_and_done_again() {
    let world = desk().await;
    let asked =
        saved(json!({"sort_by": "created_at", "sort_order": "asc", "id": 7, "owner_id": 4001}));
    let got = world.ask(AGENT, "POST", "/saved_searches.json", asked).await;
    let location = got.header("location").unwrap().to_owned();
    let made = got.is(201)["saved_search"].clone();
    let path = format!("/saved_searches/{}", made["id"]);
    assert_eq!(location, format!("http://desk.example/api/v2{path}.json"));
    assert_eq!(
        made,
        json!({
            "url": location, "id": made["id"], "title": "Hot ones", "query": "type:ticket tags:hot",
            "sort_by": "created_at", "sort_order": "asc", "shared": null, "owner_id": 1001,
            "created_at": "2026-11-21T09:05:00Z", "updated_at": "2026-11-21T09:05:00Z",
        })
    );
    let ask = async |method: &str, more: &str, body: Value| {
        world.ask(AGENT, method, &format!("{path}{more}"), body).await
    };
    assert_eq!(ask("GET", ".json", Value::Null).await.is(200)["saved_search"], made);
    let done = ask("GET", "/execute.json", Value::Null).await.is(200);
    assert_eq!((found(&done), &done["count"]), ("ticket1 ticket2".to_owned(), &json!(2)));
    let done =
        ask("GET", "/execute?sort_by=updated_at&per_page=1&include=tickets(users)", Value::Null)
            .await
            .is(200);
    assert_eq!((found(&done), &done["count"]), ("ticket2".to_owned(), &json!(2)));
    assert!(done["next_page"].as_str().unwrap().contains("page=2") && done["users"].is_array());
    ask("GET", "/execute?page=11", Value::Null).await.is(422);

    world.pass(5);
    let change = json!({"saved_search": {"query": "fire", "sort_by": null, "sort_order": null}});
    let changed = ask("PUT", ".json", change).await.is(200)["saved_search"].clone();
    assert_eq!((&changed["query"], &changed["title"]), (&json!("fire"), &json!("Hot ones")));
    assert_eq!((&changed["sort_by"], &changed["sort_order"]), (&Value::Null, &Value::Null));
    assert_ne!(changed["updated_at"], made["updated_at"]);
    assert_eq!(found(&ask("GET", "/execute", Value::Null).await.is(200)), "ticket1");
    ask("DELETE", ".json", Value::Null).await.is(204);
    ask("GET", "", Value::Null).await.is(404);
    ask("GET", "/execute", Value::Null).await.is(404);
}

#[tokio::test]
async fn what_cannot_be_searched_is_not_kept() {
    let world = desk().await;
    for (more, field, word) in [
        (json!({"title": " "}), "title", "cannot be blank"),
        (json!({"title": "x".repeat(256)}), "title", "too long"),
        (json!({"query": null}), "query", "cannot be blank"),
        (json!({"query": "fire status:foo"}), "query", "at character 13"),
        (json!({"query": "\"fire"}), "query", "at character 1"),
        (json!({"sort_by": "colour"}), "sort_by", "nothing is sorted by colour"),
        (json!({"sort_order": "up"}), "sort_order", "is invalid"),
        (json!({"shared": "some"}), "shared", "is neither"),
        (json!({"shared": {"group_ids": []}}), "shared", "names no group"),
        (json!({"shared": {"group_ids": [4711]}}), "shared", "4711 is not a valid value"),
    ] {
        let refused = world.post("/saved_searches", saved(more.clone())).await.is(422);
        assert_eq!(refused["error"], "RecordInvalid");
        let description = refused["details"][field][0]["description"].as_str();
        assert!(description.is_some_and(|it| it.contains(word)), "{more}: {refused}");
    }
    world.post("/saved_searches", json!({})).await.is(400);
    // Whom it names may come and go.
    save(&world, AGENT, json!({"query": "requester:nobody"})).await;
}

#[tokio::test]
async fn a_search_is_shared_with_all_or_with_groups() {
    let world = desk().await;
    let groups = world.get("/groups").await.is(200)["groups"].clone();
    let id = |name: &str| {
        let all = groups.as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap()["id"].clone()
    };
    let own = save(&world, AGENT, json!({"title": "own"})).await;
    let all = save(&world, AGENT, json!({"title": "all", "shared": "all"})).await;
    let nights = json!({"title": "nights", "shared": {"group_ids": [id("Nights")]}});
    let nights = save(&world, AGENT, nights).await;
    let support =
        json!({"title": "support", "shared": {"group_ids": [id("Support"), id("Nights")]}});
    let support = save(&world, AGENT, support).await;
    const OWNER: &str = "owner@acme.example";
    const NIGHTS: &str = "nights@acme.example";
    for (who, seen) in [
        (AGENT, vec!["own", "all", "nights", "support"]),
        (OTHER, vec!["all", "support"]),
        (NIGHTS, vec!["all", "nights", "support"]),
        (OWNER, vec!["all", "nights", "support"]),
        ("owner@other.example", vec![]),
    ] {
        let got = world.ask(who, "GET", "/saved_searches.json", Value::Null).await.is(200);
        let listed = got["saved_searches"].as_array().unwrap();
        let listed: Vec<&str> = listed.iter().map(|it| it["title"].as_str().unwrap()).collect();
        assert_eq!((listed, &got["count"]), (seen.clone(), &json!(seen.len())), "{who}");
        for (title, path) in
            [("own", &own), ("all", &all), ("nights", &nights), ("support", &support)]
        {
            // Administrators see all there is of their account when they ask for it.
            let status = if seen.contains(&title) || who == OWNER { 200 } else { 404 };
            for more in ["", "/execute"] {
                world.ask(who, "GET", &format!("{path}{more}"), Value::Null).await.is(status);
            }
        }
    }
    let paged = world.ask(AGENT, "GET", "/saved_searches?page[size]=3", Value::Null).await.is(200);
    assert_eq!(paged["meta"]["has_more"], true);
    // Only the owner and administrators change it.
    let change = json!({"saved_search": {"title": "mine"}});
    for who in [OTHER, LEAD] {
        world.ask(who, "PUT", &all, change.clone()).await.is(403);
        world.ask(who, "DELETE", &all, Value::Null).await.is(403);
        world.ask(who, "PUT", &own, change.clone()).await.is(404);
        world.ask(who, "DELETE", &own, Value::Null).await.is(404);
    }
    world.put(&all, change.clone()).await.is(200);
    world.delete(&own).await.is(204);
    for (method, path) in
        [("GET", "/saved_searches"), ("POST", "/saved_searches"), ("GET", all.as_str())]
    {
        world.ask(CUSTOMER, method, path, saved(json!({}))).await.is(403);
    }
}

#[tokio::test]
async fn a_shared_search_shows_each_what_they_see() {
    let world = desk().await;
    let path = save(&world, AGENT, json!({"shared": "all"})).await + "/execute";
    for (who, expected) in
        [(AGENT, "ticket2 ticket1"), ("nights@acme.example", "ticket2"), ("own@acme.example", "")]
    {
        let got = world.ask(who, "GET", &path, Value::Null).await.is(200);
        assert_eq!(found(&got), expected, "{who}");
    }
    let mine = save(&world, AGENT, json!({"query": "assignee:me", "shared": "all"})).await;
    let mine = format!("{mine}/execute");
    assert_eq!(found(&world.ask(AGENT, "GET", &mine, Value::Null).await.is(200)), "ticket1");
    assert_eq!(found(&world.ask(OTHER, "GET", &mine, Value::Null).await.is(200)), "ticket3");
}
