//! Late events: they change what they must, and never cause a second send. And the cart's hour.

use ceap_engagement::event::Arrived;
use ceap_kernel::{Metric, SignedDuration, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    after_noon, catalogue_documents, customer, event, noon, plan, signal_id, subject, tenant,
};
use serde_json::json;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&catalogue_documents()))
}

/// A failed login at `seconds` after noon.
fn login(tenant: &TenantId, id: &str, seconds: i64) -> Arrived {
    event("login_failed", "10.0.0.1", id).sec(seconds).of(tenant)
}

/// Failed logins at these seconds, in this order of arrival.
fn logins(tenant: &TenantId, label: &str, seconds: &[i64]) -> Vec<Arrived> {
    let login = |(n, second): (usize, &i64)| login(tenant, &format!("{label}{n}"), *second);
    seconds.iter().enumerate().map(login).collect()
}

#[tokio::test]
async fn a_late_event_completes_a_burst() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&logins(&tenant, "a", &[0, 1, 2, 4, 5])).await;
    assert!(world.sent().is_empty());
    world.pass(SignedDuration::from_hours(20));
    world.run(&logins(&tenant, "quiet", &[20 * HOUR])).await;
    world.run(&[login(&tenant, "late", 3)]).await;
    let alert = &world.sent()[0];
    assert!(alert.content.text.starts_with("6 logins"), "{}", alert.content.text);
    // The sixth of the burst is another event than the one that came last.
    let expected = signal_id(&tenant, "suspicious-activity", &subject("10.0.0.1"), "a4");
    assert_eq!(world.signal_ids(), [expected].into());
}

#[tokio::test]
async fn beyond_24_hours_it_is_only_counted() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&logins(&tenant, "a", &[0, 1, 2, 4, 5, 25 * HOUR])).await;
    world.run(&[login(&tenant, "late", 3)]).await;
    assert!(world.signal_ids().is_empty());
    let state = world.state(&tenant, &subject("10.0.0.1"));
    assert_eq!(state.series.events()["login_failed"].count, 7);
}

#[tokio::test]
async fn a_late_event_causes_no_second_alert() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let burst: Vec<i64> = (0..8).map(|n| n * MINUTE).collect();
    world.run(&logins(&tenant, "a", &burst)).await;
    assert_eq!(world.sent().len(), 1);
    for (n, second) in [0, 1, MINUTE, 3 * MINUTE, 20 * MINUTE].into_iter().enumerate() {
        world.pass(SignedDuration::from_hours(1));
        world.run(&[login(&tenant, &format!("late{n}"), second)]).await;
        assert_eq!(world.sent().len(), 1);
    }
}

/// On time, what happens while a source is under alert joins that alert; so it does when it is
/// learnt of only after the alert's 24 hours have passed.
#[tokio::test]
async fn a_late_event_of_the_day_of_an_alert_causes_none_the_day_after() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&logins(&tenant, "morning", &[0, 1, 2, 3, 4, 5])).await;
    assert_eq!(world.sent().len(), 1);
    let evening = [0, 1, 2, 4, 5].map(|n| 20 * HOUR + n);
    world.set_now(after_noon(20 * HOUR + 10));
    world.run(&logins(&tenant, "evening", &evening)).await;
    assert_eq!(world.sent().len(), 1);

    world.set_now(after_noon(25 * HOUR));
    world.run(&[login(&tenant, "late", 20 * HOUR + 3)]).await;
    assert_eq!(world.sent().len(), 1, "a late event caused a second send");

    // What happens after the 24 hours is a new alert.
    let next_day = [0, 1, 2, 3, 4, 5].map(|n| 26 * HOUR + n);
    world.set_now(after_noon(26 * HOUR + 10));
    world.run(&logins(&tenant, "next", &next_day)).await;
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn what_is_learnt_too_late_to_act_on_is_not_acted_on() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.set_now(after_noon(25 * HOUR));
    world.run(&logins(&tenant, "a", &[0, 1, 2, 3, 4, 5])).await;
    assert!(world.sent().is_empty());
    let stores = world.stores();
    assert!(stores.candidates.is_empty());
    assert_eq!(stores.tally.total(Metric::SignalsFiltered), 1);
}

fn cart(tenant: &TenantId, id: &str, seconds: i64, value: f64) -> Arrived {
    let cart = event("cart_updated", "u1", id).data(json!({"value": value}));
    cart.sec(seconds).of(tenant)
}

fn order(tenant: &TenantId, seconds: i64) -> Arrived {
    let id = format!("order{seconds}");
    event("order_completed", "u1", &id).sec(seconds).of(tenant)
}

/// Emails after these events arrived at their own times, and an hour and more went by.
async fn cart_emails(events: &[Arrived]) -> usize {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&[customer("u1").of(&tenant)]).await;
    let mut events = events.to_vec();
    events.sort_by_key(|it| it.at);
    for event in events {
        world.advance(event.at).await;
        world.ingest(&[event]).await;
        world.work().await;
    }
    world.settle_all().await;
    let sent = world.sent();
    assert!(sent.iter().all(|it| it.to == "u1@customers.example.com"));
    sent.len()
}

#[tokio::test]
async fn an_order_within_the_hour_means_no_email() {
    let tenant = tenant("acme");
    let left = cart(&tenant, "k", 0, 80.0);
    assert_eq!(cart_emails(std::slice::from_ref(&left)).await, 1);
    for (seconds, emails) in [(1, 0), (30 * MINUTE, 0), (HOUR, 0), (HOUR + 2, 1), (-MINUTE, 1)] {
        let ordered = order(&tenant, seconds);
        assert_eq!(cart_emails(&[left.clone(), ordered]).await, emails, "{seconds}");
    }
}

#[tokio::test]
async fn a_small_cart_means_no_email() {
    let tenant = tenant("acme");
    for (value, emails) in [(50.0, 0), (50.01, 1), (0.0, 0)] {
        assert_eq!(cart_emails(&[cart(&tenant, "k", 0, value)]).await, emails, "{value}");
    }
}

#[tokio::test]
async fn a_cart_changed_ten_times_means_one_email() {
    let tenant = tenant("acme");
    let carts: Vec<_> = (0..10).map(|n| cart(&tenant, &n.to_string(), n * MINUTE, 80.0)).collect();
    assert_eq!(cart_emails(&carts).await, 1);
}

#[tokio::test]
async fn a_cart_left_after_an_order_means_an_email() {
    let tenant = tenant("acme");
    let events = [
        cart(&tenant, "k1", 0, 80.0),
        order(&tenant, 10 * MINUTE),
        cart(&tenant, "k2", 20 * MINUTE, 60.0),
    ];
    assert_eq!(cart_emails(&events).await, 1);
}

/// The email waits for the hour: not a second earlier, and the hour is that of the event.
#[tokio::test]
async fn the_hour_is_a_real_delay() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.ingest(&[customer("u1").of(&tenant), cart(&tenant, "k", -10 * MINUTE, 80.0)]).await;
    world.advance(after_noon(50 * MINUTE - 1)).await;
    assert!(world.sent().is_empty());
    world.advance(after_noon(50 * MINUTE + 1)).await;
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn an_order_that_arrives_late_but_before_the_judgement_counts() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    // The cart itself arrives five hours late: its hour is over, its judgement is not.
    world.set_now(after_noon(5 * HOUR));
    world.ingest(&[customer("u1").of(&tenant), cart(&tenant, "k", 0, 80.0)]).await;
    world.ingest(&[order(&tenant, 30 * MINUTE)]).await;
    world.settle_all().await;
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn an_order_learnt_of_after_the_email_changes_nothing_any_more() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&[customer("u1").of(&tenant), cart(&tenant, "k", 0, 80.0)]).await;
    assert_eq!(world.sent().len(), 1);
    world.run(&[order(&tenant, 30 * MINUTE)]).await;
    world.run(&[cart(&tenant, "late", 5, 90.0)]).await;
    assert_eq!(world.sent().len(), 1);
}

/// Consent, address and condition are those of the judgement, not of the cart.
#[tokio::test]
async fn it_is_judged_afresh() {
    let tenant = tenant("acme");
    let update = |data| event("profile_updated", "u1", "later").data(data).sec(MINUTE).of(&tenant);
    for (data, to) in [
        (json!({"consents": {"email": false}}), None),
        (json!({"email": null}), None),
        (json!({"email": "new@customers.example.com"}), Some("new@customers.example.com")),
    ] {
        let world = world(&tenant);
        world.ingest(&[customer("u1").of(&tenant), cart(&tenant, "k", 0, 80.0)]).await;
        world.ingest(&[update(data)]).await;
        world.settle_all().await;
        let sent: Vec<_> = world.sent().into_iter().map(|it| it.to).collect();
        assert_eq!(sent.first().map(String::as_str), to);
    }
}
