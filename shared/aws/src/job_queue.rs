//! The helpdesk's jobs onto their queue.

use crate::fault::fault;
use aws_sdk_sqs::Client;
use ceap_helpdesk::job::{Queue, Waiting};
use ceap_helpdesk::store::Soon;
use ceap_kernel::{Fault, TenantId};

/// The queue of jobs.
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

impl Queue for JobQueue {
    fn start<'a>(&'a self, tenant: &'a TenantId, id: &'a str) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async move {
            let waiting = Waiting { tenant: tenant.clone(), job: id.to_owned() };
            let body = serde_json::to_string(&waiting)
                .map_err(|error| Fault::Internal(error.to_string()))?;
            let send = self.client.send_message().queue_url(&self.url).message_body(body);
            send.send().await.map(drop).map_err(|error| fault("SendMessage", &error))
        })
    }
}
