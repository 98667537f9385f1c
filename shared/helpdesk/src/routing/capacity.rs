//! How much an agent may have to do at once.

use super::Channel;
use crate::account::Account;
use crate::ids::{RecordId, UserId};
use crate::record::{Home, Kind, Record};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Tickets of each channel at once. Those that are new or open count; who waits for others does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capacities {
    /// Of email.
    pub email: u32,
    /// Of messaging.
    pub messaging: u32,
    /// Of voice.
    pub voice: u32,
}

impl Default for Capacities {
    /// What holds until an account says otherwise.
    fn default() -> Self {
        Self { email: 5, messaging: 3, voice: 1 }
    }
}

impl Capacities {
    /// Of a channel.
    #[must_use]
    pub const fn of(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Email => self.email,
            Channel::Messaging => self.messaging,
            Channel::Voice => self.voice,
        }
    }
}

/// A capacity rule
/// ([capacity rules](https://developer.zendesk.com/api-reference/agent-availability/capacity-rules/capacity_rules_api/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityRule {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How much.
    pub capacities: Capacities,
    /// Whether it is for all agents who are in no other.
    pub default: bool,
    /// Whom it is for.
    pub agent_ids: BTreeSet<UserId>,
}

impl Record for CapacityRule {
    const KIND: Kind = Kind {
        name: "CAPACITY_RULE",
        singular: "capacity_rule",
        plural: "capacity_rules",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

/// How much an agent may have to do: by the rule that names them, or by the default one.
///
/// # Errors
/// `Internal` if the rules cannot be read.
pub fn of(account: &Account, agent: UserId) -> Result<Capacities, Fault> {
    let all = account.all::<CapacityRule>()?;
    let own = all.iter().find(|it| it.agent_ids.contains(&agent));
    let rule = own.or_else(|| all.iter().find(|it| it.default));
    Ok(rule.map(|it| it.capacities).unwrap_or_default())
}
