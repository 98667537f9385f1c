//! Messages onto their channels' queues, and their return from there put off.

use crate::fault::fault;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use ceap_engagement::message::{ChannelQueues, Dispatch};
use ceap_engagement::pipeline::send::Postpone;
use ceap_kernel::Fault;

/// Messages of one SendMessageBatch (SQS API reference), whose sum may not exceed 256 KiB.
const BATCH: usize = 10;
const MAX_BYTES: usize = 240 * 1024;

/// The longest that a message may be hidden, in seconds: twelve hours since it was received (SQS API
/// reference, `ChangeMessageVisibility`), less the fifteen minutes that a function can have had it.
const LONGEST_S: u32 = 12 * 60 * 60 - 15 * 60;

/// The channels' queues, whose URLs are a common prefix and the channel's name.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    prefix: String,
}

impl Queues {
    /// The queues whose URLs start with `prefix`.
    pub fn new(config: &aws_config::SdkConfig, prefix: impl Into<String>) -> Self {
        Self { client: Client::new(config), prefix: prefix.into() }
    }

    async fn put(&self, channel: &str, batch: Vec<String>) -> Result<(), Fault> {
        let entries = batch
            .into_iter()
            .enumerate()
            .map(|(n, body)| {
                SendMessageBatchRequestEntry::builder().id(n.to_string()).message_body(body).build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        let output = self
            .client
            .send_message_batch()
            .queue_url(format!("{}{channel}", self.prefix))
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| fault("SendMessageBatch", &error))?;
        if output.failed.is_empty() {
            Ok(())
        } else {
            Err(Fault::Unavailable("SendMessageBatch: some messages were not taken".to_owned()))
        }
    }
}

impl ChannelQueues for Queues {
    async fn hand_on(&self, dispatches: &[Dispatch]) -> Result<(), Fault> {
        let mut sorted: Vec<&Dispatch> = dispatches.iter().collect();
        sorted.sort_by(|a, b| a.channel.cmp(&b.channel));
        for group in sorted.chunk_by(|a, b| a.channel == b.channel) {
            let Some(first) = group.first() else { continue };
            let (mut batch, mut bytes) = (Vec::new(), 0_usize);
            for dispatch in group {
                let body = serde_json::to_string(dispatch)
                    .map_err(|error| Fault::Internal(error.to_string()))?;
                if batch.len() >= BATCH || bytes.saturating_add(body.len()) > MAX_BYTES {
                    self.put(&first.channel, std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
                bytes = bytes.saturating_add(body.len());
                batch.push(body);
            }
            if !batch.is_empty() {
                self.put(&first.channel, batch).await?;
            }
        }
        Ok(())
    }
}

/// Puts off when a message of one queue comes again.
#[derive(Debug, Clone)]
pub struct Postponer {
    client: Client,
    queue_url: String,
}

impl Postponer {
    /// For the queue at this URL.
    pub fn new(config: &aws_config::SdkConfig, queue_url: impl Into<String>) -> Self {
        Self { client: Client::new(config), queue_url: queue_url.into() }
    }
}

impl Postpone for Postponer {
    async fn postpone(&self, receipt: &str, after_s: u32) -> Result<(), Fault> {
        let after_s = i32::try_from(after_s.min(LONGEST_S)).unwrap_or(i32::MAX);
        self.client
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(after_s)
            .send()
            .await
            .map_err(|error| fault("ChangeMessageVisibility", &error))?;
        Ok(())
    }
}
