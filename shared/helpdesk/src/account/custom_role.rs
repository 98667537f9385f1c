//! Custom roles of agents.

use crate::access::{Restriction, Role};
use crate::ids::RoleId;
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A custom role: what agents who have it may do beyond, or not
/// ([custom agent roles](https://developer.zendesk.com/api-reference/ticketing/account-configuration/custom_roles/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What the policies take who has it for, at least.
    pub base: Role,
    /// What it allows, by Zendesk's names.
    pub configuration: Map<String, Value>,
}

impl CustomRole {
    /// What it allows, as policies name it: what is true by its name, what has a word as `name:word`.
    #[must_use]
    pub fn allows(&self) -> BTreeSet<String> {
        let allowed = self.configuration.iter().filter_map(|(name, value)| match value {
            Value::Bool(true) => Some(name.clone()),
            Value::String(word) => Some(format!("{name}:{word}")),
            _ => None,
        });
        allowed.collect()
    }

    /// Whether who has it writes internal notes only.
    #[must_use]
    pub fn writes_notes_only(&self) -> bool {
        self.word("ticket_comment_access") == Some("none")
    }

    /// Which tickets who has it sees, if it says so.
    #[must_use]
    pub fn restriction(&self) -> Option<Restriction> {
        match self.word("ticket_access")? {
            "all" => Some(Restriction::All),
            "within-groups" | "within-groups-and-public-groups" => Some(Restriction::Groups),
            "within-organization" => Some(Restriction::Organization),
            "assigned-only" => Some(Restriction::Assigned),
            _ => None,
        }
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.configuration.get(name).and_then(Value::as_str)
    }
}

impl Record for CustomRole {
    const KIND: Kind = Kind {
        name: "CUSTOM_ROLE",
        singular: "custom_role",
        plural: "custom_roles",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
