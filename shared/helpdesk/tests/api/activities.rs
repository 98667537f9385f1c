//! What agents are told of their tickets.

use crate::cast::{self, AGENT, CUSTOMER, LEAD, OTHER};
use crate::world::World;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

/// A ticket of the customer that `AGENT` has, whom somebody else gave it.
async fn given(world: &World) -> String {
    cast::team(world).await;
    let ticket = json!({"subject": "Printer", "comment": {"body": "It smokes."},
        "requester_id": 4001, "assignee_id": 1001, "priority": "low"});
    let made = world.ask(LEAD, "POST", "/tickets", json!({"ticket": ticket})).await.is(201);
    format!("/tickets/{}", made["ticket"]["id"])
}

async fn change(world: &World, email: &str, path: &str, ticket: Value) {
    world.ask(email, "PUT", path, json!({"ticket": ticket})).await.is(200);
}

async fn asked(world: &World, email: &str, path: &str) -> Value {
    world.ask(email, "GET", path, Value::Null).await.is(200)
}

/// What somebody is told, the newest first.
async fn verbs(world: &World, email: &str, path: &str) -> Vec<String> {
    let body = asked(world, email, path).await;
    let all = body["activities"].as_array().unwrap().iter();
    all.map(|it| it["verb"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn agents_are_told_what_others_do_to_their_tickets() {
    let world = World::new();
    let path = given(&world).await;
    change(&world, LEAD, &path, json!({"priority": "urgent"})).await;
    change(&world, OTHER, &path, json!({"comment": {"body": "Look", "public": false}})).await;
    let all = asked(&world, AGENT, "/activities.json").await;
    let seen = verbs(&world, AGENT, "/activities.json").await;
    let (said, given) = ("tickets.comment", "tickets.assignment");
    assert_eq!(seen, [said, "tickets.priority_increase", said, given]);
    let newest = &all["activities"][0];
    assert_eq!((&newest["user_id"], &newest["actor_id"]), (&json!(1001), &json!(2001)));
    assert_eq!(newest["actor"]["name"], "colleague");
    assert_eq!(newest["object"]["comment"], json!({"value": "Look", "public": false}));
    assert_eq!(newest["target"]["ticket"]["subject"], "Printer");
    assert!(newest["title"].as_str().unwrap().contains("Look"));
    let users: Vec<u64> =
        all["users"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!(users.len(), 4);
    assert!(all["actors"].as_array().unwrap().iter().all(|it| it["id"] != 1001));
    assert_eq!(all["count"], 4);
    let count = asked(&world, AGENT, "/activities/count.json").await;
    assert_eq!(count["count"]["value"], 4);
    let one = format!("/activities/{}.json", newest["id"]);
    assert_eq!(&asked(&world, AGENT, &one).await["activity"], newest);
}

#[tokio::test]
async fn nobody_is_told_of_their_own_deeds_or_of_what_is_no_rise() {
    let world = World::new();
    let path = given(&world).await;
    let before = verbs(&world, AGENT, "/activities").await.len();
    change(&world, AGENT, &path, json!({"priority": "high", "comment": {"body": "Mine"}})).await;
    change(&world, LEAD, &path, json!({"priority": "normal"})).await;
    change(&world, LEAD, &path, json!({"subject": "Printers"})).await;
    assert_eq!(verbs(&world, AGENT, "/activities").await.len(), before);
    change(&world, AGENT, &path, json!({"assignee_id": 2001})).await;
    assert_eq!(verbs(&world, OTHER, "/activities").await, ["tickets.assignment"]);
    assert_eq!(verbs(&world, AGENT, "/activities").await.len(), before);
    assert!(verbs(&world, LEAD, "/activities").await.is_empty());
}

#[tokio::test]
async fn they_are_walked_in_pages_and_from_a_time_on() {
    let world = World::new();
    let path = given(&world).await;
    world.pass(3600);
    change(&world, OTHER, &path, json!({"comment": {"body": "Later"}})).await;
    let first = asked(&world, AGENT, "/activities?page[size]=2").await;
    assert_eq!(first["meta"]["has_more"], true);
    let after = first["meta"]["after_cursor"].as_str().unwrap();
    let rest = verbs(&world, AGENT, &format!("/activities?page[size]=2&page[after]={after}")).await;
    assert_eq!(rest, ["tickets.assignment"]);
    let since = verbs(&world, AGENT, "/activities?since=2026-11-21T09:30:00Z").await;
    assert_eq!(since, ["tickets.comment"]);
    let second = "/activities?since=2026-11-21T08:00:00Z&per_page=2&page=2";
    assert_eq!(verbs(&world, AGENT, second).await, ["tickets.assignment"]);
    world.ask(AGENT, "GET", "/activities?since=yesterday", Value::Null).await.is(400);
}

#[tokio::test]
async fn they_are_kept_for_thirty_days() {
    let world = World::new();
    given(&world).await;
    world.pass(29 * DAY);
    assert!(!verbs(&world, AGENT, "/activities").await.is_empty());
    world.pass(2 * DAY);
    assert!(verbs(&world, AGENT, "/activities").await.is_empty());
}

#[tokio::test]
async fn of_a_ticket_that_is_gone_nothing_is_told_but_that_it_was() {
    let world = World::new();
    let path = given(&world).await;
    let id = path.rsplit('/').next().unwrap();
    world.delete(&path).await.is(204);
    world.done(world.delete(&format!("/deleted_tickets/{id}")).await).await;
    let all = asked(&world, AGENT, "/activities").await;
    assert_eq!(all["activities"][0]["target"]["ticket"]["subject"], Value::Null);
    assert!(!all["activities"].to_string().contains("It smokes."));
}

#[tokio::test]
async fn each_sees_only_their_own() {
    let world = World::new();
    given(&world).await;
    let all = asked(&world, AGENT, "/activities").await;
    let one = format!("/activities/{}", all["activities"][0]["id"]);
    world.ask(LEAD, "GET", &one, Value::Null).await.is(404);
    world.get("/activities/4711").await.is(404);
    world.ask("owner@other.example", "GET", &one, Value::Null).await.is(404);
    world.ask(CUSTOMER, "GET", "/activities", Value::Null).await.is(403);
}
