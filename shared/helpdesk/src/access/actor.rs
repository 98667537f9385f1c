//! Who asks.

use crate::ids::{GroupId, OrganizationId, RoleId, UserId};
use crate::ticket;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person is to the helpdesk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A customer.
    EndUser,
    /// Works on tickets.
    Agent,
    /// Leads agents.
    TeamLead,
    /// Everything.
    Admin,
}

impl Role {
    /// As policies name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndUser => "end-user",
            Self::Agent => "agent",
            Self::TeamLead => "team-lead",
            Self::Admin => "admin",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::EndUser => "End User",
            Self::Agent => "Agent",
            Self::TeamLead => "Team Lead",
            Self::Admin => "Administrator",
        }
    }

    /// Whether it works on tickets.
    #[must_use]
    pub fn is_agent(self) -> bool {
        self != Self::EndUser
    }
}

/// Which tickets an agent sees (`ticket_restriction`, whose null is [`Restriction::All`]); of an end-user, whether
/// those of their organization are among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Restriction {
    /// All.
    #[default]
    All,
    /// Those of their groups.
    Groups,
    /// Those of their organizations.
    Organization,
    /// Those that they are assigned.
    Assigned,
    /// Those that they requested.
    Requested,
}

impl Restriction {
    /// As policies name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Groups => "groups",
            Self::Organization => "organization",
            Self::Assigned => "assigned",
            Self::Requested => "requested",
        }
    }
}

/// What a request needs to know of who makes it: kept with their email addresses too, so that it is read with the
/// credential and not after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The custom role, of an agent who has one.
    pub custom_role_id: Option<RoleId>,
    /// Which tickets they see.
    pub restriction: Restriction,
    /// The organizations that they belong to, the default one first.
    pub organization_ids: Vec<OrganizationId>,
    /// Whether they write internal notes only.
    pub private_only: bool,
    /// Whether they may not sign in.
    pub suspended: bool,
}

/// Who asks, with what their account says of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// Who.
    pub face: Face,
    /// Their groups.
    pub group_ids: BTreeSet<GroupId>,
    /// What their custom role allows.
    pub may: BTreeSet<String>,
}

impl Actor {
    /// Their id.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.face.id
    }

    /// Whether they work on tickets.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.face.role.is_agent()
    }

    /// Whether they may do everything.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.face.role == Role::Admin
    }

    /// As tickets know them.
    #[must_use]
    pub fn of_tickets(&self) -> ticket::Actor {
        ticket::Actor { id: self.id(), agent: self.is_agent() }
    }
}
