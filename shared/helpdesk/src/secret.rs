//! What nobody is shown again: kept apart from the records that it belongs to, and encrypted.

use crate::store::Soon;
use ceap_kernel::{Fault, TenantId};

/// Keeps secrets of a tenant. Names are lowercase letters, digits and underscores, at most 64 of them; a secret has at
/// most 4,096 bytes.
pub trait Secrets {
    /// The secret of this name, if there is one. It may be a minute old.
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<Option<String>, Fault>>;

    /// Keeps a secret, in place of the one before.
    fn keep<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        secret: &'a str,
    ) -> Soon<'a, Result<(), Fault>>;

    /// Forgets a secret, if there is one.
    fn forget<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>>;
}
