//! What the helpdesk has to do later onto its queue: jobs and invitations.

use crate::fault::fault;
use aws_sdk_sqs::Client;
use ceap_helpdesk::job::{Queue, Waiting};
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::user::{Invitation, Invitations};
use ceap_kernel::{Fault, TenantId};
use ulid::Ulid;

/// The queue of what is to be done later.
#[derive(Debug, Clone)]
pub struct JobQueue {
    client: Client,
    url: String,
}

impl JobQueue {
    /// The queue at this URL.
    pub fn new(config: &aws_config::SdkConfig, url: impl Into<String>) -> Self {
        Self { client: Client::new(config), url: url.into() }
    }
}

impl JobQueue {
    async fn put(&self, waiting: &Waiting) -> Result<(), Fault> {
        let body = serde_json::to_string(waiting);
        let body = body.map_err(|error| Fault::Internal(error.to_string()))?;
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.map(drop).map_err(|error| fault("SendMessage", &error))
    }
}

impl Queue for JobQueue {
    fn start<'a>(&'a self, tenant: &'a TenantId, id: &'a str) -> Soon<'a, Result<(), Fault>> {
        let waiting = Waiting::Job { tenant: tenant.clone(), id: id.to_owned() };
        Box::pin(async move { self.put(&waiting).await })
    }
}

impl Invitations for JobQueue {
    fn send<'a>(
        &'a self,
        tenant: &'a TenantId,
        invitation: &'a Invitation,
    ) -> Soon<'a, Result<(), Fault>> {
        let (tenant, invitation) = (tenant.clone(), invitation.clone());
        let id = Ulid::generate().to_string();
        let waiting = Waiting::Invitation { tenant, id, invitation };
        Box::pin(async move { self.put(&waiting).await })
    }
}
