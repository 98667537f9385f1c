//! Who else is at a ticket, as clients hear it over their connections.

use crate::cast::{self, AGENT, CUSTOMER, LEAD, OTHER};
use crate::world::{Got, World};
use ceap_helpdesk::api::{Ask, Method, Refused};
use ceap_helpdesk::presence::{self, Live};
use ceap_helpdesk::ticket::Audit;
use ceap_kernel::TenantId;
use serde_json::{Value, json};

const HOUR: i64 = 60 * 60;

/// An account with agents, and the tickets 1 and 2.
async fn desk() -> World {
    let world = World::new();
    cast::all(&world).await;
    for subject in ["Printer", "Scanner"] {
        let ticket = json!({"ticket": {"subject": subject, "comment": {"body": "It burns."}}});
        world.post("/tickets", ticket).await.is(201);
    }
    world
}

/// A handshake with these headers and this query.
async fn shake(
    world: &World,
    line: &str,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
) -> Result<TenantId, Refused> {
    let ask = Ask {
        method: Method::Get,
        base: String::new(),
        raw_path: "/api/v2/presence".to_owned(),
        query,
        headers,
        body: Vec::new(),
    };
    world.at_desk(async |desk| presence::connect(desk, &ask, line).await).await
}

/// Connects as `email`, by a token.
async fn connect(world: &World, line: &str, email: &str) -> Result<TenantId, Refused> {
    let tenant = if email.contains("other") { "other" } else { "acme" };
    shake(world, line, world.basic(email, world.token(tenant)), Vec::new()).await
}

/// Connects by the query of an address that a session has.
async fn follow(world: &World, line: &str, session: &Value) -> Result<TenantId, Refused> {
    let url = session["url"].as_str().unwrap();
    let (address, query) = url.split_once('?').unwrap();
    assert_eq!(address, "wss://live.example/live");
    let (name, value) = query.split_once('=').unwrap();
    shake(world, line, Vec::new(), vec![(name.to_owned(), value.to_owned())]).await
}

async fn session(world: &World, email: &str) -> Got {
    world.ask(email, "POST", "/presence/sessions", Value::Null).await
}

/// A connection says something.
async fn say(world: &World, line: &str, said: Value) {
    let said = said.to_string();
    let heard = world.at_desk(async |desk| Live::of(desk).hear(line, &said).await).await;
    heard.unwrap();
}

async fn watch(world: &World, line: &str, ticket: u64, state: &str) {
    say(world, line, json!({"action": "watch", "ticket_id": ticket, "state": state})).await;
}

async fn end(world: &World, line: &str) {
    world.at_desk(async |desk| Live::of(desk).ended(line).await).await.unwrap();
}

/// What was told since this was last asked, in an order that does not hang on who is posted to first.
fn told(world: &World) -> Vec<(String, Value)> {
    let mut told = world.lines.posted.take();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

/// The lines that were told who is at a ticket, and what they were told: all the same.
fn shown(world: &World, ticket: u64) -> (Vec<String>, Vec<(u64, String)>) {
    let mut agents = None;
    let mut lines = Vec::new();
    for (line, told) in told(world) {
        assert_eq!((&told["type"], &told["ticket_id"]), (&json!("presence"), &json!(ticket)));
        let all = told["agents"].as_array().unwrap();
        let one =
            |it: &Value| (it["id"].as_u64().unwrap(), it["state"].as_str().unwrap().to_owned());
        let all: Vec<_> = all.iter().map(one).collect();
        assert_eq!(*agents.get_or_insert(all.clone()), all);
        lines.push(line);
    }
    (lines, agents.unwrap_or_default())
}

fn at(lines: &[&str], agents: &[(u64, &str)]) -> (Vec<String>, Vec<(u64, String)>) {
    let agents = agents.iter().map(|(id, state)| (*id, (*state).to_owned()));
    (lines.iter().map(|it| (*it).to_owned()).collect(), agents.collect())
}

/// What a line was refused.
fn refused(world: &World, line: &str) -> String {
    let told = told(world);
    let [(to, told)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&**to, &told["type"]), (line, &json!("error")));
    told["code"].as_str().unwrap().to_owned()
}

/// What is kept of connections and their places.
fn kept(world: &World) -> Vec<String> {
    let all = world.store.dump().into_iter().map(|(_, key, _)| key.partition);
    all.filter(|it| it.starts_with("PRESENCE") || it.starts_with("CONNECTION")).collect()
}

#[tokio::test]
async fn two_agents_learn_of_each_other() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(shown(&world, 1), at(&["a"], &[(1001, "viewing")]));
    world.pass(5);
    watch(&world, "b", 1, "viewing").await;
    let both = [(1001, "viewing"), (2001, "viewing")];
    assert_eq!(shown(&world, 1), at(&["a", "b"], &both));
    watch(&world, "b", 1, "editing").await;
    let (to, message) = told(&world).remove(0);
    assert_eq!(to, "a");
    let since = message["agents"][1]["since"].clone();
    assert_eq!(
        message["agents"][1],
        json!({"id": 2001, "name": "colleague", "state": "editing", "since": since})
    );
    assert!(since.as_str().unwrap() > message["agents"][0]["since"].as_str().unwrap());
    assert!(message["as_of"].is_string());

    // Nobody is told twice what they know, but who asks again.
    watch(&world, "b", 1, "editing").await;
    assert_eq!(shown(&world, 1), at(&["b"], &[(1001, "viewing"), (2001, "editing")]));
    watch(&world, "a", 2, "viewing").await;
    assert_eq!(shown(&world, 2), at(&["a"], &[(1001, "viewing")]));
    say(&world, "a", json!({"action": "leave", "ticket_id": "1"})).await;
    assert_eq!(shown(&world, 1), at(&["b"], &[(2001, "editing")]));
    say(&world, "a", json!({"action": "leave", "ticket_id": 1})).await;
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn an_agent_with_two_connections_is_one_who_edits() {
    let world = desk().await;
    for line in ["a", "b"] {
        connect(&world, line, AGENT).await.unwrap();
    }
    watch(&world, "a", 1, "editing").await;
    watch(&world, "b", 1, "viewing").await;
    world.lines.posted.take();
    end(&world, "a").await;
    assert_eq!(shown(&world, 1), at(&["b"], &[(1001, "viewing")]));
    connect(&world, "c", AGENT).await.unwrap();
    watch(&world, "c", 1, "editing").await;
    assert_eq!(shown(&world, 1), at(&["b", "c"], &[(1001, "editing")]));
}

#[tokio::test]
async fn who_disconnects_is_gone_from_every_ticket_and_leaves_nothing() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    for (line, ticket) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
        watch(&world, line, ticket, "viewing").await;
    }
    world.lines.posted.take();
    end(&world, "a").await;
    let tickets: Vec<(String, Value)> =
        told(&world).into_iter().map(|(to, it)| (to, it["ticket_id"].clone())).collect();
    assert_eq!(tickets, [("b".to_owned(), json!(1)), ("b".to_owned(), json!(2))]);
    end(&world, "b").await;
    assert_eq!((told(&world), kept(&world)), (Vec::new(), Vec::new()));
    end(&world, "b").await;
    watch(&world, "b", 1, "viewing").await;
    assert_eq!((told(&world), kept(&world)), (Vec::new(), Vec::new()), "who is not connected");
}

#[tokio::test]
async fn who_is_gone_without_a_word_is_found_out() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    connect(&world, "c", LEAD).await.unwrap();
    for (line, ticket) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
        watch(&world, line, ticket, "viewing").await;
    }
    world.lines.posted.take();
    world.lines.gone.borrow_mut().insert("a".to_owned());
    watch(&world, "c", 1, "viewing").await;
    let told = told(&world);
    let last = |line: &str, ticket: u64| {
        let mut of = told.iter().filter(|(to, it)| to == line && it["ticket_id"] == ticket);
        let last = of.next_back().map(|(_, it)| it["agents"].clone()).unwrap_or_default();
        last.as_array().into_iter().flatten().map(|it| it["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(last("b", 1), [2001, 3001]);
    assert_eq!(last("c", 1), [2001, 3001]);
    assert_eq!(last("b", 2), [2001], "of the other ticket too");
    assert!(!world.store.dump().iter().any(|(_, key, _)| key.to_string().contains("CONNECTION#a")));

    // Who cannot be reached just now is not gone, and holds nobody else up.
    world.lines.broken.borrow_mut().insert("b".to_owned());
    let edit = json!({"action": "watch", "ticket_id": 1, "state": "editing"}).to_string();
    let heard = world.at_desk(async |desk| Live::of(desk).hear("c", &edit).await).await;
    assert!(heard.is_err());
    world.lines.broken.take();
    world.lines.posted.take();
    watch(&world, "c", 1, "editing").await;
    assert_eq!(shown(&world, 1), at(&["c"], &[(2001, "viewing"), (3001, "editing")]));
}

#[tokio::test]
async fn who_says_nothing_for_long_is_there_no_more() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    watch(&world, "a", 1, "viewing").await;
    watch(&world, "b", 1, "viewing").await;
    for _ in 0..6 {
        world.pass(5 * 60);
        world.lines.posted.take();
        say(&world, "a", json!({"action": "ping"})).await;
        assert_eq!(told(&world), [("a".to_owned(), json!({"type": "pong"}))]);
    }
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(shown(&world, 1), at(&["a"], &[(1001, "viewing")]), "only who pings");
    let writes =
        |world: &World| world.store.calls().made.iter().filter(|it| **it == "commit").count();
    let _before = world.store.calls();
    say(&world, "a", json!({"action": "ping"})).await;
    assert_eq!(writes(&world), 0, "who was just heard of");

    // Two hours after it began, a connection is over, whatever is said.
    world.pass(2 * HOUR);
    world.lines.posted.take();
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(told(&world), []);
}

#[tokio::test]
async fn a_session_lets_in_once_and_for_a_minute() {
    let world = desk().await;
    let made = session(&world, AGENT).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.is(201);
    assert_eq!(made["expires_at"], "2026-11-21T09:01:00Z");
    let secret = made["url"].as_str().unwrap().rsplit('_').next().unwrap();
    assert!(
        world
            .store
            .dump()
            .iter()
            .all(|(_, key, body)| { !key.to_string().contains(secret) && !body.contains(secret) })
    );
    assert_eq!(follow(&world, "a", &made).await.unwrap().as_str(), "acme");
    assert_eq!(follow(&world, "b", &made).await, Err(Refused::Unknown));
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(shown(&world, 1), at(&["a"], &[(1001, "viewing")]));
    watch(&world, "b", 1, "viewing").await;
    assert_eq!(told(&world), []);

    let late = session(&world, AGENT).await.is(201);
    world.pass(60);
    assert_eq!(follow(&world, "c", &late).await, Err(Refused::Unknown));
    let mut foreign = session(&world, AGENT).await.is(201);
    foreign["url"] = json!(foreign["url"].as_str().unwrap().replace("ceap_acme_", "ceap_other_"));
    assert_eq!(follow(&world, "d", &foreign).await, Err(Refused::Unknown));
    let token = made["url"].as_str().unwrap().split_once('=').unwrap().1;
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    world.with(headers, "GET", "/groups", Value::Null).await.is(401);
}

#[tokio::test]
async fn only_agents_who_are_known_connect() {
    let world = desk().await;
    assert_eq!(connect(&world, "a", CUSTOMER).await, Err(Refused::Forbidden));
    assert_eq!(session(&world, CUSTOMER).await.status, 403);
    assert_eq!(connect(&world, "a", "nobody@acme.example").await, Err(Refused::Unknown));
    assert_eq!(shake(&world, "a", Vec::new(), Vec::new()).await, Err(Refused::Unknown));
    let nonsense = vec![("session".to_owned(), "x".to_owned())];
    assert_eq!(shake(&world, "a", Vec::new(), nonsense).await, Err(Refused::Unknown));
    let claimed = vec![("tenant".to_owned(), "acme".to_owned())];
    assert_eq!(shake(&world, "a", Vec::new(), claimed).await, Err(Refused::Unknown));
    assert_eq!(kept(&world), Vec::<String>::new());

    // Whoever is suspended meanwhile is let in nowhere, and neither heard nor shown where they are.
    let waiting = session(&world, AGENT).await.is(201);
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    watch(&world, "a", 1, "viewing").await;
    world.put("/users/1001", json!({"user": {"suspended": true}})).await.is(200);
    world.lines.posted.take();
    assert_eq!(follow(&world, "c", &waiting).await, Err(Refused::Forbidden));
    watch(&world, "b", 1, "viewing").await;
    assert_eq!(shown(&world, 1), at(&["b"], &[(2001, "viewing")]));
    watch(&world, "a", 2, "viewing").await;
    assert_eq!(refused(&world, "a"), "forbidden");
}

#[tokio::test]
async fn another_account_learns_nothing() {
    let world = desk().await;
    world.ask("owner@other.example", "GET", "/groups", Value::Null).await.is(200);
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "z", "owner@other.example").await.unwrap();
    watch(&world, "a", 1, "viewing").await;
    world.lines.posted.take();
    watch(&world, "z", 1, "viewing").await;
    assert_eq!(refused(&world, "z"), "not_found");
    let ticket = json!({"ticket": {"comment": {"body": "Another."}}});
    world.ask("owner@other.example", "POST", "/tickets", ticket).await.is(201);
    watch(&world, "z", 1, "editing").await;
    let (lines, agents) = shown(&world, 1);
    assert_eq!((lines, agents.len()), (vec!["z".to_owned()], 1), "the same number, another ticket");
    watch(&world, "a", 1, "editing").await;
    assert_eq!(shown(&world, 1), at(&["a"], &[(1001, "editing")]));
}

#[tokio::test]
async fn who_sees_a_ticket_no_more_is_not_told_of_it() {
    let world = desk().await;
    let restricted = json!({"user": {"ticket_restriction": "groups"}});
    world.put("/users/1001", restricted).await.is(200);
    let billing = world.post("/groups", json!({"group": {"name": "Billing"}})).await.is(201);
    let group = &billing["group"]["id"];
    let member = json!({"group_membership": {"user_id": 1001, "group_id": group}});
    world.post("/group_memberships", member).await.is(201);
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(refused(&world, "a"), "not_found");
    watch(&world, "a", 99, "viewing").await;
    assert_eq!(refused(&world, "a"), "not_found", "as one that is not there");

    world.put("/tickets/1", json!({"ticket": {"group_id": group}})).await.is(200);
    watch(&world, "a", 1, "viewing").await;
    watch(&world, "b", 1, "viewing").await;
    world.lines.posted.take();
    let groups = world.get("/groups").await.is(200)["groups"].clone();
    let support = groups.as_array().unwrap().iter().find(|it| it["name"] == "Support").unwrap();
    world.put("/tickets/1", json!({"ticket": {"group_id": support["id"]}})).await.is(200);
    watch(&world, "b", 1, "editing").await;
    assert_eq!(shown(&world, 1), at(&["b"], &[(2001, "editing")]));
    changed(&world).await;
    let to: Vec<String> = told(&world).into_iter().map(|(to, _)| to).collect();
    assert!(!to.is_empty() && to.iter().all(|it| it == "b"), "{to:?}");
}

/// Tells of all audits that there are, as the table's stream has them.
async fn changed(world: &World) {
    let tenant = TenantId::new("acme").unwrap();
    let items = world.store.dump().into_iter();
    let audits = items.filter(|(of, key, _)| *of == tenant && key.sort.starts_with("A#"));
    let audits: Vec<Audit> =
        audits.map(|(_, _, body)| serde_json::from_str(&body).unwrap()).collect();
    world.at_desk(async |desk| Live::of(desk).changed(&tenant, &audits).await).await.unwrap();
}

#[tokio::test]
async fn who_watches_is_told_that_a_ticket_was_changed_and_by_whom() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    watch(&world, "a", 1, "editing").await;
    let edit = json!({"ticket": {"priority": "high"}});
    let ticket = world.ask(OTHER, "PUT", "/tickets/1", edit).await.is(200)["ticket"].clone();
    world.lines.posted.take();
    changed(&world).await;
    let told = told(&world);
    assert!(told.iter().all(|(to, it)| to == "a" && it["ticket_id"] == 1), "{told:?}");
    let by_other = json!({"type": "ticket_updated", "ticket_id": 1,
        "updated_stamp": ticket["updated_at"], "by": 2001});
    assert_eq!(told.iter().filter(|(_, it)| *it == by_other).count(), 1, "{told:?}");
}

#[tokio::test]
async fn nonsense_is_refused_and_there_is_an_end_to_what_one_watches() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    for said in [
        json!("x"),
        json!({"action": "shout"}),
        json!({"action": "watch", "ticket_id": 1}),
        json!({"action": "watch", "ticket_id": 0, "state": "viewing"}),
        json!({"action": "watch", "ticket_id": 1, "state": "sleeping"}),
    ] {
        say(&world, "a", said).await;
        assert_eq!(refused(&world, "a"), "invalid_message");
    }
    let padded = |bytes: usize| format!("{{\"action\": \"ping\"{}}}", " ".repeat(bytes - 18));
    for (bytes, told) in [(1024, "pong"), (1025, "error")] {
        let said = padded(bytes);
        assert_eq!(said.len(), bytes);
        let heard = world.at_desk(async |desk| Live::of(desk).hear("a", &said).await).await;
        heard.unwrap();
        assert_eq!(self::told(&world)[0].1["type"], told);
    }
    for ticket in 1..=21 {
        if ticket > 2 {
            let made = json!({"ticket": {"comment": {"body": "More."}}});
            world.post("/tickets", made).await.is(201);
        }
        world.lines.posted.take();
        watch(&world, "a", ticket, "viewing").await;
    }
    assert_eq!(refused(&world, "a"), "too_many_tickets");
    watch(&world, "a", 20, "editing").await;
    assert_eq!(shown(&world, 20), at(&["a"], &[(1001, "editing")]));
    end(&world, "a").await;
    assert_eq!(kept(&world), Vec::<String>::new());
}

/// What it costs: calls of the store that one message makes.
#[tokio::test]
async fn a_message_takes_few_calls() {
    let world = desk().await;
    connect(&world, "a", AGENT).await.unwrap();
    connect(&world, "b", OTHER).await.unwrap();
    watch(&world, "b", 1, "viewing").await;
    let _before = world.store.calls();
    watch(&world, "a", 1, "viewing").await;
    assert_eq!(world.store.calls().made, ["get", "get", "commit", "range", "get"]);
    say(&world, "a", json!({"action": "leave", "ticket_id": 1})).await;
    assert_eq!(world.store.calls().made, ["get", "get", "commit", "range", "get"]);
    say(&world, "a", json!({"action": "ping"})).await;
    assert_eq!(world.store.calls().made, ["get", "get"]);
    watch(&world, "a", 1, "viewing").await;
    let _before = world.store.calls();
    end(&world, "a").await;
    assert_eq!(world.store.calls().made, ["get", "get", "commit", "commit", "range", "get"]);
}
