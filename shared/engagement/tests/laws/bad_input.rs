//! Bad input: each case in the middle of a good batch gets its reason, and the good ones go on.

use ceap_engagement::event::{Event, MAX_DATA_BYTES};
use ceap_engagement::pipeline::accept::{Accepted, Decoded, Origin, accept};
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Clock, Fault, Metric, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    amended, at, catalogue_documents, customer, event, noon, plan, plan_with, settings, subject,
    tenant,
};
use rstest::rstest;
use serde_json::{Value, json};

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&catalogue_documents()))
}

/// Reads JSON lines, as a connector does.
fn decode(lines: &[String], world: &World) -> Vec<Decoded> {
    let read = |line: &String| {
        let payload: Value = serde_json::from_str(line)
            .map_err(|_| (Fault::invalid("body", "is not JSON"), json!(line)))?;
        Event::from_json(&payload, world.now()).map_err(|fault| (fault, payload))
    };
    let decoded = |line| match read(line) {
        Ok(event) => Decoded::Event(event),
        Err((fault, payload)) => Decoded::Bad { fault, payload },
    };
    lines.iter().map(decoded).collect()
}

/// Takes the lines through the first two stages.
async fn take(world: &World, tenant: &TenantId, lines: &[String]) -> Accepted {
    let decoded = decode(lines, world);
    let (accepted, tally) =
        accept(Origin::of("ingest-http", tenant), decoded, world, world, world).await.unwrap();
    world.stores().tally.merge(tally);
    let batch = world.stores().stream.clone();
    world.run(&batch).await;
    accepted
}

fn good(n: i64) -> String {
    event("login_failed", "10.0.0.1", &n.to_string()).sec(n - 60).json().to_string()
}

fn cart() -> ceap_testkit::builders::Fact {
    event("cart_updated", "u1", "bad")
}

#[rstest]
#[case::not_json("{\"id\": 1,".to_owned(), "body: is not JSON")]
#[case::not_an_object("[1, 2]".to_owned(), "event: must be a JSON object")]
#[case::no_id(cart().with("id", Value::Null).json().to_string(), "id: is missing")]
#[case::large(
    cart().data(json!({"x": "y".repeat(MAX_DATA_BYTES)})).json().to_string(),
    "data: is 32"
)]
#[case::ten_years_ahead(
    cart().time(at("2036-11-21T12:00:00Z")).json().to_string(),
    "time: lies more than 5 minutes"
)]
#[case::malformed_type(cart().with("type", json!("<b>")).json().to_string(), "type: must start")]
#[case::text_for_a_number(
    cart().data(json!({"value": "80"})).json().to_string(),
    "data.value: must be a number"
)]
#[case::wrong_profile(
    event("profile_updated", "u1", "bad").data(json!({"email": 5})).json().to_string(),
    "data.email: must be a string"
)]
#[tokio::test]
async fn among_good_events(#[case] bad: String, #[case] says: &str) {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let mut lines: Vec<String> = (0..6).map(good).collect();
    lines.insert(3, bad.clone());
    let accepted = take(&world, &tenant, &lines).await;
    assert_eq!(world.sent().len(), 1, "the good ones went on");
    let tally = world.stores().tally.clone();
    assert_eq!(tally.total(Metric::EventsIngested), 6);
    assert_eq!(tally.total(Metric::EventsQuarantined), 1);
    let stores = world.stores();
    let [kept] = stores.quarantine.as_slice() else { panic!("{:?}", stores.quarantine) };
    assert!(kept.reason.starts_with(says), "{}", kept.reason);
    assert_eq!(kept.code, "invalid");
    assert_eq!(kept.tenant.as_ref(), Some(&tenant));
    if let Ok(payload) = serde_json::from_str::<Value>(&bad) {
        assert_eq!(kept.payload.get("data"), payload.get("data"), "as it came");
    } else {
        assert_eq!(kept.payload, json!(bad), "as it came");
    }
    // The sender learns what it can at once, and at which place.
    assert_eq!(accepted.accepted + accepted.quarantined.len(), 7);
    for refused in &accepted.quarantined {
        assert_eq!(refused.index, 3);
        assert!(refused.message.starts_with(says), "{}", refused.message);
    }
}

#[tokio::test]
async fn what_the_platform_alone_tells_nobody_else_does() {
    let tenant = tenant("acme");
    let told = event("TicketMeasured.v1", "ticket-1", "e1").of(&tenant);
    let world = world(&tenant);
    let decoded = vec![Decoded::Event(told.event.clone())];
    let accepted = accept(Origin::of("ingest-http", &tenant), decoded, &world, &world, &world);
    let (accepted, _) = accepted.await.unwrap();
    assert_eq!((accepted.accepted, accepted.quarantined.len()), (0, 1));
    // It is kept in the lake, and is nobody.
    world.ingest(&[told]).await;
    assert!(world.stores().series.is_empty());
}

#[tokio::test]
async fn the_same_event_corrected_is_welcome() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let bad = cart().data(json!({"value": "80"})).of(&tenant);
    world.run(&[customer("u1").of(&tenant), bad]).await;
    world.run(&[cart().data(json!({"value": 80})).of(&tenant)]).await;
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn a_bad_event_that_comes_again_is_kept_once() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let bad = cart().data(json!({"value": "80"})).of(&tenant);
    for _ in 0..3 {
        world.run(&[bad.clone(), bad.clone()]).await;
    }
    assert_eq!(world.stores().quarantine.len(), 1);
}

/// Without `expects`, text where the trigger compares a number is found when it is judged.
#[tokio::test]
async fn a_trigger_that_cannot_be_judged_is_kept_once_and_says_which() {
    let tenant = tenant("acme");
    let document = amended("abandoned-cart", "  expects: {value: number}\n", "");
    let world = World::new(noon()).with(&tenant, plan(&[&document]));
    let bad = cart().data(json!({"value": "80"})).of(&tenant);
    let fine = event("cart_updated", "u1", "good").sec(60).data(json!({"value": 80}));
    world.run(&[customer("u1").of(&tenant), bad]).await;
    world.run(&[fine.of(&tenant)]).await;
    world.run(&[event("cart_updated", "u1", "small").sec(-60).of(&tenant)]).await;
    assert_eq!(world.sent().len(), 1);
    let stores = world.stores();
    let [kept] = stores.quarantine.as_slice() else { panic!("{:?}", stores.quarantine) };
    assert!(kept.reason.contains("event.data.value > 50"), "{}", kept.reason);
    let payload = kept.payload.to_string();
    assert!(payload.contains("u1") && payload.contains("80"), "{payload}");
    assert_eq!(stores.tally.total(Metric::SignalsQuarantined), 1);
}

/// A condition or a score that fails on one signal's facts stops that one only.
#[rstest]
#[case::filter("filter:\n", "filter:\n  - {when: profile.traits.age > 17, reason: minor}\n")]
#[case::score(
    "  terms:\n",
    "  terms:\n    - {value: profile.traits.age, default: 0, weight: 0.1, reason: age}\n"
)]
#[tokio::test]
async fn a_signal_that_cannot_be_judged_stops_alone(#[case] old: &str, #[case] new: &str) {
    let tenant = tenant("acme");
    let document = amended("abandoned-cart", old, new);
    let world = World::new(noon()).with(&tenant, plan(&[&document]));
    let mut batch = Vec::new();
    for (who, age) in [("u1", json!(30)), ("u2", json!([30])), ("u3", json!(40))] {
        batch.push(customer(who).of(&tenant));
        let age = event("profile_updated", who, &format!("age-{who}")).data(json!({"age": age}));
        batch.push(age.of(&tenant));
        let cart = event("cart_updated", who, &format!("k-{who}"));
        batch.push(cart.data(json!({"value": 80})).of(&tenant));
    }
    world.run(&batch).await;
    assert_eq!(world.sent().len(), 2);
    let stores = world.stores();
    assert_eq!(stores.quarantine.len(), 1);
    assert_eq!(stores.quarantine[0].payload["subject"], "u2");
}

/// An expression for the recipient that fails on one candidate's facts stops that one only.
#[tokio::test]
async fn a_recipient_that_cannot_be_told_stops_alone() {
    let tenant = tenant("acme");
    let to = "  channel: email\n  to: profile.traits.manager";
    let document = amended("abandoned-cart", "  channel: email", to);
    let settings: Settings = settings();
    let world = World::new(noon()).with(&tenant, plan_with(settings, &[&document]));
    let mut batch = Vec::new();
    for (who, manager) in
        [("u1", json!("m@b.ch")), ("u2", json!(["m@b.ch"])), ("u3", json!("n@b.ch"))]
    {
        batch.push(customer(who).of(&tenant));
        let data = json!({"manager": manager});
        batch.push(event("profile_updated", who, &format!("m-{who}")).data(data).of(&tenant));
        let cart = event("cart_updated", who, &format!("k-{who}"));
        batch.push(cart.data(json!({"value": 80})).of(&tenant));
    }
    world.run(&batch).await;
    assert_eq!(world.sent().len(), 2);
    let stores = world.stores();
    let mut records = stores.messages.values().map(|it| &it.record);
    let refused = records.find(|it| it.subject == subject("u2")).unwrap();
    assert_eq!(refused.reason.as_deref(), Some("no_address"));
}

#[tokio::test]
async fn types_that_no_document_names_are_counted() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let view = |n: i64| event("page_viewed", "u1", &n.to_string()).sec(n).of(&tenant);
    world.run(&(0..7).map(view).collect::<Vec<_>>()).await;
    let state = world.state(&tenant, &subject("u1"));
    assert_eq!(state.series.events()["page_viewed"].count, 7);
    assert!(world.stores().quarantine.is_empty());
}
