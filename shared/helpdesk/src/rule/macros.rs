//! Macros: what an agent does to a ticket at once.

use super::Action;
use super::head::{Head, Rule};
use super::restriction::Restriction;
use crate::record::{Home, Kind, Record};
use serde::{Deserialize, Serialize};

/// A macro ([macros](https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Macro {
    /// What it is called, and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// What it does.
    pub actions: Vec<Action>,
    /// Whom it is for, if not for all agents.
    pub restriction: Option<Restriction>,
}

/// What stands between a category and what is in it: `Billing::Refunds::Late`.
const BETWEEN: &str = "::";

impl Macro {
    /// The category that its title begins with, if it does.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.head.title.split_once(BETWEEN).map(|(category, _)| category.trim())
    }
}

impl Record for Macro {
    const KIND: Kind = Kind { name: "MACRO", singular: "macro", plural: "macros", home: Home::Few };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for Macro {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}
