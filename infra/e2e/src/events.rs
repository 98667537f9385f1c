//! CloudEvents as a sender writes them.

use crate::time;
use serde_json::{Value, json};

/// An event at `at` seconds since 1970.
#[must_use]
pub fn event(kind: &str, subject: &str, id: &str, at: i64, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/e2e", "type": kind, "subject": subject,
           "time": time::rfc3339(at), "data": data})
}

/// A customer's profile.
#[must_use]
pub fn customer(subject: &str, at: i64, data: &Value) -> Value {
    event("profile_updated", subject, &format!("profile-{subject}"), at, data)
}

/// `n` failed logins from a source, one every 10 seconds, the last at `last`.
#[must_use]
pub fn failed_logins(source: &str, n: i64, last: i64) -> Vec<Value> {
    let one = |k: i64| {
        let id = format!("login-{source}-{k}");
        event("login_failed", source, &id, last - (n - 1 - k) * 10, &json!({"user": "root"}))
    };
    (0..n).map(one).collect()
}

/// `n` crashes of a customer's app, one a minute, the last at `last`.
#[must_use]
pub fn crashes(subject: &str, n: i64, last: i64) -> Vec<Value> {
    let one = |k: i64| {
        let id = format!("crash-{subject}-{k}");
        event("app_crashed", subject, &id, last - (n - 1 - k) * 60, &json!({"version": "4.2.0"}))
    };
    (0..n).map(one).collect()
}

/// The same events in another order, the same in every run.
#[must_use]
pub fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        // Knuth's MMIX constants.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let any = usize::try_from(state >> 33).unwrap() % (last + 1);
        items.swap(last, any);
    }
    items
}
