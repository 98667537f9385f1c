//! Two tenants with the same subjects, events and use cases at once never see each other's.

use ceap_engagement::event::Arrived;
use ceap_engagement::policy::Cap;
use ceap_engagement::suppression::{Entry, Reason};
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_engagement::window::Span;
use ceap_kernel::{Metric, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    catalogue_documents, customer, event, noon, plan_with, settings, subject, tenant,
};
use serde_json::json;

fn recipient(tenant: &TenantId) -> String {
    format!("security@{tenant}.example.com")
}

fn world(tenants: &[&TenantId]) -> World {
    tenants.iter().fold(World::new(noon()), |world, tenant| {
        let settings = Settings { security_recipient: Some(recipient(tenant)), ..settings() };
        world.with(tenant, plan_with(settings, &catalogue_documents()))
    })
}

/// Failed logins that reach the limit only if those of both tenants are counted together.
fn half_a_burst(tenant: &TenantId) -> Vec<Arrived> {
    (0..5).map(|n| event("login_failed", "10.0.0.1", &n.to_string()).sec(n).of(tenant)).collect()
}

fn all(tenant: &TenantId) -> Vec<Arrived> {
    let mut facts = vec![customer("u1")];
    for n in 0..6 {
        facts.push(event("login_failed", "10.0.0.1", &format!("l{n}")).sec(n));
        facts.push(event("app_crashed", "u1", &format!("c{n}")).sec(n));
    }
    facts.push(event("cart_updated", "u1", "k").data(json!({"value": 99})).sec(9));
    facts.iter().map(|fact| fact.of(tenant)).collect()
}

/// One of each in turn.
fn mixed(a: Vec<Arrived>, b: Vec<Arrived>) -> Vec<Arrived> {
    a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect()
}

#[tokio::test]
async fn counts_are_not_added_up() {
    let (a, b) = (tenant("a"), tenant("b"));
    let world = world(&[&a, &b]);
    world.run(&mixed(half_a_burst(&a), half_a_burst(&b))).await;
    assert!(world.sent().is_empty());
    for tenant in [&a, &b] {
        let state = world.state(tenant, &subject("10.0.0.1"));
        assert_eq!(state.series.events()["login_failed"].count, 5);
    }
}

#[tokio::test]
async fn each_gets_what_it_would_get_alone() {
    let (a, b) = (tenant("a"), tenant("b"));
    for seed in [5, 55, 555] {
        let both = world(&[&a, &b]).interleaved(seed);
        let batch = mixed(all(&a), all(&b));
        let (first, second) = batch.split_at(13);
        futures::join!(both.ingest(first), both.ingest(second));
        both.settle_all().await;
        assert_eq!(both.stores().tally.total(Metric::EventsDuplicate), 0);
        for tenant in [&a, &b] {
            let alone = world(&[tenant]);
            alone.run(&all(tenant)).await;
            let of = |world: &World| {
                let mut sent = world.sent();
                sent.retain(|it| it.tenant == *tenant);
                sent.sort_by(|x, y| x.use_case.cmp(&y.use_case));
                let seen = |it: &ceap_testkit::Sent| (it.use_case.clone(), it.to.clone());
                sent.iter().map(seen).collect::<Vec<_>>()
            };
            assert_eq!(of(&both), of(&alone));
            assert_eq!(of(&both).len(), 3);
            for id in ["u1", "10.0.0.1"] {
                let id = subject(id);
                let (mine, expected) = (both.state(tenant, &id), alone.state(tenant, &id));
                assert_eq!(mine.profile, expected.profile);
                assert_eq!(mine.series.events(), expected.series.events());
            }
            let alert = |it: &ceap_testkit::Sent| it.to == recipient(tenant);
            assert_eq!(both.sent().iter().filter(|it| alert(it)).count(), 1);
        }
        let stores = both.stores();
        let one_tenant = |ids: Vec<&TenantId>| ids.windows(2).all(|pair| pair[0] == pair[1]);
        let owners: Vec<_> = stores.messages.keys().map(|(tenant, id)| (id, tenant)).collect();
        for (id, _) in &owners {
            let of = owners.iter().filter(|(other, _)| other == id).map(|(_, t)| *t);
            assert!(one_tenant(of.collect()), "two tenants share a message id");
        }
    }
}

#[tokio::test]
async fn one_of_them_unknown_or_broken_stops_the_other_not() {
    let (a, b) = (tenant("a"), tenant("b"));
    let world = world(&[&a]);
    world.run(&mixed(all(&a), all(&b))).await;
    assert_eq!(world.sent().len(), 3);
    assert!(world.sent().iter().all(|it| it.tenant == a));
    let stores = world.stores();
    assert_eq!(stores.quarantine.len(), all(&b).len());
    assert!(stores.quarantine.iter().all(|it| it.tenant.as_ref() == Some(&b)));
    assert!(stores.quarantine.iter().all(|it| it.code == "not_found"));
}

#[tokio::test]
async fn suppressions_and_caps_are_each_ones_own() {
    let (a, b) = (tenant("a"), tenant("b"));
    let within = Span::try_from("24h".to_owned()).unwrap();
    let cap = Cap { limit: 1, within, purpose: Purpose::Marketing, channel: None };
    let settings = Settings { caps: vec![cap], ..settings() };
    let world = [&a, &b].into_iter().fold(World::new(noon()), |world, tenant| {
        world.with(tenant, plan_with(settings.clone(), &catalogue_documents()))
    });
    let of_a = Entry {
        channel: "email".to_owned(),
        address: "u1@customers.example.com".to_owned(),
        reason: Reason::Unsubscribe,
        at: noon(),
        note: None,
    };
    world.stores().suppressed.push((a.clone(), of_a));
    let cart = |of: &TenantId| {
        let cart = event("cart_updated", "u1", "k").data(json!({"value": 99}));
        [customer("u1").of(of), cart.of(of)]
    };
    world.run(&[cart(&a), cart(&b)].concat()).await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].tenant, b);
}
