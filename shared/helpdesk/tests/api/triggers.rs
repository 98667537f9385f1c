//! Triggers and the categories that they stand in.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::world::World;
use serde_json::{Value, json};

fn trigger(title: &str) -> Value {
    json!({"trigger": {
        "title": title,
        "all": [{"field": "status", "operator": "less_than", "value": "solved"},
            {"field": "update_type", "operator": "is", "value": "Create"}],
        "actions": [{"field": "status", "value": "open"}],
    }})
}

async fn made(world: &World, title: &str) -> Value {
    world.post("/triggers.json", trigger(title)).await.is(201)["trigger"].clone()
}

async fn titles(world: &World, path: &str) -> Vec<String> {
    let body = world.get(path).await.is(200);
    let all = body["triggers"].as_array().unwrap().iter();
    all.map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

async fn category(world: &World, name: &str) -> Value {
    let asked = json!({"trigger_category": {"name": name}});
    world.post("/trigger_categories", asked).await.is(201)["trigger_category"].clone()
}

#[tokio::test]
async fn a_trigger_is_kept_as_clients_know_it() {
    let world = World::new();
    // From now on the account is without the triggers that it came with.
    world.get("/groups").await.is(200);
    let made = made(&world, "testTrigger").await;
    let path = format!("/triggers/{}", made["id"]);
    assert_eq!(made["url"], format!("http://desk.example/api/v2{path}.json"));
    assert!(made["category_id"].is_string());
    assert_eq!((&made["position"], &made["default"]), (&json!(1), &json!(false)));
    assert_eq!(made["conditions"]["all"][1]["value"], "Create");
    assert_eq!(made["conditions"]["any"], json!([]));
    world.pass(4);
    let renamed = json!({"trigger": {"id": made["id"], "title": "other"}});
    let after = world.put(&path, renamed).await.is(200)["trigger"].clone();
    assert_eq!((&after["title"], &after["actions"]), (&json!("other"), &made["actions"]));
    // Whoever changes conditions or actions tells all of them.
    let part = json!({"trigger": {"conditions": {"all": [], "any": []}}});
    let refused = world.put(&path, part).await.is(422);
    assert!(
        refused["details"]["actions"].is_array() && refused["details"]["conditions"].is_array()
    );
    let whole = json!({"trigger": {"actions": [{"field": "priority", "value": "high"}],
        "conditions": {"any": [{"field": "status", "operator": "changed"}]}}});
    let after = world.put(&path, whole).await.is(200)["trigger"].clone();
    assert_eq!(after["conditions"]["all"], json!([]));
    assert_eq!(after["conditions"]["any"][0]["value"], json!(null));
    assert_eq!(world.get(&path).await.is(200)["trigger"], after);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    let revisions = world.get(&format!("{path}/revisions")).await.is(404);
    assert_eq!(revisions["error"], "InvalidEndpoint");
}

#[tokio::test]
async fn what_no_trigger_can_be_is_refused() {
    let world = World::new();
    let webhook = json!({"webhook": {"name": "x", "endpoint": "https://example.com",
        "http_method": "POST", "request_format": "json", "status": "active"}});
    let webhook = world.post("/webhooks", webhook).await.is(201)["webhook"]["id"].clone();
    let with = |action: Value| {
        let mut asked = trigger("x");
        asked["trigger"]["actions"] = json!([action]);
        asked
    };
    let good = with(json!({"field": "notification_webhook", "value": [webhook, "{}"]}));
    world.post("/triggers", good).await.is(201);
    let user = json!({"field": "notification_user", "value": ["requester_id", "Hello", "Text"]});
    world.post("/triggers", with(user)).await.is(201);
    for action in [
        json!({"field": "notification_webhook", "value": ["01FMJQSY40HZBCBVPZB9212S8V", "{}"]}),
        json!({"field": "notification_webhook", "value": []}),
        json!({"field": "notification_user", "value": ["requester_id", "Hello"]}),
        json!({"field": "notification_user", "value": ["4711", "Hello", "Text"]}),
        json!({"field": "notification_group", "value": ["4711", "Hello", "Text"]}),
        json!({"field": "subject", "value": "only macros set it"}),
        json!({"field": "tweet_requester", "value": "x"}),
        json!({"field": "status", "value": "ajar"}),
    ] {
        world.post("/triggers", with(action.clone())).await.is(422);
    }
    let mut unknown = trigger("x");
    unknown["trigger"]["category_id"] = json!("4711");
    let refused = world.post("/triggers", unknown).await.is(422);
    assert_eq!(refused["details"]["category_id"][0]["description"], "Category: is invalid");
    let mut timed = trigger("x");
    timed["trigger"]["all"] = json!([{"field": "PENDING", "operator": "is", "value": "4"}]);
    world.post("/triggers", timed).await.is(422);
}

#[tokio::test]
async fn triggers_stand_in_the_order_of_their_categories() {
    let world = World::new();
    let first = world.get("/trigger_categories").await.is(200);
    let first = first["trigger_categories"][0].clone();
    let second = category(&world, "Second").await;
    assert_eq!((&first["position"], &second["position"]), (&json!(0), &json!(1)));
    let mut late = trigger("late");
    late["trigger"]["category_id"] = second["id"].clone();
    world.post("/triggers", late).await.is(201);
    let (a, b) = (made(&world, "a").await, made(&world, "b").await);
    assert_eq!(titles(&world, "/triggers").await, ["a", "b", "late"]);
    let of = format!("/triggers?category_id={}", second["id"].as_str().unwrap());
    assert_eq!(titles(&world, &of).await, ["late"]);
    let order = json!({"trigger_ids": [b["id"], a["id"]]});
    let refused = world.put("/triggers/reorder", order.clone()).await.is(400);
    assert_eq!(refused["errors"][0]["code"], "LimitOneCategory");
    let moved = json!({"triggers": [{"id": a["id"], "category_id": second["id"], "position": 9},
        {"id": b["id"], "active": false}]});
    let moved = world.put("/triggers/update_many.json", moved).await.is(200);
    assert_eq!(moved["triggers"][0]["category_id"], second["id"]);
    assert_eq!(titles(&world, "/triggers").await, ["b", "late", "a"]);
    assert_eq!(titles(&world, "/triggers/active").await, ["late", "a"]);
    let nowhere = json!({"triggers": [{"id": a["id"], "category_id": 4711}]});
    world.put("/triggers/update_many", nowhere).await.is(422);

    let path = format!("/trigger_categories/{}", second["id"].as_str().unwrap());
    let refused = world.delete(&path).await.is(400);
    assert_eq!(refused["errors"][0]["code"], "TriggerCategoryNotEmpty");
    let ids = world.get(&of).await.is(200);
    let off = ids["triggers"].as_array().unwrap().iter();
    let off: Vec<Value> = off.map(|it| json!({"id": it["id"], "active": false})).collect();
    world.put("/triggers/update_many", json!({"triggers": off})).await.is(200);
    world.delete(&path).await.is(204);
    let all = world.get("/triggers").await.is(200);
    let all = all["triggers"].as_array().unwrap();
    assert!(all.iter().all(|it| it["category_id"] == first["id"]) && all.len() == 3);
    world.put("/triggers/reorder", order).await.is(404);
    let mut ids: Vec<Value> = all.iter().map(|it| it["id"].clone()).collect();
    ids.reverse();
    world.put("/triggers/reorder", json!({"trigger_ids": ids})).await.is(200);
    let after = world.get("/triggers").await.is(200);
    let after: Vec<Value> =
        after["triggers"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(after, ids);
    let gone = format!("/triggers/destroy_many?ids={},{}", ids[0], ids[1]);
    world.delete(&gone).await.is(204);
    assert_eq!(titles(&world, "/triggers").await.len(), 1);
}

#[tokio::test]
async fn categories_are_kept_and_changed_together_with_triggers() {
    let world = World::new();
    let second = category(&world, "Second").await;
    let path = format!("/trigger_categories/{}", second["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.is(200)["trigger_category"], second);
    let renamed = json!({"trigger_category": {"name": "Mail", "position": 7}});
    let renamed = world.ask("owner@acme.example", "PATCH", &path, renamed).await.is(200);
    assert_eq!(renamed["trigger_category"]["position"], 7);
    let blank = json!({"trigger_category": {"name": " "}});
    let refused = world.post("/trigger_categories", blank).await.is(400);
    let expected = json!({"errors": [{"code": "InvalidTriggerCategory",
        "title": "Name cannot be blank"}]});
    assert_eq!(refused, expected);
    let missing = world.get("/trigger_categories/4711").await.is(404);
    assert_eq!(missing["errors"][0]["code"], "TriggerCategoryNotFound");
    let trigger = made(&world, "a").await;
    let job = |category: &Value| {
        json!({"job": {"action": "patch", "items": {
            "trigger_categories": [{"id": second["id"], "position": 0}],
            "triggers": [{"id": trigger["id"].to_string(), "category_id": category, "position": 3,
                "active": false}]}}})
    };
    let failed = world.post("/trigger_categories/jobs", job(&json!("4711"))).await.is(400);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["errors"][0]["trigger_id"], trigger["id"].to_string());
    let unmoved = world.get(&path).await.is(200);
    assert_eq!(unmoved["trigger_category"]["position"], 7);
    let done = world.post("/trigger_categories/jobs", job(&second["id"])).await.is(200);
    assert_eq!(done["status"], "complete");
    assert_eq!(done["results"]["triggers"][0]["position"], 3);
    assert_eq!(done["results"]["trigger_categories"][0]["position"], 0);
    let counted = world.get("/trigger_categories?include=rule_counts&sort=-name").await.is(200);
    assert_eq!(counted["trigger_categories"][1]["rule_counts"]["inactive_count"], 1);
}

#[tokio::test]
async fn triggers_are_searched_and_defined() {
    let world = World::new();
    made(&world, "Close a ticket").await;
    let mut described = trigger("Other");
    described["trigger"]["description"] = json!("Closes late tickets");
    world.post("/triggers", described).await.is(201);
    assert_eq!(titles(&world, "/triggers/search?query=close").await, ["Close a ticket"]);
    let filter = "/triggers/search?filter[json]=%7B%22description%22%3A%22late%22%7D";
    assert_eq!(titles(&world, filter).await, ["Other"]);
    world.get("/triggers/search").await.is(400);
    world.get("/triggers/search?filter[json]=x").await.is(400);
    let defined = world.get("/triggers/definitions").await.is(200)["definitions"].clone();
    let of = |list: &str, subject: &str| {
        let all = defined[list].as_array().unwrap();
        all.iter().find(|it| it["subject"] == subject).cloned()
    };
    let status = of("conditions_all", "status").unwrap();
    let operators = status["operators"].as_array().unwrap();
    let changed = operators.iter().find(|it| it["value"] == "changed").unwrap();
    assert_eq!(changed["terminal"], true);
    assert!(of("actions", "notification_user").is_some());
    assert!(of("actions", "comment_value").is_some() && of("actions", "subject").is_none());
}

#[tokio::test]
async fn agents_see_triggers_and_leads_keep_them() {
    let world = World::new();
    cast::all(&world).await;
    let path = format!("/triggers/{}", made(&world, "a").await["id"]);
    world.ask(AGENT, "GET", &path, Value::Null).await.is(200);
    world.ask(AGENT, "POST", "/triggers", trigger("b")).await.is(403);
    world.ask(AGENT, "PUT", &path, trigger("b")).await.is(403);
    world.ask(AGENT, "DELETE", &path, Value::Null).await.is(403);
    world.ask(AGENT, "POST", "/trigger_categories", json!({})).await.is(403);
    world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(403);
    world.ask(LEAD, "PUT", &path, trigger("b")).await.is(200);
    world.ask("owner@other.example", "GET", &path, Value::Null).await.is(404);
}
