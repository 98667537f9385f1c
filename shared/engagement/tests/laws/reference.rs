//! What the documents say, written down naively: all events at once, in memory, no order.

use ceap_engagement::event::Event;
use ceap_engagement::profile::Profile;
use ceap_engagement::series::Seen;
use ceap_kernel::{EventKey, SignalId, SubjectId, TenantId};
use ceap_testkit::builders::use_case;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// What a set of events must amount to.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub signals: BTreeSet<SignalId>,
    pub counters: BTreeMap<SubjectId, BTreeMap<String, Seen>>,
    pub profiles: BTreeMap<SubjectId, Value>,
}

/// The outcome of `events`, in which each event may occur several times.
pub fn outcome(tenant: &TenantId, events: &[Event]) -> Outcome {
    let mut distinct: BTreeMap<(SubjectId, EventKey), &Event> = BTreeMap::new();
    for event in events {
        distinct.insert((event.subject.clone(), event.key()), event);
    }
    let events: Vec<&Event> = distinct.into_values().collect();
    Outcome {
        signals: signals(tenant, &events),
        counters: counters(&events),
        profiles: profiles(&events),
    }
}

fn signals(tenant: &TenantId, events: &[&Event]) -> BTreeSet<SignalId> {
    let signal = |name: &str, event: &Event| {
        SignalId::derive(tenant, &use_case(name), &event.subject, "", event.key())
    };
    let mut signals = BTreeSet::new();
    for event in events {
        // "more than 5 login_failed events of one subject in any 10 minutes"
        if event.kind == "login_failed" && within(events, event, 10 * MINUTE) > 5 {
            signals.insert(signal("suspicious-activity", event));
        }
        // "more than 3 app_crashed events in 24 hours"
        if event.kind == "app_crashed" && within(events, event, 24 * HOUR) > 3 {
            signals.insert(signal("predictive-issue-resolution", event));
        }
        // "cart_updated with data.value over 50"
        let value = event.data.get("value").and_then(Value::as_f64);
        if event.kind == "cart_updated" && value.is_some_and(|value| value > 50.0) {
            signals.insert(signal("abandoned-cart", event));
        }
    }
    signals
}

/// Events like `last`, in so many milliseconds up to and with it.
fn within(events: &[&Event], last: &Event, span: i64) -> usize {
    let until = last.time.as_millisecond();
    events
        .iter()
        .filter(|it| it.subject == last.subject && it.kind == last.kind)
        .map(|it| it.time.as_millisecond())
        .filter(|time| *time <= until && *time > until - span)
        .count()
}

fn counters(events: &[&Event]) -> BTreeMap<SubjectId, BTreeMap<String, Seen>> {
    let mut counters: BTreeMap<SubjectId, BTreeMap<String, Seen>> = BTreeMap::new();
    for event in events {
        let (of, time) = (event.subject.clone(), event.time.as_millisecond());
        let kinds = counters.entry(of).or_default();
        let seen = kinds.entry(event.kind.clone()).or_insert(Seen {
            count: 0,
            first: i64::MAX,
            last: i64::MIN,
        });
        seen.count += 1;
        seen.first = seen.first.min(time);
        seen.last = seen.last.max(time);
    }
    counters
}

/// The newest update of each field.
fn profiles(events: &[&Event]) -> BTreeMap<SubjectId, Value> {
    let mut in_order: Vec<&Event> = events.to_vec();
    in_order.sort_by_key(|event| event.time);
    let mut profiles: BTreeMap<SubjectId, Profile> = BTreeMap::new();
    for event in in_order {
        let profile = profiles.entry(event.subject.clone()).or_default();
        if event.kind == "profile_updated" {
            for (field, value) in &event.data {
                let text = || value.as_str().map(str::to_owned);
                match field.as_str() {
                    "email" => profile.email = text(),
                    "phone" => profile.phone = text(),
                    name => drop(profile.traits.insert(name.to_owned(), value.clone())),
                }
            }
        }
    }
    profiles.into_iter().map(|(of, profile)| (of, profile.facts())).collect()
}
