//! What requesters say by the link of a letter.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::outside::LEADS;
use crate::world::World;
use ceap_helpdesk::api::Refused;
use ceap_helpdesk::record::Record;
use ceap_helpdesk::record::places;
use ceap_helpdesk::satisfaction::{Filled, Shown, Wrong, answer, show};
use ceap_helpdesk::ticket::letter::{Letter, Notice, Text, letters};
use ceap_helpdesk::ticket::{Audit, Ticket};
use ceap_kernel::TenantId;
use ceap_kernel::access::Credential;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// What the last update has written to people, by their addresses.
pub async fn written(world: &World) -> Vec<Letter> {
    let all = world.store.dump().into_iter();
    let audits = all.filter(|(of, key, _)| *of == tenant() && key.sort.starts_with("A#"));
    let audits = audits.map(|(_, _, body)| serde_json::from_str::<Audit>(&body).unwrap());
    let last = audits.max_by_key(|audit| audit.id).unwrap();
    let Some(notice) = Notice::of(&last) else { return Vec::new() };
    let mut all = letters(&world.store, &world.accounts, &tenant(), &notice, LEADS).await.unwrap();
    all.sort_by(|a, b| a.email.cmp(&b.email));
    all
}

pub fn text(letter: &Letter) -> &str {
    match &letter.text {
        Text::Ruled { text, .. } | Text::Said { text, .. } => text,
    }
}

/// The token of the link in a letter.
pub fn token(text: &str) -> Credential {
    let (_, behind) = text.split_once("https://desk.example/v1/satisfaction/").expect(text);
    let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    Credential::parse(behind.split(end).next().unwrap()).unwrap()
}

pub fn filled(score: &str, comment: &str, reason: &str) -> Filled {
    let [score, comment, reason] = [score, comment, reason].map(str::to_owned);
    Filled { score, comment, reason }
}

pub async fn answered(world: &World, token: &Credential, filled: &Filled) -> Shown {
    world.at_desk(async |desk| answer(desk, token, filled).await).await.unwrap()
}

async fn seen(world: &World, token: &Credential) -> Shown {
    world.at_desk(async |desk| show(desk, token, "bad").await).await.unwrap()
}

/// All that is kept.
fn state(world: &World) -> Vec<String> {
    let all = world.store.dump().into_iter();
    all.map(|(tenant, key, body)| format!("{tenant} {key} {body}")).collect()
}

fn kept(world: &World, id: u64) -> Ticket {
    let all = world.store.dump().into_iter();
    let mut own =
        all.filter(|(of, key, _)| *of == tenant() && *key == places::record(Ticket::KIND, id));
    serde_json::from_str(&own.next().unwrap().2).unwrap()
}

const SECTION: &str = "Dear {{ticket.requester.first_name}},\n{{satisfaction.rating_section}}\n[{{satisfaction.current_rating}}]";

/// An account that asks whoever's ticket is solved, and a ticket that is open.
async fn desk() -> (World, u64) {
    let world = World::new();
    cast::team(&world).await;
    let actions = json!([{"field": "satisfaction_score", "value": "offered"},
        {"field": "notification_user", "value": ["requester_and_ccs", "How was it?", SECTION]},
        {"field": "notification_user", "value": ["assignee_id", "Solved", SECTION]}]);
    let all = [json!({"field": "status", "operator": "value", "value": "solved"})];
    let asked = json!({"trigger": {"title": "asks", "all": all, "actions": actions}});
    world.post("/triggers", asked).await.is(201);
    let ticket = json!({"subject": "Printer <b>", "comment": {"body": "It smokes."}, "requester_id": 4001,
        "assignee_id": 1001, "email_ccs": [{"user_email": "bo@acme.example", "action": "put"}]});
    let made = world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    (world, made["ticket"]["id"].as_u64().unwrap())
}

async fn set(world: &World, id: u64, change: Value) {
    world.pass(60);
    world.put(&format!("/tickets/{id}"), json!({"ticket": change})).await.is(200);
}

/// The link that its requester is sent when it is solved.
async fn solved(world: &World, id: u64) -> Credential {
    set(world, id, json!({"status": "solved"})).await;
    let all = written(world).await;
    token(text(all.iter().find(|it| it.email == CUSTOMER).unwrap()))
}

async fn rating(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}")).await.is(200)["ticket"]["satisfaction_rating"].clone()
}

#[tokio::test]
async fn by_the_link_of_a_letter_its_requester_says_once_what_they_think() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    assert_eq!(rating(&world, id).await, json!({"score": "offered"}));
    let before = state(&world);
    let Shown::Question(question) = seen(&world, &own).await else { panic!("it asks") };
    assert_eq!((&*question.subject, &*question.filled.score), ("Printer <b>", "bad"));
    assert_eq!((question.wrong, &*question.locale), (None, "en-US"));
    assert_eq!(state(&world), before, "scanners follow links, too");
    world.pass(DAY);
    let thanks = answered(&world, &own, &filled("bad", " Slow.\r\nReally. ", "5")).await;
    assert_eq!((thanks.status(), thanks.locale()), (200, Some("en-US")));
    let given = rating(&world, id).await;
    assert_eq!((&given["score"], &given["comment"]), (&json!("bad"), &json!("Slow.\nReally.")));
    let all = world.get("/satisfaction_ratings").await.is(200);
    let [one] = &all["satisfaction_ratings"].as_array().unwrap()[..] else { panic!("{all}") };
    assert_eq!((&one["id"], &one["score"]), (&given["id"], &json!("bad")));
    assert_eq!((&one["reason_code"], &one["assignee_id"]), (&json!(5), &json!(1001)));
    assert_ne!(one["created_at"], one["updated_at"], "it is the one that was offered");
    let ticket = kept(&world, id);
    let (offered, rated) = (ticket.satisfaction_offered_at, ticket.satisfaction_rated_at);
    assert!(offered.is_some() && rated > offered, "{offered:?} {rated:?}");
    let audits = world.get(&format!("/tickets/{id}/audits")).await.is(200);
    let last = audits["audits"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["author_id"], 4001);
    assert!(last["events"].to_string().contains("satisfaction_score"), "{last}");
    assert!(!last["events"].to_string().contains("satisfaction_rated_at"), "{last}");
    // The link is used up: for looking, and for answering anything else.
    let before = state(&world);
    for shown in [seen(&world, &own).await, answered(&world, &own, &filled("good", "", "")).await] {
        assert_eq!((shown.status(), shown.locale()), (410, Some("en-US")));
    }
    assert_eq!(state(&world), before);
    assert!(!state(&world).iter().any(|it| it.contains(&*own.reveal())), "no token is kept");
}

#[tokio::test]
async fn triggers_act_on_what_was_said() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    let actions = json!([{"field": "current_tags", "value": "unhappy"},
        {"field": "notification_user", "value": ["assignee_id", "Rated", "{{satisfaction.current_rating}}: {{satisfaction.current_comment}}"]}]);
    let all = json!([{"field": "satisfaction_score", "operator": "value", "value": "bad_with_comment"},
        {"field": "satisfaction_reason_code", "operator": "is", "value": "7"},
        {"field": "requester_id", "operator": "is", "value": "current_user"}]);
    let asked = json!({"trigger": {"title": "unhappy", "all": all, "actions": actions}});
    world.post("/triggers", asked).await.is(201);
    world.pass(60);
    assert_eq!(answered(&world, &own, &filled("bad", "{{ticket.id}}", "7")).await.status(), 200);
    let shown = world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone();
    assert_eq!(shown["tags"], json!(["unhappy"]));
    let all = written(&world).await;
    let [letter] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&*letter.email, text(letter)), (AGENT, "Bad, I'm unsatisfied: {{ticket.id}}"));
    while world.feed(&world.index).await > 0 {}
    for query in ["satisfaction:badwithcomment", "tags:unhappy"] {
        assert_eq!(
            world.get(&format!("/search?query=type:ticket {query}")).await.is(200)["count"],
            1,
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_link_is_in_nobody_elses_letter() {
    let (world, id) = desk().await;
    set(&world, id, json!({"status": "solved"})).await;
    let all = written(&world).await;
    let to: Vec<(&str, bool)> =
        all.iter().map(|it| (it.email.as_str(), text(it).contains("/v1/satisfaction/"))).collect();
    assert_eq!(to, [(AGENT, false), ("bo@acme.example", false), (CUSTOMER, true)]);
    let own = text(&all[2]);
    assert!(
        own.starts_with("Dear customer,\nHow would you rate the support you received?"),
        "{own}"
    );
    assert!(own.contains("?score=good\n") && own.ends_with("?score=bad\n[]"), "{own}");
    assert_eq!(text(&all[1]), "Dear customer,\n\n[]", "they stand for nothing");
    // It is the same link, and the same letter, however often it is written.
    assert_eq!(written(&world).await, all);
    // An agent is not asked how they were helped.
    let ticket = json!({"subject": "x", "comment": {"body": "x"}, "requester_id": 3001, "assignee_id": 1001});
    let made = world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    set(&world, made["ticket"]["id"].as_u64().unwrap(), json!({"status": "solved"})).await;
    let all = written(&world).await;
    assert!(all.iter().any(|it| it.email == LEAD));
    assert!(!all.iter().any(|it| text(it).contains("/v1/satisfaction/")), "{all:?}");
}

#[tokio::test]
async fn people_are_asked_in_their_language() {
    let (world, id) = desk().await;
    world.put("/users/4001", json!({"user": {"locale": "de-CH"}})).await.is(200);
    let own = solved(&world, id).await;
    let all = written(&world).await;
    let letter = all.iter().find(|it| it.email == CUSTOMER).unwrap();
    assert!(text(letter).contains("Gut, ich bin zufrieden:\n"), "{}", text(letter));
    let locale = seen(&world, &own).await.locale().map(str::to_owned);
    assert!(locale.as_deref().is_some_and(|it| it.starts_with("de")), "{locale:?}");
}

/// Nothing is found by it, and nothing changes.
async fn is_none(world: &World, token: &Credential, why: &str) {
    let before = state(world);
    assert_eq!(seen(world, token).await, Shown::Unknown, "{why}");
    assert_eq!(answered(world, token, &filled("good", "", "")).await, Shown::Unknown, "{why}");
    assert_eq!(Shown::Unknown.status(), 404);
    assert_eq!(state(world), before, "{why}");
}

#[tokio::test]
async fn a_link_that_is_none_any_more_changes_nothing() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    is_none(&world, &Credential::generate(tenant(), &[9; 32]), "forged").await;
    let elsewhere = own.reveal().replacen("ceap_acme_", "ceap_other_", 1);
    is_none(&world, &Credential::parse(&elsewhere).unwrap(), "another account's").await;
    world.pass(28 * DAY - 61);
    assert_eq!(seen(&world, &own).await.status(), 200);
    world.pass(62);
    is_none(&world, &own, "over").await;
}

#[tokio::test]
async fn who_is_asked_again_answers_by_the_newer_link() {
    let (world, id) = desk().await;
    let old = solved(&world, id).await;
    // Whatever else happens to the ticket meanwhile, they are asked once for each time that it is solved.
    set(&world, id, json!({"tags": ["x"]})).await;
    assert_eq!(seen(&world, &old).await.status(), 200);
    set(&world, id, json!({"status": "open"})).await;
    assert_eq!(seen(&world, &old).await.status(), 200, "it was solved before");
    let new = solved(&world, id).await;
    is_none(&world, &old, "replaced").await;
    assert_eq!(answered(&world, &new, &filled("good", "", "5")).await.status(), 200);
    let all = world.get("/satisfaction_ratings").await.is(200);
    assert_eq!(
        (&all["count"], &all["satisfaction_ratings"][0]["reason_code"]),
        (&json!(1), &json!(null))
    );
    // Who said it is not asked again.
    set(&world, id, json!({"status": "open"})).await;
    set(&world, id, json!({"status": "solved"})).await;
    assert_eq!(rating(&world, id).await["score"], "good");
    assert_eq!(seen(&world, &new).await.status(), 410);
}

#[tokio::test]
async fn what_is_gone_is_not_rated() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"requester_id": 3001}})).await.is(200);
    is_none(&world, &own, "somebody else's now").await;
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"requester_id": 4001}})).await.is(200);
    assert_eq!(seen(&world, &own).await.status(), 200);
    world.put("/users/4001", json!({"user": {"suspended": true}})).await.is(200);
    is_none(&world, &own, "suspended").await;
    world.put("/users/4001", json!({"user": {"suspended": false}})).await.is(200);
    world.delete(&format!("/tickets/{id}")).await.is(204);
    is_none(&world, &own, "deleted").await;
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    set(&world, id, json!({"status": "closed"})).await;
    assert_eq!(seen(&world, &own).await.status(), 200, "it was solved all the same");
    world.delete("/users/4001").await.is(200);
    is_none(&world, &own, "nobody").await;
    world.delete("/deleted_users/4001").await.is(200);
    is_none(&world, &own, "erased").await;
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_is_shown_again() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    let before = state(&world);
    let long = "ü".repeat(1_001);
    for (form, wrong) in [
        (filled("", "Hm", "6"), Wrong::Score),
        (filled("great", "", ""), Wrong::Score),
        (filled("offered", "", ""), Wrong::Score),
        (filled("bad", &long, ""), Wrong::Comment),
    ] {
        let shown = answered(&world, &own, &form).await;
        assert_eq!(shown.status(), 422);
        let Shown::Question(question) = shown else { panic!("{shown:?}") };
        assert_eq!((question.wrong, question.filled), (Some(wrong), form));
    }
    assert_eq!(state(&world), before);
    let most = "ü\r\n".repeat(500);
    assert_eq!(answered(&world, &own, &filled("bad", &most, "4711")).await.status(), 200);
    assert_eq!(
        world.get("/satisfaction_ratings").await.is(200)["satisfaction_ratings"][0]["reason"],
        json!(null)
    );
}

#[tokio::test]
async fn nothing_is_rated_before_it_is_solved() {
    let world = World::new();
    cast::team(&world).await;
    let actions = json!([{"field": "notification_user", "value": ["requester_id", "Soon", "{{satisfaction.rating_url}}"]}]);
    let all = [json!({"field": "update_type", "operator": "is", "value": "Create"})];
    world
        .post("/triggers", json!({"trigger": {"title": "early", "all": all, "actions": actions}}))
        .await
        .is(201);
    let ticket = json!({"comment": {"body": "x"}, "requester_id": 4001, "assignee_id": 1001});
    let made = world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    let id = made["ticket"]["id"].as_u64().unwrap();
    let all = written(&world).await;
    let own = token(text(&all[0]));
    assert_eq!(rating(&world, id).await["score"], "unoffered", "no rule keeps that it was asked");
    let before = state(&world);
    for shown in [seen(&world, &own).await, answered(&world, &own, &filled("good", "", "")).await] {
        assert_eq!(shown.status(), 409);
    }
    assert_eq!(state(&world), before);
    set(&world, id, json!({"status": "solved"})).await;
    assert_eq!(answered(&world, &own, &filled("good", "", "")).await.status(), 200);
    assert_eq!(rating(&world, id).await["score"], "good");
}

#[tokio::test]
async fn offers_are_listed_and_found() {
    let (world, id) = desk().await;
    solved(&world, id).await;
    let listed = async |score: &str| {
        let path = format!("/satisfaction_ratings?score={score}");
        world.get(&path).await.is(200)["satisfaction_ratings"].as_array().unwrap().len()
    };
    assert_eq!((listed("offered").await, listed("received").await), (1, 0));
    let view = json!({"view": {"title": "Asked", "all": [{"field": "satisfaction_score", "operator": "is", "value": "false"},
        {"field": "status", "operator": "is", "value": "solved"}]}});
    let view = world.post("/views", view).await.is(201)["view"]["id"].clone();
    let shown = world.get(&format!("/views/{view}/tickets")).await.is(200);
    assert_eq!(shown["tickets"][0]["id"], id);
    // Nobody who works in a job takes the rating for the ticket.
    let body = json!({"ticket": {"status": "solved", "assignee_id": 1001, "requester_id": 4001, "comment": {"body": "x"}}});
    let tickets: Vec<Value> = vec![body["ticket"].clone()];
    let done =
        world.done(world.post("/tickets/create_many", json!({"tickets": tickets})).await).await;
    let made = done["results"][0]["id"].as_u64().unwrap();
    assert_eq!(rating(&world, made).await["score"], "offered", "{done}");
}

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    let (world, id) = desk().await;
    let own = solved(&world, id).await;
    world.pass(60);
    let (good, bad) = (filled("good", "", ""), filled("bad", "", ""));
    let both = world
        .at_desk(async |desk| futures::join!(answer(desk, &own, &good), answer(desk, &own, &bad)));
    let (one, other): (Result<Shown, Refused>, Result<Shown, Refused>) = both.await;
    let mut statuses = [one.unwrap().status(), other.unwrap().status()];
    let score = if statuses[0] == 200 { "good" } else { "bad" };
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    assert_eq!(rating(&world, id).await["score"], score);
    let audits = world.get(&format!("/tickets/{id}/audits")).await.is(200);
    let rated = |it: &&Value| it["author_id"] == 4001 && it.to_string().contains("satisfaction");
    assert_eq!(audits["audits"].as_array().unwrap().iter().filter(rated).count(), 1);
}

#[tokio::test]
async fn an_answer_waits_for_three_calls_at_most() {
    let (mut world, id) = desk().await;
    let own = solved(&world, id).await;
    world.accounts = Default::default();
    let _before = world.store.calls();
    assert_eq!(seen(&world, &own).await.status(), 200);
    assert!(world.store.calls().rounds <= 3);
    assert_eq!(answered(&world, &own, &filled("good", "", "")).await.status(), 200);
    let calls = world.store.calls();
    assert!(calls.rounds <= 3, "{:?}", calls.made);
}
