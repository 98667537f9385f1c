//! Schedules of brands and groups, and those that triggers set.

use crate::automations_act::later;
use crate::cast;
use crate::dynamic_content::written;
use crate::world::World;
use serde_json::{Value, json};

const PATH: &str = "/business_hours/schedules";

async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    world
}

async fn schedule(world: &World, name: &str, zone: &str, more: Value) -> Value {
    let mut asked = json!({"name": name, "time_zone": zone});
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post(PATH, json!({"schedule": asked})).await.is(201)["schedule"].clone()
}

/// From minutes of the day, on each day of the week.
async fn open(world: &World, schedule: &Value, from: u32, to: u32) {
    let day = |day: u32| json!({"start_time": day * 1_440 + from, "end_time": day * 1_440 + to});
    let week = json!({"workweek": {"intervals": (0..7).map(day).collect::<Vec<_>>()}});
    world.put(&format!("{PATH}/{}/workweek", schedule["id"]), week).await.is(200);
}

async fn brand(world: &World, name: &str) -> Value {
    let brand = json!({"brand": {"name": name, "subdomain": name}});
    world.post("/brands", brand).await.is(201)["brand"]["id"].clone()
}

async fn group(world: &World, name: &str) -> Value {
    world.post("/groups", json!({"group": {"name": name}})).await.is(201)["group"]["id"].clone()
}

async fn opened(world: &World, more: Value) -> Value {
    let mut ticket = json!({"subject": "x", "comment": {"body": "x"}, "requester_id": 4001, "priority": "normal"});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)
}

async fn policy(world: &World, metric: &str, minutes: u32) {
    let metrics = json!([{"priority": "normal", "metric": metric, "target": minutes, "business_hours": true}]);
    let policy = json!({"title": "p", "filter": {"all": [], "any": []}, "policy_metrics": metrics});
    world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201);
}

async fn slas(world: &World, id: &Value) -> Value {
    world.get(&format!("/tickets/{id}?include=slas")).await.is(200)["ticket"]["slas"].clone()
}

async fn trigger(world: &World, title: &str, condition: [&str; 3], actions: Value) -> Value {
    let [field, operator, value] = condition;
    let all = json!([{"field": field, "operator": operator, "value": value}]);
    let asked = json!({"trigger": {"title": title, "all": all, "actions": actions}});
    world.post("/triggers", asked).await.is(201)["trigger"].clone()
}

#[tokio::test]
async fn a_schedule_is_for_brands_and_groups_that_no_other_is_for() {
    let world = desk().await;
    let (red, sales) = (brand(&world, "red").await, group(&world, "Sales").await);
    let own = json!({"brand_ids": [red], "group_ids": [sales.to_string()]});
    let first = schedule(&world, "First", "UTC", own).await;
    assert_eq!((&first["brand_ids"], &first["group_ids"]), (&json!([red]), &json!([sales])));
    let second = schedule(&world, "Second", "UTC", json!({})).await;
    assert_eq!((&second["brand_ids"], &second["group_ids"]), (&json!([]), &json!([])));
    let path = format!("{PATH}/{}", second["id"]);
    for (wrong, field, says) in [
        (json!({"brand_ids": [red]}), "brand_ids", "First"),
        (json!({"group_ids": [sales]}), "group_ids", "First"),
        (json!({"brand_ids": [4711]}), "brand_ids", "4711"),
        (json!({"group_ids": [4711]}), "group_ids", "4711"),
    ] {
        let refused = world.put(&path, json!({"schedule": wrong})).await.is(422);
        let why = refused["details"][field][0]["description"].as_str().unwrap_or_default();
        assert!(why.contains(says), "{refused}");
        let new = json!({"schedule": {"name": "New", "time_zone": "UTC"}});
        let mut new = new;
        new["schedule"].as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        world.post(PATH, new).await.is(422);
    }
    // What one lets go, another may have; what is not named stays.
    let none = json!({"schedule": {"brand_ids": []}});
    let first = world.put(&format!("{PATH}/{}", first["id"]), none).await.is(200);
    assert_eq!(first["schedule"]["group_ids"], json!([sales]));
    let got = world.put(&path, json!({"schedule": {"brand_ids": [red]}})).await.is(200);
    assert_eq!(got["schedule"]["brand_ids"], json!([red]));
    world.delete(&format!("/groups/{sales}")).await.is(204);
    let listed = world.get(PATH).await.is(200);
    assert_eq!(listed["schedules"][0]["group_ids"], json!([]), "who is gone is told no more");
}

/// In New York clocks change on 2027-03-14, in Berlin on 2027-03-28.
#[tokio::test]
async fn tickets_of_two_brands_have_promises_by_their_zones_over_a_change_of_clocks() {
    let world = desk().await;
    schedule(&world, "Usual", "UTC", json!({})).await;
    let (here, there) = (brand(&world, "here").await, brand(&world, "there").await);
    schedule(&world, "NY", "America/New_York", json!({"brand_ids": [here]})).await;
    let berlin = schedule(&world, "Berlin", "Europe/Berlin", json!({"brand_ids": [there]})).await;
    policy(&world, "requester_wait_time", 120).await;
    for (at, brand, breach) in [
        ("2027-03-12T21:00:00Z", Some(&here), "2027-03-15T14:00:00Z"),
        ("2027-03-12T21:00:00Z", Some(&there), "2027-03-15T10:00:00Z"),
        ("2027-03-12T21:00:00Z", None, "2027-03-15T11:00:00Z"),
        ("2027-03-26T20:30:00Z", Some(&here), "2027-03-29T14:30:00Z"),
        ("2027-03-26T20:30:00Z", Some(&there), "2027-03-29T09:00:00Z"),
    ] {
        let now = ceap_kernel::Clock::now(&world.hands).as_second();
        let at: ceap_kernel::Timestamp = at.parse().unwrap();
        world.pass((at.as_second() - now).max(0));
        let made = opened(&world, json!({"brand_id": brand})).await;
        let told = slas(&world, &made["ticket"]["id"]).await;
        assert_eq!(told["policy_metrics"][0]["breach_at"], breach, "{brand:?} at {at}");
        if brand == Some(&there) {
            assert_eq!(told["schedule_id"], berlin["id"]);
        }
    }
}

#[tokio::test]
async fn a_ticket_that_goes_to_another_group_has_its_promises_by_the_hours_of_that_one() {
    let world = desk().await;
    let (early, late) = (group(&world, "Early").await, group(&world, "Late").await);
    let first = schedule(&world, "Early", "UTC", json!({"group_ids": [early]})).await;
    let second = schedule(&world, "Late", "UTC", json!({"group_ids": [late]})).await;
    open(&world, &first, 9 * 60, 17 * 60).await;
    open(&world, &second, 12 * 60, 20 * 60).await;
    policy(&world, "agent_work_time", 180).await;
    // It is nine o'clock.
    let made = opened(&world, json!({"group_id": early})).await;
    let id = &made["ticket"]["id"];
    let told = slas(&world, id).await;
    assert_eq!(told["policy_metrics"][0]["breach_at"], "2026-11-21T12:00:00Z");
    world.pass(2 * 3_600);
    let path = format!("/tickets/{id}");
    world.put(&path, json!({"ticket": {"group_id": late}})).await.is(200);
    let told = slas(&world, id).await;
    assert_eq!(told["policy_metrics"][0]["breach_at"], "2026-11-21T15:00:00Z");
    assert_eq!(told["schedule_id"], second["id"]);
    world.pass(3 * 3_600);
    let solved = json!({"ticket": {"status": "solved", "assignee_id": 1001, "group_id": late}});
    world.put(&format!("/groups/{late}"), json!({"group": {"description": "x"}})).await.is(200);
    let member = json!({"group_membership": {"user_id": 1001, "group_id": late}});
    world.post("/group_memberships", member).await.is(201);
    world.put(&path, solved).await.is(200);
    let metric = world.get(&format!("{path}/metrics")).await.is(200)["ticket_metric"].clone();
    let both = json!({"calendar": 300, "business": 120});
    assert_eq!(metric["full_resolution_time_in_minutes"], both, "from twelve to two");
    // A schedule that is gone counts no more, from the next update on.
    world.put(&path, json!({"ticket": {"status": "open"}})).await.is(200);
    world.delete(&format!("{PATH}/{}", second["id"])).await.is(204);
    world.put(&path, json!({"ticket": {"tags": ["x"]}})).await.is(200);
    assert_eq!(slas(&world, id).await["schedule_id"], first["id"]);
}

#[tokio::test]
async fn a_trigger_sets_the_schedule_and_the_audit_tells() {
    let world = desk().await;
    let usual = schedule(&world, "Usual", "UTC", json!({})).await;
    let nights = schedule(&world, "Nights", "UTC", json!({})).await;
    open(&world, &usual, 0, 60).await;
    open(&world, &nights, 8 * 60, 10 * 60).await;
    let id = nights["id"].to_string();
    let set = json!([{"field": "set_schedule", "value": id}]);
    let vip = ["current_tags", "includes", "vip"];
    let rule = trigger(&world, "VIP", vip, set.clone()).await;
    let within = ["in_business_hours", "is", "true"];
    trigger(&world, "Open", within, json!([{"field": "current_tags", "value": "open"}])).await;
    let tags = |made: &Value| made["ticket"]["tags"].clone();
    assert_eq!(tags(&opened(&world, json!({})).await), json!([]));
    let made = opened(&world, json!({"tags": ["vip"]})).await;
    assert_eq!(
        tags(&made),
        json!(["open", "vip"]),
        "the trigger behind it sees the hours that it set"
    );
    let events = made["audit"]["events"].as_array().unwrap();
    let told = events.iter().find(|it| it["field_name"] == "schedule_id").unwrap();
    assert_eq!((&told["value"], &told["previous_value"]), (&json!(id), &Value::Null));
    assert_eq!(told["via"]["source"]["from"]["id"], rule["id"]);
    assert_eq!(slas(&world, &made["ticket"]["id"]).await["schedule_id"], nights["id"]);
    // What it says is looked at again once it is gone.
    world.delete(&format!("{PATH}/{id}")).await.is(204);
    assert_eq!(slas(&world, &made["ticket"]["id"]).await["schedule_id"], usual["id"]);
    let made = opened(&world, json!({"tags": ["vip"]})).await;
    let events = made["audit"]["events"].as_array().unwrap();
    let error = events.iter().find(|it| it["type"] == "Error").unwrap();
    assert!(error["message"].as_str().unwrap().contains(&id), "{error}");
    let again = json!({"trigger": {"title": "x", "all": [{"field": "status", "operator": "is", "value": "new"}], "actions": set}});
    world.post("/triggers", again).await.is(422);
    let macros = json!({"macro": {"title": "x", "actions": [{"field": "set_schedule", "value": usual["id"]}]}});
    world.post("/macros", macros).await.is(422);
    let known = world.get("/triggers/definitions").await.is(200);
    let actions = known["definitions"]["actions"].as_array().unwrap();
    let choices = actions.iter().find(|it| it["subject"] == "set_schedule").unwrap();
    assert_eq!(choices["values"][0]["title"], "Usual");
}

#[tokio::test]
async fn a_trigger_may_ask_whether_a_schedule_is_open_that_is_not_the_tickets() {
    let world = desk().await;
    let usual = schedule(&world, "Usual", "UTC", json!({})).await;
    let other = schedule(&world, "Other", "UTC", json!({})).await;
    open(&world, &usual, 0, 60).await;
    open(&world, &other, 8 * 60, 10 * 60).await;
    for (title, operator, of) in
        [("a", "is", &usual), ("b", "is", &other), ("c", "is_not", &usual), ("d", "is_not", &other)]
    {
        let actions = json!([{"field": "current_tags", "value": title}]);
        trigger(&world, title, ["within_schedule", operator, &of["id"].to_string()], actions).await;
    }
    assert_eq!(opened(&world, json!({})).await["ticket"]["tags"], json!(["b", "c"]));
}

#[tokio::test]
async fn views_and_automations_count_each_ticket_by_its_own_hours() {
    let world = desk().await;
    let usual = schedule(&world, "Usual", "UTC", json!({})).await;
    let (red, sales) = (brand(&world, "red").await, group(&world, "Sales").await);
    let of_red = schedule(&world, "Red", "UTC", json!({"brand_ids": [red]})).await;
    let of_sales = schedule(&world, "Sales", "UTC", json!({"group_ids": [sales]})).await;
    let set = schedule(&world, "Set", "UTC", json!({})).await;
    // It is nine o'clock, and will be eleven: that is one hour, two, none and half an hour.
    open(&world, &usual, 10 * 60, 20 * 60).await;
    open(&world, &of_red, 9 * 60, 20 * 60).await;
    open(&world, &of_sales, 12 * 60, 20 * 60).await;
    open(&world, &set, 10 * 60 + 30, 20 * 60).await;
    let sets = json!([{"field": "set_schedule", "value": set["id"].to_string()}]);
    trigger(&world, "sets", ["current_tags", "includes", "set"], sets).await;
    let mut ids = Vec::new();
    for more in [
        json!({}),
        json!({"brand_id": red}),
        json!({"group_id": sales, "brand_id": red}),
        json!({"group_id": sales, "brand_id": red, "tags": ["set"]}),
    ] {
        ids.push(opened(&world, more).await["ticket"]["id"].as_u64().unwrap());
    }
    let hours =
        |operator: &str, hours: &str| json!({"field": "NEW", "operator": operator, "value": hours});
    let asks = json!({"field": "requester_id", "operator": "is", "value": "4001"});
    let tag = json!([{"field": "current_tags", "value": "waits"}]);
    let once = json!({"field": "current_tags", "operator": "not_includes", "value": "waits"});
    let automation = json!({"automation": {"title": "waits", "actions": tag,
        "all": [asks, once, hours("greater_than_business_hours", "1")]}});
    world.post("/automations", automation).await.is(201);
    world.pass(2 * 3_600 + 50);
    let found = async |operator: &str, count: &str| -> Vec<u64> {
        let view = json!({"view": {"all": [asks, hours(operator, count)], "output": {"columns": ["nice_id"], "sort_by": "nice_id", "sort_order": "asc"}}});
        let rows = world.post("/views/preview", view).await.is(200)["rows"].clone();
        rows.as_array().unwrap().iter().map(|it| it["ticket"]["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(found("is_business_hours", "1").await, [ids[0]]);
    assert_eq!(found("less_than_business_hours", "1").await, [ids[2], ids[3]]);
    assert_eq!(found("greater_than_business_hours", "1").await, [ids[0], ids[1]]);
    assert_eq!(found("greater_than", "1").await, ids);
    assert_eq!(later(&world, 0).await.changed, 1, "as of the full hour");
    let tags = async |id: u64| {
        world.get(&format!("/tickets/{id}")).await.is(200)["ticket"]["tags"].clone()
    };
    assert_eq!((tags(ids[0]).await, tags(ids[1]).await), (json!([]), json!(["waits"])));
    assert_eq!((tags(ids[2]).await, tags(ids[3]).await), (json!([]), json!(["set"])));
}

#[tokio::test]
async fn letters_may_ask_whether_it_is_within_the_tickets_hours() {
    let world = desk().await;
    let usual = schedule(&world, "Usual", "UTC", json!({})).await;
    let red = brand(&world, "red").await;
    let of_red = schedule(&world, "Red", "UTC", json!({"brand_ids": [red]})).await;
    // It is nine o'clock.
    open(&world, &usual, 0, 60).await;
    open(&world, &of_red, 8 * 60, 10 * 60).await;
    let text = "{% if ticket.in_business_hours == 'true' %}now{% else %}later{% endif %}";
    let tell = json!([{"field": "notification_user", "value": ["requester_id", "s", text]}]);
    trigger(&world, "tells", ["update_type", "is", "Create"], tell).await;
    opened(&world, json!({"brand_id": red})).await;
    // What is told is so as of the update, whenever it is written.
    world.pass(3 * 3_600);
    assert_eq!(written(&world).await[0].2, "now");
    opened(&world, json!({})).await;
    assert_eq!(written(&world).await[0].2, "later");
}
