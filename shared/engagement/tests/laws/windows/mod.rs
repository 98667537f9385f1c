//! Windows are right: exact up to 1,000 events, within a 64th of the window beyond, whatever the
//! order of arrival, the repeats, the batches and who else writes.

mod naive;
mod size;

use crate::order::block_on;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::feature::{AsOf, Trigger};
use ceap_engagement::series::{Series, place};
use ceap_engagement::use_case::{Plan, UseCase};
use ceap_kernel::{SubjectId, Timestamp};
use ceap_testkit::World;
use ceap_testkit::builders::{after_noon, event, noon, plan, subject, tenant, use_case};
use futures::future::join_all;
use naive::{same, value, window};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const OPS: [&str; 10] =
    ["count", "sum", "min", "max", "mean", "stddev", "first", "last", "distinct", "since"];

/// Lengths of windows, and their milliseconds.
const WINDOWS: [(&str, i64); 6] = [
    ("1m", 60_000),
    ("10m", 600_000),
    ("7h", 25_200_000),
    ("30d", 2_592_000_000),
    ("400d", 34_560_000_000),
    ("lifetime", i64::MAX / 2),
];

/// A document for each window with every op over it, of all events and of those that are `ok`.
fn documents() -> Vec<String> {
    let document = |(within, _): &(&str, i64)| {
        let mut features = Map::new();
        for op in OPS {
            let mut feature = json!({"op": op, "event": "paid", "within": within});
            if op != "count" && op != "since" {
                feature["of"] = json!("v");
            }
            features.insert(op.to_owned(), feature.clone());
            feature["where"] = json!("event.data.ok");
            features.insert(format!("{op}_ok"), feature);
        }
        json!({"id": format!("of-{within}"), "version": 1, "name": "All",
               "purpose": "operational", "trigger": {"event": "asked"}, "features": features,
               "score": {"kind": "expression"}, "ttl": "1h",
               "action": {"channel": "sms", "text": "x"}})
        .to_string()
    };
    WINDOWS.iter().map(document).collect()
}

/// One event: seconds after noon, the value and whether it is ok.
type Row = (i64, i64, bool);

fn paid(n: usize, row: &Row) -> Event {
    let (millis, value, ok) = *row;
    let value = if value % 7 == 0 { json!(value) } else { json!(value as f64 / 100.0) };
    let time = Timestamp::from_millisecond(noon().as_millisecond() + millis).unwrap();
    event("paid", "u1", &n.to_string()).time(time).data(json!({"v": value, "ok": ok})).event()
}

fn arrived(event: &Event) -> Arrived {
    Arrived { tenant: tenant("acme"), at: event.time, event: event.clone(), trace: None }
}

fn values(plan: &Plan, id: &str, series: &Series, at: i64) -> Value {
    let none = Value::Null;
    let (subject, settings) = (subject("u1"), &none);
    let as_of = AsOf { at, subject: &subject, settings, trigger: None };
    plan.use_case(&use_case(id)).unwrap().features.values(series, &as_of)
}

/// The feature item after these batches, taken one after the other, or all at once.
fn series(documents: &[&str], batches: &[Vec<Event>], seed: Option<u64>) -> Series {
    let tenant = tenant("acme");
    let mut world = World::new(noon()).with(&tenant, plan(documents));
    if let Some(seed) = seed {
        world = world.interleaved(seed);
    }
    let batches: Vec<Vec<Arrived>> =
        batches.iter().map(|batch| batch.iter().map(arrived).collect()).collect();
    if seed.is_some() {
        block_on(join_all(batches.iter().map(|batch| world.ingest(batch))));
    } else {
        for batch in &batches {
            block_on(world.ingest(batch));
        }
    }
    world.state(&tenant, &subject("u1")).series
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let time = prop_oneof![
        4 => 0_i64..86_000_000,
        2 => 0_i64..60_000,
        1 => Just(0_i64),
        1 => -3_000_000_000_i64..0,
    ];
    proptest::collection::vec((time, 0_i64..2_000, any::<bool>()), 1..most)
}

/// Batches of an order of arrival, with repeats.
fn batches(events: &[Event], sizes: &[usize]) -> Vec<Vec<Event>> {
    let mut batches = Vec::new();
    let (mut rest, mut sizes) = (events, sizes.iter().cycle());
    while !rest.is_empty() {
        let (batch, left) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        batches.push(batch.to_vec());
        rest = left;
    }
    batches
}

fn compare(series: &Series, plan: &Plan, events: &[Event], at: i64) -> Result<(), TestCaseError> {
    for (within, length) in WINDOWS {
        let features = values(plan, &format!("of-{within}"), series, at);
        let all = window(events, "paid", at - length, at);
        let is_ok = |event: &&Event| event.data["ok"] == json!(true);
        let ok: Vec<&Event> = all.iter().copied().filter(is_ok).collect();
        for op in OPS {
            for (name, events) in [(op.to_owned(), &all), (format!("{op}_ok"), &ok)] {
                let expected = value(op, events, "v", at);
                let found = features.get(&name).unwrap_or(&Value::Null);
                let place = format!("{name} {within} at {at}");
                prop_assert!(same(found, &expected), "{place}: {found}, not {expected}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Every op over every window is what its definition says, and the item is the same, whatever
    /// the order, the repeats and the batches.
    #[test]
    fn are_exact_in_any_order(
        (rows, order) in rows(120).prop_flat_map(|rows| {
            let twice: Vec<usize> = (0..rows.len()).chain((0..rows.len()).step_by(3)).collect();
            (Just(rows), Just(twice).prop_shuffle())
        }),
        sizes in proptest::collection::vec(1_usize..40, 1..5),
        late in 0_i64..86_400_000,
        seed in proptest::option::of(1_u64..1_000_000),
    ) {
        let documents = documents();
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        let plan = plan(&documents);
        let events: Vec<Event> = rows.iter().enumerate().map(|(n, row)| paid(n, row)).collect();
        let shuffled: Vec<Event> = order.iter().map(|n| events[*n].clone()).collect();
        let seed = seed.filter(|_| shuffled.len() < 80);
        let sizes: Vec<usize> = if seed.is_some() { vec![30] } else { sizes };
        let series_of = |events: &[Event], sizes: &[usize], seed| {
            series(&documents, &batches(events, sizes), seed)
        };
        let shuffled = series_of(&shuffled, &sizes, seed);
        let newest = shuffled.newest();
        for at in [newest, newest + 1, newest + 59_999, newest - late] {
            compare(&shuffled, &plan, &events, at)?;
        }
        let mut sorted = events.clone();
        sorted.sort_by_key(|event| event.time);
        let in_order = series_of(&sorted, &[7], None);
        for (within, _) in WINDOWS {
            let of = |series| values(&plan, &format!("of-{within}"), series, newest);
            prop_assert_eq!(of(&shuffled), of(&in_order));
        }
    }
}

const BUSY: &str = r#"{"id": "busy", "version": 1, "name": "Busy", "purpose": "operational",
    "trigger": {"event": "asked"},
    "features": {
        "count": {"op": "count", "event": "paid", "within": "1d"},
        "count_ok": {"op": "count", "event": "paid", "within": "1d", "where": "event.data.ok"},
        "sum": {"op": "sum", "event": "paid", "of": "v", "within": "1d"},
        "min": {"op": "min", "event": "paid", "of": "v", "within": "1d"},
        "max": {"op": "max", "event": "paid", "of": "v", "within": "1d"},
        "mean": {"op": "mean", "event": "paid", "of": "v", "within": "1d"},
        "stddev": {"op": "stddev", "event": "paid", "of": "v", "within": "1d"},
        "first": {"op": "first", "event": "paid", "of": "v", "within": "1d"},
        "last": {"op": "last", "event": "paid", "of": "v", "within": "1d"},
        "distinct": {"op": "distinct", "event": "paid", "of": "v", "within": "1d"},
        "since": {"op": "since", "event": "paid", "within": "1d"},
        "count_ever": {"op": "count", "event": "paid", "within": "lifetime"},
        "sum_ever": {"op": "sum", "event": "paid", "of": "v", "within": "lifetime"},
        "stddev_ever": {"op": "stddev", "event": "paid", "of": "v", "within": "lifetime"},
        "distinct_ever": {"op": "distinct", "event": "paid", "of": "v", "within": "lifetime"}},
    "score": {"kind": "expression"}, "ttl": "1h", "action": {"channel": "sms", "text": "x"}}"#;

const DAY: i64 = 86_400_000;

/// Some thousands of events in two days, out of order by a few hundred places.
fn busy() -> impl Strategy<Value = (Vec<Event>, Vec<usize>)> {
    (2_500_usize..5_000, any::<u64>()).prop_map(|(count, salt)| {
        let luck = |n: usize, label: &str| {
            ceap_kernel::hash64(&[label, &salt.to_string(), &n.to_string()])
        };
        let event = |n: usize| {
            let time = i64::try_from(luck(n, "time") % 172_800_000).unwrap();
            let cents = i64::try_from(luck(n, "value") % 300).unwrap();
            paid(n, &(time, cents, luck(n, "ok") % 5 == 0))
        };
        let mut events: Vec<Event> = (0..count).map(event).collect();
        events.sort_by_key(|event| event.time);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|n| n + usize::try_from(luck(*n, "late") % 600).unwrap());
        (events, order)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    /// Beyond 1,000 events a window begins at most a 64th earlier. A stream's 1,000 are those that
    /// meet its `where`.
    #[test]
    fn are_within_a_64th_beyond_a_thousand((events, order) in busy(), size in 50_usize..700) {
        let plan = plan(&[BUSY]);
        let shuffled: Vec<Event> = order.iter().map(|n| events[*n].clone()).collect();
        let in_order = series(&[BUSY], &batches(&events, &[200]), None);
        let series = series(&[BUSY], &batches(&shuffled, &[size]), None);
        let newest = series.newest();
        for at in [newest, newest + 12_345_678, newest + DAY / 3] {
            let found = values(&plan, "busy", &series, at);
            prop_assert_eq!(&found, &values(&plan, "busy", &in_order, at));
            // The earliest start that is allowed, each event of that 64th, and the exact one.
            let earliest = at - DAY - DAY / 64;
            let starts = window(&events, "paid", earliest, at - DAY);
            let starts: Vec<i64> = std::iter::once(earliest)
                .chain(starts.iter().map(|event| event.time.as_millisecond()))
                .collect();
            let widest = window(&events, "paid", earliest, at);
            for op in OPS {
                let found = &found[op];
                let allowed = starts.iter().any(|start| {
                    let first = widest.partition_point(|it| it.time.as_millisecond() <= *start);
                    same(&value(op, &widest[first..], "v", at), found)
                });
                prop_assert!(allowed, "{op}: {found}");
            }
            let ok: Vec<Event> =
                events.iter().filter(|event| event.data["ok"] == json!(true)).cloned().collect();
            let exact = window(&ok, "paid", at - DAY, at);
            prop_assert!(exact.len() <= 1_000);
            prop_assert_eq!(&found["count_ok"], &json!(exact.len()));
            let all = window(&events, "paid", i64::MIN, at);
            for op in ["count", "sum", "stddev", "distinct"] {
                let (found, expected) = (&found[format!("{op}_ever")], value(op, &all, "v", at));
                prop_assert!(same(found, &expected), "{op} ever: {found}, not {expected}");
            }
        }
    }
}

/// A window of more than 1,000 events says the same of an instant on time and when it is judged again
/// hundreds of events later; so does one of fewer that a thousand have pushed out meanwhile.
#[test]
fn a_busy_window_is_judged_the_same_in_any_order() {
    let of =
        |op: &str, within: &str| json!({"op": op, "event": "paid", "of": "v", "within": within});
    let document = json!({"id": "asks", "version": 1, "name": "Asks", "purpose": "operational",
        "trigger": {"event": "asked", "when": "features.n > 1141 || features.mean < 21.0"},
        "features": {
            "n": {"op": "count", "event": "paid", "within": "6h"},
            "mean": of("mean", "3h"), "sum": of("sum", "6h"), "spread": of("stddev", "12h"),
            "texts": of("distinct", "6h")},
        "score": {"kind": "expression"}, "ttl": "1h", "action": {"channel": "sms", "text": "x"}})
    .to_string();
    let luck = |n: usize, most: u64| {
        i64::try_from(ceap_kernel::hash64(&[&n.to_string(), &most.to_string()]) % most).unwrap()
    };
    let event = |n: usize| {
        let time = i64::try_from(n).unwrap() * 18_000 + luck(n, 17_000);
        let event = paid(n, &(time, luck(n, 300), true));
        let kind = if n.is_multiple_of(20) { "asked".to_owned() } else { event.kind.clone() };
        Event { kind, ..event }
    };
    let events: Vec<Event> = (0..4_000).map(event).collect();
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|n| n + usize::try_from(luck(*n, 700)).unwrap());
    let shuffled: Vec<Event> = order.iter().map(|n| events[*n].clone()).collect();
    let signals = |events: &[Event], size: usize| {
        let tenant = tenant("acme");
        let world = World::new(after_noon(100)).with(&tenant, plan(&[&document]));
        for batch in batches(events, &[size]) {
            block_on(world.ingest(&batch.iter().map(arrived).collect::<Vec<_>>()));
        }
        world.signal_ids()
    };
    let in_order = signals(&events, 100);
    assert!((30..170).contains(&in_order.len()), "{} signals", in_order.len());
    assert_eq!(signals(&events, 4_000), in_order, "one batch");
    // What held before all had arrived was a signal, too.
    let shuffled = signals(&shuffled, 200);
    assert!(shuffled.is_superset(&in_order), "{} of {}", shuffled.len(), in_order.len());
}

fn small(features: &Value, when: &str) -> String {
    json!({"id": "small", "version": 1, "name": "Small", "purpose": "operational",
           "trigger": {"event": "paid", "when": when, "delay": "10m"}, "features": features,
           "score": {"kind": "expression"}, "ttl": "1h", "action": {"channel": "sms", "text": "x"}})
    .to_string()
}

/// What the signals of these events say of the features, in their order.
fn signals(document: &str, events: &[Event]) -> Vec<Value> {
    let tenant = tenant("acme");
    let world = World::new(after_noon(100)).with(&tenant, plan(&[document]));
    block_on(world.ingest(&events.iter().map(arrived).collect::<Vec<_>>()));
    let stores = world.stores();
    stores.emissions.iter().flat_map(|it| &it.signals).map(|it| it.features.clone()).collect()
}

#[test]
fn the_triggering_event_itself_may_not_count() {
    let features = json!({
        "mean": {"op": "mean", "event": "paid", "of": "v", "within": "1h", "exclusive": true},
        "count": {"op": "count", "event": "paid", "within": "1h", "exclusive": true},
        "all": {"op": "count", "event": "paid", "within": "1h"}});
    let events = [paid(1, &(0, 700, true)), paid(2, &(1_000, 1_400, true))];
    // Two of one instant: each counts for the other.
    let third = paid(3, &(1_000, 2_100, true));
    let seen =
        signals(&small(&features, "features.all > 1"), &[events.to_vec(), vec![third]].concat());
    let counts: Vec<_> = seen.iter().map(|it| (it["count"].clone(), it["mean"].clone())).collect();
    let means = [json!(1_400.0), json!(1_050.0)];
    assert_eq!(counts.len(), 2, "{seen:?}");
    for (count, mean) in counts {
        assert_eq!(count, json!(2));
        assert!(means.contains(&mean), "{mean}");
    }
}

#[test]
fn a_where_may_compare_with_the_triggering_event() {
    let features = json!({
        "same": {"op": "count", "event": "paid", "within": "1h",
                 "where": "event.data.v == trigger.data.v"},
        "spent": {"op": "sum", "event": "paid", "of": "v", "within": "1h", "exclusive": true,
                  "where": "event.data.v == trigger.data.v && event.data.ok"},
        "share": {"op": "ratio", "of": "same", "to": "all"},
        "all": {"op": "count", "event": "paid", "within": "1h"},
        "none": {"op": "ratio", "of": "all", "to": "never"},
        "never": {"op": "count", "event": "refunded", "within": "1h"},
        "since": {"op": "since", "event": "paid", "within": "lifetime", "in": "minutes",
                  "where": "event.data.v != trigger.data.v"}});
    let rows = [(0, 700, true), (60_000, 1_400, true), (90_000, 700, false)];
    let events: Vec<Event> = rows.iter().enumerate().map(|(n, row)| paid(n, row)).collect();
    let seen = signals(&small(&features, "features.same > 1"), &events);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(
        seen[0],
        json!({"same": 2, "spent": 700.0, "share": 2.0 / 3.0, "all": 3, "never": 0, "since": 0.5})
    );
}

/// The filter reads delayed features afresh: it knows the triggering event still.
#[test]
fn a_delayed_judgement_knows_what_triggered() {
    let features = json!({
        "others": {"op": "count", "event": "paid", "within": "1h", "exclusive": true},
        "same": {"op": "count", "event": "paid", "within": "1h",
                 "where": "event.data.v == trigger.data.v"}});
    let text = small(&features, "event.data.ok");
    let use_case = UseCase::parse(&text).unwrap();
    let series =
        series(&[&text], &[vec![paid(1, &(0, 700, true)), paid(2, &(60_000, 700, false))]], None);
    let first = paid(1, &(0, 700, true));
    let facts = json!({"type": "paid", "time": noon().to_string(), "data": first.data});
    let none = Value::Null;
    let subject: SubjectId = subject("u1");
    let trigger = Trigger { place: place(first.time.as_millisecond(), first.key()), event: &facts };
    let at = noon().as_millisecond() + 600_000;
    let as_of = AsOf { at, subject: &subject, settings: &none, trigger: Some(trigger) };
    assert_eq!(use_case.features.values(&series, &as_of), json!({"others": 1, "same": 2}));
}

#[test]
fn an_event_that_a_where_cannot_judge_does_not_count() {
    let features = json!({
        "large": {"op": "count", "event": "paid", "within": "1h", "where": "event.data.v > 5"},
        "spent": {"op": "sum", "event": "paid", "of": "v", "within": "1h",
                  "where": "event.data.ok"}});
    let text = small(&features, "features.large > 0");
    let with = |n: usize, data: Value| Event {
        data: data.as_object().unwrap().clone(),
        ..paid(n, &(i64::try_from(n).unwrap(), 700, true))
    };
    let seen = signals(
        &text,
        &[
            with(1, json!({"v": "seven"})),
            with(2, json!({})),
            with(3, json!({"v": "none", "ok": false})),
            with(4, json!({"v": 7, "ok": true})),
        ],
    );
    assert_eq!(seen, [json!({"large": 1, "spent": 7.0})]);
}

/// An event that no document's type concerns is only counted.
#[test]
fn only_the_use_cases_that_name_a_type_are_concerned() {
    let text = small(&json!({"n": {"op": "count", "event": "seen", "within": "1h"}}), "true");
    let plan = plan(&[&text, BUSY]);
    let concerned = |kind: &str| -> Vec<String> {
        plan.concerned(kind).map(|it| it.id().to_string()).collect()
    };
    assert_eq!(concerned("paid"), ["busy", "small"]);
    assert_eq!(concerned("seen"), ["small"]);
    assert_eq!(concerned("asked"), ["busy"]);
    assert!(concerned("other").is_empty());
}

/// A new document's features start from history, and go on from there without counting twice.
#[test]
fn history_is_filled_in_once() {
    let events: Vec<Event> = (0..4_000).map(|n| paid(n, &(n as i64 * 60_000, 100, true))).collect();
    let plan = plan(&[BUSY]);
    let streams = |plan: &Plan| {
        let busy = plan.use_case(&use_case("busy")).unwrap();
        busy.features.streams().keys().copied().collect()
    };
    // The item knows the last 1,500; history all but the last 100, some of it twice.
    let mut series = series(&[BUSY], &batches(&events[2_500..], &[200]), None);
    let before = series.clone();
    let history = [&events[..3_900], &events[1_000..1_500]].concat();
    series.backfill(&plan, &streams(&plan), &history);
    let at = series.newest();
    let found = values(&plan, "busy", &series, at);
    assert_eq!(found["count_ever"], json!(4_000));
    assert_eq!(found["sum_ever"], json!(4_000.0));
    assert_eq!(series.events(), before.events());
    let filled = series.clone();
    series.backfill(&plan, &streams(&plan), &history);
    assert_eq!(series, filled, "once more changes nothing");
}
