//! Who may do what: roles, credentials, and the port that looks them up.
//!
//! A credential is `ceap_<tenant>_<secret>`: it names its tenant, so that its key in the store does
//! too, and its prefix lets secret scanners find it. Only its SHA-256 is kept: the secret is 256
//! random bits, which need no slow hash.

use crate::{Fault, SourceId, TenantId, digest};
use serde::{Deserialize, Serialize};
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
