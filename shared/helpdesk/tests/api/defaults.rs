//! The triggers and automations that every account comes with: whom they write to, and that nobody is written to twice.

use crate::cast::{self, AGENT, CUSTOMER, LEAD, OTHER};
use crate::survey::{answered, filled, text, token, written};
use crate::world::World;
use ceap_helpdesk::automation::run;
use ceap_helpdesk::ticket::letter::Text;
use ceap_kernel::TenantId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn desk() -> World {
    let world = World::standard();
    cast::team(&world).await;
    world
}

async fn all(world: &World, path: &str, plural: &str) -> Vec<Value> {
    world.get(path).await.is(200)[plural].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_account_comes_with_zendesks() {
    let world = desk().await;
    let titles = |all: &[Value]| -> Vec<(String, bool)> {
        let one = |it: &Value| (it["title"].as_str().unwrap().to_owned(), it["active"] == true);
        all.iter().map(one).collect()
    };
    let triggers = all(&world, "/triggers", "triggers").await;
    let expected = [
        ("Notify requester and CCs of received request", true),
        ("Notify requester of new proactive ticket", true),
        ("Notify requester and CCs of comment update", true),
        ("Notify assignee of comment update", true),
        ("Notify assignee of assignment", true),
        ("Notify assignee of reopened ticket", true),
        ("Notify group of assignment", true),
        ("Notify all agents of received request", false),
    ];
    assert_eq!(titles(&triggers), expected.map(|(title, active)| (title.to_owned(), active)));
    let automations = all(&world, "/automations", "automations").await;
    let expected = [
        "Close ticket 4 days after status is set to solved",
        "Request customer satisfaction rating (System Automation)",
        "Pending notification 24 hours",
        "Pending notification 5 days",
    ];
    assert_eq!(titles(&automations), expected.map(|title| (title.to_owned(), false)));
    assert!(triggers.iter().chain(&automations).all(|it| it["default"] == true));
    // Each is one that somebody could have added: saving it asks for that.
    for (kind, it) in triggers
        .iter()
        .map(|it| ("trigger", it))
        .chain(automations.iter().map(|it| ("automation", it)))
    {
        let mut asked = json!({"active": true});
        for name in ["conditions", "actions"] {
            asked[name] = it[name].clone();
        }
        let path = format!("/{kind}s/{}", it["id"]);
        let saved = world.put(&path, json!({kind: asked})).await.is(200);
        assert_eq!(saved[kind]["conditions"], it["conditions"]);
    }
}

async fn opened(world: &World, email: &str, mut ticket: Value) -> String {
    ticket["comment"] = json!({"body": "It smokes."});
    ticket["subject"] = json!("Printer");
    let made = world.ask(email, "POST", "/tickets", json!({"ticket": ticket})).await.is(201);
    world.pass(60);
    format!("/tickets/{}", made["ticket"]["id"])
}

async fn changed(world: &World, email: &str, path: &str, change: Value) {
    world.pass(60);
    world.ask(email, "PUT", path, json!({"ticket": change})).await.is(200);
}

/// Who is written of the last update, each once; `*` marks what the helpdesk writes by itself.
async fn to(world: &World) -> Vec<String> {
    let all = written(world).await;
    let once: BTreeSet<&str> = all.iter().map(|it| it.email.as_str()).collect();
    assert_eq!(once.len(), all.len(), "nobody is written to twice: {all:?}");
    let mark = |own: bool| if own { "*" } else { "" };
    all.iter()
        .map(|it| {
            let name = it.email.split('@').next().unwrap();
            format!("{name}{}", mark(matches!(it.text, Text::Said { .. })))
        })
        .collect()
}

#[tokio::test]
async fn who_asks_hears_that_it_was_received_and_what_is_answered() {
    let world = desk().await;
    let asked = json!({"request": {"subject": "Printer", "comment": {"body": "It smokes."}}});
    let made = world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201);
    assert_eq!(to(&world).await, ["customer"]);
    let letter = written(&world).await.remove(0);
    let Text::Ruled { subject, .. } = &letter.text else { panic!("{letter:?}") };
    assert_eq!(subject, "[Request received] Printer");
    assert!(text(&letter).contains("has been received") && text(&letter).contains("It smokes."));
    let path = format!("/tickets/{}", made["request"]["id"]);
    changed(&world, AGENT, &path, json!({"comment": {"body": "Which one?"}, "assignee_id": 1001}))
        .await;
    assert_eq!(to(&world).await, ["customer"], "who gave it to themselves knows");
    changed(&world, AGENT, &path, json!({"comment": {"body": "Between us", "public": false}}))
        .await;
    assert_eq!(to(&world).await, [""; 0]);
    let comment = json!({"request": {"comment": {"body": "The big one."}}});
    let own = path.replace("tickets", "requests");
    world.pass(60);
    world.ask(CUSTOMER, "PUT", &own, comment).await.is(200);
    assert_eq!(to(&world).await, ["agent"], "nobody hears what they said themselves");
    changed(&world, AGENT, &path, json!({"priority": "high"})).await;
    assert_eq!(to(&world).await, [""; 0], "nothing was said");
    changed(&world, AGENT, &path, json!({"status": "solved", "comment": {"body": "Done."}})).await;
    assert_eq!(to(&world).await, ["customer"]);
    let comment = json!({"request": {"comment": {"body": "It smokes again."}}});
    world.pass(60);
    world.ask(CUSTOMER, "PUT", &own, comment).await.is(200);
    assert_eq!(to(&world).await, ["agent"]);
    assert!(text(&written(&world).await[0]).contains("has been reopened"));
}

#[tokio::test]
async fn nobody_is_written_twice_of_one_comment() {
    let world = desk().await;
    // Who works on it follows it too, and who asks is in copy.
    let path = opened(&world, LEAD, json!({"requester_id": 4001, "assignee_id": 1001,
        "followers": [{"user_id": "1001", "action": "put"}, {"user_id": "2001", "action": "put"}],
        "email_ccs": [{"user_email": "bo@acme.example", "action": "put"}, {"user_email": CUSTOMER, "action": "put"}]}))
    .await;
    assert_eq!(to(&world).await, ["agent", "bo*", "colleague*", "customer"]);
    changed(&world, LEAD, &path, json!({"comment": {"body": "Look, @agent and @colleague"}})).await;
    assert_eq!(to(&world).await, ["agent", "bo*", "colleague*", "customer"]);
    changed(&world, OTHER, &path, json!({"assignee_id": 3001, "comment": {"body": "Yours."}}))
        .await;
    assert_eq!(to(&world).await, ["agent*", "bo*", "customer", "lead"]);
    changed(&world, LEAD, &path, json!({"status": "solved"})).await;
    changed(
        &world,
        OTHER,
        &path,
        json!({"status": "open", "assignee_id": 1001, "comment": {"body": "No."}}),
    )
    .await;
    assert_eq!(to(&world).await, ["agent", "bo*", "customer"]);
    changed(&world, OTHER, &path, json!({"status": "solved"})).await;
    changed(&world, OTHER, &path, json!({"status": "open", "comment": {"body": "No."}})).await;
    assert_eq!(to(&world).await, ["agent", "bo*", "customer"]);
}

#[tokio::test]
async fn a_group_hears_of_what_is_its_own() {
    let world = desk().await;
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    let path = opened(&world, LEAD, json!({"requester_id": 4001})).await;
    assert_eq!(to(&world).await, ["customer"]);
    changed(&world, LEAD, &path, json!({"group_id": group})).await;
    assert_eq!(to(&world).await, ["agent", "colleague", "lead", "owner"]);
    changed(&world, LEAD, &path, json!({"assignee_id": 2001})).await;
    assert_eq!(to(&world).await, ["colleague"]);
    changed(&world, LEAD, &path, json!({"tags": ["x"]})).await;
    assert_eq!(to(&world).await, [""; 0]);
}

async fn hour(world: &World) -> u64 {
    let tenant = TenantId::new("acme").unwrap();
    world.at_desk(async |desk| run(desk, &tenant).await).await.unwrap().changed
}

/// Puts an automation that the account came with to use.
async fn used(world: &World, title: &str) {
    let all = all(world, "/automations", "automations").await;
    let one = all.iter().find(|it| it["title"].as_str().unwrap().starts_with(title)).unwrap();
    let path = format!("/automations/{}", one["id"]);
    world.put(&path, json!({"automation": {"active": true}})).await.is(200);
    hour(world).await;
}

#[tokio::test]
async fn a_day_after_it_is_solved_its_requester_is_asked_once() {
    let world = desk().await;
    used(&world, "Request customer satisfaction").await;
    let path = opened(&world, LEAD, json!({"requester_id": 4001, "assignee_id": 1001})).await;
    changed(&world, AGENT, &path, json!({"status": "solved"})).await;
    // Whole hours count, at each full hour: it was solved at two minutes past nine.
    world.pass(24 * 3_600);
    assert_eq!(hour(&world).await, 0);
    world.pass(3_600);
    assert_eq!(hour(&world).await, 1);
    let all = written(&world).await;
    let [letter] = &all[..] else { panic!("{all:?}") };
    assert_eq!(letter.email, CUSTOMER);
    assert!(text(letter).contains("Good, I'm satisfied:\nhttps://"), "{}", text(letter));
    let shown = world.get(&path).await.is(200)["ticket"]["satisfaction_rating"].clone();
    assert_eq!(shown, json!({"score": "offered"}));
    // It is solved anew later on: they were asked already.
    changed(&world, AGENT, &path, json!({"status": "open"})).await;
    changed(&world, AGENT, &path, json!({"status": "solved"})).await;
    for _ in 0..3 {
        world.pass(24 * 3_600);
        assert_eq!(hour(&world).await, 0);
    }
    let own = token(text(letter));
    assert_eq!(answered(&world, &own, &filled("good", "Thanks!", "")).await.status(), 200);
    let shown = world.get(&path).await.is(200)["ticket"]["satisfaction_rating"].clone();
    assert_eq!((&shown["score"], &shown["comment"]), (&json!("good"), &json!("Thanks!")));
}

#[tokio::test]
async fn what_is_pending_is_brought_to_mind_and_what_is_solved_is_closed() {
    let world = desk().await;
    for title in ["Close ticket", "Pending notification 24", "Pending notification 5"] {
        used(&world, title).await;
    }
    let path = opened(&world, LEAD, json!({"requester_id": 4001, "assignee_id": 1001})).await;
    changed(&world, AGENT, &path, json!({"status": "pending"})).await;
    for (hours, told) in [(25, 1), (24, 0), (72, 1), (24, 0)] {
        world.pass(hours * 3_600);
        assert_eq!(hour(&world).await, told, "{hours}");
    }
    assert_eq!(to(&world).await, ["customer"]);
    assert!(text(&written(&world).await[0]).contains("is pending for 5 days"));
    changed(&world, AGENT, &path, json!({"status": "solved"})).await;
    world.pass(96 * 3_600);
    assert_eq!(hour(&world).await, 0);
    world.pass(3_600);
    assert_eq!(hour(&world).await, 1);
    assert_eq!(world.get(&path).await.is(200)["ticket"]["status"], "closed");
}
