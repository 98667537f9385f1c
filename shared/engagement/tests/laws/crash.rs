//! Killed at any step and run again, the pipeline loses nothing and repeats nothing, but for a
//! message whose sending was not recorded: that one is unknown, and is not sent again.

use ceap_engagement::event::Arrived;
use ceap_engagement::message::State;
use ceap_engagement::series::Seen;
use ceap_kernel::{MessageId, SignalId, SubjectId, TenantId};
use ceap_testkit::builders::{catalogue_documents, customer, event, noon, plan, subject, tenant};
use ceap_testkit::{Strike, World};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const SUBJECTS: [&str; 3] = ["u1", "u2", "10.0.0.1"];

/// One batch with a bit of everything: three use cases, one of them delayed, profiles, a repeat,
/// and an event that belongs in quarantine.
fn batch(tenant: &TenantId) -> Vec<Arrived> {
    let mut facts = vec![customer("u1"), customer("u2")];
    for n in 0..6 {
        facts.push(event("login_failed", "10.0.0.1", &format!("l{n}")).sec(n - 60));
        facts.push(event("app_crashed", "u1", &format!("c{n}")).sec(n - 900));
    }
    let cart = |id: &str, value| event("cart_updated", "u2", id).data(json!({"value": value}));
    facts.push(cart("k1", json!(80)).sec(-30));
    facts.push(cart("k1", json!(80)).sec(-30));
    facts.push(cart("k2", json!("a lot")).sec(-20));
    facts.push(cart("k3", json!(120)).sec(-10));
    facts.iter().map(|fact| fact.of(tenant)).collect()
}

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&catalogue_documents()))
}

/// All that must be the same at the end, however it came about.
#[derive(Debug, PartialEq)]
struct End {
    signals: BTreeSet<SignalId>,
    counters: BTreeMap<SubjectId, BTreeMap<String, Seen>>,
    profiles: Vec<serde_json::Value>,
    quarantined: Vec<String>,
    messages: BTreeSet<MessageId>,
}

fn end(world: &World, tenant: &TenantId) -> End {
    let states = SUBJECTS.map(|id| (subject(id), world.state(tenant, &subject(id))));
    let signals = world.signal_ids();
    let stores = world.stores();
    End {
        signals,
        profiles: states.iter().map(|(_, it)| it.profile.facts()).collect(),
        counters: states.into_iter().map(|(id, it)| (id, it.series.events().clone())).collect(),
        quarantined: stores.quarantine.iter().map(|it| it.reason.clone()).collect(),
        messages: stores.messages.keys().map(|(_, id)| id.clone()).collect(),
    }
}

/// A strike that leaves open whether the message was sent: after its claim, before its record.
fn leaves_open((call, strike): &(&str, Strike)) -> bool {
    use Strike::{DieAfter, DieBefore, FailAfter};
    match *call {
        "outbox.begin" => matches!(strike, FailAfter | DieAfter),
        "provider.send" => true,
        // A failed record is tried again at once; a dead process tries nothing.
        "outbox.finish" => *strike == DieBefore,
        _ => false,
    }
}

fn check(world: &World, tenant: &TenantId, expected: &End) {
    check_after(world, tenant, expected, 0);
}

/// The same after so many processes died where no strike tells of it.
fn check_after(world: &World, tenant: &TenantId, expected: &End, fallen: usize) {
    let struck = world.struck();
    assert_eq!(end(world, tenant), *expected, "{struck:?}");
    let sent: Vec<MessageId> = world.sent().into_iter().map(|it| it.id).collect();
    let distinct: BTreeSet<_> = sent.iter().cloned().collect();
    assert_eq!(sent.len(), distinct.len(), "a second message: {struck:?}");
    let open = fallen + struck.iter().filter(|it| leaves_open(it)).count();
    let unknown = world.messages_in(State::Unknown);
    assert!(unknown <= open, "{unknown} unknown after {struck:?}");
    let delivered = world.messages_in(State::Sent);
    assert_eq!(delivered + unknown, expected.messages.len(), "{struck:?}");
    assert!(sent.len() >= delivered, "{struck:?}");
    let stores = world.stores();
    for message in stores.messages.values() {
        let taken = distinct.contains(&message.record.id);
        match message.record.state {
            State::Sent => assert!(taken, "not sent, but recorded: {struck:?}"),
            State::Unknown => {}
            other => panic!("ends as {other:?}: {struck:?}"),
        }
    }
}

async fn clean(tenant: &TenantId) -> (End, usize) {
    let world = world(tenant);
    world.run(&batch(tenant)).await;
    let end = end(&world, tenant);
    assert_eq!((end.messages.len(), world.sent().len()), (3, 3));
    assert_eq!((end.signals.len(), end.quarantined.len()), (1 + 3 + 2, 1));
    (end, world.total_calls())
}

#[tokio::test]
async fn at_each_step_in_each_way() {
    let tenant = tenant("acme");
    let (expected, calls) = clean(&tenant).await;
    let mut places = BTreeSet::new();
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = world(&tenant);
            world.strike(nth, strike);
            world.run(&batch(&tenant)).await;
            places.extend(world.struck().iter().map(|(call, _)| *call));
            check(&world, &tenant, &expected);
            if strike == Strike::DieBefore && world.struck()[0].0 == "outbox.finish" {
                assert_eq!((world.sent().len(), world.messages_in(State::Unknown)), (3, 1));
            }
            if strike == Strike::DieAfter && world.struck()[0].0 == "outbox.begin" {
                assert_eq!((world.sent().len(), world.messages_in(State::Unknown)), (2, 1));
            }
        }
    }
    // Each port of the pipeline was struck.
    let expected = [
        "candidates.upsert",
        "claims.claim",
        "outbox.begin",
        "outbox.finish",
        "provider.send",
        "quarantine.keep",
        "queues.hand_on",
        "signals.emit",
        "signals.emit_at",
        "subjects.load",
        "subjects.load_features",
        "subjects.load_profiles",
        "subjects.save_profile",
        "subjects.save_series",
        "suppressions.suppressed",
        "use_cases.plan",
    ];
    assert_eq!(places.into_iter().collect::<Vec<_>>(), expected);
}

/// A process dies wherever it waits: each `await` that suspends it is one place.
#[tokio::test]
async fn at_each_await() {
    let tenant = tenant("acme");
    let (expected, calls) = clean(&tenant).await;
    let mut waits = 0;
    loop {
        let world = world(&tenant).interleaved(65_537);
        world.fall_after(waits);
        world.run(&batch(&tenant)).await;
        if world.still_falls() {
            break;
        }
        check_after(&world, &tenant, &expected, 1);
        waits += 1;
    }
    assert!(waits > calls, "{waits} places, though {calls} calls were made");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn again_and_again(
        strikes in prop::collection::vec((0..60_usize, 0..4_usize), 1..12),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tenant = tenant("acme");
            let (expected, _) = clean(&tenant).await;
            let world = world(&tenant).interleaved(seed);
            for (nth, how) in strikes {
                world.strike(nth, Strike::ALL[how]);
            }
            world.run(&batch(&tenant)).await;
            check(&world, &tenant, &expected);
        });
    }
}

/// Two of everything at once: each batch, each emission and each queue message is worked on by
/// two processes that compete.
#[tokio::test]
async fn everything_twice_at_once() {
    let tenant = tenant("acme");
    let (expected, _) = clean(&tenant).await;
    for seed in 1..40 {
        let world = world(&tenant).interleaved(seed * 65_537);
        let all = batch(&tenant);
        futures::join!(world.ingest(&all), world.ingest(&all));
        loop {
            let next = world.stores().scheduled.pop_first();
            let Some((wake, waiting)) = next else { break };
            world.set_now(wake);
            world.stores().bus.extend(waiting);
        }
        let emitted: Vec<_> = world.stores().bus.drain(..).collect();
        for detected in emitted {
            let (one, other) = (detected.clone(), detected);
            let both = futures::join!(world.workflow(one), world.workflow(other));
            assert_eq!(both, (Ok(()), Ok(())));
        }
        let queued = world.stores().queue.clone();
        world.stores().queue.extend(queued);
        futures::join!(world.work(), world.work());
        assert_eq!(end(&world, &tenant), expected, "seed {seed}");
        assert_eq!(world.sent().len(), 3, "seed {seed}");
    }
}
