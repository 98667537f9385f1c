//! What the helpdesk has to do later onto its queue: jobs, invitations and notices.

use crate::fault::fault;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use ceap_helpdesk::job::{Later, Waiting};
use ceap_helpdesk::store::Soon;
use ceap_kernel::Fault;

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

    /// Of what was not taken, all comes again: what is done once is not done twice.
    async fn put_all(&self, waiting: &[Waiting]) -> Result<(), Fault> {
        for part in waiting.chunks(BATCH) {
            let mut send = self.client.send_message_batch().queue_url(&self.url);
            for (index, waiting) in part.iter().enumerate() {
                let entry = Entry::builder().id(index.to_string()).message_body(body(waiting)?);
                let entry = entry.build().map_err(|error| Fault::Internal(error.to_string()))?;
                send = send.entries(entry);
            }
            let sent = send.send().await.map_err(|error| fault("SendMessageBatch", &error))?;
            if let Some(failed) = sent.failed().first() {
                let code = failed.code();
                return Err(Fault::Unavailable(format!("SendMessageBatch took not all: {code}")));
            }
        }
        Ok(())
    }
}

/// Messages that SQS takes at once.
const BATCH: usize = 10;

fn body(waiting: &Waiting) -> Result<String, Fault> {
    serde_json::to_string(waiting).map_err(|error| Fault::Internal(error.to_string()))
}

impl Later for JobQueue {
    fn put<'a>(&'a self, waiting: &'a [Waiting]) -> Soon<'a, Result<(), Fault>> {
        Box::pin(self.put_all(waiting))
    }
}
