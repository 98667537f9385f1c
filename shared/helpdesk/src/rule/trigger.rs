//! Triggers, and the categories that they stand in. What they do when a ticket changes is [`crate::trigger`]'s.

use super::head::{Head, Rule};
use super::{Action, Conditions};
use crate::account::Account;
use crate::ids::RecordId;
use crate::record::{Home, Kept, Kind, Record};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A trigger ([triggers](https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// What it is called, and where it stands in its category.
    #[serde(flatten)]
    pub head: Head,
    /// When it acts.
    pub conditions: Conditions,
    /// What it does.
    pub actions: Vec<Action>,
    /// The category that it stands in.
    pub category_id: RecordId,
}

impl Trigger {
    /// Those of an account that are in use, in the order in which they act: by their categories, then by their places.
    ///
    /// # Errors
    /// `Internal` if they cannot be read.
    pub fn in_use(account: &Account) -> Result<Arc<Vec<Kept<Self>>>, Fault> {
        account.worked_out("TRIGGERS IN USE", || Self::sorted(account))
    }

    fn sorted(account: &Account) -> Result<Vec<Kept<Self>>, Fault> {
        let categories = account.all::<TriggerCategory>()?;
        let of = |it: &Self| categories.iter().find(|category| category.id == it.category_id);
        let place = |it: &Kept<Self>| {
            let category = of(it).map(|it| it.position).unwrap_or_default();
            (category, it.category_id, it.head.position, it.head.id)
        };
        let all = account.all::<Self>()?;
        let mut used: Vec<Kept<Self>> = all.iter().filter(|it| it.head.active).cloned().collect();
        used.sort_by_cached_key(place);
        Ok(used)
    }
}

impl Record for Trigger {
    const KIND: Kind =
        Kind { name: "TRIGGER", singular: "trigger", plural: "triggers", home: Home::Account };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for Trigger {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

/// A category of triggers
/// ([ticket trigger categories](https://developer.zendesk.com/api-reference/ticketing/business-rules/trigger_categories/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerCategory {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// Where it stands: its triggers act before those of the ones behind it.
    pub position: i64,
}

impl Record for TriggerCategory {
    const KIND: Kind = Kind {
        name: "TRIGGER_CATEGORY",
        singular: "trigger_category",
        plural: "trigger_categories",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
