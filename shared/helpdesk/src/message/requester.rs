//! For whom tickets of messages are: found by what they are known by, or added with the first ticket.

use crate::access::{Face, Role};
use crate::api::{Call, Refused};
use crate::ids::{IdentityId, UserId};
use crate::record::places;
use crate::store::Key;
use crate::user::{Identity, Means, User, canonical, email, phone};
use serde::Deserialize;

/// Characters of a name.
const NAME: usize = 255;

/// What is known of a requester.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requester {
    /// What the platform calls them.
    pub external_id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their address of email.
    pub email: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
}

/// What an external id leads to.
#[derive(Debug, Deserialize)]
struct Known {
    id: UserId,
}

/// What external ids are looked up as.
const EXTERNAL: &str = "user.external_id";

impl Requester {
    /// By what they may be known, the surest first. What is no address or number is passed over: a profile may hold
    /// anything.
    fn identities(&self) -> Vec<(Means, String)> {
        let email = self.email.as_deref().map(canonical).filter(|it| email::valid(it));
        let phone = self.phone.as_deref().filter(|it| phone::international(it));
        let email = email.map(|it| (Means::Email, it));
        let phone = phone.map(|it| (Means::PhoneNumber, phone::canonical(it)));
        email.into_iter().chain(phone).collect()
    }

    /// What is to be read to find them.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = vec![places::unique(EXTERNAL, &self.external_id.to_lowercase())];
        let identities = self.identities();
        keys.extend(identities.iter().map(|(means, value)| places::unique(means.as_str(), value)));
        keys
    }

    /// Who they are, and what is to be added if nobody knows them.
    pub(super) async fn found(&self, call: &Call<'_>) -> Result<(UserId, Option<User>), Refused> {
        let external = self.external_id.to_lowercase();
        if let Some(Known { id }) = call.lookup(EXTERNAL, &external).await? {
            return Ok((id, None));
        }
        let identities = self.identities();
        for (means, value) in &identities {
            if let Some(face) = call.lookup::<Face>(means.as_str(), value).await? {
                return Ok((face.id, None));
            }
        }
        let mut user = User::new(UserId::fresh(call)?, &self.called(), Role::EndUser, call.at);
        user.external_id = Some(self.external_id.clone());
        for (means, value) in identities {
            if means == Means::PhoneNumber {
                user.phone = Some(value.clone());
            }
            user.add(Identity {
                id: IdentityId::fresh(call)?,
                created_at: call.at,
                updated_at: call.at,
                means,
                value,
                verified: false,
                primary: true,
            });
        }
        Ok((user.id, Some(user)))
    }

    /// Their name, or what comes closest to it.
    fn called(&self) -> String {
        let name = self.name.as_deref().map(str::trim).filter(|it| !it.is_empty());
        let local = || self.email.as_deref()?.split('@').next().filter(|it| !it.is_empty());
        let called = name.or_else(local).unwrap_or(&self.external_id);
        called.chars().take(NAME).collect()
    }
}
