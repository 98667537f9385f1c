//! When a trigger acts: each condition, met and not met.

use super::{changed, condition, desk, opened, set};
use crate::cast::{AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

/// A ticket's beginning, what is done to it then, and the conditions of which all have to be met by that.
type Case = (Value, Value, &'static [[&'static str; 3]], bool);

/// Whether a trigger acts on an update, or, if that is null, on the ticket's beginning.
async fn acts(world: &World, (begins, update, all, _): &Case) -> bool {
    let all: Vec<Value> = all.iter().map(condition).collect();
    let trigger =
        json!({"trigger": {"title": "t", "all": all, "actions": set("current_tags", "acted")}});
    let made = if update.is_null() { None } else { Some(opened(world, begins.clone()).await) };
    let trigger = world.post("/triggers", trigger).await.is(201)["trigger"]["id"].clone();
    let after = match made {
        Some(made) => changed(world, &made, update.clone()).await,
        None => opened(world, begins.clone()).await,
    };
    world.delete(&format!("/triggers/{trigger}")).await.is(204);
    after["ticket"]["tags"].as_array().unwrap().contains(&json!("acted"))
}

async fn all(world: &World, cases: Vec<Case>) {
    for case in cases {
        assert_eq!(acts(world, &case).await, case.3, "{:?} by {} then {}", case.2, case.0, case.1);
    }
}

#[tokio::test]
async fn what_a_ticket_is() {
    let world = desk().await;
    let none = Value::Null;
    let it =
        json!({"priority": "high", "type": "incident", "tags": ["a", "b"], "assignee_id": 1001});
    all(
        &world,
        vec![
            (it.clone(), none.clone(), &[["priority", "is", "high"]], true),
            (it.clone(), none.clone(), &[["priority", "is_not", "high"]], false),
            (it.clone(), none.clone(), &[["priority", "less_than", "urgent"]], true),
            (it.clone(), none.clone(), &[["priority", "greater_than", "high"]], false),
            (json!({}), none.clone(), &[["priority", "is", ""]], true),
            (it.clone(), none.clone(), &[["type", "is", "incident"]], true),
            (it.clone(), none.clone(), &[["status", "is", "open"]], true),
            (json!({}), none.clone(), &[["status", "is", "new"]], true),
            (it.clone(), none.clone(), &[["status", "less_than", "pending"]], true),
            (it.clone(), none.clone(), &[["current_tags", "includes", "b c"]], true),
            (it.clone(), none.clone(), &[["current_tags", "not_includes", "b c"]], false),
            (it.clone(), none.clone(), &[["assignee_id", "is", "1001"]], true),
            (it.clone(), none.clone(), &[["assignee_id", "is", ""]], false),
            (json!({}), none.clone(), &[["assignee_id", "is", ""]], true),
            (it.clone(), none.clone(), &[["assignee_id", "is", "all_agents"]], true),
            (it.clone(), none.clone(), &[["assignee_id", "is", "current_user"]], false),
            (it.clone(), none.clone(), &[["requester_id", "is", "4001"]], true),
            (it.clone(), none.clone(), &[["requester_role", "is", "end_user"]], true),
            (it.clone(), none.clone(), &[["requester_role", "is", "agent"]], false),
            (
                json!({"requester_id": 1001}),
                none.clone(),
                &[["requester_role", "is", "agent"]],
                true,
            ),
            (it.clone(), none.clone(), &[["via_id", "is", "5"]], true),
            (it.clone(), none.clone(), &[["via_id", "is", "4"]], false),
            (it.clone(), none.clone(), &[["organization_id", "is", ""]], true),
            (
                json!({"recipient": "help@acme.example"}),
                none.clone(),
                &[["recipient", "is", "help@acme.example"]],
                true,
            ),
            (it.clone(), none.clone(), &[["satisfaction_score", "is", "true"]], true),
            (it, none, &[["priority", "is", "high"], ["type", "is", "task"]], false),
        ],
    )
    .await;
}

#[tokio::test]
async fn whether_it_changed() {
    let world = desk().await;
    let low = json!({"priority": "low", "assignee_id": 1001});
    let high = json!({"priority": "high"});
    let none = Value::Null;
    all(
        &world,
        vec![
            (low.clone(), high.clone(), &[["priority", "changed", ""]], true),
            (low.clone(), high.clone(), &[["priority", "not_changed", ""]], false),
            (low.clone(), high.clone(), &[["priority", "value", "high"]], true),
            (low.clone(), high.clone(), &[["priority", "value", "low"]], false),
            (low.clone(), high.clone(), &[["priority", "value_previous", "low"]], true),
            (low.clone(), high.clone(), &[["priority", "value_previous", "high"]], false),
            (low.clone(), high.clone(), &[["priority", "not_value", "high"]], false),
            (low.clone(), high.clone(), &[["priority", "not_value_previous", "urgent"]], true),
            (low.clone(), json!({"subject": "x"}), &[["priority", "changed", ""]], false),
            (low.clone(), json!({"subject": "x"}), &[["priority", "value", "low"]], false),
            (low.clone(), json!({"subject": "x"}), &[["priority", "not_changed", ""]], true),
            (low.clone(), json!({"assignee_id": 2001}), &[["assignee_id", "changed", ""]], true),
            (low.clone(), json!({"assignee_id": 2001}), &[["assignee_id", "value", "2001"]], true),
            (
                low.clone(),
                json!({"assignee_id": 2001}),
                &[["assignee_id", "value_previous", "1001"]],
                true,
            ),
            (low.clone(), json!({"assignee_id": null}), &[["assignee_id", "value", ""]], true),
            (low.clone(), json!({"status": "solved"}), &[["status", "value", "solved"]], true),
            (
                low.clone(),
                json!({"status": "solved"}),
                &[["status", "value_previous", "open"]],
                true,
            ),
            // What a ticket begins with was nothing before.
            (low.clone(), none.clone(), &[["priority", "changed", ""]], true),
            (low.clone(), none.clone(), &[["assignee_id", "changed", ""]], true),
            (json!({}), none.clone(), &[["assignee_id", "changed", ""]], false),
            (json!({}), none.clone(), &[["satisfaction_score", "changed", ""]], false),
            (low.clone(), none, &[["priority", "value", "low"]], true),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_an_update_is() {
    let world = desk().await;
    let (none, nothing) = (Value::Null, json!({}));
    let public = json!({"comment": {"body": "The toner is leaking.", "public": true}});
    let note = json!({"comment": {"body": "Sigh.", "public": false}});
    let copied = json!({"email_ccs": [{"user_email": "bo@acme.example", "action": "put"}]});
    all(
        &world,
        vec![
            (nothing.clone(), none.clone(), &[["update_type", "is", "Create"]], true),
            (nothing.clone(), none.clone(), &[["update_type", "is", "Change"]], false),
            (nothing.clone(), public.clone(), &[["update_type", "is", "Change"]], true),
            (nothing.clone(), public.clone(), &[["comment_is_public", "is", "true"]], true),
            (nothing.clone(), note.clone(), &[["comment_is_public", "is", "true"]], false),
            (nothing.clone(), note.clone(), &[["comment_is_public", "is", "false"]], true),
            (nothing.clone(), note.clone(), &[["comment_is_public", "is", "not_relevant"]], true),
            (
                nothing.clone(),
                note.clone(),
                &[["comment_is_public", "is", "requester_can_see_comment"]],
                false,
            ),
            (
                nothing.clone(),
                json!({"priority": "low"}),
                &[["comment_is_public", "is", "not_relevant"]],
                false,
            ),
            (
                nothing.clone(),
                public.clone(),
                &[["comment_includes_word", "includes", "paper toner"]],
                true,
            ),
            (
                nothing.clone(),
                public.clone(),
                &[["comment_includes_word", "not_includes", "toner"]],
                false,
            ),
            (
                nothing.clone(),
                public.clone(),
                &[["comment_includes_word", "is", "toner is leaking"]],
                true,
            ),
            (
                nothing.clone(),
                public.clone(),
                &[["comment_includes_word", "is", "leaking toner"]],
                false,
            ),
            (
                nothing.clone(),
                none.clone(),
                &[["comment_includes_word", "includes", "smokes"]],
                true,
            ),
            (
                nothing.clone(),
                none.clone(),
                &[["subject_includes_word", "includes", "printer"]],
                true,
            ),
            (
                nothing.clone(),
                none.clone(),
                &[["subject_includes_word", "not_includes", "printer"]],
                false,
            ),
            (nothing.clone(), public.clone(), &[["ticket_is_public", "is", "public"]], true),
            (
                json!({"comment": {"body": "x", "public": false}}),
                json!({"priority": "low"}),
                &[["ticket_is_public", "is", "private"]],
                true,
            ),
            (nothing.clone(), public.clone(), &[["role", "is", "admin"]], true),
            (nothing.clone(), public.clone(), &[["role", "is", "end_user"]], false),
            (nothing.clone(), public.clone(), &[["current_via_id", "is", "5"]], true),
            (nothing.clone(), public.clone(), &[["current_via_id", "is_not", "5"]], false),
            (nothing.clone(), public.clone(), &[["cc", "not_present", ""]], true),
            (copied, public.clone(), &[["cc", "present", ""]], true),
            (nothing.clone(), public.clone(), &[["attachment", "present", ""]], false),
            (nothing.clone(), public.clone(), &[["replies", "greater_than", "0"]], true),
            (
                json!({"assignee_id": 1001}),
                json!({"assignee_id": 2001}),
                &[["agent_stations", "is", "2"]],
                true,
            ),
            (
                json!({"assignee_id": 1001, "status": "solved"}),
                json!({"status": "open"}),
                &[["reopens", "is", "1"]],
                true,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn who_updates() {
    let world = desk().await;
    let made = opened(&world, json!({})).await;
    for (role, tag) in [("agent", "agent"), ("end_user", "customer")] {
        let trigger = json!({"trigger": {"title": tag, "actions": set("current_tags", tag),
            "all": [condition(&["role", "is", role]), condition(&["update_type", "is", "Change"])]}});
        world.post("/triggers", trigger).await.is(201);
    }
    let id = &made["ticket"]["id"];
    let request = json!({"request": {"comment": {"body": "still"}}});
    world.ask(CUSTOMER, "PUT", &format!("/requests/{id}"), request).await.is(200);
    let path = format!("/tickets/{id}");
    assert_eq!(world.get(&path).await.is(200)["ticket"]["tags"], json!(["customer"]));
    let change = json!({"ticket": {"priority": "low"}});
    let after = world.ask(AGENT, "PUT", &path, change).await.is(200);
    assert_eq!(after["ticket"]["tags"], json!(["agent", "customer"]));
}

#[tokio::test]
async fn business_hours() {
    let world = desk().await;
    // It is a Saturday in November, 09:00 in UTC.
    let schedule = json!({"schedule": {"name": "s", "time_zone": "UTC"}});
    let made = world.post("/business_hours/schedules", schedule).await.is(201);
    let path = format!("/business_hours/schedules/{}/workweek", made["schedule"]["id"]);
    let saturday = 6 * 24 * 60;
    let open = json!({"workweek": {"intervals": [{"start_time": saturday + 480, "end_time": saturday + 600}]}});
    world.put(&path, open).await.is(200);
    let (none, nothing) = (Value::Null, json!({}));
    all(
        &world,
        vec![
            (nothing.clone(), none.clone(), &[["in_business_hours", "is", "true"]], true),
            (nothing.clone(), none.clone(), &[["in_business_hours", "is", "false"]], false),
        ],
    )
    .await;
    let monday = json!({"workweek": {"intervals": [{"start_time": 1980, "end_time": 2040}]}});
    world.put(&path, monday).await.is(200);
    all(&world, vec![(nothing, none, &[["in_business_hours", "is", "true"]], false)]).await;
}

#[tokio::test]
async fn fields_of_the_accounts_own_of_people_and_of_organizations() {
    let world = desk().await;
    let field = json!({"ticket_field": {"type": "text", "title": "Model"}});
    let model = world.post("/ticket_fields", field).await.is(201)["ticket_field"]["id"].clone();
    let field = json!({"user_field": {"type": "text", "title": "Plan", "key": "plan"}});
    world.post("/user_fields", field).await.is(201);
    let field =
        json!({"organization_field": {"type": "integer", "title": "Seats", "key": "seats"}});
    world.post("/organization_fields", field).await.is(201);
    let organization =
        json!({"organization": {"name": "Big", "organization_fields": {"seats": 500}}});
    let big =
        world.post("/organizations", organization).await.is(201)["organization"]["id"].clone();
    world
        .put(
            "/users/4001",
            json!({"user": {"user_fields": {"plan": "gold"}, "organization_id": big}}),
        )
        .await
        .is(200);
    let own = format!("custom_fields_{model}");
    let own: &'static str = own.leak();
    let model = |value: &str| json!({"custom_fields": [{"id": model, "value": value}]});
    let (none, nothing) = (Value::Null, json!({}));
    let case = |begins: Value, update: Value, condition: [&'static str; 3], met: bool| -> Case {
        (begins, update, Box::leak(Box::new([condition])), met)
    };
    all(
        &world,
        vec![
            case(model("LX"), none.clone(), [own, "is", "LX"], true),
            case(model("LX"), none.clone(), [own, "present", ""], true),
            case(nothing.clone(), none.clone(), [own, "present", ""], false),
            case(model("LX"), model("MX"), [own, "changed", ""], true),
            case(model("LX"), model("MX"), [own, "value", "MX"], true),
            case(model("LX"), model("MX"), [own, "value_previous", "LX"], true),
            case(model("LX"), json!({"subject": "x"}), [own, "changed", ""], false),
            case(
                nothing.clone(),
                none.clone(),
                ["requester.custom_fields.plan", "is", "gold"],
                true,
            ),
            case(
                nothing.clone(),
                none.clone(),
                ["requester.custom_fields.plan", "is_not", "gold"],
                false,
            ),
            case(
                nothing.clone(),
                none.clone(),
                ["requester.custom_fields.plan", "changed", ""],
                false,
            ),
            case(
                nothing.clone(),
                json!({"requester_id": 1001}),
                ["requester.custom_fields.plan", "changed", ""],
                true,
            ),
            case(
                nothing.clone(),
                json!({"requester_id": 1001}),
                ["requester.custom_fields.plan", "is", "gold"],
                false,
            ),
            case(
                nothing.clone(),
                none.clone(),
                ["organization.custom_fields.seats", "greater_than", "499"],
                true,
            ),
            case(
                nothing.clone(),
                none.clone(),
                ["organization.custom_fields.seats", "less_than", "500"],
                false,
            ),
            case(
                json!({"requester_id": 1001}),
                none.clone(),
                ["organization.custom_fields.seats", "present", ""],
                false,
            ),
            case(nothing, none, ["locale_id", "is", "1"], true),
        ],
    )
    .await;
}

#[tokio::test]
async fn any_of_several_is_enough_but_one_must_be_met() {
    let world = desk().await;
    let any = json!([
        condition(&["priority", "is", "high"]),
        condition(&["current_tags", "includes", "vip"])
    ]);
    let all = json!([condition(&["update_type", "is", "Create"])]);
    let trigger = json!({"trigger": {"title": "t", "all": all, "any": any, "actions": set("current_tags", "acted")}});
    world.post("/triggers", trigger).await.is(201);
    for (begins, acted) in [
        (json!({"priority": "high"}), true),
        (json!({"tags": ["vip"]}), true),
        (json!({"priority": "low", "tags": ["other"]}), false),
    ] {
        let made = opened(&world, begins).await;
        let tags = made["ticket"]["tags"].as_array().unwrap().clone();
        assert_eq!(tags.contains(&json!("acted")), acted, "{made}");
    }
}
