//! An event about a thing concerns every subject that had to do with it, once, in any order, and
//! whatever dies in between.

use ceap_engagement::event::Arrived;
use ceap_engagement::message::State;
use ceap_kernel::{Metric, TenantId};
use ceap_testkit::builders::{event, noon, plan_with, settings, tenant};
use ceap_testkit::{Strike, World};
use serde_json::json;
use std::collections::BTreeSet;

const RESTOCK: &str = r#"
id: restock
version: 1
name: restock
purpose: operational
trigger:
  event: item_restocked
  fan_out: {events: [item_wishlisted, item_searched], of: item_id, is: event.data.item_id, within: 90d}
features:
  bought: {op: count, event: item_bought, within: 90d}
filter:
  - {when: features.bought == 0, reason: bought_already}
score: {kind: expression, base: 1}
ttl: 1d
key: event.data.item_id
action: {channel: sms, to: "'+15555550123'", text: "{{ event.data.item_id }} is back"}
"#;

fn of(tenant: &TenantId, kind: &str, who: &str, id: &str, item: &str) -> Arrived {
    event(kind, who, id).data(json!({"item_id": item})).of(tenant)
}

fn history(tenant: &TenantId, people: usize) -> Vec<Arrived> {
    let mut events: Vec<Arrived> = (0..people)
        .map(|n| of(tenant, "item_wishlisted", &format!("u{n}"), &format!("w{n}"), "a"))
        .collect();
    events.push(of(tenant, "item_searched", "u1", "s1", "a"));
    events.push(of(tenant, "item_searched", "u-search", "s2", "a"));
    events.push(of(tenant, "item_wishlisted", "u-other", "o", "b"));
    events.push(of(tenant, "item_bought", "u2", "b2", "a"));
    events
}

fn messages(world: &World) -> usize {
    world.sent().len()
}

#[tokio::test]
async fn all_whom_it_concerns_hear_of_it_once() {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan_with(settings(), &[RESTOCK]));
    world.run(&history(&tenant, 2_500)).await;
    assert_eq!(messages(&world), 0);
    let restocked = of(&tenant, "item_restocked", "item:a", "r1", "a");
    world.run(&[restocked.clone(), restocked]).await;
    assert_eq!(messages(&world), 2_500, "all who wished or searched, but who bought");
    let tally = &world.stores().tally;
    let counted = [Metric::SignalsMatched, Metric::CandidatesStored].map(|it| tally.total(it));
    assert_eq!(counted, [2_502, 2_500], "who wished and searched is found twice, and stored once");
}

#[tokio::test]
async fn whatever_dies_in_between() {
    let tenant = tenant("acme");
    for (nth, strike) in (0..40).flat_map(|nth| Strike::ALL.map(|strike| (nth, strike))) {
        let world = World::new(noon()).with(&tenant, plan_with(settings(), &[RESTOCK]));
        world.run(&history(&tenant, 3)).await;
        world.strike(nth, strike);
        world.run(&[of(&tenant, "item_restocked", "item:a", "r1", "a")]).await;
        let unknown = world.messages_in(State::Unknown);
        assert!(unknown <= 1, "{:?}", world.struck());
        let sent: BTreeSet<_> = world.sent().into_iter().map(|it| it.id).collect();
        assert_eq!(sent.len(), messages(&world), "a second message: {:?}", world.struck());
        let delivered = world.messages_in(State::Sent);
        assert_eq!(delivered + unknown, 3, "{:?}", world.struck());
    }
}
