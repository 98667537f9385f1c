//! Views: what they are, and who sees which.

use crate::cast::{self, AGENT, CUSTOMER, LEAD, OTHER};
use crate::world::World;
use serde_json::{Value, json};

fn unsolved(title: &str) -> Value {
    let all = json!([{"field": "status", "operator": "less_than", "value": "solved"}]);
    json!({"view": {"title": title, "all": all}})
}

async fn titles(world: &World, who: &str, path: &str) -> Vec<String> {
    let body = world.ask(who, "GET", path, Value::Null).await.is(200);
    let all = body["views"].as_array().unwrap();
    let made = all.iter().filter(|it| it["default"] == false);
    made.map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_view_is_kept_as_clients_know_it() {
    let world = World::new();
    let got = world.post("/views.json", unsolved("testView")).await;
    let location = got.header("location").unwrap().to_owned();
    let view = got.is(201)["view"].clone();
    let id = view["id"].as_u64().unwrap();
    assert_eq!(location, format!("http://desk.example/api/v2/views/{id}.json"));
    assert_eq!(view["url"], location);
    let condition = json!({"field": "status", "operator": "less_than", "value": "solved"});
    assert_eq!(view["conditions"], json!({"all": [condition], "any": []}));
    assert_eq!((&view["active"], &view["default"]), (&json!(true), &json!(false)));
    assert_eq!((&view["restriction"], &view["description"]), (&json!(null), &json!(null)));
    assert_eq!((&view["raw_title"], &view["position"]), (&json!("testView"), &json!(10_000)));
    let execution = &view["execution"];
    assert_eq!(execution["group_by"], json!(null));
    assert_eq!(execution["sort_order"], "desc");
    let subject =
        json!({"id": "subject", "title": "Subject", "filterable": false, "sortable": false});
    assert_eq!(execution["columns"][0], subject);
    assert_eq!(execution["columns"], execution["fields"]);
    assert_eq!(execution["columns"].as_array().unwrap().len(), 6);
    world.pass(5);
    let asked = json!({"view": {
        "id": id,
        "title": "All of mine",
        "conditions": {"all": [{"field": "assignee_id", "operator": "is", "value": "current_user"}],
            "any": [{"field": "priority", "operator": "greater_than", "value": "low"},
                {"field": "current_tags", "operator": "includes", "value": "vip gold"}]},
        "output": {"columns": ["status", "description", "priority"], "group_by": "status",
            "sort_by": "priority", "sort_order": "asc"},
    }});
    let view = world.put(&format!("/views/{id}.json"), asked).await.is(200)["view"].clone();
    assert_eq!(view["conditions"]["any"][1]["value"], "vip gold");
    assert_eq!(view["execution"]["columns"][1]["title"], "Subject");
    assert_eq!(view["execution"]["group"]["title"], "Status");
    assert_eq!(view["execution"]["sort"]["order"], "asc");
    assert_eq!(view["updated_at"], "2026-11-21T09:00:05Z");
    assert_eq!(world.get(&format!("/views/{id}")).await.is(200)["view"], view);
    world.delete(&format!("/views/{id}.json")).await.is(204);
    world.get(&format!("/views/{id}")).await.is(404);
    world.put("/views/9223372036854775807", json!({})).await.is(404);
}

#[tokio::test]
async fn conditions_that_change_replace_their_own_list_only() {
    let world = World::new();
    let view = json!({"view": {
        "title": "x",
        "all": [{"field": "status", "operator": "is", "value": "open"}],
        "any": [{"field": "type", "operator": "is", "value": "incident"}],
    }});
    let id = world.post("/views", view).await.is(201)["view"]["id"].clone();
    let asked = json!({"view": {"any": []}});
    let view = world.put(&format!("/views/{id}"), asked).await.is(200)["view"].clone();
    assert_eq!(view["conditions"]["all"][0]["value"], "open");
    assert_eq!(view["conditions"]["any"], json!([]));
}

#[tokio::test]
async fn what_no_view_can_be_is_refused() {
    let world = World::new();
    let status = json!({"field": "status", "operator": "is", "value": "open"});
    for (all, any, field, word) in [
        (json!([]), json!([]), "all", "must have a condition"),
        (
            json!([{"field": "priority", "operator": "is", "value": "low"}]),
            json!([]),
            "all",
            "must have a condition",
        ),
        (
            json!([status, {"field": "mood", "value": "x"}]),
            json!([]),
            "base",
            "not a valid condition",
        ),
        (
            json!([status, {"field": "update_type", "value": "Create"}]),
            json!([]),
            "base",
            "cannot be used here",
        ),
        (
            json!([{"field": "status", "operator": "includes", "value": "open"}]),
            json!([]),
            "base",
            "is not one of",
        ),
        (
            json!([{"field": "status", "operator": "is", "value": "ajar"}]),
            json!([]),
            "base",
            "ajar is not a valid value",
        ),
        (
            json!([{"field": "group_id", "operator": "is", "value": 4711}]),
            json!([]),
            "base",
            "4711 is not a valid value",
        ),
        (
            json!([{"field": "assignee_id", "operator": "is", "value": "x"}]),
            json!([]),
            "base",
            "x is not a valid value",
        ),
        (
            json!([status]),
            json!([{"field": "OPEN", "operator": "is", "value": "2"}]),
            "base",
            "can only be used in `all`",
        ),
        (
            json!([status, {"field": "OPEN", "operator": "is", "value": "1.5"}]),
            json!([]),
            "base",
            "1.5 is not a valid value",
        ),
    ] {
        let asked = json!({"view": {"title": "x", "all": all, "any": any}});
        let refused = world.post("/views", asked).await.is(422);
        assert_eq!(refused["error"], "RecordInvalid");
        let reasons = refused["details"][field].to_string();
        assert!(reasons.contains(word), "{word}: {refused}");
    }
    let blank = world.post("/views", unsolved("")).await.is(422);
    assert_eq!(blank["details"]["title"][0]["description"], "Title: cannot be blank");
    for output in [
        json!({"columns": ["mood"]}),
        json!({"sort_by": "subject"}),
        json!({"sort_order": "sideways"}),
        json!({"columns": vec!["status"; 11]}),
    ] {
        let mut asked = unsolved("x");
        asked["view"]["output"] = output;
        assert!(world.post("/views", asked).await.is(422)["details"]["output"].is_array());
    }
    for restriction in [
        json!({"type": "Planet", "id": 1}),
        json!({"type": "Group", "ids": [4711]}),
        json!({"type": "User", "id": 4711}),
        json!({"type": "Group"}),
    ] {
        let mut asked = unsolved("x");
        asked["view"]["restriction"] = restriction;
        world.post("/views", asked).await.is(422);
    }
}

#[tokio::test]
async fn agents_see_what_is_for_all_for_their_groups_and_for_themselves() {
    let world = World::new();
    cast::all(&world).await;
    let group = world.post("/groups", json!({"group": {"name": "Night"}})).await.is(201);
    let group = group["group"]["id"].clone();
    let join = json!({"group_membership": {"user_id": 1001, "group_id": group}});
    world.post("/group_memberships", join).await.is(201);

    let mut shared = unsolved("for all");
    world.post("/views", shared.clone()).await.is(201);
    shared["view"] = json!({"title": "for the night", "all": shared["view"]["all"],
        "restriction": {"type": "Group", "ids": [group]}});
    let made = world.post("/views", shared).await.is(201)["view"].clone();
    let expected = json!({"type": "Group", "id": group, "ids": [group]});
    assert_eq!(made["restriction"], expected);
    let mut own = unsolved("my own");
    world.ask(AGENT, "POST", "/views", own.clone()).await.is(403);
    own["view"]["restriction"] = json!({"type": "User", "id": 2001});
    world.ask(AGENT, "POST", "/views", own.clone()).await.is(403);
    own["view"]["restriction"] = json!({"type": "User", "id": "1001"});
    let own = world.ask(AGENT, "POST", "/views", own).await.is(201)["view"].clone();
    assert_eq!(own["restriction"], json!({"type": "User", "id": 1001}));

    assert_eq!(titles(&world, AGENT, "/views").await, ["for all", "for the night", "my own"]);
    assert_eq!(titles(&world, OTHER, "/views/active").await, ["for all"]);
    assert_eq!(titles(&world, LEAD, "/views").await, ["for all", "for the night"]);
    assert_eq!(titles(&world, AGENT, "/views?access=personal").await, ["my own"]);
    let mine = format!("/views?group_id={group}");
    assert_eq!(titles(&world, AGENT, &mine).await, ["for the night"]);

    let (night, own) = (format!("/views/{}", made["id"]), format!("/views/{}", own["id"]));
    world.ask(OTHER, "GET", &night, Value::Null).await.is(404);
    world.ask(OTHER, "GET", &own, Value::Null).await.is(404);
    let renamed = json!({"view": {"title": "y"}});
    world.ask(AGENT, "PUT", &night, renamed.clone()).await.is(403);
    world.ask(AGENT, "DELETE", &night, Value::Null).await.is(403);
    world.ask(AGENT, "PUT", &own, renamed.clone()).await.is(200);
    let given = json!({"view": {"restriction": null}});
    world.ask(AGENT, "PUT", &own, given).await.is(403);
    world.ask(LEAD, "PUT", &night, renamed).await.is(200);
    for path in ["/views", "/views/active", "/views/compact", "/views/count", &own] {
        world.ask(CUSTOMER, "GET", path, Value::Null).await.is(403);
    }
    let ids = format!("/views/destroy_many?ids={}", made["id"]);
    world.ask(AGENT, "DELETE", &ids, Value::Null).await.is(403);
    world.ask(LEAD, "DELETE", &ids, Value::Null).await.is(204);
}

#[tokio::test]
async fn views_are_listed_in_an_order_and_moved() {
    let world = World::new();
    let mut ids = Vec::new();
    for title in ["b", "c", "a"] {
        world.pass(1);
        let made = world.post("/views", unsolved(title)).await.is(201);
        ids.push(made["view"]["id"].as_u64().unwrap());
    }
    let owner = "owner@acme.example";
    assert_eq!(titles(&world, owner, "/views.json").await, ["b", "c", "a"]);
    assert_eq!(titles(&world, owner, "/views?sort_by=alphabetical").await, ["a", "b", "c"]);
    assert_eq!(titles(&world, owner, "/views?sort_by=created_at").await, ["a", "c", "b"]);
    assert_eq!(titles(&world, owner, "/views?sort=created_at").await, ["b", "c", "a"]);
    world.get("/views?sort_by=usage_7d").await.is(400);
    let moved = json!({"views": [{"id": ids[2], "position": -3}, {"id": ids[0], "active": false}]});
    let moved = world.put("/views/update_many.json", moved).await.is(200);
    assert_eq!(moved["views"][0]["position"], -3);
    assert_eq!(titles(&world, owner, "/views").await, ["a", "b", "c"]);
    assert_eq!(titles(&world, owner, "/views/active.json").await, ["a", "c"]);
    assert_eq!(titles(&world, owner, "/views?active=false").await, ["b"]);
    assert_eq!(titles(&world, owner, "/views/search?query=C").await, ["c"]);
    world.get("/views/search").await.is(400);
    let both = format!("/views/show_many?ids={},{}", ids[0], ids[1]);
    assert_eq!(titles(&world, owner, &both).await, ["b", "c"]);
    let unknown = json!({"views": [{"id": 4711, "position": 1}]});
    world.put("/views/update_many", unknown).await.is(404);
    let many = json!({"views": vec![json!({"id": 1}); 101]});
    assert_eq!(world.put("/views/update_many", many).await.is(400)["error"], "TooManyValues");
    let all = format!("/views/destroy_many.json?ids={},{}", ids[0], ids[1]);
    world.delete(&all).await.is(204);
    assert_eq!(titles(&world, owner, "/views").await, ["a"]);
}

#[tokio::test]
async fn cursors_walk_views_in_their_order_even_if_one_is_deleted() {
    let world = World::new();
    let mut ids = Vec::new();
    for title in ["d", "c", "b", "a"] {
        let made = world.post("/views", unsolved(title)).await.is(201);
        ids.push(made["view"]["id"].as_u64().unwrap());
    }
    let mut seen = Vec::new();
    let mut path = "/views?page[size]=1&sort=-alphabetical".to_owned();
    loop {
        let page = world.get(&path).await.is(200);
        let title = page["views"][0]["title"].as_str().unwrap().to_owned();
        let default = page["views"][0]["default"] == true;
        if title == "c" {
            world.delete(&format!("/views/{}", ids[1])).await.is(204);
        }
        if !default {
            seen.push(title);
        }
        match page["links"]["next"].as_str() {
            Some(next) => path = next.strip_prefix("http://desk.example/api/v2").unwrap().into(),
            None => break,
        }
    }
    assert_eq!(seen, ["d", "c", "b", "a"]);
}

#[tokio::test]
async fn views_are_counted_compacted_and_defined() {
    let world = World::new();
    let before = world.get("/views/count.json").await.is(200)["count"]["value"].as_u64().unwrap();
    let mut ids = Vec::new();
    for index in 0..60 {
        let made = world.post("/views", unsolved(&format!("v{index:02}"))).await.is(201);
        ids.push(made["view"]["id"].to_string());
    }
    let counted = world.get("/views/count.json").await.is(200);
    assert_eq!(counted["count"]["value"], before + 60);
    assert_eq!(counted.as_object().unwrap().len(), 1);
    let compact = world.get("/views/compact.json?per_page=2").await.is(200);
    assert_eq!(compact["views"].as_array().unwrap().len(), 32);
    let definitions = world.get("/views/definitions").await.is(200)["definitions"].clone();
    let subjects = |list: &str| -> Vec<String> {
        let all = definitions[list].as_array().unwrap().iter();
        all.map(|it| it["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert!(subjects("conditions_all").contains(&"PENDING".to_owned()));
    assert!(!subjects("conditions_any").contains(&"PENDING".to_owned()));
    assert!(!subjects("conditions_all").contains(&"update_type".to_owned()));
    let all = definitions["conditions_all"].as_array().unwrap();
    let group = all.iter().find(|it| it["subject"] == "group_id").unwrap();
    assert_eq!(group["values"][1]["title"], "Support");
    let permitted = world.get("/views?include=permissions").await.is(200);
    assert_eq!(permitted["views"][0]["permissions"], json!({"can_edit": true, "can_delete": true}));
    let all = format!("/views/destroy_many?ids={}", ids.join(","));
    world.delete(&all).await.is(204);
    assert_eq!(world.get("/views/count").await.is(200)["count"]["value"], before);
}

#[tokio::test]
async fn what_is_not_done_with_views_says_so() {
    let world = World::new();
    let id = world.post("/views", unsolved("x")).await.is(201)["view"]["id"].clone();
    for what in ["export", "feed", "execution_status", "recent_ticket_ids"] {
        let refused = world.get(&format!("/views/{id}/{what}")).await.is(404);
        assert_eq!(refused["error"], "InvalidEndpoint");
        assert_ne!(refused["description"], "Not found");
    }
}

#[tokio::test]
async fn another_tenants_views_are_not_there() {
    let world = World::new();
    let id = world.post("/views", unsolved("x")).await.is(201)["view"]["id"].clone();
    let path = format!("/views/{id}");
    for method in ["GET", "PUT", "DELETE"] {
        let body = if method == "PUT" { unsolved("y") } else { Value::Null };
        world.ask("owner@other.example", method, &path, body).await.is(404);
    }
    assert!(titles(&world, "owner@other.example", "/views").await.is_empty());
}
