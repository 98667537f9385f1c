//! Signals onto the EventBridge bus.

use crate::fault::fault;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use ceap_engagement::pipeline::ingest::Signals;
use ceap_engagement::signal::{Detected, SIGNALS_DETECTED};
use ceap_kernel::Fault;

/// The source that rules match.
pub(crate) const SOURCE: &str = "ceap.pipeline";

/// Entries of one PutEvents: it takes 256 KiB in all, and each of ours is at most 100 KiB.
const ENTRIES: usize = 2;

/// The bus that signals travel on.
#[derive(Debug, Clone)]
pub struct Emitter {
    client: Client,
    bus: String,
}

impl Emitter {
    /// The bus `bus`.
    pub fn new(config: &aws_config::SdkConfig, bus: impl Into<String>) -> Self {
        Self { client: Client::new(config), bus: bus.into() }
    }
}

pub(crate) fn json(detected: &Detected) -> Result<String, Fault> {
    serde_json::to_string(detected).map_err(|error| Fault::Internal(error.to_string()))
}

impl Signals for Emitter {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        for part in detected.chunks(ENTRIES) {
            let entries = part
                .iter()
                .map(|one| {
                    Ok(PutEventsRequestEntry::builder()
                        .event_bus_name(&self.bus)
                        .source(SOURCE)
                        .detail_type(SIGNALS_DETECTED)
                        .detail(json(one)?)
                        .build())
                })
                .collect::<Result<Vec<_>, Fault>>()?;
            let output = self
                .client
                .put_events()
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| fault("PutEvents", &error))?;
            if output.failed_entry_count > 0 {
                return Err(Fault::Unavailable(
                    "PutEvents: some signals were not taken".to_owned(),
                ));
            }
        }
        Ok(())
    }
}
