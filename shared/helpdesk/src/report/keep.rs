//! Keeping the figures as tickets change.
//!
//! Of each ticket is remembered what it added, and by which of its states. A commit writes that together with the figures
//! that it changes, each only if it is still as it was read: so every state counts once, however often it is told, and an
//! older one that comes late counts no more.

use super::rebuild::{Generations, generations};
use super::{Cells, Figures, Place, Snapshot};
use crate::ids::TicketId;
use crate::record::places;
use crate::store::{Expect, Failure, Item, Key, Store, Write};
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Figures that one commit changes at most, and tickets: together they are fewer than it may write.
const MOST_CELLS: usize = 60;
const MOST_TICKETS: usize = 30;

/// How often a commit is tried again because others changed the same figures.
const ATTEMPTS: usize = 12;

/// In how many parts what tickets added is kept, so that no partition has all of it.
const PARTS: u64 = 64;

/// What a ticket added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// By which of its states.
    pub version: u64,
    /// What.
    pub cells: Cells,
}

/// Where it is remembered.
fn kept_at(generation: u64, ticket: TicketId) -> Key {
    let part = ticket.get().checked_rem(PARTS).unwrap_or_default();
    Key::new(format!("{}#{part:02}", counted(generation)), places::rank(ticket.get()))
}

/// What tickets of a generation added lies in partitions that begin so.
fn counted(generation: u64) -> String {
    format!("COUNTED#{generation}")
}

/// The partition of the figures of a month: `2026-11`.
pub(super) fn month(generation: u64, month: &str) -> String {
    format!("REPORT#{generation}#{month}")
}

/// Where the figures of a place are.
fn cell_at(generation: u64, place: &Place) -> Key {
    let (year, of) = (place.day.year(), place.day.month());
    Key::new(month(generation, &format!("{year:04}-{of:02}")), place.to_string())
}

/// The partitions of what tickets of a generation added.
pub(super) fn partitions(generation: u64) -> impl Iterator<Item = String> {
    (0..PARTS).map(move |part| format!("{}#{part:02}", counted(generation)))
}

/// Of each ticket the newest of these states, which says all.
#[must_use]
pub fn newest(snapshots: &[Snapshot]) -> Vec<&Snapshot> {
    let mut newest: BTreeMap<TicketId, &Snapshot> = BTreeMap::new();
    for it in snapshots {
        let known = newest.entry(it.ticket).or_insert(it);
        if it.version > known.version {
            *known = it;
        }
    }
    newest.into_values().collect()
}

/// Counts these states of tickets of an account, in any order, and tells what that added to the figures that serve.
///
/// # Errors
/// `Unavailable` or `Throttled`: then some may be counted, and all may be told again.
pub async fn count(
    store: &dyn Store,
    tenant: &TenantId,
    snapshots: &[Snapshot],
) -> Result<Cells, Fault> {
    if snapshots.is_empty() {
        return Ok(Cells::default());
    }
    let Generations { serves, fills } = generations(store, tenant).await?;
    let added = count_in(store, tenant, serves, snapshots).await?;
    if let Some(fills) = fills {
        count_in(store, tenant, fills, snapshots).await?;
    }
    Ok(added)
}

/// The same, in one generation of the figures.
///
/// # Errors
/// As [`count`].
pub(super) async fn count_in(
    store: &dyn Store,
    tenant: &TenantId,
    generation: u64,
    snapshots: &[Snapshot],
) -> Result<Cells, Fault> {
    let mut added = Cells::default();
    for some in newest(snapshots).chunks(MOST_TICKETS) {
        let step = Step { store, tenant, generation };
        while !step.done(some, &mut added).await? {}
    }
    Ok(added)
}

struct Step<'a> {
    store: &'a dyn Store,
    tenant: &'a TenantId,
    generation: u64,
}

/// What is read and then written of one item.
struct Read<T> {
    now: T,
    expect: Expect,
}

impl Step<'_> {
    /// Counts these, as far as one commit can, and tells whether that was all; what it counted comes to `added`.
    async fn done(&self, snapshots: &[&Snapshot], added: &mut Cells) -> Result<bool, Fault> {
        for _ in 0..ATTEMPTS {
            match self.tried(snapshots).await {
                Ok((done, changes)) => {
                    added.merge(&changes);
                    return Ok(done);
                }
                Err(Failure::Unexpected(_) | Failure::Fault(Fault::Conflict(_))) => {}
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Unavailable("others kept changing the figures".to_owned()))
    }

    async fn tried(&self, snapshots: &[&Snapshot]) -> Result<(bool, Cells), Failure> {
        let keys: Vec<Key> =
            snapshots.iter().map(|it| kept_at(self.generation, it.ticket)).collect();
        let known = self.read::<Kept>(&keys).await?;
        let (mut changes, mut writes, mut whole) = (Cells::default(), Vec::new(), true);
        for (snapshot, key) in snapshots.iter().zip(keys) {
            let none = Read { now: Kept::default(), expect: Expect::Absent };
            let Read { now: before, expect } = known.get(&key).unwrap_or(&none);
            if before.version >= snapshot.version {
                continue;
            }
            let room = MOST_CELLS.saturating_sub(changes.iter().count());
            let wanted = snapshot.cells().less(&before.cells);
            if room == 0 && !wanted.is_empty() {
                whole = false;
                break;
            }
            let more = wanted.iter().count() > room;
            let added = wanted.first(room);
            let mut after = Kept { version: snapshot.version, cells: before.cells.clone() };
            after.cells.merge(&added);
            if more {
                // The rest comes with the next commit: until then it is not counted by this state.
                after.version = before.version;
                whole = false;
            }
            changes.merge(&added);
            writes.push(put(key, &after, *expect)?);
            if more {
                break;
            }
        }
        if writes.is_empty() {
            return Ok((true, changes));
        }
        writes.extend(self.figures(&changes).await?);
        self.store.commit(self.tenant, &writes).await?;
        Ok((whole, changes))
    }

    /// The figures as they are with what is added to them.
    async fn figures(&self, changes: &Cells) -> Result<Vec<Write>, Fault> {
        let keys: Vec<Key> =
            changes.iter().map(|(place, _)| cell_at(self.generation, place)).collect();
        let mut there = self.read::<Figures>(&keys).await?;
        let mut writes = Vec::new();
        for (key, (_, by)) in keys.into_iter().zip(changes.iter()) {
            let none = Read { now: Figures::default(), expect: Expect::Absent };
            let Read { mut now, expect } = there.remove(&key).unwrap_or(none);
            now.merge(by);
            writes.push(if now.is_empty() && expect != Expect::Absent {
                Write::Delete { key, expect }
            } else {
                put(key, &now, expect)?
            });
        }
        Ok(writes)
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        keys: &[Key],
    ) -> Result<HashMap<Key, Read<T>>, Fault> {
        let read = |Item { key, body, revision }: Item| {
            let now = serde_json::from_str(&body)
                .map_err(|error| Fault::Internal(format!("{key}: {error}")))?;
            Ok((key, Read { now, expect: Expect::Revision(revision) }))
        };
        self.store.get(self.tenant, keys).await?.into_iter().map(read).collect()
    }
}

fn put(key: Key, value: &impl Serialize, expect: Expect) -> Result<Write, Fault> {
    let body = serde_json::to_string(value).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(Write::Put { key, body, expect, expires_at: None })
}
