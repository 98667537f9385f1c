//! Ports that only take: the suite is given a function that looks at what was taken.

use crate::builders::{event, fresh_tenant, noon};
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Fault, TenantId};
use serde_json::{Value, json};

/// Keeping one twice keeps it once, as it came. `list` reads all that is kept for a tenant.
pub async fn quarantine(store: &impl Quarantine, list: impl AsyncFn(&TenantId) -> Vec<Rejected>) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let reject = |tenant: &TenantId, payload: Value| {
        let fault = Fault::invalid("data.value", "must be a number");
        Rejected::new(Some(tenant), "contract", &fault, payload, noon())
    };
    let one = reject(&mine, json!({"id": "1", "text": "ü \" \\ 𝄞", "deep": [[{"a": null}]]}));
    let other = reject(&mine, json!("not even an object"));
    let theirs = reject(&yours, one.payload.clone());
    let nobody = Rejected { tenant: None, ..one.clone() };
    store.keep(&[one.clone(), other.clone()]).await.unwrap();
    store.keep(&[theirs.clone(), nobody, one.clone()]).await.unwrap();
    let mut kept = list(&mine).await;
    kept.sort_by_key(|rejected| rejected.payload.is_string());
    assert_eq!(kept, [one, other]);
    assert_eq!(list(&yours).await, [theirs]);

    let many: Vec<Rejected> = (0..60).map(|n| reject(&yours, json!({"n": n}))).collect();
    store.keep(&many).await.unwrap();
    assert_eq!(list(&yours).await.len(), 61);
    store.keep(&[]).await.unwrap();
}

/// Takes all, and keeps the order of one subject's events. `list` reads all that was put for a
/// tenant, in the order in which a consumer sees it.
pub async fn stream(stream: &impl EventStream, list: impl AsyncFn(&TenantId) -> Vec<Arrived>) {
    let tenant = fresh_tenant("stream");
    let events: Vec<Arrived> = (0..600)
        .map(|n| {
            let subject = format!("u{}", n % 7);
            event("x", &subject, &n.to_string()).data(json!({"n": n, "text": "ü"})).of(&tenant)
        })
        .collect();
    stream.put(&events).await.unwrap();
    let seen = list(&tenant).await;
    assert_eq!(seen.len(), events.len());
    for subject in 0..7 {
        let subject = crate::builders::subject(&format!("u{subject}"));
        let of = |all: &[Arrived]| -> Vec<Arrived> {
            all.iter().filter(|it| it.event.subject == subject).cloned().collect()
        };
        assert_eq!(of(&seen), of(&events));
    }
}
