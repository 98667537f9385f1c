//! Object stores and leases.

use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_kernel::Fault;
use ceap_kernel::blobs::{Blob, Blobs, Got};
use ceap_kernel::lease::{Lease, Taken};
use futures::future::join_all;
use std::time::Duration;

/// Objects are written once, written over on a condition, read in parts and listed in order.
pub async fn blobs(store: &impl Blobs) {
    let place = fresh_tenant("blobs");
    let name = format!("{place}/search/a");
    assert_eq!(store.get(&name, None).await, Ok(Got::Absent));
    assert!(matches!(store.range(&name, 0..1).await, Err(Fault::NotFound(_))));
    let first = store.put_new(&name, b"0123456789".to_vec()).await.unwrap();
    assert!(matches!(store.put_new(&name, b"other".to_vec()).await, Err(Fault::Conflict(_))));
    assert_eq!(store.range(&name, 2..5).await, Ok(b"234".to_vec()));
    assert_eq!(store.range(&name, 9..10).await, Ok(b"9".to_vec()));
    let blob = Blob { bytes: b"0123456789".to_vec(), etag: first.clone() };
    assert_eq!(store.get(&name, None).await, Ok(Got::Blob(blob)));
    assert_eq!(store.get(&name, Some(&first)).await, Ok(Got::Unchanged));

    let over = (0..8).map(|writer| {
        let bytes = format!("by {writer}").into_bytes();
        store.put_over(&name, bytes, &first)
    });
    let written = join_all(over).await;
    let second: Vec<_> = written.iter().filter_map(|it| it.as_ref().ok()).collect();
    assert_eq!(second.len(), 1, "one of eight: {written:?}");
    assert!(matches!(store.get(&name, Some(&first)).await, Ok(Got::Blob(_))));
    assert_eq!(store.get(&name, Some(second[0])).await, Ok(Got::Unchanged));

    for end in ["c", "b"] {
        store.put_new(&format!("{place}/search/{end}"), vec![1]).await.unwrap();
    }
    store.put_new(&format!("{place}/other"), vec![1]).await.unwrap();
    let listed = store.list(&format!("{place}/search/"), None).await.unwrap();
    let names: Vec<&str> =
        listed.entries.iter().map(|it| it.name.rsplit('/').next().unwrap()).collect();
    assert_eq!((names, listed.next), (vec!["a", "b", "c"], None));
    let rest = store.list(&format!("{place}/search/"), Some(&name)).await.unwrap();
    assert_eq!(rest.entries.len(), 2);
    store.delete(&name).await.unwrap();
    store.delete(&name).await.unwrap();
    assert_eq!(store.get(&name, None).await, Ok(Got::Absent));
    assert!(matches!(store.put_over(&name, vec![1], &first).await, Err(Fault::Conflict(_))));
}

/// A lease is one's at a time, runs out, and is given back by its holder only.
pub async fn leases(store: &impl Lease) {
    let name = fresh_tenant("lease").to_string();
    let term = Duration::from_secs(30);
    let all = join_all((0..10).map(|_| store.take(&name, noon(), term))).await;
    let mut mine = all.iter().filter_map(|taken| match taken.as_ref().unwrap() {
        Taken::Mine(held) => Some(held.clone()),
        Taken::Other(until) => {
            assert_eq!(*until, after_noon(30));
            None
        }
    });
    let held = mine.next().unwrap();
    assert_eq!(mine.next(), None, "one of ten");
    let held = store.renew(&held, after_noon(20), term).await.unwrap();
    assert_eq!(held.until, after_noon(50));
    assert_eq!(store.take(&name, after_noon(40), term).await, Ok(Taken::Other(after_noon(50))));
    let Ok(Taken::Mine(next)) = store.take(&name, after_noon(50), term).await else {
        panic!("it ran out")
    };
    assert!(matches!(store.renew(&held, after_noon(51), term).await, Err(Fault::Conflict(_))));
    store.release(&held).await.unwrap();
    let other = store.take(&name, after_noon(52), term).await;
    assert_eq!(other, Ok(Taken::Other(next.until)), "it was not the old holder's to give back");
    store.release(&next).await.unwrap();
    assert!(matches!(store.take(&name, after_noon(53), term).await, Ok(Taken::Mine(_))));
}
