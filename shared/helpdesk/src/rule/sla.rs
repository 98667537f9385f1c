//! SLA policies: how soon tickets are promised to be answered and solved, and what is done if that is about to fail. Whether that is kept is measured by [`crate::ticket::sla`].

use super::head::{Head, Rule};
use super::{Action, Conditions};
use crate::record::{Home, Kind, Record};
use crate::ticket::Priority;
use serde::{Deserialize, Serialize};

/// An SLA policy ([SLA policies](https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlaPolicy {
    /// What it is called, and where it stands: the first that fits a ticket is the ticket's.
    #[serde(flatten)]
    pub head: Head,
    /// Which tickets it is for.
    pub filter: Conditions,
    /// What is promised.
    pub policy_metrics: Vec<PolicyMetric>,
    /// When what is measured begins and ends, where a policy says so.
    #[serde(default)]
    pub metric_settings: Option<serde_json::Value>,
    /// What is done before a promise is broken, or then. Zendesk has no such thing.
    #[serde(default)]
    pub escalations: Vec<Escalation>,
}

/// What is done so long before a promise is broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// Of which metric: one of [`METRICS`]; of all that the policy promises, if none.
    #[serde(default)]
    pub metric: Option<String>,
    /// How many minutes before, by the calendar; 0 is when it is broken.
    #[serde(default)]
    pub minutes_before: u32,
    /// What is done, as automations do it.
    pub actions: Vec<Action>,
}

/// Escalations of a policy at most.
pub const MOST_ESCALATIONS: usize = 10;

/// Minutes before a breach at most: a week.
pub const MOST_MINUTES_BEFORE: u32 = 7 * 24 * 60;

/// What is promised for tickets of a priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyMetric {
    /// The priority.
    pub priority: Priority,
    /// What is measured: one of [`METRICS`].
    pub metric: String,
    /// Within how many minutes.
    pub target: u32,
    /// The same in seconds.
    pub target_in_seconds: u64,
    /// Whether only business hours count.
    pub business_hours: bool,
}

/// What is measured
/// ([SLA metrics](https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/#metrics)).
pub const METRICS: [&str; 7] = [
    "first_reply_time",
    "next_reply_time",
    "periodic_update_time",
    "pausable_update_time",
    "requester_wait_time",
    "agent_work_time",
    "total_resolution_time",
];

impl Record for SlaPolicy {
    const KIND: Kind = Kind {
        name: "SLA_POLICY",
        singular: "sla_policy",
        plural: "sla_policies",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for SlaPolicy {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}
