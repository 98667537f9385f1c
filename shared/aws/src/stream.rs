//! Events into Kinesis.

use crate::fault::fault;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_kernel::{Fault, digest};
use std::time::Duration;

/// Records and bytes of one PutRecords (Kinesis API reference: 500 and 5 MiB with keys).
const MAX_RECORDS: usize = 500;
const MAX_BYTES: usize = 4 * 1024 * 1024;
const ATTEMPTS: u32 = 5;
/// Attempts of one that may wait, with pauses of up to five seconds: about three minutes.
const PATIENT: u32 = 40;
const LONGEST_PAUSE_MS: u64 = 5_000;

/// A Kinesis stream. Records are [`Arrived`] as JSON; the partition key keeps one subject's events
/// in one shard, so that two batches rarely meet at one item.
#[derive(Debug, Clone)]
pub struct KinesisStream {
    client: Client,
    name: String,
    attempts: u32,
}

impl KinesisStream {
    /// The stream `name`.
    pub fn new(config: &aws_config::SdkConfig, name: impl Into<String>) -> Self {
        Self { client: Client::new(config), name: name.into(), attempts: ATTEMPTS }
    }

    /// The same stream for one that nobody waits for. What the stream has no room for is sent again until
    /// it has, and only that: to begin a batch anew would fill the room with what is in already.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { attempts: PATIENT, ..self }
    }

    async fn put_batch(&self, mut left: Vec<PutRecordsRequestEntry>) -> Result<(), Fault> {
        for attempt in 0..self.attempts {
            if attempt > 0 {
                let pause = 50_u64.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE_MS);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            let output = self
                .client
                .put_records()
                .stream_name(&self.name)
                .set_records(Some(left.clone()))
                .send()
                .await
                .map_err(|error| fault("PutRecords", &error))?;
            // The answers stand in the order of the records.
            left = left
                .into_iter()
                .zip(output.records)
                .filter(|(_, answer)| answer.error_code.is_some())
                .map(|(record, _)| record)
                .collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Fault::Throttled("PutRecords: the stream is over its capacity; try again".to_owned()))
    }
}

impl EventStream for KinesisStream {
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault> {
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        for arrived in events {
            let json =
                serde_json::to_vec(arrived).map_err(|error| Fault::Internal(error.to_string()))?;
            if batch.len() >= MAX_RECORDS || bytes.saturating_add(json.len()) > MAX_BYTES {
                self.put_batch(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes = bytes.saturating_add(json.len());
            let key = digest(&[arrived.tenant.as_str(), arrived.event.subject.as_str()]);
            let record = PutRecordsRequestEntry::builder()
                .data(Blob::new(json))
                .partition_key(key)
                .build()
                .map_err(|error| Fault::Internal(error.to_string()))?;
            batch.push(record);
        }
        if batch.is_empty() { Ok(()) } else { self.put_batch(batch).await }
    }
}
