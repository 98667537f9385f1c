//! A feature item stays below 100 KB, whatever happens to its subject.

use super::{arrived, paid, values};
use crate::order::block_on;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::series::MAX_ITEM_BYTES;
use ceap_kernel::hash64;
use ceap_testkit::World;
use ceap_testkit::builders::{event, noon, plan, subject, tenant};
use serde_json::{Map, Value, json};

/// Use cases over types of their own, each with features that keep much.
fn documents(count: usize) -> Vec<String> {
    let document = |n: usize| {
        let kind = format!("type_{n}");
        let feature = |op: &str, of: &str, within: &str| json!({"op": op, "event": kind, "of": of, "within": within});
        json!({"id": format!("case-{n}"), "version": 1, "name": "Case", "purpose": "operational",
               "trigger": {"event": kind, "when": "features.texts > 0 && event.data.note != ''"},
               "features": {
                    "texts": feature("distinct", "text", "400d"),
                    "last": feature("last", "text", "7d"),
                    "first": feature("first", "text", "lifetime"),
                    "first_of_month": feature("first", "text", "30d"),
                    "spread": feature("stddev", "v", "30d"),
                    "sum": feature("sum", "v", "1h"),
                    "count": {"op": "count", "event": kind, "within": "lifetime"},
                    "newest": {"op": "since", "event": kind, "within": "10m"}},
               "score": {"kind": "expression"}, "ttl": "1h",
               "action": {"channel": "sms", "text": "{{ event.data.note }}"}})
        .to_string()
    };
    (0..count).map(document).collect()
}

/// Nothing in it repeats.
fn text(n: usize, bytes: usize) -> String {
    let mut luck = hash64(&[&n.to_string()]) | 1;
    let mut letter = || {
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from((luck >> 40) % 26).unwrap())
    };
    (0..bytes).map(|_| letter()).collect()
}

#[test]
fn of_many_types_with_long_texts() {
    let tenant = tenant("acme");
    let documents = documents(12);
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    let world = World::new(noon()).with(&tenant, plan(&texts));
    let event = |n: usize| {
        let data = json!({"text": text(n, 240), "note": text(n, 2_000),
                          "v": hash64(&[&n.to_string()]) as f64 / 1e7});
        let kind = format!("type_{}", n % 12);
        let seconds = i64::try_from(n).unwrap() * 61;
        event(&kind, "u1", &n.to_string()).sec(seconds).data(data).of(&tenant)
    };
    let events: Vec<Arrived> = (0..3_000).map(event).collect();
    for batch in events.chunks(500) {
        block_on(world.ingest(batch));
        let stores = world.stores();
        let (_, written) = stores.series.values().next().unwrap();
        assert!(written.len() <= MAX_ITEM_BYTES, "{} bytes", written.len());
    }
    let series = world.state(&tenant, &subject("u1")).series;
    let plan = plan(&texts);
    for n in 0..12 {
        let found = values(&plan, &format!("case-{n}"), &series, series.newest());
        assert_eq!(found["count"], json!(250));
        assert!(found["last"].is_string() && found["first"].is_string());
        let texts = found["texts"].as_f64().unwrap();
        assert!((125.0..500.0).contains(&texts), "{texts} texts");
    }
}

#[test]
fn of_ten_thousand_events() {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan(&[super::BUSY]));
    let luck = |n: usize, most: u64| i64::try_from(hash64(&[&n.to_string()]) % most).unwrap();
    let event = |n: usize| {
        let time = i64::try_from(n).unwrap() * 9_000 + luck(n, 8_000);
        let event = paid(n, &(time, luck(n, 100_000), n.is_multiple_of(3)));
        // Ever so many types beside it.
        let kind = if n.is_multiple_of(5) {
            format!("{}{n}", "x".repeat(120))
        } else {
            event.kind.clone()
        };
        Event { kind, ..event }
    };
    let events: Vec<Arrived> = (0..10_000).map(|n| arrived(&event(n))).collect();
    for batch in events.chunks(200) {
        block_on(world.ingest(batch));
    }
    let stores = world.stores();
    let (_, written) = stores.series.values().next().unwrap();
    println!("{} bytes", written.len());
    assert!(written.len() <= MAX_ITEM_BYTES, "{} bytes", written.len());
}

/// 1,000 events of each of five types, of which amount and item are kept, are kept one by one.
#[test]
fn a_thousand_events_of_five_types_fit_one_by_one() {
    let tenant = tenant("acme");
    let mut features = Map::new();
    for n in 0..5 {
        let kind = format!("type_{n}");
        let of = |op: &str, of: &str| json!({"op": op, "event": kind, "of": of, "within": "90d"});
        features.insert(format!("sum_{n}"), of("sum", "amount"));
        features.insert(format!("items_{n}"), of("distinct", "item"));
    }
    let document = json!({"id": "five", "version": 1, "name": "Five", "purpose": "operational",
        "trigger": {"event": "asked"}, "features": Value::Object(features),
        "score": {"kind": "expression"}, "ttl": "1h", "action": {"channel": "sms", "text": "x"}})
    .to_string();
    let world = World::new(noon()).with(&tenant, plan(&[&document]));
    let event = |n: usize| {
        let amount = (hash64(&[&n.to_string()]) % 20_000) as f64 / 100.0;
        let data = json!({"amount": amount, "item": format!("item-{}", n % 400)});
        let kind = format!("type_{}", n % 5);
        let seconds = i64::try_from(n).unwrap() * 1_371;
        event(&kind, "u1", &n.to_string()).sec(seconds).data(data).of(&tenant)
    };
    let events: Vec<Arrived> = (0..5_000).map(event).collect();
    for batch in events.chunks(250) {
        block_on(world.ingest(batch));
    }
    let series = world.state(&tenant, &subject("u1")).series;
    let plan = plan(&[&document]);
    let found = plan.use_case(&ceap_testkit::builders::use_case("five")).unwrap();
    for id in found.features.streams().keys() {
        assert_eq!(series.stream(*id).unwrap().rows(), 1_000);
    }
    let bytes = series.encode().unwrap().len();
    println!("{bytes} bytes");
    assert!(bytes <= MAX_ITEM_BYTES, "{bytes} bytes");
}
