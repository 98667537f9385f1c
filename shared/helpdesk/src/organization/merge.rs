//! That an organization goes into another.

use crate::ids::{OrganizationId, RecordId};
use crate::record::{Home, Kind, Link, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// That an organization goes into another, with its people, tickets and domains
/// ([merging organizations](https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#merge-organization-with-another-organization)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Its id.
    pub id: RecordId,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// What is there no longer after it.
    pub loser_id: OrganizationId,
    /// What has it all then.
    pub winner_id: OrganizationId,
    /// How far it is.
    pub status: Progress,
}

/// How far a merge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nothing was done yet.
    New,
    /// Some was done.
    InProgress,
    /// It cannot be done.
    Error,
    /// All was done.
    Complete,
}

impl Record for Merge {
    const KIND: Kind = Kind {
        name: "ORGANIZATION_MERGE",
        singular: "organization_merge",
        plural: "organization_merges",
        home: Home::Few,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn links(&self) -> Vec<Link> {
        let of = |id| Link::by_id(format!("organization/{id}/merges"), self.id.get());
        vec![of(self.loser_id), of(self.winner_id)]
    }
}
