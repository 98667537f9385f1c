//! What requesters think of how they were helped.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::world::World;
use serde_json::{Value, json};

/// A ticket of the customer's, solved by an agent.
async fn solved(world: &World) -> u64 {
    let me =
        world.get("/group_memberships").await.is(200)["group_memberships"][0]["user_id"].clone();
    let asked = json!({"ticket": {"description": "x", "requester_id": 4001, "assignee_id": me}});
    let id = world.post("/tickets", asked).await.is(201)["ticket"]["id"].as_u64().unwrap();
    let done = json!({"ticket": {"status": "solved"}});
    world.put(&format!("/tickets/{id}"), done).await.is(200);
    id
}

async fn rated(world: &World, ticket: u64, rating: Value) -> Value {
    let path = format!("/tickets/{ticket}/satisfaction_rating.json");
    let asked = json!({"satisfaction_rating": rating});
    world.ask(CUSTOMER, "POST", &path, asked).await.is(200)["satisfaction_rating"].clone()
}

#[tokio::test]
async fn a_requester_rates_a_solved_ticket_and_may_think_again() {
    let world = World::new();
    cast::all(&world).await;
    let ticket = solved(&world).await;
    let shown = |ticket: &Value| ticket["ticket"]["satisfaction_rating"].clone();
    let path = format!("/tickets/{ticket}");
    assert_eq!(shown(&world.get(&path).await.is(200)), json!({"score": "unoffered"}));
    let asked = json!({"score": "bad", "comment": "Slow", "reason_code": 5});
    let rating = rated(&world, ticket, asked).await;
    assert_eq!((&rating["score"], &rating["comment"]), (&json!("bad"), &json!("Slow")));
    assert_eq!(rating["reason"], "The issue took too long to resolve");
    assert_eq!((&rating["ticket_id"], &rating["requester_id"]), (&json!(ticket), &json!(4001)));
    let one = format!("/satisfaction_ratings/{}", rating["id"]);
    assert_eq!(world.get(&one).await.is(200)["satisfaction_rating"], rating);
    let expected = json!({"id": rating["id"], "score": "bad", "comment": "Slow"});
    assert_eq!(shown(&world.get(&path).await.is(200)), expected);
    world.pass(5);
    let again = rated(&world, ticket, json!({"score": "good"})).await;
    assert_eq!(again["id"], rating["id"]);
    assert_eq!((&again["comment"], &again["reason_code"]), (&json!(null), &json!(null)));
    assert_eq!(world.get("/satisfaction_ratings/count").await.is(200)["count"]["value"], 1);
    let audits = world.get(&format!("{path}/audits")).await.is(200);
    let events = audits["audits"].as_array().unwrap().last().unwrap()["events"].clone();
    let score =
        events.as_array().unwrap().iter().find(|it| it["field_name"] == "satisfaction_score");
    assert_eq!(score.unwrap()["value"], "good");
    assert_eq!(score.unwrap()["previous_value"], "bad");
}

#[tokio::test]
async fn nobody_else_rates_and_nothing_before_it_is_solved() {
    let world = World::new();
    cast::all(&world).await;
    let ticket = solved(&world).await;
    let path = format!("/tickets/{ticket}/satisfaction_rating");
    let good = json!({"satisfaction_rating": {"score": "good"}});
    world.post(&path, good.clone()).await.is(403);
    cast::add(&world, "other-customer@acme.example", ceap_helpdesk::access::Role::EndUser, 5001)
        .await;
    world.ask("other-customer@acme.example", "POST", &path, good.clone()).await.is(404);
    for wrong in [
        json!({"score": "great"}),
        json!({"score": "bad", "reason_code": 4711}),
        json!({"score": "good", "comment": "x".repeat(1001)}),
    ] {
        world.ask(CUSTOMER, "POST", &path, json!({"satisfaction_rating": wrong})).await.is(422);
    }
    world.ask(CUSTOMER, "POST", &path, json!({})).await.is(400);
    let asked = json!({"ticket": {"description": "x", "requester_id": 4001}});
    let open = world.post("/tickets", asked).await.is(201)["ticket"]["id"].clone();
    let early = format!("/tickets/{open}/satisfaction_rating");
    world.ask(CUSTOMER, "POST", &early, good.clone()).await.is(422);
    // A ticket that was solved and is open again may be rated.
    let reopened = json!({"ticket": {"status": "open"}});
    world.put(&format!("/tickets/{ticket}"), reopened).await.is(200);
    world.ask(CUSTOMER, "POST", &path, good).await.is(200);
    assert_eq!(world.get("/satisfaction_ratings").await.is(200)["count"], 1);
}

#[tokio::test]
async fn ratings_are_listed_by_score_and_time() {
    let world = World::new();
    cast::all(&world).await;
    for rating in [
        json!({"score": "good", "comment": "Thanks"}),
        json!({"score": "good"}),
        json!({"score": "bad", "comment": "Hm"}),
        json!({"score": "bad"}),
    ] {
        let ticket = solved(&world).await;
        world.pass(100);
        rated(&world, ticket, rating).await;
    }
    let count = async |path: &str| {
        let body = world.get(path).await.is(200);
        body["satisfaction_ratings"].as_array().unwrap().len()
    };
    for (score, expected) in [
        ("received", 4),
        ("good", 2),
        ("good_with_comment", 1),
        ("bad_without_comment", 1),
        ("received_with_comment", 2),
        ("offered", 0),
    ] {
        assert_eq!(
            count(&format!("/satisfaction_ratings?score={score}")).await,
            expected,
            "{score}"
        );
    }
    assert_eq!(count("/satisfaction_ratings/received").await, 4);
    world.get("/satisfaction_ratings?score=great").await.is(400);
    // 09:01:40 to 09:06:40, one every 100 seconds.
    let begun = 1_795_251_600; // 2026-11-21T09:00:00Z
    let path = format!("/satisfaction_ratings?start_time={}&end_time={}", begun + 200, begun + 300);
    assert_eq!(count(&path).await, 2);
    let path = format!("/satisfaction_ratings?start_time={}&score=good", begun + 150);
    assert_eq!(count(&path).await, 1);
    world.get("/satisfaction_ratings?start_time=x").await.is(400);
    let first = world.get("/satisfaction_ratings?page[size]=3&sort_order=desc").await.is(200);
    assert_eq!(first["satisfaction_ratings"][0]["score"], "bad");
    assert_eq!(first["meta"]["has_more"], true);
    let next = first["links"]["next"].as_str().unwrap();
    let next = next.strip_prefix("http://desk.example/api/v2").unwrap();
    assert_eq!(count(next).await, 1);
    let reasons = world.get("/satisfaction_reasons").await.is(200);
    assert_eq!(reasons["reasons"].as_array().unwrap().len(), 5);
    assert_eq!(world.get("/satisfaction_reasons/6").await.is(200)["reason"]["reason_code"], 6);
    world.get("/satisfaction_reasons/1").await.is(404);
    world.ask(LEAD, "GET", "/satisfaction_ratings", Value::Null).await.is(200);
    world.ask(AGENT, "GET", "/satisfaction_ratings", Value::Null).await.is(403);
    world.ask(CUSTOMER, "GET", "/satisfaction_reasons", Value::Null).await.is(403);
}

#[tokio::test]
async fn what_was_thought_of_a_ticket_goes_for_good_with_it() {
    let world = World::new();
    cast::all(&world).await;
    let ticket = solved(&world).await;
    rated(&world, ticket, json!({"score": "bad", "comment": "Slow"})).await;
    world.delete(&format!("/tickets/{ticket}")).await.is(204);
    world.done(world.delete(&format!("/deleted_tickets/{ticket}")).await).await;
    assert_eq!(world.get("/satisfaction_ratings").await.is(200)["count"], 0);
    assert!(!world.store.dump().iter().any(|(.., body)| body.contains("Slow")));
}
