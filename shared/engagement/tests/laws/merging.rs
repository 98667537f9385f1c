//! A subject that turns out to be another is that one from then on, as if it had always been: in whatever
//! order its events arrive, and whatever dies.

use ceap_engagement::event::Arrived;
use ceap_engagement::feature::AsOf;
use ceap_engagement::pipeline::ingest::State;
use ceap_engagement::profile_view;
use ceap_kernel::{SignedDuration, SubjectId, TenantId};
use ceap_testkit::builders::{Fact, customer, event, noon, plan, subject, tenant, use_case};
use ceap_testkit::{Strike, World};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VISITS: &str = r#"
id: visits
version: 1
name: Visits
purpose: operational
trigger: {event: visit, when: features.visits >= 4}
features:
  visits: {op: count, event: visit, within: 2h}
  spent: {op: sum, event: order, of: value, within: lifetime}
  least: {op: min, event: order, of: value, within: 1h}
  last: {op: last, event: order, of: value, within: 1d}
  kinds: {op: distinct, event: order, of: value, within: 3h}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
action: {channel: email, subject: a, text: "{{ features.visits }}"}
"#;

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&[VISITS]))
}

fn merged(from: &str, into: &str, id: &str) -> Fact {
    event("profile_merged", into, id).data(json!({"from": from}))
}

/// What conditions see of `ada` now, how often each type came but for merges, and what is known of her.
fn seen(world: &World, tenant: &TenantId) -> (Value, BTreeMap<String, u64>, Value) {
    let (plan, ada) = (plan(&[VISITS]), subject("ada"));
    let state = world.state(tenant, &ada);
    let (at, settings) = (noon().as_millisecond(), json!({}));
    let as_of = AsOf { at, subject: &ada, settings: &settings, trigger: None };
    let features =
        plan.use_case(&use_case("visits")).unwrap().features.values(&state.series, &as_of);
    let counts = state.series.events().iter().map(|(kind, seen)| (kind.clone(), seen.count));
    let counts = counts.filter(|(kind, _)| kind != "profile_merged").collect();
    (features, counts, state.profile.facts())
}

/// Which events triggered the use case, whomever they were about then.
fn triggers(world: &World) -> BTreeSet<i64> {
    let stores = world.stores();
    let signals = stores.emissions.iter().flat_map(|detected| &detected.signals);
    signals.map(|signal| signal.at.as_millisecond()).collect()
}

#[derive(Debug, Clone)]
struct Happened {
    who: usize,
    kind: usize,
    second: i64,
    value: usize,
}

const LOCALES: [&str; 5] = ["de", "fr", "it", "en", "rm"];

const IDS: [&str; 3] = ["ada", "visitor", "tablet"];

fn happened() -> impl Strategy<Value = Vec<Happened>> {
    let one = (0_usize..3, 0_usize..3, 0_i64..7_200, 0_usize..5);
    let one = one.prop_map(|(who, kind, second, value)| Happened { who, kind, second, value });
    proptest::collection::vec(one, 1..30)
}

/// The facts as they were sent, or as if all had been about Ada.
fn facts(all: &[Happened], tenant: &TenantId, ada_only: bool) -> Vec<Arrived> {
    let fact = |(n, it): (usize, &Happened)| {
        let who = if ada_only { "ada" } else { IDS[it.who] };
        let (id, kind) = (format!("e{n}"), ["visit", "order", "profile_updated"][it.kind]);
        let data = match it.kind {
            2 => {
                json!({"locale": LOCALES[it.value], "n": it.value})
            }
            _ => json!({"value": it.value}),
        };
        // Each at an instant of its own.
        let at = it.second * 1_000 + n as i64 - 7_200_000;
        let at = noon() + SignedDuration::from_millis(at);
        event(kind, who, &id).time(at).data(data).of(tenant)
    };
    all.iter().enumerate().map(fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_is_as_if_it_had_always_been_one(
        (all, order) in happened().prop_flat_map(|all| {
            let order: Vec<usize> = (0..all.len() + 2).collect();
            (Just(all), Just(order).prop_shuffle())
        }),
        size in 1_usize..12,
    ) {
        let tenant = tenant("acme");
        let mut sent = facts(&all, &tenant, false);
        sent.push(merged("visitor", "ada", "m1").sec(0).of(&tenant));
        sent.push(merged("tablet", "visitor", "m2").sec(0).of(&tenant));
        let shuffled: Vec<Arrived> = order.iter().map(|n| sent[*n].clone()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let one = world(&tenant);
            one.ingest(&facts(&all, &tenant, true)).await;
            let two = world(&tenant);
            for batch in shuffled.chunks(size) {
                two.ingest(batch).await;
            }
            // Sources send again.
            two.ingest(&shuffled).await;
            assert_eq!(seen(&two, &tenant), seen(&one, &tenant));
            assert_eq!(triggers(&two), triggers(&one));
            for id in ["visitor", "tablet"] {
                assert_eq!(two.state(&tenant, &subject(id)), State::default());
            }
        });
    }
}

fn day(tenant: &TenantId) -> Vec<Arrived> {
    let mut facts = vec![customer("visitor")];
    for n in 0..4 {
        facts.push(event("visit", "visitor", &format!("v{n}")).sec(n - 60));
    }
    for n in 0..3 {
        facts.push(event("visit", "ada", &format!("a{n}")).sec(n - 40));
    }
    facts.push(merged("visitor", "ada", "m").sec(-20));
    facts.push(event("visit", "visitor", "late").sec(-10));
    facts.iter().map(|fact| fact.of(tenant)).collect()
}

#[tokio::test]
async fn struck_at_any_step_all_is_merged_once() {
    let tenant = tenant("acme");
    let clean = world(&tenant);
    for batch in day(&tenant).chunks(4) {
        clean.run(batch).await;
    }
    let calls = clean.total_calls();
    let expected = (seen(&clean, &tenant), triggers(&clean), clean.signal_ids());
    assert_eq!(expected.0.0["visits"], json!(8));
    assert_eq!(clean.sent().len(), 2, "one for the visitor that she was, one for herself");
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = world(&tenant);
            world.strike(nth, strike);
            for batch in day(&tenant).chunks(4) {
                world.run(batch).await;
            }
            let struck = world.struck();
            let found = (seen(&world, &tenant), triggers(&world), world.signal_ids());
            assert_eq!(found, expected, "{struck:?}");
            assert!(world.sent().len() <= 2, "{struck:?}");
        }
    }
}

#[tokio::test]
async fn an_id_points_to_one_other_and_never_to_another() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let visit = |who: &str, id: &str| event("visit", who, id).sec(-5).of(&tenant);
    let merge = |from: &str, into: &str, id: &str| merged(from, into, id).sec(-5).of(&tenant);
    world.ingest(&[visit("tablet", "1"), visit("ada", "2"), visit("bob", "3")]).await;
    world.ingest(&[merge("tablet", "ada", "m1"), merge("tablet", "bob", "m2")]).await;
    world.ingest(&[visit("tablet", "4"), merge("ada", "tablet", "m3")]).await;
    let count = |id: &str| world.state(&tenant, &subject(id)).series.events()["visit"].count;
    assert_eq!((count("ada"), count("bob")), (3, 1));

    let bad = event("profile_merged", "ada", "m4").sec(-5).data(json!({"from": 7}));
    world.ingest(&[bad.of(&tenant), visit("ada", "5")]).await;
    assert_eq!(count("ada"), 4);
    let stores = world.stores();
    let reasons: Vec<&str> = stores.quarantine.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("data.from"), "{reasons:?}");
}

#[tokio::test]
async fn what_was_under_way_reaches_who_it_is() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let visits =
        (0..4).map(|n| event("visit", "visitor", &format!("v{n}")).sec(n - 60).of(&tenant));
    world.ingest(&visits.collect::<Vec<_>>()).await;
    world
        .ingest(&[customer("ada").of(&tenant), merged("visitor", "ada", "m").sec(-5).of(&tenant)])
        .await;
    world.work().await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    assert!(format!("{sent:?}").contains("ada@"), "{sent:?}");
    let view = async |id: &str| {
        let id: SubjectId = subject(id);
        profile_view::view(&tenant, &id, &world, &world, &world, &world).await.unwrap()
    };
    let (old, new) = (view("visitor").await, view("ada").await);
    assert_eq!((&old.id, &old), (&subject("ada"), &new));
    assert_eq!(new.events["visit"].count, 4);
}
