//! Fields of tickets, people and organizations.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

fn names(of: &Value, name: &str) -> Vec<String> {
    of.as_array().unwrap().iter().map(|it| it[name].as_str().unwrap().to_owned()).collect()
}

async fn add(world: &World, field: Value) -> Value {
    let got = world.post("/ticket_fields.json", json!({"ticket_field": field})).await;
    got.is(201)["ticket_field"].clone()
}

#[tokio::test]
async fn every_account_has_the_fields_that_every_ticket_has() {
    let world = World::new();
    let all = world.get("/ticket_fields.json").await.is(200);
    let types = names(&all["ticket_fields"], "type");
    let system = "subject description status tickettype priority group assignee custom_status";
    assert_eq!(types, system.split(' ').collect::<Vec<_>>());
    assert_eq!((&all["count"], &all["next_page"]), (&json!(8), &Value::Null));
    let status = &all["ticket_fields"][2];
    assert_eq!(status["system_field_options"][3], json!({"name": "On-hold", "value": "hold"}));
    assert_eq!((&status["removable"], &status["sub_type_id"]), (&json!(false), &json!(1)));
    let statuses = &all["ticket_fields"][7]["custom_statuses"];
    assert_eq!(statuses.as_array().unwrap().len(), 5);
    assert_eq!(world.get("/ticket_fields/count").await.is(200)["count"]["value"], 8);
    let id = &status["id"];
    let refused = world.delete(&format!("/ticket_fields/{id}")).await.is(422);
    assert_eq!(refused["error"], "RecordInvalid");
    let off = json!({"ticket_field": {"active": false}});
    world.put(&format!("/ticket_fields/{id}"), off).await.is(422);
}

#[tokio::test]
async fn ticket_fields_are_kept() {
    let world = World::new();
    let asked = json!({"ticket_field": {"type": "text", "title": "Age"}});
    let got = world.post("/ticket_fields.json", asked).await;
    let location = got.header("location").unwrap().to_owned();
    let field = got.is(201)["ticket_field"].clone();
    let id = field["id"].clone();
    assert_eq!(location, format!("http://desk.example/api/v2/ticket_fields/{id}.json"));
    let expected = json!({
        "url": location, "id": id, "type": "text", "title": "Age", "raw_title": "Age",
        "description": "", "raw_description": "", "position": 9999, "active": true,
        "required": false, "collapsed_for_agents": false, "regexp_for_validation": null,
        "title_in_portal": "Age", "raw_title_in_portal": "Age", "visible_in_portal": false,
        "editable_in_portal": false, "required_in_portal": false, "agent_can_edit": true,
        "tag": null, "removable": true, "key": null, "agent_description": null,
        "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:00Z",
    });
    assert_eq!(field, expected);
    world.pass(5);
    // Clients send what they have changed, and more, such as a type, which stays.
    let changed = json!({"ticket_field": {"id": id, "title": "Your age", "type": "text37", "required": "true",
        "custom_field_options": [], "agent_description": "Ask kindly"}});
    let changed = world.put(&format!("/ticket_fields/{id}.json"), changed).await.is(200);
    let changed = &changed["ticket_field"];
    assert_eq!(
        (&changed["title"], &changed["title_in_portal"]),
        (&json!("Your age"), &json!("Your age"))
    );
    assert_eq!((&changed["type"], &changed["required"]), (&json!("text"), &json!(true)));
    assert_eq!(changed["updated_at"], "2026-11-21T09:00:05Z");
    assert_eq!(world.get(&format!("/ticket_fields/{id}")).await.is(200)["ticket_field"], *changed);
    world.delete(&format!("/ticket_fields/{id}")).await.is(204);
    world.get(&format!("/ticket_fields/{id}")).await.is(404);
    world.put("/ticket_fields/9223372036854775807", json!({"ticket_field": {}})).await.is(404);
}

#[tokio::test]
async fn a_field_that_cannot_be_is_refused() {
    let world = World::new();
    let cases = [
        (json!({"type": "text"}), "title", "Title: cannot be blank"),
        (json!({"type": "text", "title": " "}), "title", "Title: cannot be blank"),
        (json!({"type": "subject", "title": "x"}), "type", "Type: is invalid"),
        (json!({"type": "dropdown", "title": "x"}), "type", "Type: is invalid"),
        (
            json!({"type": "tagger", "title": "x"}),
            "field_options",
            "Field options: must contain at least one option",
        ),
        (
            json!({"type": "regexp", "title": "x"}),
            "regexp_for_validation",
            "Regexp for validation: cannot be blank",
        ),
        (
            json!({"type": "regexp", "title": "x", "regexp_for_validation": "("}),
            "regexp_for_validation",
            "Regexp for validation: is not a valid regular expression",
        ),
        (
            json!({"type": "tagger", "title": "x", "custom_field_options":
                [{"name": "A", "value": "a"}, {"name": "B", "value": "A"}]}),
            "custom_field_options",
            "Custom field options: value a has already been taken",
        ),
        (
            json!({"type": "lookup", "title": "x", "relationship_target_type": "zen:custom_object:car"}),
            "relationship_target_type",
            "Relationship target type: must be zen:user, zen:organization or zen:ticket",
        ),
    ];
    for (field, name, text) in cases {
        let got = world.post("/ticket_fields", json!({"ticket_field": field})).await.is(422);
        assert_eq!(got["details"][name][0]["description"], text, "{got}");
    }
}

#[tokio::test]
async fn options_are_merged_by_their_ids() {
    let world = World::new();
    let choices = json!([{"name": "Apple Pie", "value": "apple"}, {"name": "Pecan Pie", "value": "Pecan Pie"}]);
    let asked = json!({"type": "tagger", "title": "Pies", "custom_field_options": choices});
    let field = add(&world, asked).await;
    let path = format!("/ticket_fields/{}", field["id"]);
    let before = field["custom_field_options"].clone();
    assert_eq!(before[1]["value"], "pecan_pie");
    let first = &before[0]["id"];
    // An option that is named by its id keeps what is not said; who is left out goes; who has no id is known by its
    // value.
    let choices = json!([{"id": before[1]["id"]}, {"name": "Apple", "value": "apple"}, {"name": "Plum", "value": "plum", "id": null}]);
    let changed =
        world.put(&path, json!({"ticket_field": {"custom_field_options": choices}})).await.is(200);
    let after = &changed["ticket_field"]["custom_field_options"];
    assert_eq!(names(after, "name"), ["Pecan Pie", "Apple", "Plum"]);
    assert_eq!(names(after, "value"), ["pecan_pie", "apple", "plum"]);
    assert_eq!((&after[0]["id"], &after[1]["id"]), (&before[1]["id"], first));
    let choices = json!([{"id": first}]);
    let changed =
        world.put(&path, json!({"ticket_field": {"custom_field_options": choices}})).await.is(200);
    assert_eq!(names(&changed["ticket_field"]["custom_field_options"], "value"), ["apple"]);
}

#[tokio::test]
async fn options_have_routes_of_their_own() {
    let world = World::new();
    let choices = json!([{"name": "Apple", "value": "apple"}]);
    let asked = json!({"type": "multiselect", "title": "Fruit", "custom_field_options": choices});
    let field = add(&world, asked).await;
    let path = format!("/ticket_fields/{}/options", field["id"]);
    let got = world
        .post(&path, json!({"custom_field_option": {"name": "Grapes", "value": "grape"}}))
        .await;
    assert_eq!(got.header("location"), Some(&*format!("http://desk.example/api/v2{path}.json")));
    let grapes = got.is(201)["custom_field_option"].clone();
    assert_eq!((&grapes["position"], &grapes["value"]), (&json!(1), &json!("grape")));
    let id = &grapes["id"];
    let again = json!({"custom_field_option": {"id": id, "name": "Black grapes"}});
    let again = world.post(&path, again).await.is(200);
    assert_eq!(again["custom_field_option"]["name"], "Black grapes");
    assert_eq!(again["custom_field_option"]["value"], "grape");
    let shown = world.get(&format!("{path}/{id}.json")).await.is(200);
    assert_eq!(shown, again);
    let all = world.get(&format!("{path}?page[size]=1")).await.is(200);
    assert_eq!(
        (&all["meta"]["has_more"], names(&all["custom_field_options"], "name")),
        (&json!(true), vec!["Apple".to_owned()])
    );
    world.delete(&format!("{path}/{id}")).await.is(204);
    world.get(&format!("{path}/{id}")).await.is(404);
    assert_eq!(world.get(&path).await.is(200)["count"], 1);
    let blank = json!({"custom_field_option": {"name": "", "value": "x"}});
    world.post(&path, blank).await.is(422);
    let text = add(&world, json!({"title": "No options"})).await;
    let path = format!("/ticket_fields/{}/options", text["id"]);
    world.post(&path, json!({"custom_field_option": {"name": "x", "value": "x"}})).await.is(422);
}

#[tokio::test]
async fn fields_are_put_in_order() {
    let world = World::new();
    let field = add(&world, json!({"title": "First"})).await;
    world.put("/ticket_fields/reorder", json!({"ticket_field_ids": [field["id"]]})).await.is(200);
    let all = world.get("/ticket_fields").await.is(200);
    assert_eq!(names(&all["ticket_fields"], "title")[..2], ["First", "Subject"]);
    // With a cursor they come by their ids.
    let page = world.get("/ticket_fields?page[size]=2").await.is(200);
    assert_eq!(names(&page["ticket_fields"], "title"), ["Subject", "Description"]);
    assert_eq!(page["meta"]["has_more"], true);
    let ids = format!("{},{}", field["id"], all["ticket_fields"][1]["id"]);
    let several = world.get(&format!("/ticket_fields/show_many?ids={ids}")).await.is(200);
    assert_eq!(names(&several["ticket_fields"], "title"), ["First", "Subject"]);
}

#[tokio::test]
async fn a_field_goes_from_its_forms() {
    let world = World::new();
    let field = add(&world, json!({"title": "Age"})).await;
    let id = &field["id"];
    // While there is one form, it has every field.
    let form = world.get("/ticket_forms").await.is(200)["ticket_forms"][0].clone();
    assert!(form["ticket_field_ids"].as_array().unwrap().contains(id));
    world.delete(&format!("/ticket_fields/{id}")).await.is(204);
    let form = world.get("/ticket_forms").await.is(200)["ticket_forms"][0].clone();
    assert!(!form["ticket_field_ids"].as_array().unwrap().contains(id));
}

#[tokio::test]
async fn end_users_see_the_fields_that_are_theirs() {
    let world = World::new();
    cast::all(&world).await;
    let field = add(&world, json!({"title": "Age"})).await;
    let path = format!("/ticket_fields/{}", field["id"]);
    let seen = world.ask(CUSTOMER, "GET", "/ticket_fields", Value::Null).await.is(200);
    assert_eq!(names(&seen["ticket_fields"], "type"), ["subject", "description"]);
    world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(404);
    world.ask(CUSTOMER, "GET", &format!("{path}/options"), Value::Null).await.is(403);
    world.ask(AGENT, "GET", &path, Value::Null).await.is(200);
    for (method, path) in [("POST", "/ticket_fields"), ("PUT", &*path), ("DELETE", &*path)] {
        for email in [CUSTOMER, AGENT] {
            let body = json!({"ticket_field": {"title": "x"}});
            world.ask(email, method, path, body).await.is(403);
        }
    }
}

#[tokio::test]
async fn people_and_organizations_have_fields_by_key() {
    let world = World::new();
    for (plural, name) in
        [("user_fields", "user_field"), ("organization_fields", "organization_field")]
    {
        let asked = json!({name: {"title": "Plan", "type": "dropdown", "key": "plan",
            "custom_field_options": [{"name": "Gold", "value": "gold"}]}});
        let got = world.post(&format!("/{plural}.json"), asked.clone()).await.is(201);
        let field = &got[name];
        assert_eq!((&field["key"], &field["system"]), (&json!("plan"), &json!(false)));
        assert_eq!(field["custom_field_options"][0]["value"], "gold");
        assert_eq!(world.get(&format!("/{plural}/plan.json")).await.is(200), got);
        assert_eq!(world.get(&format!("/{plural}/{}", field["id"])).await.is(200), got);
        let twice = world.post(&format!("/{plural}"), asked).await.is(422);
        assert_eq!(twice["details"]["key"][0]["error"], "DuplicateValue");
        for key in [json!("123"), json!("a b"), json!(null)] {
            let asked = json!({name: {"title": "x", "key": key}});
            world.post(&format!("/{plural}"), asked).await.is(422);
        }
        let asked = json!({name: {"title": "No key for two", "key": "second"}});
        let second = world.post(&format!("/{plural}"), asked).await.is(201)[name].clone();
        assert_eq!(second["type"], "text");
        let changed = json!({name: {"title": "Tier", "key": "tier"}});
        let changed = world.put(&format!("/{plural}/plan"), changed).await.is(200);
        assert_eq!(
            (&changed[name]["title"], &changed[name]["key"]),
            (&json!("Tier"), &json!("plan"))
        );
        let order = json!({format!("{name}_ids"): [second["id"], field["id"]]});
        world.put(&format!("/{plural}/reorder.json"), order).await.is(200);
        let all = world.get(&format!("/{plural}.json")).await.is(200);
        assert_eq!(names(&all[plural], "key"), ["second", "plan"]);
        assert_eq!(all["count"], 2);
        let option = json!({"custom_field_option": {"name": "Silver", "value": "silver"}});
        world.post(&format!("/{plural}/plan/options"), option).await.is(201);
        assert_eq!(world.get(&format!("/{plural}/plan/options")).await.is(200)["count"], 2);
        world.delete(&format!("/{plural}/plan")).await.is(204);
        world.get(&format!("/{plural}/plan")).await.is(400);
    }
    cast::all(&world).await;
    world.ask(AGENT, "GET", "/user_fields", Value::Null).await.is(200);
    world.ask(AGENT, "DELETE", "/user_fields/second", Value::Null).await.is(403);
}
