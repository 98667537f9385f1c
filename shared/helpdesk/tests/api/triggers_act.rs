//! Triggers at work: when they act, on what, and how often.

mod conditions;
mod explained;
mod told;

use crate::cast::{self, AGENT, CUSTOMER, OTHER};
use crate::world::World;
use serde_json::{Value, json};

/// An account with a team, a customer, and a field of its own for each.
async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    world
}

/// A trigger that is kept; `all` conditions are triples.
async fn trigger(world: &World, title: &str, all: &[[&str; 3]], actions: Value) -> Value {
    let all: Vec<Value> = all.iter().map(condition).collect();
    let asked = json!({"trigger": {"title": title, "all": all, "actions": actions}});
    world.post("/triggers", asked).await.is(201)["trigger"].clone()
}

fn condition([field, operator, value]: &[&str; 3]) -> Value {
    json!({"field": field, "operator": operator, "value": value})
}

fn set(field: &str, value: &str) -> Value {
    json!([{"field": field, "value": value}])
}

async fn opened(world: &World, more: Value) -> Value {
    let mut ticket =
        json!({"subject": "Printer", "comment": {"body": "It smokes."}, "requester_id": 4001});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)
}

async fn changed(world: &World, ticket: &Value, change: Value) -> Value {
    let path = format!("/tickets/{}", ticket["ticket"]["id"]);
    world.put(&path, json!({"ticket": change})).await.is(200)
}

/// What rules did on an update: the kinds of events, and the rules' titles.
fn ruled(answer: &Value) -> Vec<(String, String)> {
    let events = answer["audit"]["events"].as_array().unwrap().iter();
    let by_rules = events.filter(|it| it["via"]["source"]["rel"] == "trigger");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    by_rules.map(|it| (text(&it["type"]), text(&it["via"]["source"]["from"]["title"]))).collect()
}

#[tokio::test]
async fn the_answer_shows_the_ticket_after_its_triggers() {
    let world = desk().await;
    let actions = json!([{"field": "priority", "value": "high"}, {"field": "current_tags", "value": "vip gold"},
        {"field": "status", "value": "open"}]);
    trigger(&world, "greets", &[["update_type", "is", "Create"]], actions).await;
    let made = opened(&world, json!({"tags": ["web"]})).await;
    assert_eq!(
        (&made["ticket"]["priority"], &made["ticket"]["status"]),
        (&json!("high"), &json!("open"))
    );
    assert_eq!(made["ticket"]["tags"], json!(["gold", "vip", "web"]));
    let path = format!("/tickets/{}", made["ticket"]["id"]);
    assert_eq!(world.get(&path).await.is(200)["ticket"], made["ticket"], "it is what was kept");
    // Each change is told with the trigger that made it, after what the update did itself.
    let changes: Vec<Value> = made["audit"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| {
            it["via"]["source"]["rel"] == "trigger" && it["field_name"] != "custom_status_id"
        })
        .map(|it| json!([it["type"], it["field_name"], it["previous_value"], it["value"]]))
        .collect();
    assert_eq!(
        changes,
        [
            json!(["Change", "priority", null, "high"]),
            json!(["Change", "status", "new", "open"]),
            json!(["Change", "tags", ["web"], ["gold", "vip", "web"]]),
        ]
    );
    assert_eq!(made["audit"]["via"]["channel"], "api");
    let again = changed(&world, &made, json!({"subject": "Other"})).await;
    assert_eq!(ruled(&again), [], "it is no new ticket any more");
}

#[tokio::test]
async fn a_trigger_that_changes_the_ticket_begins_the_cycle_anew() {
    let world = desk().await;
    // The first is met only by what the second does.
    trigger(&world, "late", &[["priority", "is", "urgent"]], set("current_tags", "late")).await;
    trigger(&world, "early", &[["update_type", "is", "Create"]], set("priority", "urgent")).await;
    trigger(&world, "last", &[["current_tags", "includes", "late"]], set("type", "task")).await;
    let made = opened(&world, json!({})).await;
    let titles: Vec<String> = ruled(&made).into_iter().map(|(_, title)| title).collect();
    assert_eq!(titles, ["early", "late", "last"]);
    assert_eq!(made["ticket"]["type"], "task");
}

#[tokio::test]
async fn two_triggers_that_undo_each_other_end_and_say_so() {
    let world = desk().await;
    trigger(&world, "up", &[["priority", "is_not", "urgent"]], set("priority", "urgent")).await;
    trigger(&world, "down", &[["priority", "is", "urgent"]], set("priority", "low")).await;
    let made = opened(&world, json!({})).await;
    assert_eq!(made["ticket"]["priority"], "low");
    let did: Vec<(String, String)> = ruled(&made);
    let did: Vec<(&str, &str)> = did.iter().map(|(kind, title)| (&**kind, &**title)).collect();
    assert_eq!(did, [("Change", "up"), ("Change", "down"), ("Error", "up")]);
    let events = made["audit"]["events"].as_array().unwrap();
    let error = events.iter().find(|it| it["type"] == "Error").unwrap();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("\"up\"") && message.contains("ended"), "{message}");
    // Each update is a cycle of its own.
    let again = changed(&world, &made, json!({"subject": "Other"})).await;
    assert_eq!(ruled(&again).len(), 3);
}

#[tokio::test]
async fn a_ring_of_many_triggers_ends() {
    let world = desk().await;
    for at in 0..20 {
        let (from, to) = (format!("s{at}"), format!("s{}", (at + 1) % 20));
        let actions = json!([{"field": "remove_tags", "value": from}, {"field": "current_tags", "value": to}]);
        trigger(&world, &from, &[["current_tags", "includes", &from]], actions).await;
    }
    let made = opened(&world, json!({"tags": ["s7"]})).await;
    assert_eq!(made["ticket"]["tags"], json!(["s7"]), "once around");
    let did = ruled(&made);
    assert_eq!(did.iter().filter(|(kind, _)| kind == "Change").count(), 20);
    assert_eq!(did.last().unwrap(), &("Error".to_owned(), "s7".to_owned()));
}

#[tokio::test]
async fn triggers_act_in_the_order_of_their_categories_and_places() {
    let world = desk().await;
    let category = json!({"trigger_category": {"name": "First", "position": 0}});
    let made = world.post("/trigger_categories", category).await.is(201);
    let second =
        trigger(&world, "b", &[["update_type", "is", "Create"]], set("priority", "low")).await;
    let first = json!({"trigger": {"title": "a", "category_id": made["trigger_category"]["id"],
        "all": [condition(&["update_type", "is", "Create"])], "actions": set("priority", "high")}});
    let first = world.post("/triggers", first).await.is(201)["trigger"].clone();
    let listed = world.get("/triggers").await.is(200);
    let listed: Vec<&Value> =
        listed["triggers"].as_array().unwrap().iter().map(|it| &it["title"]).collect();
    let opened_first = opened(&world, json!({})).await;
    let did = ruled(&opened_first).into_iter().filter(|(kind, _)| kind == "Change");
    let acted: Vec<String> = did.map(|(_, title)| title).collect();
    assert_eq!(json!(acted), json!(listed), "they act as they are listed");
    // One that is taken out of use acts no more.
    for it in [first, second] {
        let path = format!("/triggers/{}", it["id"]);
        world.put(&path, json!({"trigger": {"active": false}})).await.is(200);
    }
    assert_eq!(ruled(&opened(&world, json!({})).await), []);
}

#[tokio::test]
async fn triggers_act_on_the_update_that_closes_a_ticket_and_never_after() {
    let world = desk().await;
    let made = opened(&world, json!({"assignee_id": 1001, "status": "solved"})).await;
    trigger(&world, "closes", &[["status", "is", "closed"]], set("current_tags", "closed")).await;
    let closed = changed(&world, &made, json!({"status": "closed"})).await;
    assert_eq!(closed["ticket"]["tags"], json!(["closed"]));
    let after = changed(&world, &made, json!({"additional_tags": ["more"]})).await;
    assert_eq!((ruled(&after), &after["ticket"]["tags"]), (vec![], &json!(["closed", "more"])));
}

#[tokio::test]
async fn a_trigger_may_close_a_ticket_and_others_act_on_that() {
    let world = desk().await;
    trigger(&world, "closes", &[["current_tags", "includes", "spam"]], set("status", "closed"))
        .await;
    trigger(&world, "notes", &[["status", "value", "closed"]], set("current_tags", "gone")).await;
    let made = opened(&world, json!({"tags": ["spam"], "assignee_id": 1001})).await;
    assert_eq!(
        (&made["ticket"]["status"], &made["ticket"]["tags"]),
        (&json!("closed"), &json!(["gone", "spam"]))
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_told_and_the_rest_is_done() {
    let world = desk().await;
    let actions =
        json!([{"field": "status", "value": "solved"}, {"field": "current_tags", "value": "done"}]);
    trigger(&world, "solves", &[["update_type", "is", "Create"]], actions).await;
    let made = opened(&world, json!({})).await;
    assert_eq!(
        (&made["ticket"]["status"], &made["ticket"]["tags"]),
        (&json!("new"), &json!(["done"]))
    );
    let events = made["audit"]["events"].as_array().unwrap();
    let error = events.iter().find(|it| it["type"] == "Error").unwrap()["message"].clone();
    let error = error.as_str().unwrap();
    assert!(error.contains("status") && error.contains("Assignee: is required"), "{error}");
}

#[tokio::test]
async fn what_names_who_updates_is_theirs_if_they_work_on_tickets() {
    let world = desk().await;
    let actions = json!([{"field": "assignee_id", "value": "current_user"}, {"field": "follower", "value": "current_user"},
        {"field": "current_tags", "value": "seen"}]);
    trigger(&world, "mine", &[["comment_is_public", "is", "true"]], actions).await;
    let made = opened(&world, json!({})).await;
    let owner = made["ticket"]["assignee_id"].clone();
    assert!(owner.is_u64(), "who opens it takes it");
    let path = format!("/tickets/{}", made["ticket"]["id"]);
    let by = async |email: &str| {
        let change = json!({"ticket": {"comment": {"body": "x"}}});
        world.ask(email, "PUT", &path, change).await.is(200)
    };
    assert_eq!(by(AGENT).await["ticket"]["assignee_id"], 1001);
    let request = json!({"request": {"comment": {"body": "still"}}});
    let path = format!("/requests/{}", made["ticket"]["id"]);
    world.ask(CUSTOMER, "PUT", &path, request).await.is(200);
    let ticket = world.get(&format!("/tickets/{}", made["ticket"]["id"])).await.is(200);
    assert_eq!(ticket["ticket"]["assignee_id"], 1001, "customers take nothing");
    assert_eq!(by(OTHER).await["ticket"]["assignee_id"], 2001);
}

#[tokio::test]
async fn what_nothing_happened_to_is_left_alone() {
    let world = desk().await;
    let made = opened(&world, json!({"priority": "low"})).await;
    trigger(&world, "any", &[["status", "less_than", "solved"]], set("current_tags", "acted"))
        .await;
    assert_eq!(
        changed(&world, &made, json!({"priority": "low"})).await["ticket"]["tags"],
        json!([])
    );
    // What was imported is past.
    let import =
        json!({"ticket": {"subject": "old", "requester_id": 4001, "comments": [{"value": "x"}]}});
    let imported = world.post("/imports/tickets", import).await.is(201);
    assert_eq!(imported["ticket"]["tags"], json!([]));
}

#[tokio::test]
async fn a_trigger_sets_the_language_of_who_asks() {
    let world = desk().await;
    trigger(
        &world,
        "german",
        &[["subject_includes_word", "includes", "Drucker"]],
        set("locale_id", "8"),
    )
    .await;
    let trigger_by_locale = [["locale_id", "is", "8"], ["update_type", "is", "Change"]];
    trigger(&world, "known", &trigger_by_locale, set("current_tags", "german")).await;
    let made = opened(&world, json!({"subject": "Der Drucker brennt"})).await;
    assert_eq!(world.get("/users/4001").await.is(200)["user"]["locale"], "de");
    let after = changed(&world, &made, json!({"priority": "low"})).await;
    assert_eq!(after["ticket"]["tags"], json!(["german"]));
    // Of somebody who comes with the ticket, too.
    let requester = json!({"name": "New", "email": "new@acme.example"});
    let ticket =
        json!({"ticket": {"subject": "Drucker", "comment": {"body": "x"}, "requester": requester}});
    let made = world.post("/tickets", ticket).await.is(201);
    let user = world.get(&format!("/users/{}", made["ticket"]["requester_id"])).await.is(200);
    assert_eq!(user["user"]["locale"], "de");
}

#[tokio::test]
async fn a_rating_is_an_update_that_triggers_see() {
    let world = desk().await;
    let conditions =
        [["satisfaction_score", "value", "bad"], ["satisfaction_reason_code", "is", "5"]];
    trigger(&world, "bad", &conditions, set("priority", "urgent")).await;
    let made = opened(&world, json!({"assignee_id": 1001, "status": "solved"})).await;
    let path = format!("/tickets/{}/satisfaction_rating", made["ticket"]["id"]);
    let rate = async |rating: Value| {
        let rating = json!({"satisfaction_rating": rating});
        world.ask(CUSTOMER, "POST", &path, rating).await.is(200);
        world.get(&format!("/tickets/{}", made["ticket"]["id"])).await.is(200)["ticket"]["priority"]
            .clone()
    };
    assert_eq!(rate(json!({"score": "good"})).await, Value::Null);
    assert_eq!(rate(json!({"score": "bad", "reason_code": 5})).await, "urgent");
}

#[tokio::test]
async fn triggers_cost_no_call_unless_they_ask_about_people() {
    let world = desk().await;
    let made = opened(&world, json!({})).await;
    let path = format!("/tickets/{}", made["ticket"]["id"]);
    let rounds = async |subject: &str| {
        let _ = world.store.calls();
        world.put(&path, json!({"ticket": {"subject": subject}})).await.is(200);
        world.store.calls().rounds
    };
    rounds("a").await;
    let before = rounds("b").await;
    for at in 0..30 {
        let title = format!("t{at}");
        let conditions =
            [["status", "less_than", "solved"], ["subject_includes_word", "includes", "burns"]];
        trigger(&world, &title, &conditions, set("priority", "high")).await;
    }
    rounds("c").await;
    assert_eq!(rounds("d").await, before);
    // Who asks is read only if all else is met.
    let far = [["locale_id", "is", "8"], ["priority", "is", "urgent"]];
    trigger(&world, "far", &far, set("current_tags", "x")).await;
    rounds("e").await;
    assert_eq!(rounds("f").await, before);
    let near = [["locale_id", "is", "8"]];
    trigger(&world, "near", &near, set("current_tags", "x")).await;
    rounds("g").await;
    assert_eq!(rounds("h").await, before + 1);
}
