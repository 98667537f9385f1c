//! Macros: what they are, who sees which, and what they would change.

use crate::cast::{self, AGENT, CUSTOMER, OTHER};
use crate::world::World;
use serde_json::{Value, json};

fn with(actions: &Value) -> Value {
    json!({"macro": {"title": "TestMacro", "actions": actions}})
}

async fn made(world: &World, actions: Value) -> Value {
    world.post("/macros.json", with(&actions)).await.is(201)["macro"].clone()
}

#[tokio::test]
async fn a_macro_is_kept_as_clients_know_it() {
    let world = World::new();
    let actions = json!([{"field": "status", "value": "solved"}]);
    let made = made(&world, actions.clone()).await;
    let path = format!("/macros/{}", made["id"]);
    assert_eq!(made["url"], format!("http://desk.example/api/v2{path}.json"));
    assert_eq!((&made["title"], &made["raw_title"]), (&json!("TestMacro"), &json!("TestMacro")));
    assert_eq!((&made["actions"], &made["restriction"]), (&actions, &json!(null)));
    assert_eq!((&made["active"], &made["position"]), (&json!(true), &json!(10_000)));
    world.pass(3);
    let asked = json!({"macro": {"title": "Other", "active": false}});
    let changed = world.put(&path, asked).await.is(200)["macro"].clone();
    assert_eq!((&changed["title"], &changed["actions"]), (&json!("Other"), &actions));
    assert_eq!(changed["updated_at"], "2026-11-21T09:00:03Z");
    assert_eq!(world.get(&path).await.is(200)["macro"], changed);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    let gone = json!({"macro": {"title": ""}});
    assert_eq!(world.put(&path, gone).await.is(404)["error"], "RecordNotFound");
}

#[tokio::test]
async fn values_are_text_however_they_were_sent() {
    let world = World::new();
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    let actions = json!([
        {"field": "comment_mode_is_public", "value": false},
        {"field": "group_id", "value": group},
        {"field": "comment_value", "value": ["channel:web", "Hello"]},
    ]);
    let made = made(&world, actions).await;
    assert_eq!(made["actions"][0]["value"], "false");
    assert_eq!(made["actions"][1]["value"], group.to_string());
    assert_eq!(made["actions"][2]["value"], json!(["channel:web", "Hello"]));
}

#[tokio::test]
async fn what_no_macro_does_is_refused() {
    let world = World::new();
    for (actions, word) in [
        (json!([]), "cannot be blank"),
        (json!([{"field": "status", "value": "closed"}]), "closed is not a valid value"),
        (json!([{"field": "status", "value": "new"}]), "new is not a valid value"),
        (json!([{"field": "priority", "value": ""}]), "is not a valid value"),
        (json!([{"field": "type", "value": "wish"}]), "wish is not a valid value"),
        (json!([{"field": "group_id", "value": "4711"}]), "4711 is not a valid value"),
        (json!([{"field": "assignee_id", "value": "me"}]), "me is not a valid value"),
        (json!([{"field": "brand_id", "value": "4711"}]), "4711 is not a valid value"),
        (json!([{"field": "custom_fields_4711", "value": "x"}]), "4711 is not a valid value"),
        (json!([{"field": "custom_fields_x", "value": "x"}]), "not a valid action"),
        (json!([{"field": "comment_value", "value": ["web", "x"]}]), "is not a valid value"),
        (json!([{"field": "notification_user", "value": ["1", "a", "b"]}]), "not a valid action"),
        (json!([{"field": "side_conversation", "value": ["a"]}]), "no side conversations"),
    ] {
        let refused = world.post("/macros", with(&actions)).await.is(422);
        assert!(refused["details"].to_string().contains(word), "{actions}: {refused}");
    }
    world.post("/macros", json!({})).await.is(400);
}

#[tokio::test]
async fn a_macro_tells_what_it_would_change() {
    let world = World::new();
    let groups = world.get("/groups").await.is(200);
    let group = groups["groups"][0]["id"].clone();
    let me =
        world.get("/group_memberships").await.is(200)["group_memberships"][0]["user_id"].clone();
    let made = made(
        &world,
        json!([
            {"field": "status", "value": "pending"},
            {"field": "priority", "value": "high"},
            {"field": "type", "value": "incident"},
            {"field": "assignee_id", "value": "current_user"},
            {"field": "group_id", "value": "current_groups"},
            {"field": "subject", "value": "On fire"},
            {"field": "set_tags", "value": "Fire smoke"},
            {"field": "current_tags", "value": "urgent"},
            {"field": "remove_tags", "value": "smoke"},
            {"field": "comment_value", "value": "Take a bucket, {{ticket.requester.name}}."},
            {"field": "comment_mode_is_public", "value": "false"},
        ]),
    )
    .await;
    let path = format!("/macros/{}/apply.json?page[size]=100", made["id"]);
    let ticket = world.get(&path).await.is(200)["result"]["ticket"].clone();
    let body = "Take a bucket, {{ticket.requester.name}}.";
    let expected = json!({
        "status": "pending",
        "priority": "high",
        "type": "incident",
        "assignee_id": me,
        "group_id": group,
        "subject": "On fire",
        "tags": ["fire", "urgent"],
        "comment": {"body": body, "scoped_body": [["channel:all", body]], "public": false},
    });
    assert_eq!(ticket, expected);
    let html = json!([{"field": "comment_value_html", "value": "<p>Hi</p>"},
        {"field": "assignee_id", "value": ""}]);
    let made = world.post("/macros", with(&html)).await.is(201);
    let path = format!("/macros/{}/apply", made["macro"]["id"]);
    let ticket = world.get(&path).await.is(200)["result"]["ticket"].clone();
    assert_eq!(ticket["comment"]["html_body"], "<p>Hi</p>");
    assert_eq!(ticket["comment"]["scoped_body"], json!([["channel:all", "<p>Hi</p>"]]));
    assert_eq!(ticket["assignee_id"], json!(null));
    assert_eq!(ticket.as_object().unwrap().len(), 2);
}

async fn titled(world: &World, who: &str, title: &str, restriction: Value) -> u64 {
    let asked = json!({"macro": {"title": title, "restriction": restriction,
        "actions": [{"field": "priority", "value": "low"}]}});
    let made = world.ask(who, "POST", "/macros", asked).await.is(201);
    made["macro"]["id"].as_u64().unwrap()
}

async fn titles(world: &World, who: &str, path: &str) -> Vec<String> {
    let body = world.ask(who, "GET", path, Value::Null).await.is(200);
    let all = body["macros"].as_array().unwrap().iter();
    all.map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn agents_keep_their_own_and_use_what_is_shared() {
    let world = World::new();
    cast::all(&world).await;
    let owner = "owner@acme.example";
    titled(&world, owner, "Billing::Refund", json!(null)).await;
    titled(&world, owner, "Billing::Late::Really", json!(null)).await;
    let own = titled(&world, AGENT, "Own::Thanks", json!({"type": "User", "id": 1001})).await;
    assert_eq!(titles(&world, AGENT, "/macros").await.len(), 3);
    assert_eq!(titles(&world, OTHER, "/macros/active").await.len(), 2);
    // Administrators see all, and apply what is for them.
    assert_eq!(titles(&world, owner, "/macros").await.len(), 3);
    assert_eq!(titles(&world, owner, "/macros?only_viewable=true").await.len(), 2);
    assert_eq!(titles(&world, owner, "/macros/active").await.len(), 2);
    assert_eq!(titles(&world, AGENT, "/macros?category=Own").await, ["Own::Thanks"]);
    assert_eq!(titles(&world, AGENT, "/macros/search?query=refund").await, ["Billing::Refund"]);
    assert_eq!(titles(&world, AGENT, "/macros?access=personal").await, ["Own::Thanks"]);
    let categories = world.ask(AGENT, "GET", "/macros/categories.json", Value::Null).await.is(200);
    assert_eq!(categories, json!({"categories": ["Billing", "Own"]}));
    let categories = world.ask(OTHER, "GET", "/macros/categories", Value::Null).await.is(200);
    assert_eq!(categories, json!({"categories": ["Billing"]}));
    let path = format!("/macros/{own}");
    world.ask(OTHER, "GET", &format!("{path}/apply"), Value::Null).await.is(404);
    world.ask(OTHER, "DELETE", &path, Value::Null).await.is(404);
    let shared = json!({"macro": {"restriction": null}});
    world.ask(AGENT, "PUT", &path, shared.clone()).await.is(403);
    world.put(&path, shared).await.is(200);
    world.ask(AGENT, "DELETE", &path, Value::Null).await.is(403);
    world.ask(CUSTOMER, "GET", "/macros", Value::Null).await.is(403);
    world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(403);
}

#[tokio::test]
async fn macros_are_moved_defined_and_copied() {
    let world = World::new();
    let owner = "owner@acme.example";
    let first = titled(&world, owner, "a", json!(null)).await;
    let second = titled(&world, owner, "b", json!(null)).await;
    let asked = json!({"macros": [{"id": second, "position": 1}, {"id": first, "active": false}]});
    let moved = world.put("/macros/update_many", asked).await.is(200);
    assert_eq!(moved["macros"][1]["active"], false);
    assert_eq!(titles(&world, owner, "/macros").await, ["b", "a"]);
    assert_eq!(titles(&world, owner, "/macros/active").await, ["b"]);
    let copy = world.get(&format!("/macros/new?macro_id={first}")).await.is(200)["macro"].clone();
    assert_eq!(copy["actions"], json!([{"field": "priority", "value": "low"}]));
    assert_eq!(copy.get("id"), None);
    world.get("/macros/new").await.is(400);
    world.get("/macros/new?macro_id=4711").await.is(404);
    world.get("/macros/new?ticket_id=4711").await.is(404);
    let actions = world.get("/macros/actions").await.is(200)["actions"].clone();
    let status = actions.as_array().unwrap().iter().find(|it| it["value"] == "status").unwrap();
    assert_eq!(status["values"]["list"][3]["value"], "solved");
    let defined = world.get("/macros/definitions.json").await.is(200)["definitions"].clone();
    assert_eq!(defined["actions"][0]["subject"], "subject");
    let both = format!("/macros/destroy_many.json?ids={first},{second}");
    world.delete(&both).await.is(204);
    assert!(titles(&world, owner, "/macros").await.is_empty());
    let refused = world.get(&format!("/macros/{first}/attachments")).await.is(404);
    assert_eq!(refused["description"], "macros carry no files");
}

#[tokio::test]
async fn a_ticket_is_shown_as_it_would_be_and_stays_as_it_is() {
    let world = World::new();
    cast::all(&world).await;
    let asked = json!({"ticket": {"subject": "Fire", "comment": {"body": "It burns"},
        "requester_id": 4001, "tags": ["hot", "old"]}});
    let ticket = world.post("/tickets", asked).await.is(201)["ticket"].clone();
    let made = made(
        &world,
        json!([
            {"field": "assignee_id", "value": "current_user"},
            {"field": "status", "value": "pending"},
            {"field": "current_tags", "value": "new"},
            {"field": "remove_tags", "value": "old"},
            {"field": "cc", "value": "4001"},
            {"field": "comment_value_html",
                "value": "<p>{{ticket.requester.name}}, {{ ticket.title }} is {{ticket.status}}. {{ticket.nothing}}{% if x %} {{x | y}} {{</p>"},
        ]),
    )
    .await;
    let path = format!("/tickets/{}/macros/{}/apply.json", ticket["id"], made["id"]);
    let result = world.ask(AGENT, "GET", &path, Value::Null).await.is(200)["result"].clone();
    let after = &result["ticket"];
    assert_eq!((&after["assignee_id"], &after["status"]), (&json!(1001), &json!("pending")));
    // A client sends all of it back: its custom status must not say otherwise than its status.
    let status = world.get(&format!("/custom_statuses/{}", after["custom_status_id"])).await;
    assert_eq!(status.is(200)["custom_status"]["status_category"], "pending");
    assert_eq!(after["tags"], json!(["hot", "new"]));
    assert_eq!(after["email_cc_ids"], json!([4001]));
    assert_eq!((&after["subject"], &after["id"]), (&json!("Fire"), &ticket["id"]));
    let said = "<p>customer, Fire is pending. {% if x %} {{x | y}} {{</p>";
    assert_eq!(after["comment"]["html_body"], said);
    let url = format!("/tickets/{}", ticket["id"]);
    assert_eq!(world.get(&url).await.is(200)["ticket"], ticket);
    let copy = format!("/macros/new?ticket_id={}", ticket["id"]);
    let copy = world.get(&copy).await.is(200)["macro"]["actions"].clone();
    assert_eq!(copy, json!([{"field": "current_tags", "value": "hot old"}]));
    world.get(&format!("/tickets/4711/macros/{}/apply", made["id"])).await.is(404);
    world.get(&format!("/tickets/{}/macros/4711/apply", ticket["id"])).await.is(404);
    world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(403);
}

#[tokio::test]
async fn fields_of_the_accounts_own_take_their_own_values() {
    let world = World::new();
    let options = json!([{"name": "Gold", "value": "gold"}, {"name": "Tin", "value": "tin"}]);
    let field = json!({"ticket_field": {"type": "tagger", "title": "Plan",
        "custom_field_options": options}});
    let plan = world.post("/ticket_fields", field).await.is(201)["ticket_field"]["id"].clone();
    let field = json!({"ticket_field": {"type": "checkbox", "title": "Seen"}});
    let seen = world.post("/ticket_fields", field).await.is(201)["ticket_field"]["id"].clone();
    let (plan, seen) = (format!("custom_fields_{plan}"), format!("custom_fields_{seen}"));
    let wrong = with(&json!([{"field": plan, "value": "lead"}]));
    let refused = world.post("/macros", wrong).await.is(422);
    assert!(refused["details"]["base"].to_string().contains("Plan"), "{refused}");
    let made =
        made(&world, json!([{"field": plan, "value": "gold"}, {"field": seen, "value": "true"}]))
            .await;
    let path = format!("/macros/{}/apply", made["id"]);
    let changed = world.get(&path).await.is(200)["result"]["ticket"].clone();
    assert_eq!(changed["fields"][0]["value"], "gold");
    assert_eq!(changed["fields"][1]["value"], true);
    let ticket = world.post("/tickets", json!({"ticket": {"description": "x"}})).await.is(201);
    let path = format!("/tickets/{}/macros/{}/apply", ticket["ticket"]["id"], made["id"]);
    let after = world.get(&path).await.is(200)["result"]["ticket"].clone();
    let values = after["custom_fields"].as_array().unwrap().iter().map(|it| it["value"].clone());
    assert_eq!(values.collect::<Vec<_>>(), [json!("gold"), json!(true)]);
    let view = |value: &str| {
        json!({"view": {"title": "x", "output": {"columns": [plan, "status"]}, "all": [
            {"field": "status", "operator": "is", "value": "open"},
            {"field": plan, "operator": "is", "value": value}]}})
    };
    world.post("/views", view("lead")).await.is(422);
    let view = world.post("/views", view("tin")).await.is(201)["view"].clone();
    assert_eq!(view["execution"]["columns"][0]["title"], "Plan");
    assert_eq!(view["execution"]["custom_fields"].as_array().unwrap().len(), 1);
}
