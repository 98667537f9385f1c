//! A goal counts once, whatever comes twice, in whatever order, and wherever a process dies.

use ceap_engagement::event::Arrived;
use ceap_engagement::goal::GoalsReached;
use ceap_engagement::pipeline::convert::{Conversion, Exposure, convert};
use ceap_engagement::use_case::UseCase;
use ceap_kernel::{EventKey, MessageId, TenantId};
use ceap_testkit::builders::{after_noon, customer, event, noon, plan, tenant};
use ceap_testkit::{Strike, World};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};

/// `shadow` sends nothing, `live` does; both count purchases.
fn document(id: &str, mode: &str, goal: &str) -> String {
    format!(
        "id: {id}\nversion: 1\nname: Test\npurpose: transactional\nmode: {mode}\n\
         trigger: {{event: cart_left}}\n\
         score: {{kind: expression, base: 1, terms: []}}\nttl: 10m\nkey: event.data.cart\n\
         {goal}\naction: {{channel: email, subject: Hi, text: Hi}}\n"
    )
}

const GOAL: &str = "goal: {event: purchase, when: event.data.amount > 10, of: amount, within: 1h}";

fn world(tenant: &TenantId) -> World {
    let documents = [
        document("live", "live", GOAL),
        document("shadow", "shadow", GOAL),
        document("aimless", "live", ""),
    ];
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    World::new(noon()).with(tenant, plan(&documents))
}

fn left(tenant: &TenantId, cart: &str, sec: i64) -> Arrived {
    event("cart_left", "u1", cart).data(json!({"cart": cart})).sec(sec).of(tenant)
}

fn bought(tenant: &TenantId, id: &str, sec: i64, amount: f64) -> Arrived {
    event("purchase", "u1", id).data(json!({"amount": amount})).sec(sec).of(tenant)
}

/// Works on all goals that were emitted, until each is done.
async fn count_goals(world: &World) {
    loop {
        let Some(reached) = world.stores().goals.pop_front() else { return };
        for attempt in 0.. {
            assert!(attempt < 50, "not done");
            if let Some(Ok(_)) = world.alive(convert(&reached, world)).await {
                break;
            }
        }
    }
}

/// Exposures and what they led to.
fn conversions(world: &World, tenant: &TenantId) -> BTreeMap<(String, i64), Option<Conversion>> {
    let stores = world.stores();
    let all = stores.messages.values().filter_map(|it| Exposure::of(&it.record));
    let place = |it: &Exposure| (it.use_case.to_string(), it.at.duration_since(noon()).as_secs());
    let led = |id: &MessageId| stores.conversions.get(&(tenant.clone(), id.clone())).cloned();
    all.map(|it| (place(&it), led(&it.message))).collect()
}

fn conversion(id: &str, sec: i64, value: f64) -> Option<Conversion> {
    let event = format!("{:016x}", EventKey::of("test", id).0);
    Some(Conversion { at: after_noon(sec), event, value: Some(value) })
}

#[tokio::test]
async fn the_earliest_goal_after_the_decision_and_within_its_time_counts() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    world.run(&[customer("u1").of(&tenant), left(&tenant, "a", 0)]).await;
    world.set_now(after_noon(1000));
    world.run(&[left(&tenant, "b", 1000)]).await;
    world.set_now(after_noon(5000));
    world.run(&[left(&tenant, "c", 5000)]).await;
    let goals = [("g1", 0, 50.0), ("g2", 3601, 30.0), ("g3", 900, 10.0), ("g4", 4600, 20.0)];
    for (id, sec, amount) in goals {
        world.ingest(&[bought(&tenant, id, sec, amount)]).await;
    }
    count_goals(&world).await;
    let found = conversions(&world, &tenant);
    for use_case in ["live", "shadow"] {
        let of = |at: i64| found[&(use_case.to_owned(), at)].clone();
        assert_eq!(of(0), None, "one at its very instant, one a second too late, one too small");
        assert_eq!(of(1000), conversion("g2", 3601, 30.0));
        assert_eq!(of(5000), None, "those came before it");
    }
    assert!(found.iter().filter(|(place, _)| place.0 == "aimless").all(|it| it.1.is_none()));

    // One that is learnt of later, and came before, takes over; one that came after does not.
    world.ingest(&[bought(&tenant, "g5", 1001, 11.0), bought(&tenant, "g6", 4599, 99.0)]).await;
    count_goals(&world).await;
    let found = conversions(&world, &tenant);
    assert_eq!(found[&("live".to_owned(), 0)], conversion("g5", 1001, 11.0));
    assert_eq!(found[&("live".to_owned(), 1000)], conversion("g5", 1001, 11.0));
    let emitted = world.calls("goals.emit");
    world.ingest(&[event("page_viewed", "u1", "p1").of(&tenant)]).await;
    assert_eq!(world.calls("goals.emit"), emitted, "none is owed to other events");
}

#[tokio::test]
async fn what_is_no_goal_costs_nothing() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let small = bought(&tenant, "g1", 10, 9.0);
    world.ingest(&[left(&tenant, "a", 0), event("page_viewed", "u2", "p").of(&tenant)]).await;
    let before = world.total_calls();
    world.ingest(&[small, event("page_viewed", "u1", "p1").of(&tenant)]).await;
    assert_eq!(world.total_calls() - before, 3, "the plan, the subject, its items");
    assert_eq!(world.calls("goals.emit"), 0);
}

#[tokio::test]
async fn an_amount_that_is_no_number_is_refused() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let bad = event("purchase", "u1", "g").data(json!({"amount": "a lot"})).of(&tenant);
    world.ingest(&[bad]).await;
    let stores = world.stores();
    assert_eq!(stores.quarantine.len(), 1);
    assert!(stores.quarantine[0].reason.contains("data.amount"));
}

#[test]
fn a_goal_that_cannot_be_is_refused() {
    for (goal, place) in [
        ("goal: {event: ' ', within: 1h}", "goal.event"),
        ("goal: {event: purchase, of: '', within: 1h}", "goal.of"),
        ("goal: {event: purchase, when: 'features.x > 1', within: 1h}", "goal.when"),
        ("goal: {event: purchase, when: 'event.amount > 1', within: 1h}", "goal.when"),
        ("goal: {event: purchase, when: 'event.data.', within: 1h}", "goal.when"),
        ("goal: {event: purchase}", "goal: missing field `within`"),
        ("goal: {event: purchase, within: 401d}", "goal.within"),
        ("goal: {event: purchase, within: 1h, then: x}", "goal.then: unknown field"),
    ] {
        let fault = UseCase::parse(&document("x", "live", goal)).unwrap_err().to_string();
        assert!(fault.contains(place), "{goal}: {fault}");
    }
}

/// A day of carts and purchases.
fn history(tenant: &TenantId) -> Vec<Arrived> {
    let mut all = vec![customer("u1").of(tenant)];
    all.extend([0, 700, 1500].map(|sec| left(tenant, &format!("c{sec}"), sec)));
    all.extend(
        [(300, 12.0), (900, 40.0), (901, 5.0), (4000, 15.0), (4400, 20.0)]
            .map(|(sec, amount)| bought(tenant, &format!("b{sec}"), sec, amount)),
    );
    all
}

/// The day as it happened: decisions at their own times.
async fn lived(world: &World, tenant: &TenantId) {
    let mut all = history(tenant);
    all.sort_by_key(|arrived| arrived.at);
    for arrived in all {
        world.set_now(world.time().max(arrived.at));
        world.run(std::slice::from_ref(&arrived)).await;
    }
}

#[tokio::test]
async fn killed_at_each_step_a_goal_still_counts_once() {
    let tenant = tenant("acme");
    let (carts, purchases): (Vec<Arrived>, Vec<Arrived>) =
        history(&tenant).into_iter().partition(|it| it.event.kind != "purchase");
    let exposed = async || {
        let world = world(&tenant);
        for cart in &carts {
            world.set_now(cart.at.max(noon()));
            world.run(std::slice::from_ref(cart)).await;
        }
        world
    };
    let clean = exposed().await;
    let before = clean.total_calls();
    clean.ingest(&purchases).await;
    count_goals(&clean).await;
    let (expected, calls) = (conversions(&clean, &tenant), clean.total_calls() - before);
    assert!(expected.values().filter(|it| it.is_some()).count() >= 4, "{expected:?}");
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = exposed().await;
            world.strike(nth, strike);
            world.ingest(&purchases).await;
            count_goals(&world).await;
            assert_eq!(conversions(&world, &tenant), expected, "{:?}", world.struck());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repeat_count_the_same(
        order in Just((0..5_usize).collect::<Vec<_>>()).prop_shuffle(),
        repeats in prop::collection::vec(0..5_usize, 0..5),
        again in prop::collection::vec(0..20_usize, 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tenant = tenant("acme");
            let straight = world(&tenant);
            lived(&straight, &tenant).await;
            count_goals(&straight).await;
            let expected = conversions(&straight, &tenant);

            let world = world(&tenant);
            let (carts, purchases): (Vec<Arrived>, Vec<Arrived>) =
                history(&tenant).into_iter().partition(|it| it.event.kind != "purchase");
            for cart in &carts {
                world.set_now(cart.at.max(noon()));
                world.run(std::slice::from_ref(cart)).await;
            }
            for place in order.into_iter().chain(repeats) {
                world.ingest(std::slice::from_ref(&purchases[place])).await;
            }
            // The queue brings some goals again, in another order.
            let emitted: VecDeque<GoalsReached> = world.stores().goals.clone();
            let more = again.iter().filter_map(|place| emitted.get(*place).cloned());
            world.stores().goals.extend(more.collect::<Vec<_>>());
            count_goals(&world).await;
            assert_eq!(conversions(&world, &tenant), expected);
        });
    }
}
