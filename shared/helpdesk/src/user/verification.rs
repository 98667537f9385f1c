//! Showing that an address is one's own: by a link that is sent there. Who has it is asked once more, for programs follow
//! links too.

use super::{Invitation, User};
use crate::ids::{IdentityId, UserId};
use crate::record::{Changes, Kept, Known, Record, places};
use crate::store::{Failure, Key, Store};
use ceap_kernel::access::Credential;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a link is good for.
const GOOD_FOR_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Times that a person is changed while others change them.
const ATTEMPTS: usize = 5;

/// What is kept of a link: never its token, only what that is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whose address it is to be.
    pub user_id: UserId,
    /// Which of theirs.
    pub identity_id: IdentityId,
    /// The address.
    pub email: String,
}

fn key(token: &Credential) -> Key {
    Key::new(format!("VERIFICATION#{}", token.fingerprint()), "VERIFICATION")
}

impl Verification {
    /// Makes `token` show that the address of an invitation is its own.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn begin(
        store: &dyn Store,
        token: &Credential,
        invitation: &Invitation,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let verification = Self {
            user_id: invitation.user_id,
            identity_id: invitation.identity_id,
            email: invitation.email.clone(),
        };
        let over = now.as_second().saturating_add(GOOD_FOR_SECONDS);
        let over = Timestamp::from_second(over);
        let over = over.map_err(|error| Fault::Internal(error.to_string()))?;
        let mut changes = Changes::new();
        changes.put(key(token), &json!(verification), Some(over))?;
        let (writes, _) = changes.finish();
        store.commit(&token.tenant, &writes).await.map_err(|failure| match failure {
            Failure::Fault(fault) => fault,
            Failure::Unexpected(_) => Fault::Internal("a verification was in the way".to_owned()),
        })
    }

    /// What `token` shows, if it is good.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn of(store: &dyn Store, token: &Credential) -> Result<Option<Self>, Fault> {
        let key = key(token);
        Known::read(store, &token.tenant, vec![key.clone()]).await?.value(&key)
    }

    /// The address is its holder's from now on, if they still have it.
    ///
    /// # Errors
    /// `NotFound` if they have not, or `token` shows nothing; `Conflict`, `Unavailable` or `Throttled`.
    pub async fn finish(
        store: &dyn Store,
        token: &Credential,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let gone = || Fault::NotFound("the link is not good any more".to_owned());
        let verification = Self::of(store, token).await?.ok_or_else(gone)?;
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let place = places::record(User::KIND, verification.user_id.get());
        for _ in 0..ATTEMPTS {
            let found = store.get(&token.tenant, std::slice::from_ref(&place)).await?;
            let before = found.first().map(Kept::<User>::read).transpose()?;
            let before = before.filter(|user| user.active).ok_or_else(gone)?;
            let mut after = before.record.clone();
            let own = |it: &&mut super::Identity| {
                it.id == verification.identity_id && it.value == verification.email
            };
            let identity = after.identities.iter_mut().find(own).ok_or_else(gone)?;
            if identity.verified {
                return Ok(verification);
            }
            (identity.verified, identity.updated_at, after.updated_at) = (true, at, at);
            let mut changes = Changes::new();
            changes.update(&before, &after)?;
            let (writes, _) = changes.finish();
            match store.commit(&token.tenant, &writes).await {
                Ok(()) => return Ok(verification),
                Err(Failure::Unexpected(_)) => {}
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Conflict("others are changing the same person".to_owned()))
    }
}
