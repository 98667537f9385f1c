//! Tickets that are held back, and what agents do with them.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use ceap_helpdesk::access::Role;
use ceap_helpdesk::ids::{BrandId, RecordId, UserId};
use ceap_helpdesk::record::Changes;
use ceap_helpdesk::store::Store;
use ceap_helpdesk::suspended::{Author, Cause, SuspendedTicket};
use ceap_helpdesk::ticket::Via;
use ceap_kernel::{Clock, TenantId};
use serde_json::{Value, json};

/// What an anonymous request would be held back as.
async fn held(world: &World, id: u64, name: &str, subject: &str, cause: Cause) {
    let suspended = SuspendedTicket {
        id: RecordId::new(id).unwrap(),
        created_at: world.hands.now(),
        updated_at: world.hands.now(),
        author: Author {
            id: (name == "customer").then(|| UserId::new(4001).unwrap()),
            name: name.to_owned(),
            email: format!("{name}@acme.example"),
        },
        subject: Some(subject.to_owned()),
        content: "Out of office".to_owned(),
        cause,
        message_id: None,
        recipient: Some("help@acme.example".to_owned()),
        brand_id: None::<BrandId>,
        via: Via::of("email"),
    };
    let mut changes = Changes::new();
    changes.create(&suspended).unwrap();
    let (writes, _) = changes.finish();
    world.store.commit(&TenantId::new("acme").unwrap(), &writes).await.unwrap();
}

async fn three(world: &World) {
    cast::all(world).await;
    held(world, 1, "zoe", "b", Cause::Blocklisted).await;
    world.pass(1);
    held(world, 2, "customer", "c", Cause::Spam).await;
    world.pass(1);
    held(world, 3, "ada", "a", Cause::Blocklisted).await;
}

async fn ids(world: &World, path: &str) -> Vec<u64> {
    let body = world.ask(AGENT, "GET", path, Value::Null).await.is(200);
    let all = body["suspended_tickets"].as_array().unwrap().iter();
    all.map(|it| it["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn suspended_tickets_are_shown_and_listed_in_an_order() {
    let world = World::new();
    three(&world).await;
    let shown = world.get("/suspended_tickets/1.json").await.is(200)["suspended_ticket"].clone();
    assert_eq!(shown["author"], json!({"id": null, "name": "zoe", "email": "zoe@acme.example"}));
    assert_eq!((&shown["cause_id"], &shown["content"]), (&json!(9), &json!("Out of office")));
    assert_eq!(shown["url"], "http://desk.example/api/v2/suspended_tickets/1.json");
    assert_eq!((&shown["attachments"], &shown["via"]["channel"]), (&json!([]), &json!("email")));
    assert_eq!(ids(&world, "/suspended_tickets").await, [1, 2, 3]);
    assert_eq!(ids(&world, "/suspended_tickets?sort_order=desc").await, [3, 2, 1]);
    assert_eq!(ids(&world, "/suspended_tickets?sort_by=subject").await, [3, 1, 2]);
    assert_eq!(ids(&world, "/suspended_tickets?sort_by=author_email").await, [3, 2, 1]);
    assert_eq!(ids(&world, "/suspended_tickets?sort=-cause").await, [2, 3, 1]);
    world.get("/suspended_tickets?sort_by=mood").await.is(400);
    let page = world.get("/suspended_tickets.json?page[size]=2").await.is(200);
    assert_eq!(page["meta"]["has_more"], true);
    world.get("/suspended_tickets/4711").await.is(404);
    world.ask(CUSTOMER, "GET", "/suspended_tickets", Value::Null).await.is(403);
    let other = world.ask("owner@other.example", "GET", "/suspended_tickets", Value::Null).await;
    assert_eq!(other.is(200)["count"], 0);
    world.pass(14 * 24 * 60 * 60);
    assert!(ids(&world, "/suspended_tickets").await.is_empty());
}

#[tokio::test]
async fn one_that_is_let_in_is_of_who_lets_it_in_and_several_of_their_authors() {
    let world = World::new();
    three(&world).await;
    let own = world.ask(AGENT, "PUT", "/suspended_tickets/1/recover.json", json!({})).await.is(200);
    assert_eq!(
        (&own["ticket"]["requester_id"], &own["ticket"]["subject"]),
        (&json!(1001), &json!("b"))
    );
    assert_eq!(own["ticket"]["via"]["channel"], "email");
    world.ask(AGENT, "PUT", "/suspended_tickets/1/recover", json!({})).await.is(404);
    let many = world.ask(AGENT, "PUT", "/suspended_tickets/recover_many?ids=2,3", json!({})).await;
    let many = many.is(200)["tickets"].clone();
    assert_eq!(many[0]["requester_id"], 4001);
    assert_eq!(many[0]["description"], "Out of office");
    let stranger = format!("/users/{}", many[1]["requester_id"]);
    assert_eq!(world.get(&stranger).await.is(200)["user"]["email"], "ada@acme.example");
    let path = format!("/tickets/{}/comments", many[1]["id"]);
    let comments = world.get(&path).await.is(200);
    assert_eq!(comments["comments"][0]["author_id"], many[1]["requester_id"]);
    assert!(ids(&world, "/suspended_tickets").await.is_empty());
    world.put("/suspended_tickets/recover_many", json!({})).await.is(400);
}

#[tokio::test]
async fn what_cannot_be_let_in_stays_with_the_reason() {
    let world = World::new();
    three(&world).await;
    cast::add(&world, "long@acme.example", Role::EndUser, 7001).await;
    held(&world, 9, "long", &"x".repeat(200), Cause::Spam).await;
    let refused = world.put("/suspended_tickets/recover_many?ids=2,9", json!({})).await.is(422);
    assert_eq!(refused["suspended_tickets"][0]["id"], 9);
    let why = &refused["suspended_tickets"][0]["error_messages"][0];
    assert!(why.as_str().unwrap().starts_with("Subject: is too long"), "{why}");
    assert_eq!(ids(&world, "/suspended_tickets").await, [1, 3, 9]);
}

#[tokio::test]
async fn they_are_dropped() {
    let world = World::new();
    three(&world).await;
    world.ask(AGENT, "DELETE", "/suspended_tickets/1.json", json!({})).await.is(204);
    world
        .ask(AGENT, "DELETE", "/suspended_tickets/destroy_many?ids=2,3,4", json!({}))
        .await
        .is(204);
    assert!(ids(&world, "/suspended_tickets").await.is_empty());
    world.delete("/suspended_tickets/1").await.is(404);
}
