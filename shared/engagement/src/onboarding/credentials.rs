//! A tenant's credentials: which there are, and those that are worth nothing any more.

use super::Tenants;
use ceap_kernel::access::{Credential, Principal, Role};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::Serialize;

/// A credential, as far as anybody can see it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its id: the digest that is kept in its stead.
    pub id: String,
    /// What it may do.
    pub role: Role,
    /// Who holds it, where it is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Held {
    /// What is kept of a credential; none of a source's write key, which its source lists and takes back.
    #[must_use]
    pub fn of(
        id: String,
        principal: Principal,
        created_at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Option<Self> {
        let Principal { role, email, source, .. } = principal;
        source.is_none().then_some(Self { id, role, email, created_at, expires_at })
    }
}

/// A tenant's credentials, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ring {
    /// Whose.
    pub tenant: TenantId,
    /// All, but for the write keys of sources, which are listed there.
    pub credentials: Vec<Held>,
}

/// A credential that is worth nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Whose it was.
    pub tenant: TenantId,
    /// Its id.
    pub revoked: String,
}

pub(super) async fn list(tenants: &impl Tenants, tenant: TenantId) -> Result<Ring, Fault> {
    let mut credentials = tenants.credentials(&tenant).await?;
    credentials.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(Ring { tenant, credentials })
}

/// Takes back the credential of this id, or of this text: who finds one in the open need not look for its id.
pub(super) async fn revoke(
    tenants: &impl Tenants,
    tenant: TenantId,
    named: &str,
) -> Result<Revoked, Fault> {
    let id = match Credential::parse(named) {
        Ok(credential) => credential.fingerprint(),
        Err(_) => named.to_owned(),
    };
    let known = tenants.credentials(&tenant).await?;
    if !known.iter().any(|it| it.id == id) {
        let why = "is no credential of this tenant; `{\"action\":\"tokens\"}` lists them, and a source its write keys";
        return Err(Fault::invalid("credential", why));
    }
    tenants.revoke(&tenant, &id).await?;
    Ok(Revoked { tenant, revoked: id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sources_are_their_sources_matter() {
        let tenant = TenantId::new("acme").unwrap();
        let of = |source: Option<&str>| {
            let source = source.map(|id| ceap_kernel::SourceId::new(id).unwrap());
            let role = Role::Source;
            let principal = Principal { tenant: tenant.clone(), role, email: None, source };
            Held::of("1".to_owned(), principal, Timestamp::UNIX_EPOCH, None)
        };
        assert!(of(None).is_some() && of(Some("shop")).is_none());
    }
}
