//! The account's own statuses.

use crate::cast::{self, AGENT};
use crate::world::World;
use serde_json::{Value, json};

#[tokio::test]
async fn every_category_has_a_default_status() {
    let world = World::new();
    let all = world.get("/custom_statuses.json").await.is(200);
    let all = all["custom_statuses"].as_array().unwrap();
    let categories: Vec<&Value> = all.iter().map(|it| &it["status_category"]).collect();
    assert_eq!(categories, ["new", "open", "pending", "hold", "solved"]);
    assert!(all.iter().all(|it| it["default"] == true && it["active"] == true));
}

#[tokio::test]
async fn statuses_are_kept() {
    let world = World::new();
    let asked = json!({"custom_status": {"agent_label": "Refunding", "status_category": "open", "default": true}});
    let status = world.post("/custom_statuses.json", asked).await.is(201)["custom_status"].clone();
    let id = &status["id"];
    assert_eq!(
        (&status["end_user_label"], &status["default"]),
        (&json!("Refunding"), &json!(false))
    );
    assert_eq!(status["description"], Value::Null);
    // Clients send a category along, which stays.
    let changed =
        json!({"custom_status": {"agent_label": "Paying back", "status_category": "openX"}});
    let changed = world.put(&format!("/custom_statuses/{id}.json"), changed).await.is(200);
    assert_eq!(changed["custom_status"]["agent_label"], "Paying back");
    assert_eq!(changed["custom_status"]["status_category"], "open");
    assert_eq!(world.get(&format!("/custom_statuses/{id}")).await.is(200), changed);
    let open = world.get("/custom_statuses?status_categories=open,new&default=false").await.is(200);
    assert_eq!(open["custom_statuses"], json!([changed["custom_status"]]));
    world.put("/custom_statuses/9223372036854775807", json!({"custom_status": {}})).await.is(404);
    assert_eq!(
        world.delete(&format!("/custom_statuses/{id}")).await.is(404)["error"],
        "InvalidEndpoint"
    );
}

#[tokio::test]
async fn a_status_that_cannot_be_is_refused() {
    let world = World::new();
    let long = "x".repeat(49);
    for (status, name) in [
        (json!({"agent_label": "x"}), "status_category"),
        (json!({"agent_label": "x", "status_category": "closed"}), "status_category"),
        (json!({"status_category": "open"}), "agent_label"),
        (json!({"status_category": "open", "agent_label": long}), "agent_label"),
        (
            json!({"status_category": "open", "agent_label": "x", "end_user_label": long}),
            "end_user_label",
        ),
    ] {
        let got = world.post("/custom_statuses", json!({"custom_status": status})).await.is(422);
        assert!(got["details"][name][0]["error"].is_string(), "{got}");
    }
    let default = world.get("/custom_statuses").await.is(200)["custom_statuses"][0]["id"].clone();
    let off = json!({"custom_status": {"active": false}});
    world.put(&format!("/custom_statuses/{default}"), off).await.is(422);
    cast::all(&world).await;
    let asked = json!({"custom_status": {"agent_label": "x", "status_category": "open"}});
    world.ask(AGENT, "POST", "/custom_statuses", asked).await.is(403);
}

#[tokio::test]
async fn a_category_gets_another_default() {
    let world = World::new();
    let asked = json!({"custom_status": {"agent_label": "Working", "status_category": "open"}});
    let id = world.post("/custom_statuses", asked).await.is(201)["custom_status"]["id"].clone();
    let done = world.put("/custom_status/default", json!({"ids": id.to_string()})).await.is(200);
    assert_eq!(done, json!({}));
    let all = world.get("/custom_statuses?status_categories=open").await.is(200);
    let defaults: Vec<&Value> =
        all["custom_statuses"].as_array().unwrap().iter().map(|it| &it["default"]).collect();
    assert_eq!(
        (&all["custom_statuses"][0]["id"], defaults),
        (&id, vec![&json!(true), &json!(false)])
    );
    let other = all["custom_statuses"][1]["id"].clone();
    world.put("/custom_status/default", json!({"ids": format!("{id},{other}")})).await.is(422);
    world.put("/custom_status/default", json!({"ids": "4711"})).await.is(404);
    world.put("/custom_status/default", json!({"ids": "x"})).await.is(400);
}
