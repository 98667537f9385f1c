//! Types that no use case declares are accepted, and counted per type on the profile.

use ceap_e2e::{Tenant, event, stack, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn are_counted_on_the_profile() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("types");
    let now = time::now();
    let names = [
        "page_viewed",
        "com.example.order.shipped.v2",
        "Button Clicked",
        "urn:example:sensor/temperature",
        "x",
        "UPPER-case_1.0",
    ];
    let mut types: Vec<String> = names.map(str::to_owned).into();
    types.extend((0..40).map(|n| format!("generated_{n}")));
    let subjects = ["plain", "with space", "tricky #?+&ü", "a@b.example.com", "tenant#other"];
    let mut events = Vec::new();
    for subject in subjects {
        for (n, kind) in types.iter().enumerate() {
            // The first type once, the second twice, and so on, a minute between; up to seven.
            for k in 0..=(n % 7) {
                let at = now - 3600 + 60 * i64::try_from(k).unwrap();
                events.push(event(kind, subject, &format!("{n}-{k}"), at, &json!({"k": k})));
            }
        }
    }
    tenant.send(&events);
    // A client that tries again.
    tenant.send(&events);
    let total = u64::try_from(events.len() / subjects.len()).unwrap();
    for subject in subjects {
        tenant.wait_for_count(subject, types.last().unwrap(), (45 % 7) + 1);
        let profile = tenant.profile(subject).unwrap();
        assert_eq!(profile["id"], subject);
        let seen: BTreeMap<String, Value> =
            serde_json::from_value(profile["events"].clone()).unwrap();
        let expected: BTreeMap<String, Value> = types
            .iter()
            .enumerate()
            .map(|(n, kind)| {
                let last = now - 3600 + 60 * i64::try_from(n % 7).unwrap();
                let (first, last) = (time::rfc3339(now - 3600), time::rfc3339(last));
                (kind.clone(), json!({"count": n % 7 + 1, "first": first, "last": last}))
            })
            .collect();
        assert_eq!(seen, expected, "{subject}");
        let sum: u64 = seen.values().map(|it| it["count"].as_u64().unwrap()).sum();
        assert_eq!(sum, total);
    }
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
    assert_eq!(tenant.messages(), []);
}
