//! Asking people to show that an address is theirs.

use crate::ids::{IdentityId, UserId};
use crate::store::Soon;
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};

/// Who is asked, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their language (BCP 47).
    pub locale: String,
    /// The address in question.
    pub identity_id: IdentityId,
    /// That address.
    pub email: String,
}

/// Sends invitations: mail by which somebody shows that an address is theirs, and signs in without a password that
/// anyone else has chosen.
pub trait Invitations {
    /// Sends one. One that was sent before may be sent again.
    fn send<'a>(
        &'a self,
        tenant: &'a TenantId,
        invitation: &'a Invitation,
    ) -> Soon<'a, Result<(), Fault>>;
}
