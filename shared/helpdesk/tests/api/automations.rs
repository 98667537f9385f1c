//! Automations: what they have to be so that they stop by themselves.

use crate::cast::{self, AGENT, LEAD};
use crate::world::World;
use serde_json::{Value, json};

fn automation(title: &str, all: &Value) -> Value {
    json!({"automation": {"title": title, "all": all,
        "actions": [{"field": "status", "value": "open"}]}})
}

fn pending(hours: &str) -> Value {
    json!([{"field": "status", "operator": "is", "value": "pending"},
        {"field": "PENDING", "operator": "greater_than", "value": hours}])
}

#[tokio::test]
async fn an_automation_is_kept_as_clients_know_it() {
    let world = World::new();
    let made = world.post("/automations.json", automation("a", &pending("24"))).await.is(201);
    let made = made["automation"].clone();
    let path = format!("/automations/{}", made["id"]);
    assert_eq!(made["url"], format!("http://desk.example/api/v2{path}.json"));
    assert_eq!(made["conditions"], json!({"all": pending("24"), "any": []}));
    assert_eq!((&made["position"], &made["active"]), (&json!(10_000), &json!(true)));
    assert_eq!(made.get("description"), None);
    let renamed = json!({"automation": {"title": "b", "conditions": {"all": pending("48")},
        "actions": [{"field": "status", "value": "solved"}]}});
    let after = world.put(&path, renamed).await.is(200)["automation"].clone();
    assert_eq!(after["conditions"]["all"][1]["value"], "48");
    assert_eq!(world.get(&path).await.is(200)["automation"], after);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
}

#[tokio::test]
async fn an_automation_looks_at_the_time_and_stops_by_itself() {
    let world = World::new();
    let status = json!({"field": "status", "operator": "is", "value": "pending"});
    for (all, word) in [
        (json!([status]), "time-based"),
        (json!([{"field": "updated_at", "operator": "is", "value": "4"}]), "a condition on status"),
        (
            json!([{"field": "status", "operator": "is", "value": "open"},
                {"field": "updated_at", "operator": "greater_than", "value": "4"}]),
            "nullifies",
        ),
    ] {
        let refused = world.post("/automations", automation("x", &all)).await.is(422);
        assert!(refused["details"]["base"].to_string().contains(word), "{word}: {refused}");
    }
    let any = json!({"automation": {"title": "x", "all": [status],
        "any": [{"field": "PENDING", "operator": "is", "value": "4"}],
        "actions": [{"field": "status", "value": "open"}]}});
    world.post("/automations", any).await.is(422);
    // As zenpy's own tests have it: hours of a status tell of the status.
    for hours in 100..105 {
        let all = json!([{"field": "PENDING", "operator": "is", "value": hours.to_string()}]);
        world.post("/automations", automation("x", &all)).await.is(201);
    }
    let twin = json!([{"field": "PENDING", "operator": "is", "value": "100"}]);
    let refused = world.post("/automations", automation("y", &twin)).await.is(422);
    assert!(refused["details"]["base"].to_string().contains("identical"));
    let mut off = automation("y", &twin);
    off["automation"]["active"] = json!(false);
    world.post("/automations", off).await.is(201);
}

#[tokio::test]
async fn automations_are_listed_moved_and_kept_by_leads() {
    let world = World::new();
    cast::all(&world).await;
    let mut ids = Vec::new();
    for hours in ["1", "2", "3"] {
        let made = world.post("/automations", automation(hours, &pending(hours))).await.is(201);
        ids.push(made["automation"]["id"].clone());
    }
    let moved =
        json!({"automations": [{"id": ids[2], "position": 1}, {"id": ids[0], "active": false}]});
    world.ask(AGENT, "PUT", "/automations/update_many", moved.clone()).await.is(403);
    world.ask(LEAD, "PUT", "/automations/update_many", moved).await.is(200);
    let titles = async |path: &str| {
        let body = world.ask(AGENT, "GET", path, Value::Null).await.is(200);
        let all = body["automations"].as_array().unwrap().clone();
        // Every account comes with four more.
        let own = all.iter().filter(|it| it["default"] == false);
        own.map(|it| it["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles("/automations").await, ["3", "1", "2"]);
    assert_eq!(titles("/automations/active").await, ["3", "2"]);
    assert_eq!(titles("/automations?active=false").await, ["1"]);
    assert_eq!(titles("/automations/search?query=2").await, ["2"]);
    let page = world.get("/automations?page[size]=2").await.is(200);
    assert_eq!(page["meta"]["has_more"], true);
    let path = format!("/automations/destroy_many?ids={},{}", ids[0], ids[1]);
    world.ask(AGENT, "DELETE", &path, Value::Null).await.is(403);
    world.delete(&path).await.is(204);
    assert_eq!(titles("/automations").await, ["3"]);
    world
        .ask("owner@other.example", "GET", &format!("/automations/{}", ids[2]), Value::Null)
        .await
        .is(404);
}
