//! Brands: the names under which an account meets its customers.

use crate::ids::BrandId;
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A brand ([brands](https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its id.
    pub id: BrandId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// What its addresses begin with; no two brands have the same.
    pub subdomain: String,
    /// Its own host, if it has one.
    pub host_mapping: Option<String>,
    /// What agents' comments end with.
    pub signature_template: String,
    /// Whether it is in use.
    pub active: bool,
    /// Whether tickets have it that name none.
    pub default: bool,
    /// Whether it was deleted: it is kept for the tickets that have it.
    #[serde(default)]
    pub deleted: bool,
}

/// What agents' comments end with unless a brand says otherwise.
pub const SIGNATURE: &str = "{{agent.signature}}";

impl Record for Brand {
    const KIND: Kind =
        Kind { name: "BRAND", singular: "brand", plural: "brands", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
