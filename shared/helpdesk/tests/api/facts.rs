//! What is told of tickets to others than clients of the API.

use crate::world::World;
use ceap_helpdesk::ticket::Audit;
use ceap_helpdesk::ticket::fact::{self, Fact, Kind};
use ceap_kernel::TenantId;
use serde_json::{Value, json};

/// What all audits of `acme` tell, in their order.
async fn told(world: &World) -> Vec<Fact> {
    let tenant = TenantId::new("acme").unwrap();
    let audits: Vec<Audit> = world
        .store
        .dump()
        .into_iter()
        .filter(|(of, key, _)| *of == tenant && key.sort.starts_with("A#"))
        .map(|(_, _, body)| serde_json::from_str(&body).unwrap())
        .collect();
    fact::facts(&world.store, &tenant, &audits).await.unwrap()
}

fn ticket() -> Value {
    json!({"ticket": {
        "subject": "Printer", "priority": "high", "tags": ["vip"], "comment": {"body": "It burns."},
        "requester": {"name": "Ada", "email": "ada@acme.example"},
    }})
}

#[tokio::test]
async fn a_ticket_tells_that_it_was_opened_and_changed_and_what_was_said() {
    let world = World::new();
    let made = world.post("/tickets.json", ticket()).await.is(201);
    let id = &made["ticket"]["id"];
    let note =
        json!({"ticket": {"status": "pending", "comment": {"body": "Secret.", "public": false}}});
    world.put(&format!("/tickets/{id}.json"), note).await.is(200);

    let facts = told(&world).await;
    let kinds: Vec<Kind> = facts.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [Kind::Created, Kind::Commented, Kind::Updated, Kind::Commented]);
    let [created, opened, updated, noted] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!(created.id, format!("TicketCreated.v1:{}", made["audit"]["id"]));
    assert_eq!(&created.data["ticket"]["id"], id);
    assert_eq!(created.data["ticket"]["tags"], json!(["vip"]));
    assert_eq!(created.data["author"]["role"], "end-user", "who requests says what it opens with");
    assert_eq!(opened.data["comment"]["body"], "It burns.");
    assert_eq!(opened.data["comment"]["by_requester"], true);
    let status =
        updated.data["changes"].as_array().unwrap().iter().find(|it| it["field"] == "status");
    assert_eq!(status.unwrap()["value"], "pending");
    assert_eq!(
        (&noted.data["comment"]["public"], &noted.data["comment"]["body"]),
        (&json!(false), &json!(null))
    );
    let all = serde_json::to_string(&facts).unwrap();
    assert!(!all.contains("Secret."), "a note is nobody's business");
    assert!(!all.contains("ada@acme.example"), "nor is an address");
    assert_eq!(told(&world).await, facts, "the same again");

    let requester = &created.requester;
    assert_eq!(requester.subject(), format!("user-{}", made["ticket"]["requester_id"]));
    let profile = requester.profile().unwrap();
    assert_eq!((&profile["email"], &profile["name"]), (&json!("ada@acme.example"), &json!("Ada")));
}

#[tokio::test]
async fn who_is_known_elsewhere_is_told_by_that_name() {
    let world = World::new();
    let ada = json!({"user": {"name": "Ada", "email": "ada@acme.example", "external_id": "u-1"}});
    world.post("/users.json", ada).await.is(201);
    world.post("/tickets.json", ticket()).await.is(201);
    let facts = told(&world).await;
    assert_eq!(facts[0].requester.subject(), "u-1");
    assert_eq!(facts[0].requester.profile(), None, "their profile is others' to keep");
}

#[tokio::test]
async fn a_ticket_that_was_deleted_still_tells_and_one_that_was_imported_does_not() {
    let world = World::new();
    let made = world.post("/tickets.json", ticket()).await.is(201);
    world.delete(&format!("/tickets/{}.json", made["ticket"]["id"])).await.is(204);
    assert_eq!(told(&world).await[0].kind, Kind::Created);

    let world = World::new();
    world.post("/imports/tickets.json", ticket()).await.is(201);
    assert_eq!(told(&world).await, []);
}
