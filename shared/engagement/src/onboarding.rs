//! Onboarding: a tenant with its first administrator, keys, settings, use cases and secrets.

mod check;
mod credentials;

use crate::link;
use crate::secret::{self, Secret, SecretKeeper};
use crate::use_case::library::Schedules;
use crate::use_case::{Document, Duty, Settings, UseCase, catalogue};
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

pub use credentials::{Held, Revoked, Ring};

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
        settings: Box<Settings>,
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
        /// From when on it is worth nothing; never by default.
        #[serde(default)]
        expires_at: Option<Timestamp>,
        /// Whether a write key for the whole tenant is made beside it.
        #[serde(default)]
        write_key: bool,
    },
    /// Lists a tenant's credentials.
    Tokens {
        /// Its name.
        tenant: TenantId,
    },
    /// Takes a credential back, within a minute.
    Revoke {
        /// Its name.
        tenant: TenantId,
        /// The credential's id as `tokens` lists it, or the credential.
        credential: String,
    },
    /// Replaces the settings of a tenant that exists.
    Settings {
        /// Its name.
        tenant: TenantId,
        /// All of its settings; what is left out is unset.
        settings: Box<Settings>,
    },
    /// Keeps a secret of a tenant that exists, or forgets it.
    Secret {
        /// Its name.
        tenant: TenantId,
        /// The secret's name, as its channel asks for it: `slack_bot_token`.
        name: String,
        /// The secret; null forgets it. One that is left out is a mistake, and forgets nothing.
        #[serde(deserialize_with = "required")]
        value: Option<Secret>,
    },
    /// Lets people into a tenant that exists who sign in through an app client, or lets them in no longer.
    SignIn {
        /// Its name.
        tenant: TenantId,
        /// The app client's id.
        client_id: String,
        /// Identity providers that may vouch for people; none: only who has a password in the pool comes in.
        #[serde(default)]
        providers: BTreeSet<String>,
        /// Whether nobody comes in through it any more.
        #[serde(default)]
        revoked: bool,
    },
}

fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Option::deserialize(deserializer)
}

/// What the `tenants` function answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Fresh credentials.
    Keys(Keys),
    /// The credentials that there are.
    Ring(Ring),
    /// One that is worth nothing any more.
    Revoked(Revoked),
    /// What is known of a secret now.
    Secret(Kept),
    /// The settings that hold from now on.
    Settings(Box<Changed>),
    /// Who may sign in from now on.
    SignIn(Door),
}

/// An app client, and who comes in through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Door {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub client_id: String,
    /// Identity providers that may vouch for people.
    pub providers: BTreeSet<String>,
    /// Whether nobody comes in.
    pub revoked: bool,
}

/// A tenant's settings, as they are seen everywhere within ten seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Whose.
    pub tenant: TenantId,
    /// The settings.
    pub settings: Settings,
}

/// What is known of a secret; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Whose.
    pub tenant: TenantId,
    /// The secret's name.
    pub name: String,
    /// Whether there is one now.
    pub kept: bool,
}

/// Credentials. They are shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// Whose.
    pub tenant: TenantId,
    /// Who holds the token.
    pub email: String,
    /// For people and their programs: `Authorization: Bearer …`.
    pub token: String,
    /// For sources: `X-Write-Key: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_key: Option<String>,
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

    /// Replaces a tenant that is still as it was `before`.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn change(&self, id: &TenantId, before: &Tenant, after: &Tenant) -> Result<(), Fault>;

    /// Keeps a credential by its fingerprint, perhaps until an instant.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn grant(
        &self,
        fingerprint: &str,
        principal: &Principal,
        at: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<(), Fault>;

    /// The credentials of a tenant, in any order, but for its sources' write keys.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<Held>, Fault>;

    /// Forgets a credential; one that is not known is forgotten already.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn revoke(&self, tenant: &TenantId, fingerprint: &str) -> Result<(), Fault>;

    /// Keeps what an app client is for.
    ///
    /// # Errors
    /// `Conflict` when it is another tenant's; `Unavailable` or `Throttled`.
    async fn admit(&self, client_id: &str, client: &SignInClient) -> Result<(), Fault>;

    /// Forgets a tenant's app client; one that is not the tenant's stays as it is.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn dismiss(&self, client_id: &str, tenant: &TenantId) -> Result<(), Fault>;
}

/// Makes a tenant or credentials, or keeps a secret. `random` gives 256 fresh random bits each time.
///
/// # Errors
/// `Invalid`, naming the field; `Conflict` when the tenant exists, `NotFound` when it does not;
/// `Unavailable` or `Throttled` from the store.
pub async fn run(
    request: Request,
    tenants: &impl Tenants,
    secrets: &impl SecretKeeper,
    schedules: &impl Schedules,
    clock: &impl Clock,
    random: impl Fn() -> [u8; 32],
) -> Result<Answer, Fault> {
    let now = clock.now();
    let (tenant, role, email, until, whole) = match request {
        Request::Create { tenant, admin_email, settings, use_cases } => {
            check::address("admin_email", &admin_email)?;
            check::settings(&settings)?;
            let documents = documents(use_cases)?;
            if tenants.get(&tenant).await?.is_some() {
                return Err(Fault::Conflict(format!("there is a tenant `{tenant}` already")));
            }
            // Before the tenant, so that none is ever without: its links could not be signed. And
            // never again, or the links in messages that were sent would be worth nothing.
            secrets.keep(&tenant, link::KEY, &Secret::new(hex(&random()))).await?;
            let settings = *settings;
            let record = Tenant { admin_email: admin_email.clone(), settings, created_at: now };
            // Before the tenant, as before a document: one that fires for nobody is taken away.
            for document in &documents {
                for duty in Duty::ALL {
                    if let Some(schedule) = document.schedule(duty) {
                        schedules.set(&tenant, &document.id, duty, Some(schedule), now).await?;
                    }
                }
            }
            tenants.create(&tenant, &record, &documents).await?;
            (tenant, Role::Admin, admin_email, None, true)
        }
        Request::Token { tenant, role, email, expires_at, write_key } => {
            let known = known(tenants, &tenant).await?;
            if role == Role::Source {
                return Err(Fault::invalid("role", "must be admin, team-lead, agent or end-user"));
            }
            if expires_at.is_some_and(|at| at <= now) {
                return Err(Fault::invalid("expires_at", "must be an instant to come"));
            }
            let email = email.unwrap_or(known.admin_email);
            check::address("email", &email)?;
            (tenant, role, email, expires_at, write_key)
        }
        Request::Tokens { tenant } => {
            known(tenants, &tenant).await?;
            return credentials::list(tenants, tenant).await.map(Answer::Ring);
        }
        Request::Revoke { tenant, credential } => {
            known(tenants, &tenant).await?;
            let revoked = credentials::revoke(tenants, tenant, &credential).await;
            return revoked.map(Answer::Revoked);
        }
        Request::Settings { tenant, settings } => {
            check::settings(&settings)?;
            let before = known(tenants, &tenant).await?;
            let after = Tenant { settings: *settings, ..before.clone() };
            tenants.change(&tenant, &before, &after).await?;
            return Ok(Answer::Settings(Box::new(Changed { tenant, settings: after.settings })));
        }
        Request::Secret { tenant, name, value } => {
            secret::check_name(&name)?;
            value.as_ref().map(secret::check).transpose()?;
            known(tenants, &tenant).await?;
            match &value {
                Some(secret) => secrets.keep(&tenant, &name, secret).await?,
                None => secrets.forget(&tenant, &name).await?,
            }
            return Ok(Answer::Secret(Kept { tenant, name, kept: value.is_some() }));
        }
        Request::SignIn { tenant, client_id, providers, revoked } => {
            check::client(&client_id, &providers)?;
            known(tenants, &tenant).await?;
            if revoked {
                tenants.dismiss(&client_id, &tenant).await?;
            } else {
                let client = SignInClient { tenant: tenant.clone(), providers: providers.clone() };
                tenants.admit(&client_id, &client).await?;
            }
            return Ok(Answer::SignIn(Door { tenant, client_id, providers, revoked }));
        }
    };
    let holder =
        Principal { tenant: tenant.clone(), role, email: Some(email.clone()), source: None };
    let token = Credential::generate(tenant.clone(), &random());
    tenants.grant(&token.fingerprint(), &holder, now, until).await?;
    let mut keys = Keys { tenant, email, token: token.reveal(), write_key: None };
    if whole {
        let role = Role::Source;
        let source = Principal { tenant: keys.tenant.clone(), role, email: None, source: None };
        let write_key = Credential::generate(keys.tenant.clone(), &random());
        tenants.grant(&write_key.fingerprint(), &source, now, until).await?;
        keys.write_key = Some(write_key.reveal());
    }
    Ok(Answer::Keys(keys))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn known(tenants: &impl Tenants, id: &TenantId) -> Result<Tenant, Fault> {
    let known = tenants.get(id).await?;
    known.ok_or_else(|| Fault::NotFound(format!("there is no tenant `{id}`")))
}

fn documents(ids: Option<Vec<String>>) -> Result<Vec<Document>, Fault> {
    let starters = || catalogue::STARTERS.map(str::to_owned).to_vec();
    ids.unwrap_or_else(starters)
        .iter()
        .map(|id| {
            let text = catalogue::find(id).ok_or_else(|| {
                Fault::invalid("use_cases", format!("`{id}` is not in the catalogue"))
            })?;
            UseCase::parse(text).map(|use_case| use_case.document)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::use_case::ScheduleDocument;
    use ceap_kernel::{SystemClock, UseCaseId};
    use serde_json::{Value, json};
    use std::cell::RefCell;

    struct One;

    impl Tenants for One {
        async fn create(&self, _: &TenantId, _: &Tenant, _: &[Document]) -> Result<(), Fault> {
            Ok(())
        }

        async fn get(&self, id: &TenantId) -> Result<Option<Tenant>, Fault> {
            let tenant = Tenant {
                admin_email: "a@b.ch".to_owned(),
                settings: Settings::default(),
                created_at: Timestamp::UNIX_EPOCH,
            };
            Ok((id.as_str() == "acme").then_some(tenant))
        }

        async fn change(&self, _: &TenantId, _: &Tenant, after: &Tenant) -> Result<(), Fault> {
            assert_eq!(after.admin_email, "a@b.ch", "only the settings change");
            Ok(())
        }

        async fn grant(
            &self,
            _: &str,
            _: &Principal,
            _: Timestamp,
            _: Option<Timestamp>,
        ) -> Result<(), Fault> {
            Ok(())
        }

        async fn credentials(&self, tenant: &TenantId) -> Result<Vec<Held>, Fault> {
            let known = Credential::generate(tenant.clone(), &[7; 32]).fingerprint();
            let held = |id: &str, second| Held {
                id: id.to_owned(),
                role: Role::Admin,
                email: Some("a@b.ch".to_owned()),
                created_at: Timestamp::from_second(second).unwrap(),
                expires_at: None,
            };
            Ok(vec![held(&known, 2), held("old", 1)])
        }

        async fn revoke(&self, _: &TenantId, fingerprint: &str) -> Result<(), Fault> {
            assert_ne!(fingerprint, "old");
            Ok(())
        }

        async fn admit(&self, id: &str, client: &SignInClient) -> Result<(), Fault> {
            let others = || Fault::Conflict("the app client is another tenant's".to_owned());
            assert_eq!(client.tenant.as_str(), "acme");
            (id != "taken").then_some(()).ok_or_else(others)
        }

        async fn dismiss(&self, id: &str, tenant: &TenantId) -> Result<(), Fault> {
            assert_eq!((id, tenant.as_str()), ("gone", "acme"));
            Ok(())
        }
    }

    impl Schedules for One {
        async fn set(
            &self,
            _: &TenantId,
            _: &UseCaseId,
            _: Duty,
            _: Option<&ScheduleDocument>,
            _: Timestamp,
        ) -> Result<(), Fault> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Kept(RefCell<Vec<(String, Option<String>)>>);

    impl SecretKeeper for Kept {
        async fn keep(&self, _: &TenantId, name: &str, secret: &Secret) -> Result<(), Fault> {
            self.0.borrow_mut().push((name.to_owned(), Some(secret.reveal().to_owned())));
            Ok(())
        }

        async fn forget(&self, _: &TenantId, name: &str) -> Result<(), Fault> {
            self.0.borrow_mut().push((name.to_owned(), None));
            Ok(())
        }
    }

    fn ask(kept: &Kept, request: Value) -> Result<Value, Fault> {
        let request =
            serde_json::from_value(request).map_err(|e| Fault::Internal(e.to_string()))?;
        assert!(!format!("{request:?}").contains("xoxb"));
        let answer = run(request, &One, kept, &One, &SystemClock, || [7; 32]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(answer).map(|answer| serde_json::to_value(answer).unwrap())
    }

    #[test]
    fn a_token_is_listed_and_taken_back_by_its_id_or_by_itself() {
        let kept = Kept::default();
        let tokens = ask(&kept, json!({"action": "tokens", "tenant": "acme"})).unwrap();
        assert_eq!(tokens["credentials"][0]["id"], "old", "the oldest first");
        let id = tokens["credentials"][1]["id"].clone();
        let token = Credential::generate(TenantId::new("acme").unwrap(), &[7; 32]).reveal();
        for named in [id.as_str().unwrap(), &token] {
            let asked = json!({"action": "revoke", "tenant": "acme", "credential": named});
            let answer = ask(&kept, asked).unwrap();
            assert_eq!(answer, json!({"tenant": "acme", "revoked": id}));
        }
        let unknown = json!({"action": "revoke", "tenant": "acme", "credential": "other"});
        assert!(matches!(ask(&kept, unknown), Err(Fault::Invalid { .. })));
        let more = |more: Value| {
            let mut token = json!({"action": "token", "tenant": "acme", "role": "agent"});
            token.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ask(&kept, token)
        };
        assert_eq!(more(json!({})).unwrap().get("write_key"), None);
        assert!(more(json!({"write_key": true})).unwrap()["write_key"].is_string());
        let past = more(json!({"expires_at": "2020-01-01T00:00:00Z"})).unwrap_err();
        assert!(past.to_string().starts_with("expires_at"), "{past}");
    }

    #[test]
    fn a_secret_is_kept_and_forgotten_and_never_returned() {
        let kept = Kept::default();
        let secret = |tenant: &str, name: &str, value: Value| {
            ask(&kept, json!({"action": "secret", "tenant": tenant, "name": name, "value": value}))
        };
        let answer = secret("acme", "slack_bot_token", json!("xoxb-1")).unwrap();
        assert_eq!(answer, json!({"tenant": "acme", "name": "slack_bot_token", "kept": true}));
        let answer = secret("acme", "slack_bot_token", Value::Null).unwrap();
        assert_eq!(answer["kept"], false);
        assert!(matches!(secret("other", "a", json!("xoxb-1")), Err(Fault::NotFound(_))));
        assert!(matches!(secret("acme", "A", json!("xoxb-1")), Err(Fault::Invalid { .. })));
        assert!(matches!(secret("acme", "a", json!("")), Err(Fault::Invalid { .. })));
        let name = "slack_bot_token".to_owned();
        assert_eq!(*kept.0.borrow(), [(name.clone(), Some("xoxb-1".to_owned())), (name, None)]);
    }

    #[test]
    fn a_new_tenant_has_a_key_to_sign_links_with_and_keeps_it() {
        let kept = Kept::default();
        let create = |tenant: &str| {
            let settings = json!({"from_address": "no-reply@shop.ch"});
            ask(
                &kept,
                json!({"action": "create", "tenant": tenant, "admin_email": "a@b.ch",
                       "settings": settings, "use_cases": []}),
            )
        };
        let answer = create("globex").unwrap();
        assert!(!answer.to_string().contains("link_key"));
        assert_eq!(*kept.0.borrow(), [("link_key".to_owned(), Some("07".repeat(32)))]);
        // One that exists gets no other key: the links that it sent stay good.
        assert!(matches!(create("acme"), Err(Fault::Conflict(_))));
        assert_eq!(kept.0.borrow().len(), 1);
    }

    #[test]
    fn a_secret_without_a_value_is_a_mistake() {
        let kept = Kept::default();
        assert!(ask(&kept, json!({"action": "secret", "tenant": "acme", "name": "a"})).is_err());
        assert!(kept.0.borrow().is_empty());
    }

    #[test]
    fn an_app_client_is_of_one_tenant() {
        let kept = Kept::default();
        let sign_in = |tenant: &str, id: &str, more: Value| {
            let mut request = json!({"action": "sign-in", "tenant": tenant, "client_id": id});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ask(&kept, request)
        };
        let answer = sign_in("acme", "7abc", json!({"providers": ["Acme"]})).unwrap();
        let expected =
            json!({"tenant": "acme", "client_id": "7abc", "providers": ["Acme"], "revoked": false});
        assert_eq!(answer, expected);
        let answer = sign_in("acme", "gone", json!({"revoked": true})).unwrap();
        assert_eq!(answer["revoked"], true);
        let conflict = sign_in("acme", "taken", json!({}));
        assert!(matches!(conflict, Err(Fault::Conflict(_))), "{conflict:?}");
        assert!(matches!(sign_in("other", "7abc", json!({})), Err(Fault::NotFound(_))));
        for (id, providers) in
            [("", json!([])), ("a#b", json!([])), ("7abc", json!([""])), ("7abc", json!(["a b"]))]
        {
            let fault = sign_in("acme", id, json!({"providers": providers}));
            assert!(matches!(fault, Err(Fault::Invalid { .. })), "{id}: {fault:?}");
        }
    }

    #[test]
    fn settings_are_replaced_and_checked() {
        let kept = Kept::default();
        let change = |tenant: &str, settings: Value| {
            ask(&kept, json!({"action": "settings", "tenant": tenant, "settings": settings}))
        };
        let caps = json!([{"limit": 2, "within": "7d"}]);
        let good = json!({"from_address": "Acme <hello@acme.example>", "caps": caps});
        let answer = change("acme", good.clone()).unwrap();
        assert_eq!(answer["settings"]["from_address"], "Acme <hello@acme.example>");
        assert!(matches!(change("other", good), Err(Fault::NotFound(_))));
        for from in ["", "acme", "A <a@b.ch", "A\r\nBcc: x <a@b.ch>", "A <a@b.ch> <c@d.ch>"] {
            let fault = change("acme", json!({"from_address": from})).unwrap_err();
            assert!(fault.to_string().starts_with("settings.from_address"), "{from:?}: {fault}");
        }
        let caps = json!({"from_address": "a@b.ch", "caps": [{"limit": 5000, "within": "7d"}]});
        let fault = change("acme", caps).unwrap_err();
        assert!(fault.to_string().starts_with("settings.caps[0].limit"), "{fault}");
    }
}
