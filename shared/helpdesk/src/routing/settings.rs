//! How an account's tickets are routed.

use crate::record::{Home, Kind, Record, Told};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Who is given a ticket among those who could take it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who was given one longest ago. Skills are not looked at.
    RoundRobin,
    /// Who uses the least part of their capacity. Skills are not looked at.
    #[default]
    LeastLoaded,
    /// Who has all skills that the ticket asks for; after a while, who has most of them. Among these, who uses the least part of
    /// their capacity.
    SkillsFirst,
}

/// How an account's tickets are routed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoutingSettings {
    /// Whether they are.
    pub enabled: bool,
    /// Since when.
    pub enabled_at: Option<Timestamp>,
    /// When routing last came to know of all tickets that were there before, if it did.
    pub adopted_at: Option<Timestamp>,
    /// Who is given a ticket.
    pub strategy: Strategy,
    /// Minutes after which skills that nobody has who has room are no longer waited for; none waits for ever.
    pub skills_timeout_minutes: Option<u32>,
    /// Whether agents who are not there lose their open tickets.
    pub reassign: bool,
    /// After how many minutes of being away or offline.
    pub reassign_after_minutes: u32,
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            enabled_at: None,
            adopted_at: None,
            strategy: Strategy::default(),
            skills_timeout_minutes: None,
            reassign: false,
            reassign_after_minutes: 30,
        }
    }
}

impl RoutingSettings {
    /// Whether tickets are given to agents by now.
    #[must_use]
    pub const fn ready(&self) -> bool {
        self.enabled && self.adopted_at.is_some()
    }
}

impl Record for RoutingSettings {
    const KIND: Kind = Kind {
        name: "ROUTING_SETTINGS",
        singular: "routing_settings",
        plural: "routing_settings",
        home: Home::Account,
    };

    /// There is one.
    fn id(&self) -> u64 {
        1
    }

    /// What nobody set is not told.
    fn told(&self) -> Option<Told> {
        let mut told = Told::usual(self)?;
        ["enabled_at", "adopted_at"].iter().for_each(|name| drop(told.facts.remove(*name)));
        Some(told)
    }
}
