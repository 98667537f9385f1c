//! Onboarding: a tenant with its first administrator, keys, settings and use cases.

use crate::profile;
use crate::use_case::{Document, Settings, UseCase, catalogue};
use ceap_kernel::access::{Credential, Principal, Role};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What the `tenants` function is asked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Makes a tenant.
    Create {
        /// Its name: a slug.
        tenant: TenantId,
        /// Its first administrator.
        admin_email: String,
        /// Its settings.
        #[serde(default)]
        settings: Settings,
        /// Ids from the catalogue; all when absent.
        #[serde(default)]
        use_cases: Option<Vec<String>>,
    },
    /// Makes credentials for a tenant that exists.
    Token {
        /// Its name.
        tenant: TenantId,
        /// What the token may do.
        role: Role,
        /// Who holds it.
        #[serde(default)]
        email: Option<String>,
    },
}

/// What the `tenants` function answers. The credentials are shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// Whose.
    pub tenant: TenantId,
    /// Who holds the token.
    pub email: String,
    /// For people and their programs: `Authorization: Bearer …`.
    pub token: String,
    /// For sources: `X-Write-Key: …`.
    pub write_key: String,
}

/// A tenant as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its first administrator.
    pub admin_email: String,
    /// Its settings.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Keeps tenants.
#[allow(async_fn_in_trait)]
pub trait Tenants {
    /// Keeps a new tenant with its use cases.
    ///
    /// # Errors
    /// `Conflict` when there is one of that name; `Unavailable` or `Throttled`.
    async fn create(
        &self,
        id: &TenantId,
        tenant: &Tenant,
        use_cases: &[Document],
    ) -> Result<(), Fault>;

    /// The tenant, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, id: &TenantId) -> Result<Option<Tenant>, Fault>;

    /// Keeps a credential by its fingerprint.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn grant(
        &self,
        fingerprint: &str,
        principal: &Principal,
        at: Timestamp,
    ) -> Result<(), Fault>;
}

/// Makes a tenant or credentials. `random` gives 256 fresh random bits each time.
///
/// # Errors
/// `Invalid`, naming the field; `Conflict` when the tenant exists, `NotFound` when it does not;
/// `Unavailable` or `Throttled` from the store.
pub async fn run(
    request: Request,
    tenants: &impl Tenants,
    clock: &impl Clock,
    random: impl Fn() -> [u8; 32],
) -> Result<Keys, Fault> {
    let now = clock.now();
    let (tenant, role, email) = match request {
        Request::Create { tenant, admin_email, settings, use_cases } => {
            address("admin_email", &admin_email)?;
            check(&settings)?;
            let documents = documents(use_cases)?;
            let record = Tenant { admin_email: admin_email.clone(), settings, created_at: now };
            tenants.create(&tenant, &record, &documents).await?;
            (tenant, Role::Admin, admin_email)
        }
        Request::Token { tenant, role, email } => {
            let known = tenants.get(&tenant).await?;
            let known =
                known.ok_or_else(|| Fault::NotFound(format!("there is no tenant `{tenant}`")))?;
            if role == Role::Source {
                return Err(Fault::invalid("role", "must be admin, team-lead, agent or end-user"));
            }
            let email = email.unwrap_or(known.admin_email);
            address("email", &email)?;
            (tenant, role, email)
        }
    };
    let holder = Principal { tenant: tenant.clone(), role, email: Some(email.clone()) };
    let source = Principal { tenant: tenant.clone(), role: Role::Source, email: None };
    let token = Credential::generate(tenant.clone(), &random());
    let write_key = Credential::generate(tenant.clone(), &random());
    tenants.grant(&token.fingerprint(), &holder, now).await?;
    tenants.grant(&write_key.fingerprint(), &source, now).await?;
    Ok(Keys { tenant, email, token: token.reveal(), write_key: write_key.reveal() })
}

fn address(field: &str, text: &str) -> Result<(), Fault> {
    profile::email(text).map_err(|rule| Fault::invalid(field, rule))
}

fn check(settings: &Settings) -> Result<(), Fault> {
    address("settings.from_address", &settings.from_address)?;
    if let Some(recipient) = &settings.security_recipient {
        address("settings.security_recipient", recipient)?;
    }
    if let Some(name) = &settings.time_zone
        && TimeZone::get(name).is_err()
    {
        return Err(Fault::invalid(
            "settings.time_zone",
            "must be an IANA time zone, as Europe/Zurich",
        ));
    }
    Ok(())
}

fn documents(ids: Option<Vec<String>>) -> Result<Vec<Document>, Fault> {
    let all = || catalogue::CATALOGUE.iter().map(|(id, _)| (*id).to_owned()).collect();
    ids.unwrap_or_else(all)
        .iter()
        .map(|id| {
            let text = catalogue::find(id).ok_or_else(|| {
                Fault::invalid("use_cases", format!("`{id}` is not in the catalogue"))
            })?;
            UseCase::parse(text).map(|use_case| use_case.document)
        })
        .collect()
}
