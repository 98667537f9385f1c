//! People: customers and agents.

pub mod email;
mod identity;
mod invitation;
pub mod membership;
pub mod phone;
mod photo;
mod verification;

pub use identity::{Identity, Means};
pub use invitation::{Invitation, Invited};
pub use membership::OrganizationMembership;
pub use photo::Photo;
pub use verification::Verification;

use crate::access::{Face, Restriction, Role};
use crate::account::Staff;
use crate::ids::{IdentityId, OrganizationId, RoleId, UserId};
use crate::record::{Feed, Home, Kind, Link, Record, Shadow, Told, Unique, places};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The list of all by when they were changed.
pub const CHANGED: &str = "changed/users";

/// Addresses, numbers and accounts of one person at most: each is a write of its own whenever their name changes.
pub const MOST_IDENTITIES: usize = 30;

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
    /// The picture that shows them.
    pub photo: Option<Photo>,
    /// Whether they may not sign in.
    pub suspended: bool,
    /// Whether they are not deleted.
    pub active: bool,
    /// When and by whom their data was taken out for good, if it was.
    pub erased: Option<Erased>,
    /// Who they turned out to be, if they were merged into somebody else.
    pub merged_into: Option<UserId>,
    /// When they last asked for anything.
    pub last_login_at: Option<Timestamp>,
}

/// That somebody's data was taken out for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
}

/// The name of whom nothing is known any more.
pub const ERASED: &str = "Permanently Deleted User";

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
            suspended: false,
            active: true,
            erased: None,
            merged_into: None,
            last_login_at: None,
        }
    }

    /// The address that they are written to.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let emails = || self.identities.iter().filter(|it| it.means == Means::Email);
        emails().find(|it| it.primary).or_else(|| emails().next()).map(|it| it.value.as_str())
    }

    /// Whether they have shown that any address or number is theirs.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.identities.iter().any(|it| it.verified)
    }

    /// What they are known by under this id.
    #[must_use]
    pub fn identity(&self, id: IdentityId) -> Option<&Identity> {
        self.identities.iter().find(|it| it.id == id)
    }

    /// Makes one of what they are known by the one to use among its like.
    pub fn prefer(&mut self, id: IdentityId) {
        let Some(means) = self.identity(id).map(|it| it.means) else { return };
        for identity in self.identities.iter_mut().filter(|it| it.means == means) {
            identity.primary = identity.id == id;
        }
    }

    /// One more address, number or account. The first of its like is the one to use.
    pub fn add(&mut self, identity: Identity) {
        let first = !self.identities.iter().any(|it| it.means == identity.means && it.primary);
        let (id, primary) = (identity.id, identity.primary || first);
        self.identities.push(identity);
        if primary {
            self.prefer(id);
        }
    }

    /// Takes away what they are known by under this id. What is left of its like has one to use.
    pub fn drop_identity(&mut self, id: IdentityId) {
        let gone = self.identity(id).cloned();
        self.identities.retain(|it| it.id != id);
        let Some(gone) = gone.filter(|it| it.primary) else { return };
        let next = self.identities.iter().find(|it| it.means == gone.means).map(|it| it.id);
        if let Some(next) = next {
            self.prefer(next);
        }
    }

    /// Whether their telephone number may be others' too: then they are not known by it. Nothing of who has none.
    #[must_use]
    pub fn shares_phone(&self) -> Option<bool> {
        let phone = phone::canonical(self.phone.as_deref()?);
        let direct =
            |it: &&Identity| it.means == Means::PhoneNumber && phone::canonical(&it.value) == phone;
        Some(!self.identities.iter().any(|it| direct(&it)))
    }

    /// Nothing of them is left but that there was somebody
    /// ([permanently deleted users](https://developer.zendesk.com/api-reference/ticketing/users/users/#list-deleted-users)).
    #[must_use]
    pub fn erased(&self, by: UserId, at: Timestamp) -> Self {
        Self {
            updated_at: at,
            active: false,
            erased: Some(Erased { at, by }),
            merged_into: self.merged_into,
            ..Self::new(self.id, ERASED, self.role, self.created_at)
        }
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

    const HIDES: bool = true;

    fn id(&self) -> u64 {
        self.id.get()
    }

    /// Who was deleted.
    fn hidden(&self) -> bool {
        !self.active
    }

    /// What they may do is told; that there is one customer more or less is not. Their name is not written down, so
    /// that it can be forgotten.
    fn told(&self) -> Option<Told> {
        let facts = json!({
            "role": self.role.title(),
            "custom_role_id": self.custom_role_id,
            "ticket_restriction": self.restriction,
            "only_private_comments": self.only_private_comments,
            "suspended": self.suspended,
            "active": self.active,
        });
        Some(Told {
            source_type: Self::KIND.singular.to_owned(),
            label: String::new(),
            facts: facts.as_object().cloned()?,
            quiet: !self.role.is_agent(),
        })
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
            holds: json!({"id": self.id, "organization_id": it.organization_id}),
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
        };
        let value = serde_json::to_value(&staff).ok()?;
        Some(Shadow { key: places::record(Staff::KIND, staff.id()), value })
    }

    fn links(&self) -> Vec<Link> {
        let id = self.id.get();
        let mut links = Vec::new();
        if !self.active {
            links.push(Link::by_id("deleted/users", id));
        }
        if self.active {
            links.push(Link::by_id(format!("role/{}/users", self.role.as_str()), id));
            links.extend(
                self.custom_role_id.map(|it| Link::by_id(format!("custom_role/{it}/users"), id)),
            );
            links.extend(self.memberships.iter().map(|it| it.link(self.id)));
            let organizations = self.memberships.iter().map(|it| it.organization_id);
            links.extend(
                organizations.map(|of| Link::by_id(format!("organization/{of}/users"), id)),
            );
        }
        links
    }

    fn feed(&self) -> Option<Feed> {
        let link = Link::by_time(CHANGED, self.updated_at, self.id.get());
        Some(Feed { link, beside: Vec::new() })
    }
}
