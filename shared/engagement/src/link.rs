//! Signed links: what a recipient may do without logging in, because only they have the link.
//!
//! A link's token is `<tenant>.<what>.<signature>`: what it allows, as JSON in base64url, and an
//! HMAC-SHA256 (RFC 2104) over it and the tenant, under the tenant's own key.

use crate::policy::rule::Rule;
use crate::secret::{Secret, Secrets};
use crate::use_case::Purpose;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ceap_kernel::{Fault, MessageId, SubjectId, TenantId, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

/// The name of the tenant's secret that links are signed with.
pub const KEY: &str = "link_key";

/// What a link allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "a", rename_all = "snake_case")]
pub enum Allows {
    /// To unsubscribe this address from messages of this purpose.
    Unsubscribe {
        /// Who.
        #[serde(rename = "s")]
        subject: SubjectId,
        /// On which channel.
        #[serde(rename = "c")]
        channel: String,
        /// From what.
        #[serde(rename = "p")]
        purpose: Purpose,
        /// The address that the message went to.
        #[serde(rename = "t")]
        address: String,
        /// The message that it was in.
        #[serde(rename = "m")]
        message: MessageId,
    },
    /// To see and change one's preferences.
    Preferences {
        /// Who.
        #[serde(rename = "s")]
        subject: SubjectId,
    },
    /// To confirm a consent that was asked for (double opt-in).
    Confirm {
        /// Who.
        #[serde(rename = "s")]
        subject: SubjectId,
        /// The consent: `email.marketing`.
        #[serde(rename = "n")]
        consent: String,
        /// Which version of the text was shown.
        #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The address that was asked, where it is one.
        #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Until when, in seconds since 1970.
        #[serde(rename = "x")]
        expires: i64,
    },
    /// To read one's own in-app inbox.
    Inbox {
        /// Who.
        #[serde(rename = "s")]
        subject: SubjectId,
        /// Until when, in seconds since 1970.
        #[serde(rename = "x")]
        expires: i64,
    },
}

/// Signs and checks the links of one tenant.
#[derive(Clone)]
pub struct Signer {
    tenant: TenantId,
    key: Secret,
}

impl Signer {
    /// With the tenant's key.
    #[must_use]
    pub const fn new(tenant: TenantId, key: Secret) -> Self {
        Self { tenant, key }
    }

    fn mac(&self, what: &str) -> Result<Hmac<Sha256>, Fault> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.reveal().as_bytes())
            .map_err(|error| Fault::Internal(error.to_string()))?;
        mac.update(self.tenant.as_str().as_bytes());
        mac.update(b".");
        mac.update(what.as_bytes());
        Ok(mac)
    }

    /// The token of a link that allows this.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn token(&self, allows: &Allows) -> Result<String, Fault> {
        let json =
            serde_json::to_vec(allows).map_err(|error| Fault::Internal(error.to_string()))?;
        let what = BASE64.encode(json);
        let signature = BASE64.encode(self.mac(&what)?.finalize().into_bytes());
        Ok(format!("{}.{what}.{signature}", self.tenant))
    }

    /// 256 bits for a secret of this name: nobody else can make them, and they are the same whenever it is made again.
    ///
    /// # Errors
    /// `Internal` when the key cannot sign.
    pub fn secret(&self, name: &str) -> Result<[u8; 32], Fault> {
        // No token begins so (RFC 4648 §5 has no `!`), so that none can be had as a secret.
        Ok(self.mac(&format!("!{name}"))?.finalize().into_bytes().into())
    }

    /// What a token of this tenant allows at `now`.
    ///
    /// # Errors
    /// `NotFound` when it is none, was changed, or is over.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Allows, Fault> {
        let unknown = || Fault::NotFound("the link is not valid, or no longer".to_owned());
        let mut parts = token.split('.').skip(1);
        let (Some(what), Some(signature), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(unknown());
        };
        let signature = BASE64.decode(signature).map_err(|_| unknown())?;
        self.mac(what)?.verify_slice(&signature).map_err(|_| unknown())?;
        let json = BASE64.decode(what).map_err(|_| unknown())?;
        let allows: Allows = serde_json::from_slice(&json).map_err(|_| unknown())?;
        match allows {
            Allows::Confirm { expires, .. } | Allows::Inbox { expires, .. }
                if expires <= now.as_second() =>
            {
                Err(unknown())
            }
            allows => Ok(allows),
        }
    }
}

/// The tenant that a token names, before it is checked.
///
/// # Errors
/// `NotFound` when it names none.
pub fn tenant(token: &str) -> Result<TenantId, Fault> {
    token
        .split_once('.')
        .and_then(|(tenant, _)| TenantId::new(tenant).ok())
        .ok_or_else(|| Fault::NotFound("the link is not valid, or no longer".to_owned()))
}

/// Makes links that lead to this deployment.
#[derive(Debug, Clone)]
pub struct Links<S> {
    secrets: S,
    base: String,
}

impl<S: Secrets> Links<S> {
    /// Below `base`, the public address of the API, with keys from `secrets`.
    pub fn new(secrets: S, base: &str) -> Self {
        Self { secrets, base: base.trim_end_matches('/').to_owned() }
    }

    /// The tenant's signer.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no key; `Unavailable` or `Throttled`.
    pub async fn signer(&self, tenant: &TenantId) -> Result<Signer, Fault> {
        let key = self.secrets.get(tenant, KEY).await?;
        Ok(Signer::new(tenant.clone(), key))
    }

    /// The address of a page that a link opens: `unsubscribe`, `preferences`, `confirm`.
    #[must_use]
    pub fn url(&self, page: &str, token: &str) -> String {
        format!("{}/v1/{page}/{token}", self.base)
    }
}

/// The links of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageLinks {
    /// Where the recipient unsubscribes.
    pub unsubscribe: String,
    /// Where the recipient sees and changes its preferences.
    pub preferences: String,
}

/// Makes the links of messages.
#[allow(async_fn_in_trait)]
pub trait LinkMaker {
    /// The links of the message `id` to `address`.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no key; `Unavailable` or `Throttled`.
    async fn links(&self, tenant: &TenantId, of: &Linked<'_>) -> Result<MessageLinks, Fault>;
}

/// What a message's links are about.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'a> {
    /// Which message.
    pub id: &'a MessageId,
    /// To whom.
    pub subject: &'a SubjectId,
    /// On which channel.
    pub channel: &'a str,
    /// Why.
    pub purpose: Purpose,
    /// Where.
    pub address: &'a str,
}

impl<S: Secrets> LinkMaker for Links<S> {
    async fn links(&self, tenant: &TenantId, of: &Linked<'_>) -> Result<MessageLinks, Fault> {
        let signer = self.signer(tenant).await?;
        let unsubscribe = signer.token(&Allows::Unsubscribe {
            subject: of.subject.clone(),
            channel: of.channel.to_owned(),
            purpose: of.purpose,
            address: of.address.to_owned(),
            message: of.id.clone(),
        })?;
        let preferences = signer.token(&Allows::Preferences { subject: of.subject.clone() })?;
        Ok(MessageLinks {
            unsubscribe: self.url("unsubscribe", &unsubscribe),
            preferences: self.url("preferences", &preferences),
        })
    }
}

impl MessageLinks {
    /// What templates see as `links`.
    #[must_use]
    pub fn facts(&self) -> Value {
        json!({"unsubscribe": self.unsubscribe, "preferences": self.preferences})
    }

    /// The link for the headers of RFC 8058, where the purpose asks for them.
    #[must_use]
    pub fn header(&self, channel: &str, purpose: Purpose) -> Option<String> {
        (channel == "email" && Rule::of(purpose).unsubscribe).then(|| self.unsubscribe.clone())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer(tenant: &str, key: &str) -> Signer {
        Signer::new(TenantId::new(tenant).unwrap(), Secret::new(key))
    }

    fn inbox(expires: i64) -> Allows {
        Allows::Inbox { subject: SubjectId::new("u1").unwrap(), expires }
    }

    #[test]
    fn only_the_tenants_own_unchanged_unexpired_token_is_read() {
        let now = Timestamp::from_second(1000).unwrap();
        let acme = signer("acme", "k1");
        let token = acme.token(&inbox(1001)).unwrap();
        assert_eq!(acme.read(&token, now).unwrap(), inbox(1001));
        assert_eq!(tenant(&token).unwrap().as_str(), "acme");
        assert!(acme.read(&acme.token(&inbox(1000)).unwrap(), now).is_err());
        assert!(signer("acme", "k2").read(&token, now).is_err());
        assert!(signer("globex", "k1").read(&token, now).is_err());
        assert!(acme.read("acme.x.y", now).is_err());
        assert!(acme.read("", now).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(place in 0_usize..200, letter in "[A-Za-z0-9_.-]") {
            let now = Timestamp::from_second(1000).unwrap();
            let acme = signer("acme", "k1");
            let token = acme.token(&inbox(2000)).unwrap();
            let place = "acme.".len() + place % (token.len() - "acme.".len());
            let mut changed = token.clone();
            changed.replace_range(place..=place, &letter);
            prop_assume!(changed != token);
            // The last letter of base64 holds spare bits: what decodes to the same is the same.
            let same = acme.read(&changed, now);
            prop_assert!(same.is_err() || place == token.len() - 1);
        }
    }
}
