//! Making the figures anew, beside those that serve: all states of tickets are counted again, from the lake, and what
//! happens meanwhile is counted in both. When all is counted the new ones serve, and the old ones are taken away.

use super::keep::{Kept, count_in, month, partitions};
use super::{Place, Snapshot};
use crate::store::{Expect, Failure, Item, Key, MOST_WRITES, Range, Store, Write};
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which figures serve, and which are being made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generations {
    /// Those that serve.
    pub serves: u64,
    /// Those that are being made.
    pub fills: Option<u64>,
}

/// Figures that are being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filling(u64);

fn key() -> Key {
    Key::new("REPORTS", "GENERATIONS")
}

async fn read(store: &dyn Store, tenant: &TenantId) -> Result<(Generations, Expect), Fault> {
    match store.get(tenant, &[key()]).await?.pop() {
        None => Ok((Generations::default(), Expect::Absent)),
        Some(Item { body, revision, .. }) => {
            let now = serde_json::from_str(&body)
                .map_err(|error| Fault::Internal(format!("generations: {error}")))?;
            Ok((now, Expect::Revision(revision)))
        }
    }
}

/// Which figures serve, and which are being made.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn generations(store: &dyn Store, tenant: &TenantId) -> Result<Generations, Fault> {
    Ok(read(store, tenant).await?.0)
}

async fn turn(
    store: &dyn Store,
    tenant: &TenantId,
    to: Generations,
    expect: Expect,
) -> Result<(), Fault> {
    let body = serde_json::to_string(&to).map_err(|error| Fault::Internal(error.to_string()))?;
    let write = Write::Put { key: key(), body, expect, expires_at: None };
    store.commit(tenant, &[write]).await.map_err(|failure| match failure {
        Failure::Unexpected(_) => Fault::Unavailable("somebody else makes figures anew".to_owned()),
        Failure::Fault(fault) => fault,
    })
}

/// Begins new figures, or goes on with those that were begun. From now on what happens is counted in both.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn begin(store: &dyn Store, tenant: &TenantId) -> Result<Filling, Fault> {
    let (now, expect) = read(store, tenant).await?;
    if let Some(fills) = now.fills {
        return Ok(Filling(fills));
    }
    let next = now.serves.saturating_add(1);
    turn(store, tenant, Generations { fills: Some(next), ..now }, expect).await?;
    Ok(Filling(next))
}

impl Filling {
    /// Counts states of tickets in them, in any order.
    ///
    /// # Errors
    /// As [`super::count`].
    pub async fn count(
        self,
        store: &dyn Store,
        tenant: &TenantId,
        snapshots: &[Snapshot],
    ) -> Result<(), Fault> {
        count_in(store, tenant, self.0, snapshots).await.map(drop)
    }
}

/// Lets figures that are complete serve. Done again, it changes nothing.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn finish(store: &dyn Store, tenant: &TenantId, filling: Filling) -> Result<(), Fault> {
    let (now, expect) = read(store, tenant).await?;
    if now.fills != Some(filling.0) {
        return Ok(());
    }
    turn(store, tenant, Generations { serves: filling.0, fills: None }, expect).await
}

/// Takes away what is left of the figures before those that serve.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn clear(store: &dyn Store, tenant: &TenantId) -> Result<(), Fault> {
    let serves = generations(store, tenant).await?.serves;
    let Some(old) = serves.checked_sub(1) else { return Ok(()) };
    let mut months = BTreeSet::new();
    for partition in partitions(old) {
        loop {
            let range = Range::of(partition.clone(), MOST_WRITES);
            let found = store.range(tenant, &range).await?;
            for item in &found.items {
                let kept: Kept = serde_json::from_str(&item.body)
                    .map_err(|error| Fault::Internal(format!("{}: {error}", item.key)))?;
                let of = |(place, _): (&Place, _)| (place.day.year(), place.day.month());
                months.extend(kept.cells.iter().map(of));
            }
            // Months first: who dies in between finds them again by what is left of the tickets.
            for (year, of) in std::mem::take(&mut months) {
                empty(store, tenant, &month(old, &format!("{year:04}-{of:02}"))).await?;
            }
            remove(store, tenant, found.items).await?;
            if !found.more {
                break;
            }
        }
    }
    Ok(())
}

async fn empty(store: &dyn Store, tenant: &TenantId, partition: &str) -> Result<(), Fault> {
    loop {
        let found = store.range(tenant, &Range::of(partition, MOST_WRITES)).await?;
        remove(store, tenant, found.items).await?;
        if !found.more {
            return Ok(());
        }
    }
}

async fn remove(store: &dyn Store, tenant: &TenantId, items: Vec<Item>) -> Result<(), Fault> {
    let delete = |Item { key, .. }| Write::Delete { key, expect: Expect::Anything };
    let writes: Vec<Write> = items.into_iter().map(delete).collect();
    store.commit(tenant, &writes).await.map_err(|failure| match failure {
        Failure::Unexpected(_) => Fault::Unavailable("figures that are no more".to_owned()),
        Failure::Fault(fault) => fault,
    })
}
