//! What conditions cost: bound to a realistic event of 700 bytes and evaluated, and the hostile ones
//! that are taken, on 32 KiB. `cargo bench -p ceap-engagement --bench condition`
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

use ceap_engagement::condition::{Expression, Facts};
use divan::{Bencher, black_box};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// As an order of three lines.
fn event() -> Value {
    json!({"type": "order_completed", "subject": "customer-18342", "time": "2026-11-21T09:30:00Z", "data": {
        "order_id": "O-2026-0031947", "value": 184.5, "currency": "EUR", "items": [
            {"sku": "SHOE-42-BLK", "name": "Running shoe, black", "quantity": 1, "price": 129.0},
            {"sku": "SOCK-42-WHT", "name": "Running socks, white, 3 pairs", "quantity": 2, "price": 18.5},
            {"sku": "LACE-120", "name": "Laces, 120 cm", "quantity": 1, "price": 18.5}],
        "channel": "web", "campaign": "autumn-sale", "coupon": "AUTUMN10", "first_order": false,
        "shipping": {"country": "CH", "city": "Winterthur", "zip": "8400", "express": false},
        "device": {"os": "Android 16", "browser": "Chrome 148", "language": "de-CH", "screen": "1080x2400"},
        "referrer": "https://www.example.com/running/shoes?utm_source=newsletter&utm_campaign=autumn"}})
}

fn features() -> Value {
    json!({"orders": 3, "spend": 512.4, "returns": 0, "last_category": "shoes", "days_since": 41})
}

fn profile() -> Value {
    json!({"locale": "de-CH", "time_zone": "Europe/Zurich", "traits": {
        "first_name": "Ada", "plan": "gold", "country": "CH", "lifetime_value": 1830.25, "age": 37}})
}

const CONDITIONS: &[&str] = &[
    "event.data.value > 50",
    "event.data.value > 50 && event.data.currency == 'EUR' && event.data.items.size() > 2",
    "event.data.value > 50 && event.data.currency == 'EUR' && event.data.shipping.country == 'CH'",
    "features.orders >= 3 && profile.traits.plan == 'gold' && event.data.value > 50",
    "features.spend / features.orders > 100 && event.data.value > features.spend * 0.2",
    "has(event.data.coupon) && !event.data.first_order",
    "event.data.coupon.matches('^[A-Z]+[0-9]{2}$')",
    "event.data.items.exists(i, i.sku.startsWith('SHOE') && i.price > 100)",
];

/// A condition, bound to the facts and evaluated.
#[divan::bench(args = CONDITIONS)]
fn holds(bencher: Bencher<'_, '_>, source: &str) {
    let condition = Expression::compile("when", source).unwrap();
    let (event, features, profile) = (event(), features(), profile());
    let facts = Facts { event: &event, features: &features, profile: &profile, ..Facts::default() };
    assert_eq!(condition.holds(&facts), Ok(true), "{source}");
    bencher.bench_local(|| condition.holds(black_box(&facts)));
}

/// A condition is compiled once for each version of its document.
#[divan::bench(args = CONDITIONS)]
fn compile(source: &str) -> Expression {
    Expression::compile("when", black_box(source)).unwrap()
}

/// What an author with bad intentions may write, and an event of some 30 KB that suits it.
fn hostile(name: &str) -> (String, Value) {
    let text = |unit: &str| unit.repeat(30_000 / unit.len());
    // Without a pattern that an automaton could learn.
    let noise: String = (0..30_000_u64)
        .scan(7_u64, |state, _| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            Some(if *state >> 63 == 0 { 'a' } else { 'b' })
        })
        .collect();
    let numbers = |count: usize| Value::from(vec![7; count]);
    let terms = |count: usize, term: &str, join: &str| vec![term; count].join(join);
    let (source, data) = match name {
        "one large pattern" => {
            ("event.data.t.matches('(?:a|b)*a(?:a|b){1,420}c')".into(), json!({"t": noise}))
        }
        "many small patterns" => {
            let term = "event.data.t.matches('[ab]*a[ab]{1,9}c')";
            (terms(20, term, " || "), json!({"t": noise}))
        }
        "nested stars" => {
            ("event.data.t.matches('((a*)*b*)*c(.*d){9}')".into(), json!({"t": noise}))
        }
        "many searches" => {
            (terms(28, "event.data.t.contains('aaab')", " || "), json!({"t": text("a")}))
        }
        "sums of texts" => {
            (format!("size({}) < 0", terms(40, "event.data.t", " + ")), json!({"t": text("a")}))
        }
        "a large loop" => (
            format!("event.data.n.exists(x, {})", terms(50, "x * 2 == x + 1", " || ")),
            json!({"n": numbers(1_000)}),
        ),
        "a list in a loop" => (
            "event.data.n.exists(x, x + 1 in event.data.m)".into(),
            json!({"n": numbers(1_000), "m": vec![9; 300]}),
        ),
        "a text in a loop" => (
            "event.data.n.exists(x, event.data.t.contains('aaab'))".into(),
            json!({"n": numbers(400), "t": text("a")}),
        ),
        "a pattern in a loop" => (
            "event.data.n.exists(x, event.data.t.matches('[ab]*a[ab]{1,99}c'))".into(),
            json!({"n": numbers(5), "t": noise}),
        ),
        "a copy in a loop" => (
            "size(event.data.n.map(x, event.data.t + event.data.t)) < 0".into(),
            json!({"n": numbers(250), "t": text("a")}),
        ),
        "objects" => (
            "event.data.o.filter(x, size(x) > 0).exists(x, x.a == 2)".into(),
            json!({"o": vec![json!({"a": 1, "b": [1, 2, 3]}); 1_000]}),
        ),
        other => panic!("there is no {other}"),
    };
    (source, json!({"data": data}))
}

const HOSTILE: &[&str] = &[
    "one large pattern",
    "many small patterns",
    "nested stars",
    "many searches",
    "sums of texts",
    "a large loop",
    "a list in a loop",
    "a text in a loop",
    "a pattern in a loop",
    "a copy in a loop",
    "objects",
];

/// What is not refused when it is saved, or before it is evaluated, ends soon.
#[divan::bench(args = HOSTILE, sample_count = 5, sample_size = 1)]
fn worst(bencher: Bencher<'_, '_>, name: &str) {
    let (source, event) = hostile(name);
    let facts = Facts { event: &event, ..Facts::default() };
    let condition = Expression::compile("when", &source).unwrap_or_else(|fault| panic!("{fault}"));
    match condition.holds(&facts) {
        Err(fault) => eprintln!("{name}: refused: {}", fault.to_string().replace(&source, "…")),
        Ok(holds) => eprintln!("{name}: {holds}"),
    }
    bencher.bench_local(|| condition.holds(black_box(&facts)));
}
