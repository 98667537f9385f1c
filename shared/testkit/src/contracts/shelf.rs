//! Quarantine, as it is shown and emptied.

use crate::builders::{after_noon, fresh_tenant};
use ceap_engagement::quarantine::{Entry, Quarantine, Rejected, Shelf};
use ceap_kernel::Fault;
use serde_json::json;
use std::collections::BTreeSet;

/// Runs the whole suite.
pub async fn shelf(store: &(impl Quarantine + Shelf)) {
    let (tenant, other) = (fresh_tenant("kept"), fresh_tenant("others"));
    let fault = Fault::invalid("data.value", "must be a number");
    let one = |n: i64| {
        let payload = json!({"source": "shop", "type": "order", "id": format!("o{n}"), "ü": [n]});
        Rejected::new(Some(&tenant), "ingest-stream", &fault, payload, after_noon(n))
    };
    let all: Vec<Rejected> = (0..60).map(one).collect();
    store.keep(&all).await.unwrap();
    store.keep(&all[..10]).await.unwrap();
    let mine = Rejected { tenant: Some(other.clone()), ..one(1) };
    store.keep(&[mine]).await.unwrap();

    let (mut found, mut cursor): (Vec<Entry>, _) = (Vec::new(), None);
    loop {
        let (page, next) = store.entries(&tenant, cursor.as_deref(), 25).await.unwrap();
        assert!(page.len() <= 25);
        found.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let newest_first: Vec<Rejected> = all.iter().rev().cloned().collect();
    let rejected: Vec<Rejected> = found.iter().map(|entry| entry.rejected.clone()).collect();
    assert_eq!(rejected, newest_first);
    let ids: BTreeSet<&String> = found.iter().map(|entry| &entry.id).collect();
    assert_eq!(ids.len(), 60);
    assert!(store.entries(&tenant, Some("x"), 5).await.is_err());

    let gone: Vec<String> = found.iter().skip(5).map(|entry| entry.id.clone()).collect();
    store.remove(&tenant, &gone).await.unwrap();
    store.remove(&tenant, &gone[..3]).await.unwrap();
    let (left, next) = store.entries(&tenant, None, 25).await.unwrap();
    assert_eq!((left.as_slice(), next), (&found[..5], None));
    assert_eq!(store.entries(&other, None, 25).await.unwrap().0.len(), 1);
}
