//! Forms.

use crate::cast::{self, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

async fn field(world: &World, title: &str, kind: &str) -> Value {
    let choices = json!([{"name": "A", "value": format!("{title}_a")}]);
    let asked =
        json!({"ticket_field": {"title": title, "type": kind, "custom_field_options": choices}});
    world.post("/ticket_fields", asked).await.is(201)["ticket_field"]["id"].clone()
}

#[tokio::test]
async fn forms_are_kept() {
    let world = World::new();
    let default = world.get("/ticket_forms.json").await.is(200)["ticket_forms"][0].clone();
    assert_eq!((&default["default"], &default["active"]), (&json!(true), &json!(true)));
    let first = &default["ticket_field_ids"][0];
    let asked = json!({"ticket_form": {"name": "Snowboard", "ticket_field_ids": [first, first]}});
    let form = world.post("/ticket_forms.json", asked).await.is(201)["ticket_form"].clone();
    let id = &form["id"];
    assert_eq!(form["display_name"], "Snowboard");
    assert_eq!(form["ticket_field_ids"], json!([first]));
    assert_eq!((&form["default"], &form["position"]), (&json!(false), &json!(9999)));
    let changed = json!({"ticket_form": {"name": "Ski", "end_user_visible": false}});
    let changed = world.put(&format!("/ticket_forms/{id}.json"), changed).await.is(200);
    assert_eq!(changed["ticket_form"]["display_name"], "Ski");
    let path = format!("/ticket_forms/{id}/clone");
    let copy = world.post(&path, json!({"prepend_clone_title": true})).await.is(201)["ticket_form"]
        .clone();
    assert_eq!(copy["name"], "Clone of Ski");
    let order = json!({"ticket_form_ids": [copy["id"], id]});
    let order = world.put("/ticket_forms/reorder", order).await.is(200);
    let names: Vec<&Value> =
        order["ticket_forms"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Clone of Ski", "Ski", "Default Ticket Form"]);
    let visible = world.get("/ticket_forms?end_user_visible=true").await.is(200);
    assert_eq!(visible["count"], 1);
    let several =
        world.get(&format!("/ticket_forms/show_many?ids={id},{}", copy["id"])).await.is(200);
    assert_eq!(several["count"], 2);
    world.delete(&format!("/ticket_forms/{id}")).await.is(204);
    world.get(&format!("/ticket_forms/{id}")).await.is(404);
}

#[tokio::test]
async fn there_is_one_default_form() {
    let world = World::new();
    let default = world.get("/ticket_forms").await.is(200)["ticket_forms"][0]["id"].clone();
    world.delete(&format!("/ticket_forms/{default}")).await.is(422);
    let off = json!({"ticket_form": {"active": false}});
    world.put(&format!("/ticket_forms/{default}"), off).await.is(422);
    let asked = json!({"ticket_form": {"name": "New", "default": true}});
    world.post("/ticket_forms", asked).await.is(201);
    let before = world.get(&format!("/ticket_forms/{default}")).await.is(200);
    assert_eq!(before["ticket_form"]["default"], false);
    world.delete(&format!("/ticket_forms/{default}")).await.is(204);
}

#[tokio::test]
async fn what_a_form_names_must_be_there() {
    let world = World::new();
    let (plan, age) = (field(&world, "plan", "tagger").await, field(&world, "age", "text").await);
    let on = |value: &str, child: &Value| json!([{"parent_field_id": plan, "value": value, "child_fields": [{"id": child, "is_required": true}]}]);
    let cases = [
        ("name", json!({})),
        ("ticket_field_ids", json!({"name": "x", "ticket_field_ids": [4711]})),
        ("restricted_brand_ids", json!({"name": "x", "restricted_brand_ids": [4711]})),
        ("agent_conditions", json!({"name": "x", "agent_conditions": on("plan_a", &age)})),
        (
            "end_user_conditions",
            json!({"name": "x", "ticket_field_ids": [plan, age],
            "end_user_conditions": on("plan_b", &age)}),
        ),
    ];
    for (name, form) in cases {
        let got = world.post("/ticket_forms", json!({"ticket_form": form})).await.is(422);
        assert!(got["details"][name][0]["description"].is_string(), "{got}");
    }
    let form = json!({"ticket_form": {"name": "x", "ticket_field_ids": [plan, age], "agent_conditions": on("plan_a", &age)}});
    let form = world.post("/ticket_forms", form).await.is(201)["ticket_form"].clone();
    assert_eq!(form["agent_conditions"], on("plan_a", &age));
    // A field that goes takes its conditions with it.
    world.delete(&format!("/ticket_fields/{age}")).await.is(204);
    let form =
        world.get(&format!("/ticket_forms/{}", form["id"])).await.is(200)["ticket_form"].clone();
    assert_eq!(
        (&form["ticket_field_ids"], &form["agent_conditions"]),
        (&json!([plan]), &json!([]))
    );
}

#[tokio::test]
async fn end_users_see_the_forms_that_are_theirs() {
    let world = World::new();
    cast::all(&world).await;
    let asked = json!({"ticket_form": {"name": "Inner", "end_user_visible": false}});
    let id = world.post("/ticket_forms", asked).await.is(201)["ticket_form"]["id"].clone();
    let seen = world.ask(CUSTOMER, "GET", "/ticket_forms", Value::Null).await.is(200);
    assert_eq!((&seen["count"], &seen["ticket_forms"][0]["default"]), (&json!(1), &json!(true)));
    world.ask(CUSTOMER, "GET", &format!("/ticket_forms/{id}"), Value::Null).await.is(404);
    world.ask(CUSTOMER, "DELETE", &format!("/ticket_forms/{id}"), Value::Null).await.is(403);
    let refused = world.get(&format!("/ticket_forms/{id}/ticket_form_statuses")).await.is(404);
    assert_eq!(refused["error"], "InvalidEndpoint");
}
