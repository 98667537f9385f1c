//! What routing knows of an agent.

use super::AgentStatus;
use crate::ids::{RecordId, UserId};
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An agent's status and skills. It is written with each ticket that routing gives them, so that of two who route at once one
/// finds it changed: what an agent has to do already is counted after it is read, and is never less than what was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Who.
    pub agent_id: UserId,
    /// Whether they take work.
    #[serde(default)]
    pub status: AgentStatus,
    /// Since when.
    pub status_at: Timestamp,
    /// Their skills, each with when they were given it.
    #[serde(default)]
    pub skills: BTreeMap<RecordId, Timestamp>,
    /// Greater than that of everybody who was given a ticket before them; 0 if they never were.
    #[serde(default)]
    pub turn: u64,
}

impl Availability {
    /// Of an agent of whom nothing is known: they are offline.
    #[must_use]
    pub const fn new(agent_id: UserId, at: Timestamp) -> Self {
        let status = AgentStatus::Offline;
        Self { agent_id, status, status_at: at, skills: BTreeMap::new(), turn: 0 }
    }

    /// The same, with another status.
    pub fn set(&mut self, status: AgentStatus, at: Timestamp) {
        if self.status != status {
            (self.status, self.status_at) = (status, at);
        }
    }

    /// The same, with these skills alone.
    pub fn learn(&mut self, skills: &BTreeSet<RecordId>, at: Timestamp) {
        self.skills.retain(|id, _| skills.contains(id));
        for id in skills {
            self.skills.entry(*id).or_insert(at);
        }
    }

    /// Whether they have been away or offline for so many minutes.
    #[must_use]
    pub fn absent_for(&self, minutes: u32, now: Timestamp) -> bool {
        let gone = now.as_second().saturating_sub(self.status_at.as_second());
        self.status.is_absent() && gone >= i64::from(minutes).saturating_mul(60)
    }
}

impl Record for Availability {
    const KIND: Kind = Kind {
        name: "AVAILABILITY",
        singular: "agent_availability",
        plural: "agent_availabilities",
        home: Home::Few,
    };

    fn id(&self) -> u64 {
        self.agent_id.get()
    }
}
