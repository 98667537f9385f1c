//! Signals, sought audiences and goals onto the EventBridge bus.

use crate::fault::fault;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use ceap_engagement::audience::{AUDIENCE_SOUGHT, Seeks, Sought};
use ceap_engagement::goal::{GOALS_REACHED, Goals, GoalsReached};
use ceap_engagement::pipeline::ingest::Signals;
use ceap_engagement::signal::{Detected, SIGNALS_DETECTED};
use ceap_kernel::Fault;
use serde::Serialize;

/// The source that rules match.
pub(crate) const SOURCE: &str = "ceap.pipeline";

/// Signals (and sought audiences) of one PutEvents, and goals: it takes 256 KiB in all, and ours are at most 100 and 150 KiB.
const ENTRIES: usize = 2;
const GOAL_ENTRIES: usize = 1;

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

pub(crate) fn json(fact: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(fact).map_err(|error| Fault::Internal(error.to_string()))
}

impl Emitter {
    async fn put<T: Serialize>(
        &self,
        kind: &str,
        facts: &[T],
        entries: usize,
    ) -> Result<(), Fault> {
        for part in facts.chunks(entries) {
            let entry = |fact: &T| {
                let entry = PutEventsRequestEntry::builder().event_bus_name(&self.bus);
                let entry = entry.source(SOURCE).detail_type(kind);
                Ok(entry.detail(json(fact)?).build())
            };
            let entries = part.iter().map(entry).collect::<Result<Vec<_>, Fault>>()?;
            let put = self.client.put_events().set_entries(Some(entries));
            let output = put.send().await.map_err(|error| fault("PutEvents", &error))?;
            if output.failed_entry_count > 0 {
                return Err(Fault::Unavailable(format!("PutEvents: some {kind} were not taken")));
            }
        }
        Ok(())
    }
}

impl Signals for Emitter {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        self.put(SIGNALS_DETECTED, detected, ENTRIES).await
    }
}

impl Seeks for Emitter {
    async fn seek(&self, sought: &[Sought]) -> Result<(), Fault> {
        self.put(AUDIENCE_SOUGHT, sought, ENTRIES).await
    }
}

impl Goals for Emitter {
    async fn emit_goals(&self, reached: &[GoalsReached]) -> Result<(), Fault> {
        self.put(GOALS_REACHED, reached, GOAL_ENTRIES).await
    }
}
