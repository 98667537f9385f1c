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

/// What can be said of something that a role may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Yes or no; no unless it is said.
    Switch,
    /// One of these words; the first unless it is said.
    Words(&'static [&'static str]),
}

/// What roles may allow that policies ask about, by Zendesk's names.
pub const CHOICES: [(&str, Choice); 20] = [
    ("ticket_editing", Choice::Switch),
    ("ticket_deletion", Choice::Switch),
    ("ticket_merge", Choice::Switch),
    ("view_deleted_tickets", Choice::Switch),
    ("manage_suspended_tickets", Choice::Switch),
    ("organization_editing", Choice::Switch),
    ("manage_organizations", Choice::Switch),
    ("manage_business_rules", Choice::Switch),
    ("manage_ticket_fields", Choice::Switch),
    ("manage_ticket_forms", Choice::Switch),
    ("manage_user_fields", Choice::Switch),
    ("manage_organization_fields", Choice::Switch),
    ("manage_groups", Choice::Switch),
    ("manage_group_memberships", Choice::Switch),
    ("manage_extensions_and_channels", Choice::Switch),
    (
        "ticket_access",
        Choice::Words(&[
            "within-groups",
            "all",
            "assigned-only",
            "within-groups-and-public-groups",
            "within-organization",
        ]),
    ),
    ("ticket_comment_access", Choice::Words(&["public", "none"])),
    ("end_user_profile_access", Choice::Words(&["readonly", "edit", "edit-within-org", "full"])),
    ("macro_access", Choice::Words(&["manage-personal", "full", "manage-group", "readonly"])),
    (
        "view_access",
        Choice::Words(&["manage-personal", "full", "manage-group", "playonly", "readonly"]),
    ),
];

/// What every role that says so has in `may`, for policies to tell it from agents without one.
const CUSTOM: &str = "custom_role";

impl CustomRole {
    /// Whether it is one of those that every account has.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.base != Role::Agent
            || self.configuration.get("light_agent") == Some(&Value::Bool(true))
    }

    /// What it says of everything that roles may allow.
    #[must_use]
    pub fn choices(&self) -> Map<String, Value> {
        let choice = |(name, choice): (&str, Choice)| {
            let usual = match choice {
                Choice::Switch => Value::Bool(false),
                Choice::Words(words) => words.first().map_or(Value::Null, |it| (*it).into()),
            };
            let value = self.configuration.get(name).cloned().unwrap_or(usual);
            (name.to_owned(), value)
        };
        CHOICES.into_iter().map(choice).collect()
    }

    /// What it allows, as policies name it: what is true by its name, what has a word as `name:word`.
    #[must_use]
    pub fn allows(&self) -> BTreeSet<String> {
        let allowed = self.configuration.iter().filter_map(|(name, value)| match value {
            Value::Bool(true) => Some(name.clone()),
            Value::String(word) => Some(format!("{name}:{word}")),
            _ => None,
        });
        allowed.chain([CUSTOM.to_owned()]).collect()
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
