//! Groups of agents, and who is in them.

use crate::ids::{GroupId, MembershipId, UserId};
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A group of agents ([groups](https://developer.zendesk.com/api-reference/ticketing/groups/groups/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is the one that agents are in unless they are told otherwise.
    pub default: bool,
    /// Whether agents outside of it may not assign tickets to it.
    pub is_public: bool,
}

impl Record for Group {
    const KIND: Kind =
        Kind { name: "GROUP", singular: "group", plural: "groups", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

/// That an agent is in a group
/// ([group memberships](https://developer.zendesk.com/api-reference/ticketing/groups/group_memberships/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMembership {
    /// Its id.
    pub id: MembershipId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who.
    pub user_id: UserId,
    /// In which.
    pub group_id: GroupId,
    /// Whether tickets that they are assigned go to this one.
    pub default: bool,
}

impl Record for GroupMembership {
    const KIND: Kind = Kind {
        name: "GROUP_MEMBERSHIP",
        singular: "group_membership",
        plural: "group_memberships",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
