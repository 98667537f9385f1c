//! Abandoned carts: an email after an hour without an order, and only then.

use ceap_e2e::events::customer;
use ceap_e2e::{Message, Tenant, event, grace, stack, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

fn shopper(name: &str, now: i64) -> Value {
    let email = format!("{name}@shoppers.example.com");
    customer(name, now - 20 * HOUR, &json!({"email": email, "consents": {"email": true}}))
}

fn cart(of: &str, n: u32, at: i64, value: f64) -> Value {
    event("cart_updated", of, &format!("cart-{of}-{n}"), at, &json!({"value": value}))
}

fn order(of: &str, at: i64) -> Value {
    event("order_completed", of, &format!("order-{of}"), at, &json!({"value": 80}))
}

/// How many emails each shopper got.
fn emails(messages: &[Message]) -> BTreeMap<String, usize> {
    let mut emails = BTreeMap::new();
    for message in messages {
        assert_eq!(message.channel, "email", "{message:?}");
        let name = message.to.strip_suffix("@shoppers.example.com").unwrap();
        *emails.entry(name.to_owned()).or_default() += 1;
    }
    emails
}

#[test]
fn an_hour_without_an_order_brings_one_email() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("carts");
    let now = time::now();
    let mailed = ["alone", "two-carts", "ordered-late", "ordered-before", "just-above", "just-now"];
    let spared = ["ordered", "ordered-elsewhere-late", "at-the-limit", "orders-in-time"];
    let mut events: Vec<Value> =
        mailed.iter().chain(&spared).map(|name| shopper(name, now)).collect();
    events.extend([
        cart("alone", 1, now - 30 * MINUTE, 80.0),
        cart("just-now", 1, now, 51.0),
        // One candidate per customer and day, so one email.
        cart("two-carts", 1, now - 40 * MINUTE, 60.0),
        cart("two-carts", 2, now - 35 * MINUTE, 90.0),
        cart("ordered", 1, now - 50 * MINUTE, 80.0),
        order("ordered", now - 30 * MINUTE),
        // The hour was over when the order came.
        cart("ordered-late", 1, now - 3 * HOUR, 80.0),
        order("ordered-late", now - 3 * HOUR + 61 * MINUTE),
        // An order before the cart is of another cart.
        order("ordered-before", now - 50 * MINUTE),
        cart("ordered-before", 1, now - 30 * MINUTE, 80.0),
        // "Over 50".
        cart("at-the-limit", 1, now - 30 * MINUTE, 50.0),
        cart("just-above", 1, now - 30 * MINUTE, 50.01),
        cart("ordered-elsewhere-late", 1, now - 2 * HOUR, 70.0),
        cart("orders-in-time", 1, now - MINUTE, 120.0),
    ]);
    tenant.send(&events);
    // Both orders arrive during the delay: one is made just now, one was made long ago, within the
    // hour after its cart.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let late = [
        order("orders-in-time", time::now()),
        order("ordered-elsewhere-late", now - 2 * HOUR + 59 * MINUTE),
    ];
    tenant.send(&late);

    let messages = tenant.wait_for_messages(mailed.len());
    let expected: BTreeMap<String, usize> = mailed.iter().map(|n| ((*n).to_owned(), 1)).collect();
    assert_eq!(emails(&messages), expected);
    for message in &messages {
        let all = format!("{} {}", message.title, message.text);
        assert!(all.contains("10%"), "the discount: {message:?}");
    }
    let alone = messages.iter().find(|message| message.to.starts_with("alone@")).unwrap();
    assert!(alone.text.contains("80"), "what the cart is worth: {alone:?}");

    // The same run once more; when a later cart has brought its email, all of it is through.
    tenant.send(&events);
    tenant.send(&late);
    tenant.send(&[shopper("sentinel", now), cart("sentinel", 1, time::now(), 99.0)]);
    let messages = tenant.wait_for_messages(mailed.len() + 1);
    grace();
    let mut expected = expected;
    expected.insert("sentinel".to_owned(), 1);
    assert_eq!(emails(&messages), expected);
    assert_eq!(tenant.messages().len(), mailed.len() + 1);
    assert_eq!(tenant.count("two-carts", "cart_updated"), 2);
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
}
