//! Counts of what is asked.

use crate::builders::fresh_tenant;
use ceap_kernel::quota::Quota;
use futures::future::join_all;

/// What many count at once is counted whole; tenants, who asks there, and minutes are apart.
pub async fn quota(store: &impl Quota) {
    let (tenant, other) = (fresh_tenant("quota"), fresh_tenant("quota"));
    let minute = 29_000_000;
    let mut counted: Vec<u64> =
        join_all((0..40).map(async |_| store.count(&tenant, "", minute, 3).await.unwrap())).await;
    counted.sort_unstable();
    assert_eq!(counted, (1..=40).map(|nth| nth * 3).collect::<Vec<u64>>());
    assert_eq!(store.count(&tenant, "", minute + 1, 1).await, Ok(1));
    assert_eq!(store.count(&tenant, "a-link", minute, 7).await, Ok(7));
    assert_eq!(store.count(&other, "", minute, 5).await, Ok(5));
    assert_eq!(store.count(&tenant, "", minute, 1).await, Ok(121));
}
