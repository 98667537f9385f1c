//! Organizations of end-users.

mod merge;

pub use merge::{Merge, Progress};

use crate::ids::{GroupId, OrganizationId};
use crate::record::{Changes, Feed, Home, Kept, Kind, Link, Record, Unique, places};
use crate::store::Key;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An organization
/// ([organizations](https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name; no two have the same.
    pub name: String,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// The domains of addresses whose people join it when they are first known.
    pub domain_names: Vec<String>,
    /// Anything.
    pub details: Option<String>,
    /// Anything, for agents.
    pub notes: Option<String>,
    /// The group that its new tickets go to.
    pub group_id: Option<GroupId>,
    /// Whether all of its people see its tickets.
    pub shared_tickets: bool,
    /// Whether all of its people may comment on its tickets.
    pub shared_comments: bool,
    /// Tags, which its people's tickets get.
    pub tags: BTreeSet<String>,
    /// Values of the account's own fields, by their keys.
    pub organization_fields: Map<String, Value>,
}

impl Organization {
    /// Takes it away.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn gone(before: &Kept<Self>, at: Timestamp, changes: &mut Changes) -> Result<(), Fault> {
        changes.delete(before)?;
        changes.list(&Link::by_time(GONE, at, before.id.get()), &())
    }

    /// Where one is kept.
    #[must_use]
    pub fn key(id: OrganizationId) -> Key {
        places::record(Self::KIND, id.get())
    }
}

/// What a name is looked up as.
pub const NAME: &str = "organization.name";

/// What an external id is looked up as.
pub const EXTERNAL: &str = "organization.external_id";

/// What a domain is looked up as.
pub const DOMAIN: &str = "organization.domain";

/// Names, external ids and domains are the same in any case.
#[must_use]
pub fn canonical(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Record for Organization {
    const KIND: Kind = Kind {
        name: "ORGANIZATION",
        singular: "organization",
        plural: "organizations",
        home: Home::Many,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn uniques(&self) -> Vec<Unique> {
        let holds = json!({"id": self.id});
        let unique = |of, value: &str, field, text: &str| Unique {
            of,
            value: canonical(value),
            holds: holds.clone(),
            taken: (field, text.to_owned()),
        };
        let taken = "Name: has already been taken";
        let mut all = vec![unique(NAME, &self.name, "name", taken)];
        let taken = "External: has already been taken";
        all.extend(self.external_id.iter().map(|it| unique(EXTERNAL, it, "external_id", taken)));
        all
    }

    fn links(&self) -> Vec<Link> {
        let rank = named(&self.name, self.id);
        let on = |list: String| Link { list, rank: rank.clone() };
        let mut links = vec![on(NAMES.to_owned())];
        links.extend(self.domain_names.iter().map(|domain| on(of_domain(domain))));
        links
    }

    fn feed(&self) -> Option<Feed> {
        let link = Link::by_time(CHANGED, self.updated_at, self.id.get());
        Some(Feed { link, beside: Vec::new() })
    }
}

/// The list of all by when they were changed.
pub const CHANGED: &str = "changed/organizations";

/// The list of those that were deleted, by when they were.
pub const GONE: &str = "gone/organizations";

/// The list of all by name.
pub const NAMES: &str = "names/organizations";

/// Characters of a name that lists are sorted by.
const SORTED: usize = 200;

/// A name, or the beginning of one, as lists are sorted by it.
#[must_use]
pub fn sorted(name: &str) -> String {
    canonical(name).chars().take(SORTED).collect()
}

fn named(name: &str, id: OrganizationId) -> String {
    format!("{}#{}", sorted(name), places::rank(id.get()))
}

/// The list of the organizations that people with addresses of a domain join, by name: several may have one domain.
#[must_use]
pub fn of_domain(domain: &str) -> String {
    format!("domain/{}/organizations", canonical(domain))
}
