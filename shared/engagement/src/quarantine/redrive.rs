//! Sending what is in quarantine on its way again, as it came: under the same ids, and as of when it first
//! arrived. So nothing counts twice, and nothing is judged as of another time.

use super::shelf::{Entry, Filter, Shelf};
use super::{Quarantine, Rejected};
use crate::event::{Arrived, Event};
use crate::pipeline::accept::{Decoded, EventStream, checked};
use ceap_kernel::{Fault, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entries that one call looks at.
pub const AT_ONCE: usize = 500;

/// Which entries are sent again, or thrown away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedriveRequest")]
pub struct Asked {
    /// Those.
    #[serde(default)]
    pub filter: Filter,
    /// Where to go on: `next` of the answer before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What became of the entries that one call looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Redriven")]
pub struct Redriven {
    /// Sent on their way, and no longer kept.
    pub redriven: usize,
    /// Still no events; they stay, with the reason of now.
    pub refused: usize,
    /// No events, but what became of some later: signals, triggers. They stay.
    pub skipped: usize,
    /// Where to go on, as long as there are more entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Reads what a stage had before it as an event: none for what is no event at that stage.
#[allow(async_fn_in_trait)]
pub trait Reads {
    /// What `rejected` of `tenant` is by now.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn read(
        &self,
        tenant: &TenantId,
        rejected: &Rejected,
    ) -> Result<Option<Vec<Decoded>>, Fault>;
}

/// Sends the next [`AT_ONCE`] entries again, as far as `filter` takes them.
///
/// # Errors
/// `Invalid` for a cursor that is none; `Unavailable` or `Throttled`: the same may be asked again, and
/// what was sent twice is one event still.
pub async fn redrive(
    tenant: &TenantId,
    asked: &Asked,
    shelf: &(impl Shelf + Quarantine),
    reads: &impl Reads,
    stream: &impl EventStream,
) -> Result<Redriven, Fault> {
    let (entries, next) = shelf.entries(tenant, asked.cursor.as_deref(), AT_ONCE).await?;
    let mut outcome = Redriven { next, ..Redriven::default() };
    let (mut events, mut gone, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for Entry { id, rejected } in entries.into_iter().filter(|entry| asked.filter.takes(entry)) {
        match events_of(tenant, &rejected, reads).await? {
            None => outcome.skipped = outcome.skipped.saturating_add(1),
            Some(Ok(arrived)) => {
                events.extend(arrived);
                gone.push(id);
                outcome.redriven = outcome.redriven.saturating_add(1);
            }
            Some(Err(fault)) => {
                outcome.refused = outcome.refused.saturating_add(1);
                if fault.to_string() != rejected.reason {
                    let payload = rejected.payload.clone();
                    let now =
                        Rejected::new(Some(tenant), &rejected.stage, &fault, payload, rejected.at);
                    again.push(now);
                    gone.push(id);
                }
            }
        }
    }
    if !again.is_empty() {
        shelf.keep(&again).await?;
    }
    if !events.is_empty() {
        stream.put(&events).await?;
    }
    // Last, so that a crash before it sends them again rather than losing them.
    if !gone.is_empty() {
        shelf.remove(tenant, &gone).await?;
    }
    Ok(outcome)
}

/// Throws away the next [`AT_ONCE`] entries, as far as `filter` takes them.
///
/// # Errors
/// As [`redrive`].
pub async fn discard(
    tenant: &TenantId,
    asked: &Asked,
    shelf: &impl Shelf,
) -> Result<Discarded, Fault> {
    let (entries, next) = shelf.entries(tenant, asked.cursor.as_deref(), AT_ONCE).await?;
    let taken = entries.into_iter().filter(|entry| asked.filter.takes(entry));
    let ids: Vec<String> = taken.map(|entry| entry.id).collect();
    if !ids.is_empty() {
        shelf.remove(tenant, &ids).await?;
    }
    Ok(Discarded { discarded: ids.len(), next })
}

/// What was thrown away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "QuarantineDiscarded")]
pub struct Discarded {
    /// Entries that are kept no longer.
    pub discarded: usize,
    /// Where to go on, as long as there are more entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

async fn events_of(
    tenant: &TenantId,
    rejected: &Rejected,
    reads: &impl Reads,
) -> Result<Option<Result<Vec<Arrived>, Fault>>, Fault> {
    let arrived =
        |event: Event| Arrived { tenant: tenant.clone(), at: rejected.at, event, trace: None };
    let event = |item: Decoded| match checked(item) {
        Decoded::Event(event) => Ok(arrived(event)),
        Decoded::Bad { fault, .. } => Err(fault),
    };
    let items = reads.read(tenant, rejected).await?;
    Ok(items.map(|items| items.into_iter().map(event).collect()))
}
