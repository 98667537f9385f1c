//! The gates before a send: each refusal is recorded with its reason, held messages come again.

use ceap_engagement::event::Arrived;
use ceap_engagement::message::State;
use ceap_engagement::pipeline::send::SendError;
use ceap_engagement::policy::Cap;
use ceap_engagement::suppression::{Entry, Reason};
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_engagement::window::Span;
use ceap_kernel::{Metric, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    after_noon, amended, at, customer, event, noon, plan_with, settings, subject, tenant,
};
use serde_json::json;

const CART: &str = "abandoned-cart";

fn world(tenant: &TenantId, settings: Settings, document: &str) -> World {
    World::new(noon()).with(tenant, plan_with(settings, &[document]))
}

fn cart_of(tenant: &TenantId, who: &str, id: &str) -> Arrived {
    let cart = event("cart_updated", who, id).data(json!({"value": 80}));
    cart.of(tenant)
}

fn as_is() -> String {
    amended(CART, "ttl: 24h", "ttl: 24h")
}

/// The reasons recorded, when the batch of one cart came to nothing.
async fn refused(world: &World, tenant: &TenantId, profile: Arrived) -> Vec<String> {
    world.run(&[profile, cart_of(tenant, "u1", "k")]).await;
    assert!(world.sent().is_empty());
    let stores = world.stores();
    let suppressed = stores.tally.total(Metric::MessagesSuppressed);
    assert_eq!(suppressed, u64::try_from(stores.messages.len()).unwrap());
    let records = stores.messages.values();
    records
        .inspect(|it| assert!(matches!(it.record.state, State::Suppressed | State::Expired)))
        .filter_map(|it| it.record.reason.clone())
        .collect()
}

#[tokio::test]
async fn each_refusal_is_recorded_with_its_reason() {
    let tenant = tenant("acme");
    let who = customer("u1").of(&tenant);
    let shadow = amended(CART, "purpose: marketing", "purpose: marketing\nmode: shadow");
    let held = amended(CART, "purpose: marketing", "purpose: marketing\nholdout_percent: 100");
    let wish = amended(CART, "You left {{", "{{ profile.traits.first_name }}, you left {{");
    for (document, reason) in [(&shadow, "shadow"), (&held, "holdout")] {
        let world = world(&tenant, settings(), document);
        assert_eq!(refused(&world, &tenant, who.clone()).await, [reason]);
    }
    let unnamed = world(&tenant, settings(), &wish);
    let reasons = refused(&unnamed, &tenant, who.clone()).await;
    assert!(reasons[0].starts_with("template: "), "{reasons:?}");
    assert!(reasons[0].contains("traits") || reasons[0].contains("first_name"), "{reasons:?}");

    let listed = world(&tenant, settings(), &as_is());
    let entry = Entry {
        channel: "email".to_owned(),
        address: "u1@customers.example.com".to_owned(),
        reason: Reason::Unsubscribe,
        at: noon(),
        note: None,
    };
    listed.stores().suppressed.push((tenant.clone(), entry));
    assert_eq!(refused(&listed, &tenant, who).await, ["suppressed"]);

    let profile = |data| event("profile_updated", "u1", "p").data(data).of(&tenant);
    for (data, reason) in [
        (json!({"consents": {"email": true}}), "no_address"),
        (json!({"email": "u1@b.ch"}), "no_consent"),
        (json!({"email": "u1@b.ch", "consents": {"email": {"marketing": false}}}), "no_consent"),
    ] {
        let world = world(&tenant, settings(), &as_is());
        assert_eq!(refused(&world, &tenant, profile(data)).await, [reason]);
    }
}

#[tokio::test]
async fn the_first_gate_in_order_gives_the_reason() {
    let tenant = tenant("acme");
    let all = "purpose: marketing\nmode: shadow\nholdout_percent: 100";
    let document = amended(CART, "purpose: marketing", all);
    let world = world(&tenant, settings(), &document);
    let nobody = event("profile_updated", "u1", "p").of(&tenant);
    assert_eq!(refused(&world, &tenant, nobody).await, ["shadow"]);
}

/// At noon UTC it is 21:00 in Tokyo.
#[tokio::test]
async fn quiet_hours_hold_a_message_back_and_it_is_sent_once() {
    let tenant = tenant("acme");
    let quiet = amended(CART, "ttl: 24h", "ttl: 24h\nquiet_hours: {from: '21:00', to: '08:00'}");
    let world = world(&tenant, settings(), &quiet);
    let who = customer("u1").of(&tenant);
    let tokyo = event("profile_updated", "u1", "tz").data(json!({"time_zone": "Asia/Tokyo"}));
    world.ingest(&[who, tokyo.of(&tenant), cart_of(&tenant, "u1", "k")]).await;
    world.advance(after_noon(3700)).await;
    assert!(world.sent().is_empty());
    assert!(world.stores().messages.is_empty(), "held, neither claimed nor refused");
    assert_eq!(world.stores().tally.total(Metric::MessagesHeld), 1);
    // A second cart that joins the held candidate is no second message.
    world.ingest(&[cart_of(&tenant, "u1", "k2")]).await;
    world.advance(at("2026-11-21T22:59:59Z")).await;
    assert!(world.sent().is_empty());
    world.advance(at("2026-11-21T23:00:00Z")).await;
    world.settle_all().await;
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn what_changes_during_quiet_hours_counts() {
    let tenant = tenant("acme");
    let quiet = amended(CART, "ttl: 24h", "ttl: 24h\nquiet_hours: {from: '12:00', to: '20:00'}");
    let world = world(&tenant, settings(), &quiet);
    world.ingest(&[customer("u1").of(&tenant), cart_of(&tenant, "u1", "k")]).await;
    world.advance(after_noon(3700)).await;
    let no = event("profile_updated", "u1", "no").sec(4000);
    world.ingest(&[no.data(json!({"consents": {"email": false}})).of(&tenant)]).await;
    world.settle_all().await;
    assert!(world.sent().is_empty());
    assert_eq!(world.messages_in(State::Suppressed), 1);
}

#[tokio::test]
async fn a_message_that_quiet_hours_outlive_is_refused() {
    let tenant = tenant("acme");
    let short = amended(CART, "ttl: 24h", "ttl: 2h\nquiet_hours: {from: '12:00', to: '20:00'}");
    let world = world(&tenant, settings(), &short);
    assert_eq!(refused(&world, &tenant, customer("u1").of(&tenant)).await, ["expired"]);
}

#[tokio::test]
async fn a_cap_counts_messages_not_attempts() {
    let tenant = tenant("acme");
    let within = Span::try_from("24h".to_owned()).unwrap();
    let (purpose, channel) = (Purpose::Marketing, Some("email".to_owned()));
    let caps = vec![Cap { limit: 3, within, purpose, channel }];
    let settings = Settings { caps, ..settings() };
    let keyed = amended(CART, "ttl: 24h", "ttl: 24h\nkey: event.data.cart");
    let world = world(&tenant, settings, &keyed);
    let cart = |n: i64| {
        let data = json!({"value": 80, "cart": format!("cart{n}")});
        event("cart_updated", "u1", &n.to_string()).data(data).sec(n).of(&tenant)
    };
    let mut batch: Vec<_> = (0..10).map(cart).collect();
    batch.push(customer("u1").of(&tenant));
    world.run(&batch).await;
    assert_eq!(world.sent().len(), 3);
    assert_eq!(world.messages_in(State::Suppressed), 7);
    // The same workflow again: no place is taken twice, nothing is sent again.
    let emissions = world.stores().emissions.clone();
    for detected in emissions {
        world.workflow(detected).await.unwrap();
    }
    world.work().await;
    assert_eq!((world.sent().len(), world.messages_in(State::Suppressed)), (3, 7));
    assert_eq!(world.stores().tally.total(Metric::MessagesSuppressed), 7);
}

#[tokio::test]
async fn what_a_provider_refuses_is_recorded() {
    let tenant = tenant("acme");
    for (answer, state) in [
        (SendError::Refused("no such mailbox".to_owned()), State::Failed),
        (SendError::Unknown("the connection broke".to_owned()), State::Unknown),
        (SendError::throttled("slow down"), State::Sent),
    ] {
        let world = world(&tenant, settings(), &as_is());
        world.stores().answers.push_back(answer);
        world.run(&[customer("u1").of(&tenant), cart_of(&tenant, "u1", "k")]).await;
        assert_eq!(world.messages_in(state), 1);
        assert_eq!(world.sent().len(), usize::from(state == State::Sent));
    }
}

/// An operational alert goes to the team: no consent of a subject, no suppression, no cap.
#[tokio::test]
async fn an_alert_needs_nobodys_consent() {
    let tenant = tenant("acme");
    let document = amended("suspicious-activity", "ttl: 24h", "ttl: 24h");
    let world = world(&tenant, settings(), &document);
    let no = event("profile_updated", "10.0.0.1", "p");
    let mut batch = vec![no.data(json!({"consents": {"email": false}})).of(&tenant)];
    let login = |n: i64| event("login_failed", "10.0.0.1", &n.to_string()).sec(n).of(&tenant);
    batch.extend((0..6).map(login));
    world.run(&batch).await;
    let alert = &world.sent()[0];
    assert_eq!(alert.to, "security@shop.example.com");
    let line = alert.content.subject.as_deref();
    assert_eq!(line, Some("Suspicious activity: 6 failed logins from 10.0.0.1"));
    assert_eq!(world.state(&tenant, &subject("10.0.0.1")).series.events().len(), 2);
}
