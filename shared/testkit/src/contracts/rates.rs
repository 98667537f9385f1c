//! Token buckets.

use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_engagement::policy::rate::{Rate, Rates};
use futures::future::join_all;

/// Exactly the burst is taken by 50 at once, and then what comes back; buckets are apart.
pub async fn rates(store: &impl Rates) {
    let bucket = format!("{}#RATE#email", fresh_tenant("rate"));
    let other = format!("{}#RATE#email", fresh_tenant("rate"));
    let rate = Rate { per_second: 2.0, burst: 10 };
    let take = async |bucket: &str, seconds| {
        let asked = join_all((0..50).map(|_| store.take(bucket, rate, after_noon(seconds)))).await;
        let waits: Vec<Option<u32>> = asked.into_iter().map(Result::unwrap).collect();
        assert!(waits.iter().flatten().all(|wait| (1..=6).contains(wait)), "{waits:?}");
        waits.iter().filter(|wait| wait.is_none()).count()
    };
    assert_eq!(take(&bucket, 0).await, 10);
    assert_eq!(take(&bucket, 0).await, 0);
    assert_eq!(take(&bucket, 3).await, 6);
    assert_eq!(take(&other, 3).await, 10);
    assert_eq!(take(&bucket, 3600).await, 10, "it holds no more than the burst");
    assert_eq!(store.take(&bucket, rate, noon()).await.map(|wait| wait.is_some()), Ok(true));
}
