//! People: customers and agents.

mod identity;
mod membership;

pub use identity::{Identity, Means};
pub use membership::OrganizationMembership;

use crate::access::{Face, Restriction, Role};
use crate::account::Staff;
use crate::ids::{GroupId, OrganizationId, RoleId, UserId};
use crate::record::{Home, Kind, Link, Record, Shadow, Unique, places};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A person. Identities and the organizations that they belong to are kept with them, since both decide who they are
/// taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// When they were first known.
    pub created_at: Timestamp,
    /// When what is known of them changed.
    pub updated_at: Timestamp,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// The custom role, of an agent who has one.
    pub custom_role_id: Option<RoleId>,
    /// Which tickets they see.
    pub restriction: Restriction,
    /// Whether they write internal notes only.
    pub only_private_comments: bool,
    /// Whether they may moderate what others write.
    pub moderator: bool,
    /// Email addresses, numbers and other accounts, in the order in which they were added.
    pub identities: Vec<Identity>,
    /// The organizations that they belong to.
    pub memberships: Vec<OrganizationMembership>,
    /// The group that tickets go to when they are assigned one.
    pub default_group_id: Option<GroupId>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// What another system calls them.
    pub external_id: Option<String>,
    /// The name that customers see.
    pub alias: Option<String>,
    /// What their public comments end with.
    pub signature: Option<String>,
    /// Anything.
    pub details: Option<String>,
    /// Anything, for agents.
    pub notes: Option<String>,
    /// Their language (BCP 47).
    pub locale: String,
    /// Their time zone, by Zendesk's name for it.
    pub time_zone: String,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Values of the tenant's own fields, by their keys.
    pub user_fields: Map<String, Value>,
    /// The attachment that shows them.
    pub photo: Option<Value>,
    /// Whether they have shown that an address is theirs.
    pub verified: bool,
    /// Whether they may not sign in.
    pub suspended: bool,
    /// Whether they are not deleted.
    pub active: bool,
    /// Whether their data was taken out for good.
    pub permanently_deleted: bool,
    /// When they last asked for anything.
    pub last_login_at: Option<Timestamp>,
}

impl User {
    /// Somebody of whom nothing is known yet but this.
    #[must_use]
    pub fn new(id: UserId, name: &str, role: Role, at: Timestamp) -> Self {
        let restriction = if role.is_agent() { Restriction::All } else { Restriction::Requested };
        Self {
            id,
            created_at: at,
            updated_at: at,
            name: name.to_owned(),
            role,
            custom_role_id: None,
            restriction,
            only_private_comments: false,
            moderator: role.is_agent(),
            identities: Vec::new(),
            memberships: Vec::new(),
            default_group_id: None,
            phone: None,
            external_id: None,
            alias: None,
            signature: None,
            details: None,
            notes: None,
            locale: "en-US".to_owned(),
            time_zone: "Eastern Time (US & Canada)".to_owned(),
            tags: BTreeSet::new(),
            user_fields: Map::new(),
            photo: None,
            verified: false,
            suspended: false,
            active: true,
            permanently_deleted: false,
            last_login_at: None,
        }
    }

    /// The address that they are written to.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let emails = || self.identities.iter().filter(|it| it.means == Means::Email);
        emails().find(|it| it.primary).or_else(|| emails().next()).map(|it| it.value.as_str())
    }

    /// The organizations that they belong to, the default one first.
    #[must_use]
    pub fn organization_ids(&self) -> Vec<OrganizationId> {
        let default = self.memberships.iter().filter(|it| it.default);
        let others = self.memberships.iter().filter(|it| !it.default);
        default.chain(others).map(|it| it.organization_id).collect()
    }

    /// What a request needs to know of them.
    #[must_use]
    pub fn face(&self) -> Face {
        Face {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            custom_role_id: self.custom_role_id,
            restriction: self.restriction,
            organization_ids: self.organization_ids(),
            private_only: self.only_private_comments,
            suspended: self.suspended || !self.active,
        }
    }
}

/// Addresses are the same in any case.
#[must_use]
pub fn canonical(address: &str) -> String {
    address.trim().to_lowercase()
}

/// What an address is looked up as.
pub const EMAIL: &str = "user.email";

impl Record for User {
    const KIND: Kind = Kind { name: "USER", singular: "user", plural: "users", home: Home::Many };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn uniques(&self) -> Vec<Unique> {
        if !self.active {
            return Vec::new();
        }
        let face = serde_json::to_value(self.face()).unwrap_or_default();
        let identities = self.identities.iter().map(|identity| identity.unique(&face));
        let external = self.external_id.iter().map(|id| Unique {
            of: "user.external_id",
            value: id.to_lowercase(),
            holds: json!({"id": self.id}),
            taken: ("external_id", format!("External: {id} has already been taken")),
        });
        let memberships = self.memberships.iter().map(|it| Unique {
            of: "organization_membership",
            value: it.id.to_string(),
            holds: json!({"id": self.id}),
            taken: ("id", "Id: has already been taken".to_owned()),
        });
        identities.chain(external).chain(memberships).collect()
    }

    /// Agents are known to all of their account.
    fn shadow(&self) -> Option<Shadow> {
        if !self.active || !self.role.is_agent() {
            return None;
        }
        let staff = Staff {
            id: self.id,
            name: self.name.clone(),
            email: self.email().map(str::to_owned),
            role: self.role,
            default_group_id: self.default_group_id,
        };
        let value = serde_json::to_value(&staff).ok()?;
        Some(Shadow { key: places::record(Staff::KIND, staff.id()), value })
    }

    fn links(&self) -> Vec<Link> {
        let id = self.id.get();
        let mut links = vec![Link::by_time("changed/users", self.updated_at, id)];
        if self.active {
            links.push(Link::by_id(format!("role/{}/users", self.role.as_str()), id));
            let organizations = self.memberships.iter().map(|it| it.organization_id);
            links.extend(
                organizations.map(|of| Link::by_id(format!("organization/{of}/users"), id)),
            );
        }
        links
    }
}
