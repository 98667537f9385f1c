//! Tickets as their requesters see them.

use crate::world::World;
use serde_json::{Value, json};

const ADA: &str = "ada@acme.example";
const EVE: &str = "eve@acme.example";

/// A world in which Ada and Eve once asked for something.
async fn asked() -> World {
    let world = World::new();
    for email in [ADA, EVE] {
        let ticket = json!({"subject": "Fire", "description": format!("{email} burns"),
            "requester": {"name": email, "email": email}});
        world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    }
    world
}

#[tokio::test]
async fn a_requester_sees_their_own_and_nothing_else() {
    let world = asked().await;
    let own = world.ask(ADA, "GET", "/requests.json", Value::Null).await.is(200);
    assert_eq!((&own["count"], &own["requests"][0]["id"]), (&json!(1), &json!(1)));
    assert_eq!(own["requests"][0]["description"], format!("{ADA} burns"));
    world.ask(ADA, "GET", "/requests/1", Value::Null).await.is(200);
    for path in ["/requests/2", "/requests/2/comments", "/requests/9"] {
        world.ask(ADA, "GET", path, Value::Null).await.is(404);
    }
    let comment = json!({"request": {"comment": {"body": "mine?"}}});
    world.ask(ADA, "PUT", "/requests/2", comment).await.is(404);
    for path in ["/tickets/1", "/tickets", "/tickets/1/comments", "/groups", "/ticket_audits"] {
        world.ask(ADA, "GET", path, Value::Null).await.is(403);
    }
}

#[tokio::test]
async fn no_requester_sees_an_internal_note() {
    let world = asked().await;
    let note = json!({"ticket": {"comment": {"body": "SECRET", "public": false}}});
    world.put("/tickets/1", note).await.is(200);
    let hidden = json!({"ticket": {"comment": {"body": "SECRET", "public": false},
        "requester": {"email": ADA}}});
    world.post("/tickets", hidden).await.is(201);
    let reply = json!({"ticket": {"comment": {"body": "Hello", "public": true}}});
    world.get("/tickets/3").await.is(200);
    world.ask(ADA, "GET", "/requests/3", Value::Null).await.is(404);
    world.put("/tickets/3", reply).await.is(200);
    for path in
        ["/requests", "/requests/1", "/requests/1/comments", "/requests/3", "/requests/3/comments"]
    {
        let got = world.ask(ADA, "GET", path, Value::Null).await.is(200);
        assert!(!got.to_string().contains("SECRET"), "{path}: {got}");
    }
    let said = world.ask(ADA, "GET", "/requests/1/comments", Value::Null).await.is(200);
    assert_eq!(said["count"], 1, "nor how many there are");
    assert_eq!(
        (&said["users"][0]["name"], &said["users"][0]["agent"]),
        (&json!(ADA), &json!(false))
    );
    let notes = world.get("/tickets/1/comments").await.is(200);
    let id = &notes["comments"][1]["id"];
    let path = format!("/requests/1/comments/{id}");
    world.ask(ADA, "GET", &path, Value::Null).await.is(404);
}

#[tokio::test]
async fn a_requester_asks_says_more_and_solves() {
    let world = asked().await;
    let request = json!({"request": {"subject": "Smoke", "comment": {"body": "Much", "public": false},
        "status": "solved", "assignee_id": 1, "tags": ["vip"], "organization_id": null}});
    let got = world.ask(ADA, "POST", "/requests.json", request).await;
    assert_eq!(got.header("location"), Some("http://desk.example/api/v2/requests/3.json"));
    let request = got.is(201)["request"].clone();
    assert_eq!(
        (&request["status"], &request["can_be_solved_by_me"]),
        (&json!("new"), &json!(false))
    );
    assert_eq!(world.get("/tickets/3").await.is(200)["ticket"]["tags"], json!([]));
    let solve = json!({"request": {"solved": true}});
    world.ask(ADA, "PUT", "/requests/3", solve.clone()).await.is(422);
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let pending = json!({"ticket": {"assignee_id": me, "status": "pending"}});
    world.put("/tickets/3", pending).await.is(200);
    let more = json!({"request": {"comment": {"body": "And ash", "public": false}}});
    let said = world.ask(ADA, "PUT", "/requests/3.json", more).await.is(200);
    assert_eq!(said["request"]["status"], "open", "what a requester says reopens");
    let comments = world.get("/tickets/3/comments").await.is(200);
    assert_eq!(comments["comments"][1]["public"], true);
    let solved = world.ask(ADA, "PUT", "/requests/3", solve).await.is(200);
    assert_eq!(solved["request"]["status"], "solved");
    let list = |path: &'static str| world.ask(ADA, "GET", path, Value::Null);
    assert_eq!(list("/requests/solved").await.is(200)["count"], 1);
    assert_eq!(list("/requests/open").await.is(200)["count"], 1);
    assert_eq!(list("/requests?status=solved,new").await.is(200)["count"], 2);
}

#[tokio::test]
async fn anyone_may_ask_who_says_who_they_are() {
    let world = asked().await;
    let ask = |requester: Value| {
        let body =
            json!({"request": {"subject": "s", "comment": {"body": "b"}, "requester": requester}});
        let headers = vec![("x-ceap-tenant".to_owned(), "acme".to_owned())];
        world.with(headers, "POST", "/requests", body)
    };
    let first = ask(json!({"name": "Max", "email": "max@acme.example"})).await.is(201);
    let second = ask(json!({"name": "Max", "email": "MAX@acme.example"})).await.is(201);
    assert_eq!(first["request"]["requester_id"], second["request"]["requester_id"]);
    ask(json!({"name": "Max"})).await.is(422);
    ask(json!({"name": "Boss", "email": "owner@acme.example"})).await.is(401);
    let nobody = world.with(Vec::new(), "POST", "/requests", json!({"request": {}})).await;
    assert_eq!(nobody.status, 401, "whose account it is must be known");
    let own = world.ask("max@acme.example", "GET", "/requests", Value::Null).await.is(200);
    assert_eq!(own["count"], 2);
}

#[tokio::test]
async fn who_is_in_copy_sees_it_too() {
    let world = asked().await;
    let copy = json!({"ticket": {"email_ccs": [{"user_email": EVE, "action": "put"}]}});
    world.put("/tickets/1", copy).await.is(200);
    assert_eq!(world.ask(EVE, "GET", "/requests/ccd", Value::Null).await.is(200)["count"], 1);
    world.ask(EVE, "GET", "/requests/1", Value::Null).await.is(200);
    let gone = json!({"ticket": {"email_ccs": [{"user_email": EVE, "action": "delete"}]}});
    world.put("/tickets/1", gone).await.is(200);
    world.ask(EVE, "GET", "/requests/1", Value::Null).await.is(404);
}
