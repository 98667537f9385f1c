//! Triggers, and the categories that they stand in. What they do when a ticket changes is not here.

use super::head::{Head, Rule};
use super::{Action, Conditions};
use crate::ids::RecordId;
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

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
