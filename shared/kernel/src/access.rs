//! Who may do what: roles, credentials, and the port that looks them up.
//!
//! A credential is `ceap_<tenant>_<secret>`: it names its tenant, so that its key in the store does
//! too, and its prefix lets secret scanners find it. Only its SHA-256 is kept: the secret is 256
//! random bits, which need no slow hash.

use crate::{Fault, SourceId, TenantId, digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything in its tenant.
    Admin,
    /// Leads agents.
    TeamLead,
    /// Works with customers.
    Agent,
    /// A customer.
    EndUser,
    /// A source: sends events, reads nothing.
    Source,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Admin, Self::TeamLead, Self::Agent, Self::EndUser, Self::Source];

    /// As records, tokens and documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::TeamLead => "team-lead",
            Self::Agent => "agent",
            Self::EndUser => "end-user",
            Self::Source => "source",
        }
    }

    /// Whether it may send events.
    #[must_use]
    pub fn may_ingest(self) -> bool {
        matches!(self, Self::Admin | Self::Source)
    }

    /// Whether it may send messages, and change whom and how the tenant sends to.
    #[must_use]
    pub fn may_send(self) -> bool {
        matches!(self, Self::Admin)
    }

    /// Whether it may have a customer's data taken away for good.
    #[must_use]
    pub fn may_erase(self) -> bool {
        matches!(self, Self::Admin | Self::TeamLead)
    }

    /// Whether it may read any customer's data.
    #[must_use]
    pub fn may_read_customers(self) -> bool {
        matches!(self, Self::Admin | Self::TeamLead | Self::Agent)
    }
}

/// Whom a credential stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// What it may do.
    pub role: Role,
    /// Who holds it, where it is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The source whose write key it is, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
}

/// What an app client of the user pool is to the platform: who signs in through it belongs to its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInClient {
    /// The tenant.
    pub tenant: TenantId,
    /// The identity providers that the tenant believes. All tenants share one pool, where each provider may say of
    /// anybody that an address is theirs: one tenant's provider says so to nobody else.
    #[serde(default)]
    pub providers: BTreeSet<String>,
}

impl SignInClient {
    /// Whether the tenant believes all of these.
    #[must_use]
    pub fn believes(&self, providers: &[String]) -> bool {
        providers.iter().all(|provider| self.providers.contains(provider))
    }
}

/// Looks credentials up.
#[allow(async_fn_in_trait)]
pub trait Credentials {
    /// Whom the credential with this fingerprint stands for in `tenant`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault>;
}

/// A credential as its holder has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The tenant it names.
    pub tenant: TenantId,
    secret: String,
}

impl Credential {
    /// A new credential from 256 random bits.
    #[must_use]
    pub fn generate(tenant: TenantId, random: &[u8; 32]) -> Self {
        let secret = random.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self { tenant, secret }
    }

    /// A new credential of a person, whose number its first 14 digits are: who reads it knows at once whose record
    /// to ask for, and 200 random bits are left.
    #[must_use]
    pub fn of_person(tenant: TenantId, person: u64, random: &[u8; 32]) -> Self {
        let Self { tenant, secret } = Self::generate(tenant, random);
        let random: String = secret.chars().skip(14).collect();
        Self { tenant, secret: format!("{person:014x}{random}") }
    }

    /// The number of the person whose credential it is, if it is one's. Of any other it is as random as its secret.
    #[must_use]
    pub fn holder(&self) -> Option<u64> {
        self.secret.get(..14).and_then(|digits| u64::from_str_radix(digits, 16).ok())
    }

    /// Reads a credential.
    ///
    /// # Errors
    /// `Unauthorized` when it has not the shape of one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || {
            Fault::Unauthorized(
                "the credential is not of the form ceap_<tenant>_<secret>".to_owned(),
            )
        };
        let (tenant, secret) =
            text.strip_prefix("ceap_").and_then(|rest| rest.split_once('_')).ok_or_else(bad)?;
        let tenant = TenantId::new(tenant).map_err(|_| bad())?;
        let shaped = secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit());
        if shaped { Ok(Self { tenant, secret: secret.to_owned() }) } else { Err(bad()) }
    }

    /// The credential as text, for its holder only.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("ceap_{}_{}", self.tenant, self.secret)
    }

    /// What the store knows it by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest(&["credential", self.tenant.as_str(), &self.secret])
    }

    /// Whom it stands for. `claimed` is the tenant that the caller says it acts for, if it does.
    ///
    /// # Errors
    /// `Unauthorized` when it is not known; `Forbidden` when it belongs to another tenant.
    pub async fn authenticate(
        &self,
        claimed: Option<&str>,
        credentials: &impl Credentials,
    ) -> Result<Principal, Fault> {
        let unknown =
            || Fault::Unauthorized("the credential is not known, or no longer".to_owned());
        let found = credentials.find(&self.tenant, &self.fingerprint()).await?;
        let principal = found.filter(|it| it.tenant == self.tenant).ok_or_else(unknown)?;
        match claimed {
            Some(tenant) if tenant != self.tenant.as_str() => Err(Fault::Forbidden(
                "the credential belongs to another tenant than X-Ceap-Tenant names".to_owned(),
            )),
            _ => Ok(principal),
        }
    }
}

/// What names a credential that signs: it travels with each request, while its secret does not (AWS Signature
/// Version 4 calls it an access key id). `ceap_<tenant>_<id>`, the id being a digest of the secret, and so
/// half as long as a [`Credential`]'s own: neither is taken for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The tenant it names.
    pub tenant: TenantId,
    id: String,
}

impl AccessKey {
    /// A new access key and its secret, from 256 random bits.
    #[must_use]
    pub fn generate(tenant: TenantId, random: &[u8; 32]) -> (Self, String) {
        let Credential { tenant, secret } = Credential::generate(tenant, random);
        let id = digest(&["access-key-id", tenant.as_str(), &secret]);
        (Self { tenant, id }, secret)
    }

    /// Reads one.
    ///
    /// # Errors
    /// `Unauthorized` when it has not the shape of one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || {
            let rule = "the access key id is not of the form ceap_<tenant>_<32 digits>";
            Fault::Unauthorized(rule.to_owned())
        };
        let (tenant, id) =
            text.strip_prefix("ceap_").and_then(|rest| rest.split_once('_')).ok_or_else(bad)?;
        let tenant = TenantId::new(tenant).map_err(|_| bad())?;
        let shaped = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if shaped { Ok(Self { tenant, id: id.to_owned() }) } else { Err(bad()) }
    }

    /// As requests name it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("ceap_{}_{}", self.tenant, self.id)
    }

    /// What the store knows it by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest(&["access-key", self.tenant.as_str(), &self.id])
    }

    /// Whom it stands for, once a request is known to be signed with its secret.
    ///
    /// # Errors
    /// `Unauthorized` when it is not known; `Unavailable` or `Throttled`.
    pub async fn holder(&self, credentials: &impl Credentials) -> Result<Principal, Fault> {
        let unknown =
            || Fault::Unauthorized("the access key id is not known, or no longer".to_owned());
        let found = credentials.find(&self.tenant, &self.fingerprint()).await?;
        found.filter(|it| it.tenant == self.tenant).ok_or_else(unknown)
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({})", self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_reveals() {
        let tenant = TenantId::new("acme-2").unwrap();
        let credential = Credential::generate(tenant, &[7; 32]);
        assert_eq!(Credential::parse(&credential.reveal()).unwrap(), credential);
        assert!(!format!("{credential:?}").contains("0707"));
    }

    #[test]
    fn the_same_secret_of_another_tenant_is_another_credential() {
        let of = |name| Credential::generate(TenantId::new(name).unwrap(), &[7; 32]).fingerprint();
        assert_ne!(of("a"), of("b"));
    }

    #[test]
    fn an_access_key_is_no_credential_and_does_not_tell_its_secret() {
        let (key, secret) = AccessKey::generate(TenantId::new("acme-2").unwrap(), &[7; 32]);
        assert_eq!(AccessKey::parse(&key.reveal()).unwrap(), key);
        assert_eq!(secret.len(), 64);
        assert!(!key.reveal().contains(secret.get(..16).unwrap()));
        assert!(Credential::parse(&key.reveal()).is_err());
        let credential = Credential::generate(key.tenant.clone(), &[7; 32]);
        assert!(AccessKey::parse(&credential.reveal()).is_err());
        assert_ne!(credential.fingerprint(), key.fingerprint());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "ceap_",
            "ceap_acme",
            "ceap_acme_short",
            "Bearer x",
            &format!("ceap_A_{}", "0".repeat(64)),
        ] {
            assert!(matches!(Credential::parse(text), Err(Fault::Unauthorized(_))), "{text}");
        }
    }
}
