//! The stores on DynamoDB. Every partition key starts with the tenant.

#[cfg(feature = "s3")]
mod affinities;
mod audiences;
mod candidate_list;
mod candidates;
mod caps;
mod clients;
mod conversions;
mod courses;
mod credentials;
mod endpoints;
mod erasures;
#[cfg(feature = "s3")]
mod everything;
mod health;
#[cfg(feature = "helpdesk")]
mod helpdesk;
mod holdings;
mod inbox;
mod item;
mod items;
mod leases;
mod messages;
mod models;
mod objects;
mod outbox;
mod outcomes;
mod quarantine;
mod quota;
mod rates;
mod receipts;
mod runs;
mod schemas;
#[cfg(feature = "kms")]
mod secrets;
mod senders;
mod sources;
mod subjects;
mod suppressions;
mod templates;
mod tenants;
mod use_case_keeper;
mod use_cases;
#[cfg(feature = "s3")]
mod wire;

#[cfg(feature = "s3")]
pub use affinities::AffinityStore;
pub use audiences::AudienceStore;
pub use candidates::Candidates;
pub use courses::Courses;
pub use credentials::CredentialStore;
#[cfg(feature = "helpdesk")]
pub use credentials::CurrentCredentials;
pub use endpoints::EndpointStore;
pub use erasures::Erasures;
#[cfg(feature = "s3")]
pub use everything::Everything;
#[cfg(feature = "helpdesk")]
pub use helpdesk::HelpdeskStore;
pub use holdings::Holdings;
pub use inbox::InboxStore;
pub use items::Catalogue;
pub use leases::Leases;
pub use messages::Messages;
pub use models::ModelStore;
pub use objects::Objects;
pub use quarantine::QuarantineStore;
pub use quota::QuotaStore;
pub use runs::Runs;
pub use schemas::SchemaStore;
#[cfg(feature = "kms")]
pub use secrets::SecretStore;
pub use senders::SenderIndex;
pub use sources::SourceStore;
pub use subjects::SubjectStore;
pub use suppressions::SuppressionList;
pub use templates::TemplateStore;
pub use tenants::TenantStore;
pub use use_case_keeper::UseCaseVersions;
pub use use_cases::UseCaseStore;

pub use aws_sdk_dynamodb::Client;

/// A client from the shared configuration.
#[must_use]
pub fn client(config: &aws_config::SdkConfig) -> Client {
    Client::new(config)
}

/// A table, and the client to reach it.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table `name`.
    pub fn new(client: &Client, name: impl Into<String>) -> Self {
        Self { client: client.clone(), name: name.into() }
    }
}
