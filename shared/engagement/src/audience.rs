//! Audiences: who had to do with a thing. Events of some types tie their subject to a thing that they
//! name (a wishlisted item); an event about the thing (it is back in stock) then concerns them all.
//! This is an index that joins: the one place where an event costs a write beside its subject's own.

use crate::signal::Signal;
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name under which a sought audience crosses the bus.
pub const AUDIENCE_SOUGHT: &str = "AudienceSought.v1";

/// Bytes of a thing's name: part of a partition key.
const MAX_THING: usize = 512;

/// A subject that had to do with a thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// By an event of this type.
    pub kind: String,
    /// With what.
    pub thing: String,
    /// Who.
    pub subject: SubjectId,
    /// Until when it counts.
    pub until: Timestamp,
}

/// A place in a list of an audience.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of the event types, counted from 0.
    pub kind: usize,
    /// After this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SubjectId>,
}

/// `AudienceSought.v1`: a signal about a thing, on its way to those whom it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sought {
    /// Whose.
    pub tenant: TenantId,
    /// The signal, whose subject is the thing's.
    pub signal: Signal,
    /// The thing.
    pub thing: String,
    /// Where the list goes on.
    #[serde(default)]
    pub from: Place,
}

/// Ties subjects to things.
#[allow(async_fn_in_trait)]
pub trait Ties {
    /// Keeps them; of several of one subject, type and thing, the one that counts longest.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; keeping them again changes nothing.
    async fn tie(&self, tenant: &TenantId, ties: &[Tie]) -> Result<(), Fault>;
}

/// Lists audiences.
#[allow(async_fn_in_trait)]
pub trait Audiences {
    /// At most `limit` subjects that `kind` ties to `thing` at `now`, by id, and the last that was
    /// looked at if there may be more.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn audience(
        &self,
        tenant: &TenantId,
        kind: &str,
        thing: &str,
        after: Option<&SubjectId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<SubjectId>, Option<SubjectId>), Fault>;
}

/// Takes what is sought on its way to the audience.
#[allow(async_fn_in_trait)]
pub trait Seeks {
    /// Emits all now.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` when any was not taken; all are emitted again then.
    async fn seek(&self, sought: &[Sought]) -> Result<(), Fault>;
}

/// The thing that a value names: text or a number; none otherwise, or when it is too long.
#[must_use]
pub fn thing(value: &Value) -> Option<String> {
    let named = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!named.is_empty() && named.len() <= MAX_THING).then_some(named)
}
