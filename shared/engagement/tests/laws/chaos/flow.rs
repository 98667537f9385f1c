//! From the first stage on: events arrive one to three times, in any order, in batches of which stages die, and
//! nothing of them is lost or done twice.

use super::judge::{self, judge};
use super::luck::{Luck, Shown};
use super::pool::Pool;
use super::traffic::Traffic;
use ceap_engagement::event::Arrived;
use ceap_engagement::signal::Signal;
use ceap_kernel::{SignalId, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{event, signal_id, subject, tenant};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What events came to.
struct Ledger {
    seed: u64,
    events: usize,
    arrivals: usize,
    honoured: usize,
    refused: usize,
    signals: usize,
    delivered: judge::Account,
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, events, arrivals, honoured, refused, signals, delivered } = self;
        writeln!(f, "seed {seed}: {events} events arrived {arrivals} times")?;
        let accounted = honoured + refused;
        let (lost, again) = (events.saturating_sub(accounted), accounted.saturating_sub(*events));
        writeln!(
            f,
            "  {honoured} honoured + {refused} refused to quarantine, {lost} lost, {again} counted twice"
        )?;
        writeln!(f, "  {signals} signals, each emitted under one id")?;
        let judge::Account { messages, asks, sent, twice, struck, .. } = delivered;
        writeln!(f, "  {messages} messages: {:?}", delivered.states)?;
        writeln!(f, "  {asks} asks of providers, {sent} sent, {twice} twice")?;
        write!(f, "  {struck} calls failed or died")
    }
}

/// What is to come of events: those that trigger, those that only count, those that are none.
struct Events {
    arriving: Vec<Arrived>,
    triggers: BTreeSet<SignalId>,
    counted: BTreeMap<String, u64>,
    bad: BTreeSet<String>,
}

impl Events {
    /// So many: of ten, seven trigger, two only count, and one is no such event as was agreed on.
    fn new(tenant: &TenantId, traffic: &Traffic, count: usize, luck: &mut Luck) -> Self {
        let (mut arriving, mut triggers) = (Vec::new(), BTreeSet::new());
        let (mut counted, mut bad) = (BTreeMap::<String, u64>::new(), BTreeSet::new());
        let mut signals = traffic.signals().into_iter();
        for n in 0..count {
            let (fact, who) = match n % 10 {
                0 => {
                    let who = format!("u{}", luck.below(traffic.subjects()));
                    bad.insert(format!("bad-{n}"));
                    let fact = event("ordered_by_email", &who, &format!("bad-{n}"));
                    (fact.data(json!({"n": "a lot"})), who)
                }
                1 | 2 => {
                    let who = format!("u{}", luck.below(traffic.subjects()));
                    (event("viewed", &who, &format!("view-{n}")), who)
                }
                _ => {
                    let Signal { use_case, subject: who, event: facts, at, .. } =
                        signals.next().expect("a signal for each trigger");
                    let id = format!("order-{n}");
                    triggers.insert(signal_id(tenant, use_case.as_str(), &who, &id));
                    let fact =
                        event(&super::traffic::trigger(use_case.as_str()), who.as_str(), &id);
                    (fact.data(facts["data"].clone()).time(at), who.to_string())
                }
            };
            if n % 10 != 0 {
                *counted.entry(who).or_default() += 1;
            }
            arriving.extend(vec![fact.of(tenant); luck.times()]);
        }
        luck.shuffle(&mut arriving);
        Self { arriving, triggers, counted, bad }
    }
}

/// Runs so many events from one seed through all stages, and makes up the account.
async fn run(count: usize, seed: u64) -> Ledger {
    let _shown = Shown(seed);
    let tenant = tenant("acme");
    let mut luck = Luck::new(seed ^ 3);
    let traffic = Traffic::new(&tenant, count, seed);
    let world = traffic.world(&tenant, seed).await;
    let events = Events::new(&tenant, &traffic, count, &mut luck);
    let mut pool = Pool::new(&world, seed);
    pool.arrive(&events.arriving);
    pool.empty().await;

    let honoured = every_event_is_honoured_once(&world, &tenant, &events);
    let refused = every_other_is_kept_for_operators(&world, &events);
    assert_eq!(honoured + refused, count, "the totals do not add up");
    every_trigger_is_one_signal(&world, &events);
    let traffic = Traffic::of(&world, &tenant);
    let delivered = judge(&world, &traffic);
    let (arrivals, signals) = (events.arriving.len(), events.triggers.len());
    Ledger { seed, events: count, arrivals, honoured, refused, signals, delivered }
}

/// Counters of a subject are written together with what an event does, so they tell what was honoured.
fn every_event_is_honoured_once(world: &World, tenant: &TenantId, events: &Events) -> usize {
    let mut honoured = 0;
    for (who, expected) in &events.counted {
        let state = world.state(tenant, &subject(who));
        let seen = state.series.events().iter().filter(|(kind, _)| *kind != "profile_updated");
        let counts: u64 = seen.map(|(_, it)| it.count).sum();
        assert_eq!(counts, *expected, "of {who}");
        honoured += usize::try_from(counts).unwrap();
    }
    honoured
}

fn every_other_is_kept_for_operators(world: &World, events: &Events) -> usize {
    let stores = world.stores();
    let kept: Vec<String> =
        stores.quarantine.iter().map(|it| it.payload["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kept.iter().cloned().collect::<BTreeSet<_>>(), events.bad, "{kept:?}");
    kept.len()
}

fn every_trigger_is_one_signal(world: &World, events: &Events) {
    let emitted = world.signal_ids();
    let first: BTreeSet<SignalId> = {
        let stores = world.stores();
        let all = stores.emissions.iter().flat_map(|it| &it.signals);
        // A further channel's turn is a signal of its own.
        all.filter(|it| it.fallback.is_none()).map(|it| it.id.clone()).collect()
    };
    assert_eq!(first, events.triggers);
    assert!(emitted.is_superset(&first));
}

fn of_environment<T: std::str::FromStr>(name: &str, usual: T) -> T {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

/// `CEAP_SEED` and `CEAP_EVENTS` choose another run; its account is printed.
#[tokio::test]
async fn ten_thousand_events_are_each_accounted_for() {
    let seed = of_environment("CEAP_SEED", 20_261_122);
    let ledger = run(of_environment("CEAP_EVENTS", 10_000), seed).await;
    println!("{ledger}");
    assert!(ledger.delivered.struck > ledger.events / 20, "{ledger}");
    assert!(ledger.arrivals > ledger.events * 3 / 2, "{ledger}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_from_whatever_seed(seed in any::<u64>(), events in 10_usize..300) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(events, seed));
    }
}
