//! What automations did to a ticket.

use crate::ids::RecordId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Automations of which it is remembered when they last acted on a ticket.
const REMEMBERED: usize = 100;

/// How often automations changed a ticket, and in which hour each did last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Automated {
    /// How often.
    pub updates: u32,
    /// Hours since 1970, by automation.
    hours: BTreeMap<RecordId, i64>,
}

impl Automated {
    /// The hour in which an automation last acted.
    #[must_use]
    pub fn last(&self, automation: RecordId) -> Option<i64> {
        self.hours.get(&automation).copied()
    }

    /// An automation acts, in an hour. What acted longest ago is forgotten.
    pub fn note(&mut self, automation: RecordId, hour: i64) {
        self.updates = self.updates.saturating_add(1);
        self.hours.insert(automation, hour);
        while self.hours.len() > REMEMBERED {
            let oldest = self.hours.iter().min_by_key(|(_, hour)| **hour).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.hours.remove(&oldest);
        }
    }
}
