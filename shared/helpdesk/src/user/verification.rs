//! Showing that an address is one's own: by a link that is sent there. Who has it is asked once more, for programs follow
//! links too.

use super::{Identity, Invitation, User};
use crate::ids::{IdentityId, UserId};
use crate::later::later;
use crate::record::{Changes, Kept, Known, Record, places};
use crate::store::{Failure, Key, Store};
use ceap_kernel::access::Credential;
use ceap_kernel::{Fault, Timestamp, digest};
use serde::{Deserialize, Serialize};

/// How long a link is good for.
const GOOD_FOR_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Times that a person is changed while others change them.
const ATTEMPTS: usize = 5;

/// What is kept of a link. Neither its token, only what that is known by; nor the address, only what its holder alone
/// can tell it by: whoever is erased has left nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    user_id: UserId,
    identity_id: IdentityId,
    #[serde(default)]
    address: String,
    /// The address itself, of links that were sent by a version before the digest: good for a week after the upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

fn key(token: &Credential) -> Key {
    Key::new(format!("VERIFICATION#{}", token.fingerprint()), "VERIFICATION")
}

fn gone() -> Fault {
    Fault::NotFound("the link is not good any more".to_owned())
}

impl Verification {
    /// Makes `token` show that `email`, the address of an invitation, is its holder's. Says whether it does: it goes on to
    /// show what it first did.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn begin(
        store: &dyn Store,
        token: &Credential,
        (invitation, email): (&Invitation, &str),
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let Invitation { user_id, identity_id } = *invitation;
        let address = told(token, email);
        let verification = Self { user_id, identity_id, address, email: None };
        let over = later(now, GOOD_FOR_SECONDS)?;
        let mut changes = Changes::new();
        changes.once(key(token), &verification, Some(over))?;
        let (writes, _) = changes.finish();
        match store.commit(&token.tenant, &writes).await {
            Ok(()) => Ok(true),
            Err(Failure::Unexpected(_)) => {
                Ok(Self::read(store, token).await?.is_some_and(|first| first == verification))
            }
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    /// The address that `token` shows to be its holder's.
    ///
    /// # Errors
    /// `NotFound` if it shows none, or nobody has that address any more; `Unavailable` or `Throttled`.
    pub async fn of(store: &dyn Store, token: &Credential) -> Result<String, Fault> {
        let verification = Self::read(store, token).await?.ok_or_else(gone)?;
        let holder = verification.holder(store, token).await?;
        verification.identity(token, &holder).map(|it| it.value.clone()).ok_or_else(gone)
    }

    /// The address is its holder's from now on, if they still have it. Returns it.
    ///
    /// # Errors
    /// `NotFound` if they have not, or `token` shows nothing; `Conflict`, `Unavailable` or `Throttled`.
    pub async fn finish(
        store: &dyn Store,
        token: &Credential,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let verification = Self::read(store, token).await?.ok_or_else(gone)?;
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        for _ in 0..ATTEMPTS {
            let before = verification.holder(store, token).await?;
            let identity = verification.identity(token, &before).ok_or_else(gone)?;
            if identity.verified {
                return Ok(identity.value.clone());
            }
            let mut after = before.record.clone();
            after.updated_at = at;
            for it in after.identities.iter_mut().filter(|it| it.id == identity.id) {
                (it.verified, it.updated_at) = (true, at);
            }
            let mut changes = Changes::new();
            changes.update(&before, &after)?;
            let (writes, _) = changes.finish();
            match store.commit(&token.tenant, &writes).await {
                Ok(()) => return Ok(identity.value.clone()),
                Err(Failure::Unexpected(_)) => {}
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Conflict("others are changing the same person".to_owned()))
    }

    async fn read(store: &dyn Store, token: &Credential) -> Result<Option<Self>, Fault> {
        let key = key(token);
        Known::read(store, &token.tenant, vec![key.clone()]).await?.value(&key)
    }

    async fn holder(&self, store: &dyn Store, token: &Credential) -> Result<Kept<User>, Fault> {
        let place = places::record(User::KIND, self.user_id.get());
        let found = store.get(&token.tenant, std::slice::from_ref(&place)).await?;
        let user = found.first().map(Kept::<User>::read).transpose()?;
        user.filter(|user| user.active).ok_or_else(gone)
    }

    /// Theirs, if it is still what the link was sent to.
    fn identity<'a>(&self, token: &Credential, user: &'a User) -> Option<&'a Identity> {
        let same = |it: &&Identity| match &self.email {
            Some(email) => it.value == *email,
            None => told(token, &it.value) == self.address,
        };
        user.identity(self.identity_id).filter(same)
    }
}

/// What an address is told by, by whoever has the token.
fn told(token: &Credential, email: &str) -> String {
    digest(&["verification", &token.reveal(), email])
}
