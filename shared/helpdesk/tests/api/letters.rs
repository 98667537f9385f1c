//! What people are written whom an update told.

use crate::cast::{self, AGENT, LEAD};
use crate::outside::LEADS;
use crate::world::World;
use ceap_helpdesk::ticket::Audit;
use ceap_helpdesk::ticket::letter::{Letter, Notice, Text, letters};
use ceap_kernel::TenantId;
use serde_json::{Value, json};

/// What the last update has written.
async fn written(world: &World) -> Vec<Letter> {
    let tenant = TenantId::new("acme").unwrap();
    let all = world.store.dump().into_iter();
    let audits = all.filter(|(of, key, _)| *of == tenant && key.sort.starts_with("A#"));
    let audits = audits.map(|(_, _, body)| serde_json::from_str::<Audit>(&body).unwrap());
    let last = audits.max_by_key(|audit| audit.id).unwrap();
    match Notice::of(&last) {
        Some(notice) => {
            letters(&world.store, &world.accounts, &tenant, &notice, LEADS).await.unwrap()
        }
        None => Vec::new(),
    }
}

fn to(letters: &[Letter]) -> Vec<(&str, bool)> {
    let mentioned = |it: &Letter| matches!(it.text, Text::Said { mentioned: true, .. });
    let mut all: Vec<_> = letters.iter().map(|it| (it.email.as_str(), mentioned(it))).collect();
    all.sort_unstable();
    all
}

/// A ticket with somebody in copy and an agent who follows it.
async fn opened(world: &World) -> String {
    cast::team(world).await;
    let ticket = json!({"subject": "Printer", "comment": {"body": "It smokes."}, "requester_id": 4001,
        "followers": [{"user_email": LEAD, "action": "put"}],
        "email_ccs": [{"user_email": "bo@acme.example", "action": "put"}]});
    let made = world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    format!("/tickets/{}", made["ticket"]["id"])
}

async fn say(world: &World, path: &str, comment: Value) {
    world.put(path, json!({"ticket": {"comment": comment}})).await.is(200);
}

#[tokio::test]
async fn followers_people_in_copy_and_who_is_mentioned_are_written_to() {
    let world = World::new();
    let path = opened(&world).await;
    let all = written(&world).await;
    assert_eq!(to(&all), [("bo@acme.example", false), (LEAD, false)]);
    let Text::Said { text, title, author, .. } = &all[0].text else { panic!("{all:?}") };
    assert_eq!((&**text, &**title, &**author), ("It smokes.", "Printer", "customer"));
    assert!(all.iter().all(|it| it.subject == format!("user-{}", it.user_id)));
    say(&world, &path, json!({"body": "Look, @agent", "public": false})).await;
    assert_eq!(
        to(&written(&world).await),
        [(AGENT, true), (LEAD, false)],
        "no note leaves the team"
    );
    world.put(&path, json!({"ticket": {"priority": "high"}})).await.is(200);
    assert!(written(&world).await.is_empty(), "nothing was said");
}

#[tokio::test]
async fn who_is_no_agent_any_more_learns_of_no_note() {
    let world = World::new();
    let path = opened(&world).await;
    say(&world, &path, json!({"body": "Between us", "public": false})).await;
    assert_eq!(to(&written(&world).await), [(LEAD, false)]);
    world.put("/users/3001", json!({"user": {"role": "end-user"}})).await.is(200);
    assert!(written(&world).await.is_empty());
}

#[tokio::test]
async fn nobody_is_written_of_a_ticket_that_is_gone() {
    let world = World::new();
    let path = opened(&world).await;
    assert_eq!(written(&world).await.len(), 2);
    world.delete(&path).await.is(204);
    assert!(written(&world).await.is_empty());
}
