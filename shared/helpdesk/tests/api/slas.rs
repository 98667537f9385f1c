//! SLA policies.

use crate::cast::{self, AGENT, LEAD};
use crate::world::World;
use serde_json::{Value, json};

fn policy(title: &str) -> Value {
    json!({"sla_policy": {
        "title": title,
        "description": "For urgent incidents",
        "filter": {"all": [{"field": "type", "operator": "is", "value": "incident"},
            {"field": "via_id", "operator": "is", "value": 4}], "any": []},
        "policy_metrics": [
            {"priority": "normal", "metric": "first_reply_time", "target": 30, "business_hours": false},
            {"priority": "urgent", "metric": "first_reply_time", "target": 10, "business_hours": true},
        ],
    }})
}

#[tokio::test]
async fn a_policy_is_kept_as_clients_know_it() {
    let world = World::new();
    let got = world.post("/slas/policies.json", policy("Incidents")).await;
    let location = got.header("location").unwrap().to_owned();
    let made = got.is(201)["sla_policy"].clone();
    let path = format!("/slas/policies/{}", made["id"]);
    assert_eq!(location, format!("http://desk.example/api/v2{path}.json"));
    assert_eq!(made["url"], location);
    assert_eq!(made["filter"]["all"][1]["value"], "4");
    let metric = json!({"priority": "normal", "metric": "first_reply_time", "target": 30,
        "target_in_seconds": 1800, "business_hours": false});
    assert_eq!(made["policy_metrics"][0], metric);
    assert_eq!(made["position"], 1);
    let changed = json!({"sla_policy": {"title": "VIP", "policy_metrics": [
        {"priority": "low", "metric": "agent_work_time", "target_in_seconds": 90}]}});
    let after = world.put(&path, changed).await.is(200)["sla_policy"].clone();
    assert_eq!(after["filter"], made["filter"]);
    assert_eq!(after["policy_metrics"][0]["target"], 1);
    assert_eq!(world.get(&path).await.is(200)["sla_policy"], after);
    assert_eq!(world.get("/slas/policies.json").await.is(200)["count"], 1);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
}

#[tokio::test]
async fn what_cannot_be_promised_is_refused() {
    let world = World::new();
    let with = |name: &str, value: Value| {
        let mut asked = policy("x");
        asked["sla_policy"][name] = value;
        asked
    };
    let metric = |metric: &str, target: i64| json!([{"priority": "low", "metric": metric, "target": target}]);
    for asked in [
        with("title", json!("")),
        with("filter", json!(null)),
        with("filter", json!({"all": [{"field": "status", "operator": "is", "value": "open"}]})),
        with("policy_metrics", metric("beauty", 1)),
        with("policy_metrics", metric("first_reply_time", 0)),
        with("policy_metrics", metric("first_reply_time", -1)),
        with(
            "policy_metrics",
            json!([{"priority": "vital", "metric": "first_reply_time", "target": 1}]),
        ),
        with("metric_settings", json!(7)),
        with(
            "policy_metrics",
            json!([{"priority": "low", "metric": "first_reply_time", "target": 1},
                {"priority": "low", "metric": "first_reply_time", "target": 2}]),
        ),
    ] {
        let refused = world.post("/slas/policies", asked).await.is(422);
        assert_eq!(refused["error"], "RecordInvalid");
    }
}

#[tokio::test]
async fn policies_are_put_into_an_order_by_those_who_keep_rules() {
    let world = World::new();
    cast::all(&world).await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        let made = world.post("/slas/policies", policy(title)).await.is(201);
        ids.push(made["sla_policy"]["id"].clone());
    }
    let titles = async || {
        let body = world.get("/slas/policies").await.is(200);
        let all = body["sla_policies"].as_array().unwrap().clone();
        all.iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let query = format!("/slas/policies/reorder?sla_policy_ids={},{},{}", ids[2], ids[0], ids[1]);
    world.put(&query, Value::Null).await.is(200);
    assert_eq!(titles().await, ["c", "a", "b"]);
    let body = json!({"sla_policy_ids": [ids[0], ids[1], ids[2]]});
    world.put("/slas/policies/reorder", body).await.is(200);
    assert_eq!(titles().await, ["a", "b", "c"]);
    world.put("/slas/policies/reorder", json!({"sla_policy_ids": [ids[0]]})).await.is(404);
    let defined = world.get("/slas/policies/definitions").await.is(200)["definitions"].clone();
    assert!(defined["all"].as_array().unwrap().iter().any(|it| it["value"] == "exact_created_at"));
    world.ask(AGENT, "GET", "/slas/policies", Value::Null).await.is(403);
    world.ask(AGENT, "POST", "/slas/policies", policy("x")).await.is(403);
    world.ask(LEAD, "POST", "/slas/policies", policy("x")).await.is(201);
    world.get("/group_slas/policies").await.is(404);
}
