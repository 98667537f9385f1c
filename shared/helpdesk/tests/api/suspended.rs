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
async fn several_of_one_author_are_let_in_together() {
    let world = World::new();
    three(&world).await;
    held(&world, 4, "ada", "again", Cause::Blocklisted).await;
    let many = world.put("/suspended_tickets/recover_many?ids=3,4", json!({})).await.is(200);
    let author = |at: usize| many["tickets"][at]["requester_id"].clone();
    assert_eq!(author(0), author(1), "who is added with the first is known by the second");
    assert_eq!(ids(&world, "/suspended_tickets").await, [1, 2]);
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

/// Asks for something without a token.
async fn ask(world: &World, email: &str) -> crate::world::Got {
    let request = json!({"request": {"subject": "Offer", "comment": {"html_body": "<b>Buy</b> now"},
        "requester": {"name": "Zoe", "email": email}}});
    let headers = vec![("x-ceap-tenant".to_owned(), "acme".to_owned())];
    world.with(headers, "POST", "/requests", request).await
}

#[tokio::test]
async fn whom_the_account_doubts_is_held_back_before_they_ask() {
    let world = World::new();
    cast::all(&world).await;
    let lists = json!({"settings": {"user": {"allowlist": "good.example",
        "blocklist": "* reject:bad.example"}}});
    world.put("/account/settings", lists).await.is(200);
    let shown = world.get("/account/settings").await.is(200);
    assert_eq!(shown["settings"]["user"]["blocklist"], "* reject:bad.example");
    ask(&world, "zoe@good.example").await.is(201);
    ask(&world, "zoe@bad.example").await.is(403);
    let told = ask(&world, "zoe@other.example").await.is(202);
    let path = format!("/suspended_tickets/{}", told["suspended_ticket"]["id"]);
    let held = world.get(&path).await.is(200)["suspended_ticket"].clone();
    assert_eq!((&held["content"], &held["subject"]), (&json!("Buy now"), &json!("Offer")));
    assert_eq!(held["author"]["email"], "zoe@other.example");
    assert_eq!(world.get("/tickets").await.is(200)["count"], 1);
    let let_in = world.put(&format!("{path}/recover"), json!({})).await.is(200);
    assert_eq!(let_in["ticket"]["description"], "Buy now");
}

#[tokio::test]
async fn what_somebody_asks_who_is_suspended_is_held_back() {
    let world = World::new();
    cast::all(&world).await;
    let suspend = json!({"user": {"suspended": true}});
    world.put("/users/4001", suspend).await.is(200);
    ask(&world, CUSTOMER).await.is(202);
    let all = world.get("/suspended_tickets").await.is(200);
    assert_eq!(all["suspended_tickets"][0]["cause_id"], 16);
    assert_eq!(all["suspended_tickets"][0]["author"]["id"], 4001);
}

#[tokio::test]
async fn nobody_asks_without_being_known_where_the_account_does_not_let_them() {
    let world = World::new();
    cast::all(&world).await;
    let closed = json!({"settings": {"user": {"anonymous_requests": false}}});
    world.put("/account/settings", closed).await.is(200);
    ask(&world, "zoe@good.example").await.is(401);
}
