//! Erasure: one subject taken out of the platform (GDPR Art. 17).
//!
//! It is asked for at the [`desk`], and worked on by a workflow ([`work`]) in two passes: the first
//! takes away all that is kept, the profile before all else, so that from then on nothing more is
//! sent. What was on its way meanwhile settles: batches are written, senders end, events reach the
//! lake. The second pass takes that away too. Each step may be done again.
//!
//! The helpdesk has a part of its own in both, which another function does, since it reaches other stores: how far it
//! is stands in the erasure as a [`Course`].
//!
//! Who was merged into another is the other, so all ids of a subject are erased as one. They are noted
//! before any is taken away, since what tells of them goes too.

pub mod desk;
pub mod work;

mod course;
mod known;
mod state;
mod store;

pub use course::Course;
pub use known::Known;
pub use state::{Erasure, State};
pub use store::{ErasureStore, Forget, Identities, Kept, change};

use ceap_kernel::{ErasureId, TenantId};
use serde::{Deserialize, Serialize};

/// Which erasure: what its workflow is begun with. Whom it is about stands in its record alone, since
/// AWS keeps the input of an execution for 90 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub erasure: ErasureId,
}

impl From<&Erasure> for Which {
    fn from(erasure: &Erasure) -> Self {
        Self { tenant: erasure.tenant.clone(), erasure: erasure.id.clone() }
    }
}
