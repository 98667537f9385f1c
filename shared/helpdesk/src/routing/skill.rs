//! What tickets ask for, and agents know.

use crate::account::Account;
use crate::ids::RecordId;
use crate::record::{Home, Kept, Kind, Record};
use crate::rule::Conditions;
use crate::search::document::{self, Beside};
use crate::search::{Looking, Scanned};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A type of skills, which the API calls an attribute
/// ([skill-based routing](https://developer.zendesk.com/api-reference/ticketing/ticket-management/skill_based_routing/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is called.
    pub name: String,
}

/// A skill, which the API calls the value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Skill {
    /// Its id.
    pub id: RecordId,
    /// Of which type it is.
    pub attribute_id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is called.
    pub name: String,
    /// Which tickets ask for it from the beginning: none if there are no conditions.
    #[serde(default)]
    pub conditions: Conditions,
}

impl Record for Attribute {
    const KIND: Kind = Kind {
        name: "ROUTING_ATTRIBUTE",
        singular: "attribute",
        plural: "attributes",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

impl Record for Skill {
    const KIND: Kind = Kind {
        name: "ROUTING_VALUE",
        singular: "attribute_value",
        plural: "attribute_values",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

impl Skill {
    /// Those that tickets may ask for by themselves.
    ///
    /// # Errors
    /// `Internal` if they cannot be read.
    pub fn automatic(account: &Account) -> Result<Vec<Kept<Self>>, Fault> {
        let all = account.all::<Self>()?;
        let asks =
            |it: &&Kept<Self>| !(it.conditions.all.is_empty() && it.conditions.any.is_empty());
        Ok(all.iter().filter(asks).cloned().collect())
    }
}

/// Whether conditions have to know who asks.
#[must_use]
pub fn asks_requester(conditions: &Conditions) -> bool {
    conditions.all.iter().chain(&conditions.any).any(|it| it.field == "locale_id")
}

/// Those of `all` whose conditions a new ticket meets.
#[must_use]
pub fn of_new(
    looking: &Looking,
    ticket: &Ticket,
    requester: Option<&User>,
    all: &[Kept<Skill>],
) -> BTreeSet<RecordId> {
    let beside = Beside { requester, fields: &looking.fields, ..Beside::default() };
    let document = document::ticket(ticket, &[], &beside);
    let scanned = Scanned::new(&document);
    all.iter().filter(|it| looking.routed(&scanned, &it.conditions)).map(|it| it.id).collect()
}
