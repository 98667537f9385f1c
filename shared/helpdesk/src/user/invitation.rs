//! Asking people to show that an address is theirs, by mail: whoever has its link has the address, and signs in without a
//! password that anyone else has chosen.
//!
//! That somebody is invited is kept in the transaction that they are, so neither is without the other. Whoever reads the
//! changes of the table has it sent.

use super::User;
use crate::api::Call;
use crate::ids::{IdentityId, UserId};
use crate::later::later;
use crate::record::{Changes, Kept, Record, places};
use crate::store::{Key, Store};
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};

/// How long it is remembered that somebody was invited.
const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;

/// Who is asked, and about which address. The address itself is read when the mail is written: what waits names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who.
    pub user_id: UserId,
    /// Which of their addresses.
    pub identity_id: IdentityId,
}

/// Whom an invitation is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Their name.
    pub name: String,
    /// Their language (BCP 47).
    pub locale: String,
    /// The address in question.
    pub email: String,
}

impl Invitation {
    /// The sort key of what is kept of an invitation.
    pub const SORT: &str = "INVITATION";

    /// The partitions of what is kept of invitations begin so; then comes the id of one.
    pub const PARTITION: &str = "INVITATION#";

    /// Invites them, together with what else changes.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn keep(&self, call: &Call<'_>, changes: &mut Changes) -> Result<(), Fault> {
        let over = later(call.at, REMEMBERED_SECONDS)?;
        let key = Key::new(format!("{}{}", Self::PARTITION, call.random_name()), Self::SORT);
        changes.put(key, self, Some(over))
    }

    /// Whom it is written to; nobody, if they or the address are gone by now.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn invited(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
    ) -> Result<Option<Invited>, Fault> {
        let place = places::record(User::KIND, self.user_id.get());
        let found = store.get(tenant, std::slice::from_ref(&place)).await?;
        let Some(item) = found.first() else { return Ok(None) };
        let user = Kept::<User>::read(item)?.record;
        let email = user.identity(self.identity_id).map(|it| it.value.clone());
        let invited = |email| Invited { name: user.name, locale: user.locale, email };
        Ok(email.filter(|_| user.active).map(invited))
    }
}
