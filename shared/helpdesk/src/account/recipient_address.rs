//! The addresses that tickets come in at.

use crate::ids::{BrandId, RecordId};
use crate::record::{Home, Kind, Record, Unique};
use crate::user::canonical;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An address that tickets come in at, and that answers to them come from
/// ([support addresses](https://developer.zendesk.com/api-reference/ticketing/account-configuration/support_addresses/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientAddress {
    /// Its id.
    pub id: RecordId,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// The name that answers come from.
    pub name: String,
    /// The address.
    pub email: String,
    /// The brand that is written to.
    pub brand_id: Option<BrandId>,
    /// Whether answers come from it where nobody wrote to any.
    pub default: bool,
}

/// What an address that tickets come in at is looked up as.
pub const RECIPIENT: &str = "recipient_address.email";

impl Record for RecipientAddress {
    const KIND: Kind = Kind {
        name: "RECIPIENT_ADDRESS",
        singular: "recipient_address",
        plural: "recipient_addresses",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn uniques(&self) -> Vec<Unique> {
        vec![Unique {
            of: RECIPIENT,
            value: canonical(&self.email),
            holds: json!({"id": self.id, "brand_id": self.brand_id}),
            taken: ("email", "Email: has already been taken".to_owned()),
        }]
    }
}
