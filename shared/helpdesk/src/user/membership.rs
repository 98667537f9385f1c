//! That a person belongs to an organization.

use crate::ids::{MembershipId, OrganizationId};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// That a person belongs to an organization
/// ([organization memberships](https://developer.zendesk.com/api-reference/ticketing/organizations/organization_memberships/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrganizationMembership {
    /// Its id.
    pub id: MembershipId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// To which.
    pub organization_id: OrganizationId,
    /// Whether their tickets belong to this one unless they say otherwise.
    pub default: bool,
    /// Whether they see the tickets of its other people.
    pub view_tickets: bool,
}
