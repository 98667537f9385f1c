//! No order of arrival, no split into batches, no repeat and no rival batch changes any answer.

use crate::reference::{self, Outcome};
use ceap_engagement::event::{Arrived, Event};
use ceap_kernel::TenantId;
use ceap_testkit::World;
use ceap_testkit::builders::{
    after_noon, at, catalogue_documents, event, noon, plan, subject, tenant,
};
use futures::future::join_all;
use proptest::prelude::*;
use serde_json::json;

const DAY: i64 = 86_400;

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

fn world(tenant: &TenantId) -> World {
    World::new(noon()).with(tenant, plan(&catalogue_documents()))
}

/// What the world holds of `events`.
fn outcome(world: &World, tenant: &TenantId, events: &[Event]) -> Outcome {
    let mut subjects: Vec<_> = events.iter().map(|event| event.subject.clone()).collect();
    subjects.sort();
    subjects.dedup();
    let state = |it: &_| world.state(tenant, it);
    Outcome {
        signals: world.signal_ids(),
        counters: subjects
            .iter()
            .map(|it| (it.clone(), state(it).series.events().clone()))
            .collect(),
        profiles: subjects.iter().map(|it| (it.clone(), state(it).profile.facts())).collect(),
    }
}

/// An event of one of the kinds that documents name, at a whole second of `span`. Each has a second
/// of its own only by chance, except updates of profiles: see [`ties`].
fn any_event(subjects: usize, span: i64) -> impl Strategy<Value = (usize, usize, i64, i64)> {
    (0..subjects, 0..12_usize, 0..span, 0..100_i64)
}

fn events(raw: Vec<(usize, usize, i64, i64)>) -> Vec<Event> {
    raw.into_iter()
        .enumerate()
        .map(|(n, (who, what, second, value))| {
            let (who, id) = (format!("u{who}"), format!("e{n}"));
            let fact = match what {
                0..5 => event("login_failed", &who, &id),
                5..8 => event("app_crashed", &who, &id),
                8..10 => event("cart_updated", &who, &id).data(json!({"value": value})),
                10 => event("order_completed", &who, &id),
                _ => event("profile_updated", &who, &id).data(match value % 3 {
                    0 => json!({"email": format!("{id}@b.ch"), "plan": value}),
                    1 => json!({"phone": format!("+4179{value:07}"), "plan": value}),
                    _ => json!({"email": format!("{id}@b.ch")}),
                }),
            };
            // Milliseconds of its own: two updates of one instant are a matter of `ties`.
            let own = i64::try_from(n).unwrap();
            let time = after_noon(second) + ceap_kernel::SignedDuration::from_millis(own);
            fact.time(time).event()
        })
        .collect()
}

/// Dense enough for bursts: within half an hour, an hour, or nearly a day.
fn streams(subjects: usize) -> impl Strategy<Value = Vec<Event>> {
    prop_oneof![Just(1_800), Just(3_600), Just(DAY - 60)]
        .prop_flat_map(move |span| prop::collection::vec(any_event(subjects, span), 1..60))
        .prop_map(events)
}

/// Each event one to three times, in any order.
fn arrivals(events: &[Event]) -> impl Strategy<Value = Vec<Event>> + use<> {
    let events = events.to_vec();
    prop::collection::vec(1..4_usize, events.len())
        .prop_map(move |times| {
            let repeated = events.iter().zip(times);
            repeated
                .flat_map(|(event, times)| std::iter::repeat_n(event.clone(), times))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn arrived(tenant: &TenantId, events: &[Event]) -> Vec<Arrived> {
    let first = at("2026-11-22T12:00:00Z");
    let arrived = |(n, event): (usize, &Event)| {
        let at = first + ceap_kernel::SignedDuration::from_millis(i64::try_from(n).unwrap());
        Arrived { tenant: tenant.clone(), at, event: event.clone(), trace: None }
    };
    events.iter().enumerate().map(arrived).collect()
}

fn stream_and_arrivals(subjects: usize) -> impl Strategy<Value = Vec<Event>> {
    streams(subjects).prop_flat_map(|events| arrivals(&events))
}

/// Cuts at these places.
fn batches<'a>(all: &'a [Arrived], cuts: &[prop::sample::Index]) -> Vec<&'a [Arrived]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).collect();
    places.extend([0, all.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &all[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_one_subject(
        events in stream_and_arrivals(1),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        in_batches(&events, &cuts)?;
    }

    #[test]
    fn of_several_subjects(
        events in stream_and_arrivals(4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        in_batches(&events, &cuts)?;
    }

    #[test]
    fn among_rival_batches(
        events in stream_and_arrivals(2),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        seed in any::<u64>(),
    ) {
        let tenant = tenant("acme");
        let world = world(&tenant).interleaved(seed);
        let all = arrived(&tenant, &events);
        block_on(join_all(batches(&all, &cuts).into_iter().map(|batch| world.ingest(batch))));
        prop_assert_eq!(outcome(&world, &tenant, &events), reference::outcome(&tenant, &events));
    }

    /// Over many days, as long as no event is later than 24 hours after its subject's newest.
    #[test]
    fn over_many_days(
        raw in prop::collection::vec((any_event(1, 4 * DAY), 0..DAY), 1..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let (raw, late): (Vec<_>, Vec<i64>) = raw.into_iter().unzip();
        let mut by_arrival: Vec<_> = events(raw).into_iter().zip(late).collect();
        by_arrival.sort_by_key(|(event, late)| event.time.as_second() + late);
        let events: Vec<Event> = by_arrival.into_iter().map(|(event, _)| event).collect();
        in_batches(&events, &cuts)?;
    }
}

fn in_batches(events: &[Event], cuts: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let all = arrived(&tenant, events);
    for batch in batches(&all, cuts) {
        block_on(world.ingest(batch));
    }
    prop_assert_eq!(outcome(&world, &tenant, events), reference::outcome(&tenant, events));
    let emitted: usize = world.stores().emissions.iter().map(|it| it.signals.len()).sum();
    prop_assert_eq!(emitted, world.signal_ids().len(), "undisturbed, each is emitted once");
    let distinct = reference::outcome(&tenant, events)
        .counters
        .values()
        .flat_map(|kinds| kinds.values().map(|seen| seen.count))
        .sum::<u64>();
    let tally = world.stores().tally.clone();
    let total = |metric| tally.total(metric);
    prop_assert_eq!(total(ceap_kernel::Metric::EventsIngested), distinct);
    let repeats = u64::try_from(events.len()).unwrap() - distinct;
    prop_assert_eq!(total(ceap_kernel::Metric::EventsDuplicate), repeats);
    Ok(())
}

/// Two updates of one instant: either may win, but the same one in every order.
#[test]
fn ties() {
    let tenant = tenant("acme");
    let update = |id: &str, data| event("profile_updated", "u1", id).data(data).of(&tenant);
    let pairs = [
        (json!({"email": "a@b.ch"}), json!({"email": "c@d.ch"})),
        (json!({"email": "a@b.ch"}), json!({"email": null})),
        (json!({"plan": "free"}), json!({"plan": 5})),
        (json!({"consents": {"email": true}}), json!({"consents": {"email": false}})),
        (json!({"consents": {"email": true}}), json!({"consents": {"email": null}})),
    ];
    for (one, other) in pairs {
        let both = [update("1", one), update("2", other)];
        let profile = |order: [usize; 2]| {
            let world = world(&tenant);
            for place in order {
                block_on(world.ingest(&both[place..=place]));
            }
            world.state(&tenant, &subject("u1")).profile
        };
        assert_eq!(profile([0, 1]), profile([1, 0]), "{both:?}");
    }
}

/// A batch that holds days judges its first events with all that belongs to them.
#[test]
fn a_batch_of_days() {
    let tenant = tenant("acme");
    let world = world(&tenant);
    let crash = |n: i64| event("app_crashed", "u1", &n.to_string()).sec(n * 3_600).of(&tenant);
    let mut batch: Vec<Arrived> = (0..5).map(crash).collect();
    batch.push(event("app_crashed", "u1", "later").sec(9 * DAY).of(&tenant));
    block_on(world.ingest(&batch));
    let stores = world.stores();
    let signals = stores.emissions.iter().flat_map(|it| &it.signals);
    let counts: Vec<_> = signals.map(|it| it.features["crashes"].clone()).collect();
    assert_eq!(counts, [4, 5]);
}
