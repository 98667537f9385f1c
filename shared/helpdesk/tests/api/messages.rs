//! Messages of the platform: each opens a ticket or goes on with one, once.

use crate::cast::{AGENT, CUSTOMER, all};
use crate::world::World;
use ceap_helpdesk::api::Refused;
use ceap_helpdesk::message::{Again, Message, Requester, Wanted, take};
use ceap_kernel::TenantId;
use rstest::rstest;
use serde_json::{Value, json};

fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// A message of use case `crash-support` about customer `c1`.
fn message(id: &str, text: &str) -> Message {
    Message {
        id: id.to_owned(),
        use_case: Some("crash-support".to_owned()),
        requester: Requester {
            external_id: "c1".to_owned(),
            name: Some("Ada Lovelace".to_owned()),
            email: Some("Ada@Acme.example".to_owned()),
            phone: Some("+41 44 555 01 23".to_owned()),
        },
        subject: Some("The app crashes".to_owned()),
        text: text.to_owned(),
        ..Message::default()
    }
}

async fn taken(world: &World, message: &Message) -> Result<u64, Refused> {
    let ticket = world.at_desk(async |desk| take(desk, &acme(), message).await).await;
    ticket.map(|it| it.get())
}

async fn ticket(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone()
}

async fn comments(world: &World, id: u64) -> Vec<Value> {
    let comments = world.get(&format!("/tickets/{id}/comments")).await.is(200);
    comments["comments"].as_array().unwrap().clone()
}

async fn count(world: &World) -> u64 {
    world.get("/tickets/count").await.is(200)["count"]["value"].as_u64().unwrap()
}

#[tokio::test]
async fn nothing_is_opened_in_an_account_that_nobody_set_up() {
    let world = World::new();
    assert_eq!(taken(&world, &message("1", "It crashed.")).await, Err(Refused::Unknown));
    assert!(world.store.dump().is_empty());
}

#[tokio::test]
async fn a_ticket_is_opened_for_who_it_is_about() {
    let world = World::new();
    all(&world).await;
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let id = taken(&world, &message("1", "It crashed.")).await.unwrap();
    let ticket = ticket(&world, id).await;
    assert_eq!((&ticket["subject"], &ticket["status"]), (&json!("The app crashes"), &json!("new")));
    assert_eq!((&ticket["submitter_id"], &ticket["is_public"]), (&me, &json!(false)));
    let via = json!({"channel": "rule",
                     "source": {"from": {"title": "crash-support"}, "to": {}, "rel": null}});
    assert_eq!(ticket["via"], via);
    let said = comments(&world, id).await;
    assert_eq!((said.len(), &said[0]["plain_body"]), (1, &json!("It crashed.")));
    assert_eq!((&said[0]["public"], &said[0]["author_id"]), (&json!(false), &me));
    assert_eq!(said[0]["via"], via);
    let path = format!("/users/{}", ticket["requester_id"]);
    let user = world.get(&path).await.is(200)["user"].clone();
    let known = ["name", "email", "phone", "external_id", "role"].map(|it| user[it].clone());
    let expected = ["Ada Lovelace", "ada@acme.example", "+41445550123", "c1", "end-user"];
    assert_eq!(known, expected.map(Value::from));
    let audits = world.get(&format!("/tickets/{id}/audits")).await.is(200);
    assert_eq!((&audits["count"], &audits["audits"][0]["via"]), (&json!(1), &via));
    let public =
        Message { public: true, html: Some("<b>Sorry!</b>".to_owned()), ..message("2", "Sorry!") };
    assert_eq!(taken(&world, &public).await, Ok(id));
    let said = comments(&world, id).await;
    assert_eq!((said.len(), &said[1]["public"]), (2, &json!(true)));
    assert!(said[1]["html_body"].as_str().unwrap().contains("<b>Sorry!</b>"));
}

#[rstest]
#[case(json!({"external_id": "C1", "name": "A"}))]
#[case(json!({"email": "ada@acme.example", "name": "A"}))]
#[case(json!({"identities": [{"type": "phone_number", "value": "+41445550123"}], "name": "A"}))]
#[tokio::test]
async fn who_is_known_is_found(#[case] user: Value) {
    let world = World::new();
    let known = world.post("/users", json!({"user": user})).await.is(201)["user"]["id"].clone();
    let before = world.get("/users/count").await.is(200)["count"]["value"].clone();
    let id = taken(&world, &message("1", "It crashed.")).await.unwrap();
    assert_eq!(ticket(&world, id).await["requester_id"], known);
    assert_eq!(world.get("/users/count").await.is(200)["count"]["value"], before);
}

#[tokio::test]
async fn who_has_neither_address_nor_name_is_called_as_the_platform_does() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let requester = Requester {
        external_id: "c2".to_owned(),
        email: Some("not an address".to_owned()),
        phone: Some("555".to_owned()),
        name: None,
    };
    let nobody = Message { requester, ..message("1", "It crashed.") };
    let id = taken(&world, &nobody).await.unwrap();
    let path = format!("/users/{}", ticket(&world, id).await["requester_id"]);
    let user = world.get(&path).await.is(200)["user"].clone();
    assert_eq!((&user["external_id"], &user["email"]), (&json!("c2"), &Value::Null));
    assert_eq!(user["name"], "not an address");
}

#[tokio::test]
async fn a_message_is_taken_once() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let id = taken(&world, &message("1", "One.")).await.unwrap();
    assert_eq!(taken(&world, &message("1", "One.")).await, Ok(id));
    assert_eq!(taken(&world, &message("2", "Two.")).await, Ok(id));
    assert_eq!(taken(&world, &message("2", "Two.")).await, Ok(id));
    assert_eq!(comments(&world, id).await.len(), 2);
    // Nor where each opens one.
    let alone = Message { again: Again::Nothing, ..message("3", "Three.") };
    let other = taken(&world, &alone).await.unwrap();
    assert_eq!(taken(&world, &alone).await, Ok(other));
    assert_eq!((other != id, count(&world).await), (true, 2));
}

#[tokio::test]
async fn messages_go_on_with_their_own_ticket_until_it_is_solved() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let one = taken(&world, &message("1", "One.")).await.unwrap();
    let other = Requester { external_id: "c2".to_owned(), ..Requester::default() };
    let others = Message { requester: other, ..message("2", "Two.") };
    assert_ne!(taken(&world, &others).await, Ok(one));
    let elsewhere = Message { use_case: Some("fraud".to_owned()), ..message("3", "Three.") };
    assert_ne!(taken(&world, &elsewhere).await, Ok(one));
    // What nothing ties to another opens one of its own.
    let alone = |id| Message { use_case: None, ..message(id, "Four.") };
    assert_ne!(taken(&world, &alone("4")).await, taken(&world, &alone("5")).await);
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let solved = json!({"ticket": {"status": "solved", "assignee_id": me}});
    world.put(&format!("/tickets/{one}"), solved).await.is(200);
    let next = taken(&world, &message("6", "Six.")).await.unwrap();
    assert_ne!(next, one);
    assert_eq!(taken(&world, &message("7", "Seven.")).await, Ok(next));
    world.delete(&format!("/tickets/{next}")).await.is(204);
    assert_ne!(taken(&world, &message("8", "Eight.")).await, Ok(next));
}

#[tokio::test]
async fn an_external_id_ties_messages_together() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let tied = |id: &str, use_case: Option<&str>, customer: &str| {
        let wanted = Wanted { external_id: Some("payment-7".to_owned()), ..Wanted::default() };
        let mut message = Message { wanted, ..message(id, "Paid twice.") };
        message.use_case = use_case.map(str::to_owned);
        message.requester.external_id = customer.to_owned();
        message
    };
    let id = taken(&world, &tied("1", Some("fraud"), "c1")).await.unwrap();
    assert_eq!(taken(&world, &tied("2", None, "c1")).await, Ok(id));
    assert_eq!(ticket(&world, id).await["external_id"], "payment-7");
    // Nobody gets to see what is said to another.
    assert_ne!(taken(&world, &tied("3", None, "c9")).await, Ok(id));
}

#[tokio::test]
async fn what_agents_made_of_a_ticket_stays_unless_all_is_to_change() {
    let world = World::new();
    all(&world).await;
    let wanted = Wanted {
        priority: Some("urgent".to_owned()),
        kind: Some("incident".to_owned()),
        tags: vec!["Crash".to_owned(), " ".to_owned()],
        group: Some("support".to_owned()),
        status: Some(String::new()),
        ..Wanted::default()
    };
    let with = |id, again| Message { wanted: wanted.clone(), again, ..message(id, "It crashed.") };
    let id = taken(&world, &with("1", Again::Comment)).await.unwrap();
    let opened = ticket(&world, id).await;
    assert_eq!((&opened["priority"], &opened["type"]), (&json!("urgent"), &json!("incident")));
    assert_eq!((&opened["tags"], opened["group_id"].is_null()), (&json!(["crash"]), false));
    let edit = json!({"ticket": {"priority": "low", "tags": ["known"], "subject": "Known"}});
    world.put(&format!("/tickets/{id}"), edit).await.is(200);
    assert_eq!(taken(&world, &with("2", Again::Comment)).await, Ok(id));
    let after = ticket(&world, id).await;
    assert_eq!((&after["priority"], &after["subject"]), (&json!("low"), &json!("Known")));
    assert_eq!(after["tags"], json!(["crash", "known"]));
    assert_eq!(taken(&world, &with("3", Again::Everything)).await, Ok(id));
    let after = ticket(&world, id).await;
    let told = (&after["priority"], &after["subject"]);
    assert_eq!(told, (&json!("urgent"), &json!("The app crashes")));
    assert_eq!((&after["tags"], comments(&world, id).await.len()), (&json!(["crash", "known"]), 3));
}

async fn field(world: &World, kind: &str, title: &str) -> u64 {
    let options = json!([{"name": "App", "value": "app"}, {"name": "Web", "value": "web"}]);
    let mut field = json!({"type": kind, "title": title});
    if matches!(kind, "tagger" | "multiselect") {
        field["custom_field_options"] = options;
    }
    let made = world.post("/ticket_fields", json!({"ticket_field": field})).await.is(201);
    made["ticket_field"]["id"].as_u64().unwrap()
}

fn wanting(id: &str, name: &str, value: &str) -> Message {
    let custom_fields = [(name.to_owned(), value.to_owned())].into();
    Message { wanted: Wanted { custom_fields, ..Wanted::default() }, ..message(id, "It crashed.") }
}

#[tokio::test]
async fn fields_are_named_by_title_or_id() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let number = field(&world, "integer", "Crashes").await;
    let several = field(&world, "multiselect", "Where").await;
    let mut both = wanting("1", "crashes", "4");
    both.wanted.custom_fields.insert(several.to_string(), "web, App".to_owned());
    both.wanted.custom_fields.insert("Nothing said".to_owned(), " ".to_owned());
    let id = taken(&world, &both).await.unwrap();
    let ticket = ticket(&world, id).await;
    let of = |id: u64| {
        let fields = ticket["custom_fields"].as_array().unwrap();
        fields.iter().find(|it| it["id"] == id).unwrap()["value"].clone()
    };
    assert_eq!((of(number), of(several)), (json!("4"), json!(["app", "web"])));
}

#[rstest]
#[case(Wanted { group: Some("Heroes".to_owned()), ..Wanted::default() }, "group: Group: is no group")]
#[case(Wanted { form: Some("77".to_owned()), ..Wanted::default() }, "form: Form: is no form")]
#[case(Wanted { brand: Some("Other".to_owned()), ..Wanted::default() }, "brand: Brand: is no brand")]
#[case(Wanted { assignee: Some("no@acme.example".to_owned()), ..Wanted::default() }, "assignee: ")]
#[case(Wanted { assignee: Some("nobody".to_owned()), ..Wanted::default() }, "assignee_id")]
#[case(Wanted { priority: Some("highest".to_owned()), ..Wanted::default() }, "priority")]
#[case(wanting("1", "Color", "red").wanted, "custom_fields.Color: ")]
#[case(wanting("1", "Where", "space").wanted, "custom_fields.Where: ")]
#[case(wanting("1", "Crashes", "many").wanted, "base: ")]
#[tokio::test]
async fn what_the_account_has_not_is_named(#[case] wanted: Wanted, #[case] says: &str) {
    let world = World::new();
    world.get("/groups").await.is(200);
    field(&world, "integer", "Crashes").await;
    field(&world, "tagger", "Where").await;
    let refused = taken(&world, &Message { wanted, ..message("1", "It crashed.") }).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.status(), 422, "{refused:?}");
    assert!(refused.says().starts_with(says), "{}", refused.says());
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn many_at_once_are_one_ticket_with_all_their_comments() {
    let world = World::new();
    world.get("/groups").await.is(200);
    let messages: Vec<Message> = (0..5).map(|n| message(&n.to_string(), &n.to_string())).collect();
    let taken = world
        .at_desk(async |desk| {
            let tenant = acme();
            let all = messages.iter().chain(&messages).map(|it| take(desk, &tenant, it));
            futures::future::join_all(all).await
        })
        .await;
    let tickets: Vec<u64> = taken.into_iter().map(|it| it.unwrap().get()).collect();
    assert!(tickets.iter().all(|it| *it == tickets[0]), "{tickets:?}");
    assert_eq!((count(&world).await, comments(&world, tickets[0]).await.len()), (1, 5));
}

/// What a message says may come from an event, which anybody may have written.
#[tokio::test]
async fn nobody_is_mentioned_by_what_nobody_wrote() {
    let world = World::new();
    all(&world).await;
    let id = taken(&world, &message("1", "Sent by @agent @agent@acme.example")).await.unwrap();
    assert_eq!(taken(&world, &message("2", "@agent@acme.example")).await, Ok(id));
    assert_eq!(ticket(&world, id).await["follower_ids"], json!([]));
}

#[tokio::test]
async fn its_requester_sees_what_is_public_and_nothing_else() {
    let world = World::new();
    all(&world).await;
    let mine = |id, public| {
        let mut message = Message { public, ..message(id, "It crashed.") };
        message.requester.email = Some(CUSTOMER.to_owned());
        message
    };
    let id = taken(&world, &mine("1", false)).await.unwrap();
    let see = |who| world.ask(who, "GET", "/requests", Value::Null);
    assert_eq!(see(CUSTOMER).await.is(200)["requests"], json!([]));
    taken(&world, &mine("2", true)).await.unwrap();
    let seen = see(CUSTOMER).await.is(200)["requests"].clone();
    assert_eq!((seen[0]["id"].as_u64(), &seen[0]["description"]), (Some(id), &json!("")));
    world.ask(AGENT, "GET", &format!("/tickets/{id}"), Value::Null).await.is(200);
}
