//! A deployment with one tenant, played in this process.

use crate::aws::Aws;
use crate::templates::Templates;
use crate::workload::TENANT;
use anyhow::{Result, anyhow};
use ceap_aws::SdkConfig;
use ceap_aws::dynamodb::{self, SecretStore, Table, TenantStore, UseCaseVersions};
use ceap_engagement::link;
use ceap_engagement::onboarding::{Tenant, Tenants};
use ceap_engagement::secret::{Secret, SecretKeeper};
use ceap_engagement::use_case::library::{UseCaseKeeper, Version};
use ceap_engagement::use_case::{Settings, UseCase};
use ceap_kernel::access::{Credential, Principal, Role};
use ceap_kernel::{Clock, SystemClock, TenantId};
use ceap_runtime::Env;
use std::sync::Arc;

/// Functions' variables, as they are given here: names of resources of the templates.
pub const VARIABLES: [(&str, &str); 25] = [
    ("PROFILES_TABLE", "ProfilesTable"),
    ("PLATFORM_TABLE", "PlatformTable"),
    ("ENGAGEMENT_TABLE", "EngagementTable"),
    ("QUARANTINE_TABLE", "QuarantineTable"),
    ("REQUESTS_PER_MINUTE", "30000"),
    ("STREAM_NAME", "events"),
    ("EVENT_STREAM", "events"),
    ("EVENT_BUS_NAME", "bus"),
    ("EVENT_BUS_ARN", "arn:aws:events:us-east-1:123456789012:event-bus/bus"),
    ("SCHEDULE_GROUP", "delays"),
    ("SCHEDULER_ROLE_ARN", "arn:aws:iam::123456789012:role/scheduler"),
    ("SCHEDULER_DLQ_ARN", "arn:aws:sqs:us-east-1:123456789012:dead"),
    ("DELAY_SCALE", "1"),
    ("MODELS_BUCKET", "models"),
    ("SECRETS_KEY", "arn:aws:kms:us-east-1:123456789012:key/secrets"),
    ("PUBLIC_URL", "https://api.example.com"),
    ("CHANNEL_QUEUE_PREFIX", "https://sqs.us-east-1.amazonaws.com/123456789012/ceap-"),
    ("CLAIM_LEASE_SECONDS", "60"),
    ("CONFIGURATION_SET", "ceap"),
    ("HELPDESK_TABLE", "HelpdeskTable"),
    ("FILES_BUCKET", "files"),
    ("SEARCH_BUCKET", "search"),
    ("ALLOW_LOOPBACK", "false"),
    ("SIGN_IN_ISSUER", "none"),
    ("SIGN_IN_KEYS", "none"),
];

/// The deployment.
#[derive(Debug)]
pub struct Platform {
    /// AWS.
    pub aws: Arc<Aws>,
    /// Its tenant.
    pub tenant: TenantId,
    /// The functions' configuration.
    pub config: SdkConfig,
    /// Their variables.
    pub env: Env,
    /// What may send events.
    pub credential: String,
    /// Tokens of administrators.
    pub tokens: Vec<String>,
}

impl Platform {
    /// A deployment whose tenant runs these use cases.
    ///
    /// # Errors
    /// When it could not be set up.
    pub async fn new(templates: &Templates, use_cases: &[String]) -> Result<Self> {
        Self::on(Aws::new(&templates.data)?, TENANT, use_cases).await
    }

    /// The same of this tenant, on this AWS.
    ///
    /// # Errors
    /// When it could not be set up.
    pub async fn on(aws: Arc<Aws>, tenant: &str, use_cases: &[String]) -> Result<Self> {
        let config = aws.config().await;
        let env = Env::of(&VARIABLES);
        let tenant = TenantId::new(tenant).map_err(|fault| anyhow!("{fault}"))?;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credential = Credential::generate(tenant.clone(), &[7; 32]);
        let administrators: Vec<Credential> =
            (10..20).map(|seed| Credential::generate(tenant.clone(), &[seed; 32])).collect();
        let tokens = administrators.iter().map(Credential::reveal).collect();
        let it = Self { aws, tenant, config, env, credential: credential.reveal(), tokens };
        it.admit(&platform, &administrators).await?;
        it.onboard(&platform, &credential, use_cases).await?;
        it.aws.take_meter();
        Ok(it)
    }

    async fn admit(&self, platform: &Table, administrators: &[Credential]) -> Result<()> {
        let tenant = &self.tenant;
        let tenants = TenantStore::new(platform.clone());
        for token in administrators {
            let email = Some("ada@example.com".to_owned());
            let holder =
                Principal { tenant: tenant.clone(), role: Role::Admin, email, source: None };
            let granted =
                tenants.grant(&token.fingerprint(), &holder, SystemClock.now(), None).await;
            granted.map_err(|fault| anyhow!("{fault}"))?;
        }
        Ok(())
    }

    async fn onboard(
        &self,
        platform: &Table,
        credential: &Credential,
        use_cases: &[String],
    ) -> Result<()> {
        let tenant = &self.tenant;
        let failed = |fault| anyhow!("the tenant could not be set up: {fault}");
        let now = SystemClock.now();
        let secrets = SecretStore::new(&self.config, platform.clone(), self.env.get("SECRETS_KEY"));
        let key = Secret::new("5a".repeat(32));
        secrets.keep(tenant, link::KEY, &key).await.map_err(failed)?;
        let settings = Settings {
            from_address: "hello@shop.example.com".to_owned(),
            test_recipients: vec!["ada@example.com".to_owned()],
            ..Settings::default()
        };
        let record =
            Tenant { admin_email: "ada@example.com".to_owned(), settings, created_at: now };
        let tenants = TenantStore::new(platform.clone());
        tenants.create(tenant, &record, &[]).await.map_err(failed)?;
        let holder =
            Principal { tenant: tenant.clone(), role: Role::Source, email: None, source: None };
        tenants.grant(&credential.fingerprint(), &holder, now, None).await.map_err(failed)?;
        let versions = UseCaseVersions::new(platform.clone());
        for text in use_cases {
            let document = UseCase::parse(text).map_err(failed)?.document;
            let version = Version { document, updated_at: now };
            versions.put(tenant, &version).await.map_err(failed)?;
        }
        Ok(())
    }
}
