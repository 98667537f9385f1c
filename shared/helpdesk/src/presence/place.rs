//! What is kept of a connection, and where (`docs/src/helpdesk-storage.md`).

use crate::ids::{TicketId, UserId};
use crate::record::places;
use crate::store::{Expect, Item, Key, Range, Write};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Seconds that a connection lives at most
/// ([quotas](https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html)).
pub(super) const LIFE: i64 = 2 * 60 * 60;

/// Seconds that it lives without a message: ten minutes (the same), and one for what comes late.
pub(super) const IDLE: i64 = 11 * 60;

/// Seconds after which a message of a connection is noted: who says something more often costs no writes.
pub(super) const NOTED: i64 = 4 * 60;

/// Tickets that one connection watches at most.
pub(super) const MOST_WATCHED: usize = 20;

/// Connections of one ticket that are told at most.
pub(super) const MOST_TOLD: usize = 100;

/// What an agent does with a ticket. The greater wins, of one who does both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// They look at it.
    Viewing,
    /// They write.
    Editing,
}

/// Whose a connection is. A message tells its connection alone, so this belongs to nobody: it leads to the tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// In whose account.
    pub tenant: TenantId,
    /// The agent.
    pub user_id: UserId,
    /// When it ends, whatever is said over it.
    pub ends_at: Timestamp,
}

impl Holder {
    /// Where it is kept, of [`TenantId::nobody`].
    pub fn key(connection: &str) -> Key {
        Key::new(format!("CONNECTION#{connection}"), "HOLDER")
    }
}

/// The tickets that a connection watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Watches {
    /// When it was last noted that it is there.
    pub seen_at: Timestamp,
    /// Each with what the agent does.
    pub tickets: Vec<Watched>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// The ticket.
    pub ticket_id: TicketId,
    /// What the agent does.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
}

impl Watches {
    /// Where they are kept.
    pub fn key(connection: &str) -> Key {
        Key::new(format!("CONNECTION#{connection}"), "WATCHES")
    }
}

/// A connection's place at a ticket, where everybody finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The agent.
    pub user_id: UserId,
    /// What they do.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
}

impl Place {
    /// Where it is kept.
    pub fn key(ticket: TicketId, connection: &str) -> Key {
        Key::new(partition(ticket), connection)
    }

    /// All places at a ticket that are told.
    pub fn all(ticket: TicketId) -> Range {
        Range::of(partition(ticket), MOST_TOLD)
    }
}

fn partition(ticket: TicketId) -> String {
    format!("PRESENCE#{}", places::rank(ticket.get()))
}

/// Keeps `value` at `key` until then.
pub(super) fn kept(
    key: Key,
    value: &impl Serialize,
    expect: Expect,
    expires_at: Timestamp,
) -> Result<Write, Fault> {
    let body = serde_json::to_string(value).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(Write::Put { key, body, expect, expires_at: Some(expires_at) })
}

/// Reads what was kept.
pub(super) fn read<T: DeserializeOwned>(item: &Item) -> Result<T, Fault> {
    let wrong = |error| Fault::Internal(format!("unreadable presence: {error}"));
    serde_json::from_str(&item.body).map_err(wrong)
}
