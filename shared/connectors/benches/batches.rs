//! What a batch of 100 calls, or events, costs to decode, and to take: `cargo bench -p ceap-connectors`.
#![allow(missing_docs, clippy::unwrap_used)]

use ceap_connectors::cloudevents::CloudEvents;
use ceap_connectors::{Connector, Payload, segment};
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::{Decoded, EventStream, Origin, accept};
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Fault, FixedClock, TenantId, Timestamp};
use divan::{Bencher, black_box};
use serde_json::json;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn main() {
    divan::main();
}

/// Calls as a browser sends them: about 1 KB each, one in ten an `identify`.
fn batch(calls: usize) -> Vec<u8> {
    let call = |n: usize| {
        let context = json!({
            "library": {"name": "analytics.js", "version": "npm:next-1.81.1"},
            "page": {"path": "/kettles", "referrer": "https://news.example.com/", "search": "?utm_source=news",
                     "title": "Kettles", "url": "https://shop.example.com/kettles?utm_source=news"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "locale": "de-CH", "timezone": "Europe/Zurich", "campaign": {"source": "news"},
        });
        json!({
            "type": if n.is_multiple_of(10) { "identify" } else { "track" },
            "messageId": format!("ajs-next-1795264489100-{n:08}"), "userId": format!("customer-{n}"),
            "anonymousId": "b1b2f6c1-7f0b-4e0e-9a40-6b4f2f3b7c11", "event": "Product Added",
            "timestamp": "2026-11-21T12:34:49.100Z", "integrations": {"All": true}, "context": context,
            "traits": {"email": "ada@example.net", "plan": "pro", "logins": n},
            "properties": {"sku": "kettle", "price": 49.9, "quantity": n, "category": "kitchen",
                           "name": "Kettle", "brand": "Acme", "position": 3, "currency": "CHF"},
        })
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    json!({"batch": calls, "sentAt": "2026-11-21T12:34:50Z", "writeKey": "wk"}).to_string().into()
}

#[divan::bench]
fn a_hundred_calls(bencher: Bencher<'_, '_>) {
    let body = batch(100);
    let arrived: Timestamp = "2026-11-21T12:34:50Z".parse().unwrap();
    let content_type = "application/json";
    bencher.bench(|| {
        let body = black_box(&body);
        let payload = Payload { content_type, headers: &[], body, source: "shop", arrived };
        segment::decode(&payload, None).unwrap().len()
    });
}

/// Writes records as the stream's adapter does, and sends them nowhere.
struct Nowhere;

impl EventStream for Nowhere {
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault> {
        for event in events {
            black_box(serde_json::to_vec(event).unwrap());
            black_box(ceap_kernel::digest(&[event.tenant.as_str(), event.event.subject.as_str()]));
        }
        Ok(())
    }
}

impl Quarantine for Nowhere {
    async fn keep(&self, _: &[Rejected]) -> Result<(), Fault> {
        Ok(())
    }
}

/// All that a request costs, but for the network.
fn taken(decoded: Vec<Decoded>, tenant: &TenantId, clock: &FixedClock) -> usize {
    let taken = pin!(accept(Origin::of("bench", tenant), decoded, &Nowhere, &Nowhere, clock));
    let Poll::Ready(taken) = taken.poll(&mut Context::from_waker(Waker::noop())) else { return 0 };
    taken.unwrap().0.accepted
}

/// `ingest-tracking`: under 3 ms.
#[divan::bench]
fn a_hundred_calls_taken(bencher: Bencher<'_, '_>) {
    let body = batch(100);
    let arrived: Timestamp = "2026-11-21T12:34:50Z".parse().unwrap();
    let (tenant, clock) = (TenantId::new("acme").unwrap(), FixedClock(arrived));
    bencher.bench(|| {
        let body = black_box(&body);
        let payload = Payload { content_type: "", headers: &[], body, source: "shop", arrived };
        taken(segment::decode(&payload, None).unwrap(), &tenant, &clock)
    });
}

/// `ingest-http`: events of about 1 KB each, under 3 ms.
#[divan::bench]
fn a_hundred_events_taken(bencher: Bencher<'_, '_>) {
    let event = |n: usize| {
        json!({
            "specversion": "1.0", "id": format!("01JD7ZK4Y8-{n:08}"), "source": "/shop", "type": "product_added",
            "subject": format!("customer-{n}"), "time": "2026-11-21T12:34:49.100Z",
            "data": {"sku": "kettle", "price": 49.9, "quantity": n, "note": "x".repeat(700)},
        })
    };
    let body = json!((0..100).map(event).collect::<Vec<_>>()).to_string().into_bytes();
    let arrived: Timestamp = "2026-11-21T12:34:50Z".parse().unwrap();
    let (tenant, clock) = (TenantId::new("acme").unwrap(), FixedClock(arrived));
    let content_type = "application/cloudevents-batch+json";
    bencher.bench(|| {
        let body = black_box(&body);
        let payload = Payload { content_type, headers: &[], body, source: "shop", arrived };
        taken(CloudEvents.decode(&payload).unwrap(), &tenant, &clock)
    });
}
