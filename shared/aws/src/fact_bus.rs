//! What happens to tickets onto the EventBridge bus.

use crate::emitter::json;
use crate::fault::fault;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::ticket::fact::{Bus, Fact};
use ceap_kernel::Fault;

/// The source that rules match.
const SOURCE: &str = "ceap.helpdesk";

/// Facts of one PutEvents, which takes 10 entries and 256 KiB: a fact has at most some 60 KiB.
const ENTRIES: usize = 4;

/// The bus that facts are told on.
#[derive(Debug, Clone)]
pub struct FactBus {
    client: Client,
    bus: String,
}

impl FactBus {
    /// The bus `bus`.
    pub fn new(config: &aws_config::SdkConfig, bus: impl Into<String>) -> Self {
        Self { client: Client::new(config), bus: bus.into() }
    }
}

impl Bus for FactBus {
    fn tell<'a>(&'a self, facts: &'a [Fact]) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async move {
            for part in facts.chunks(ENTRIES) {
                let entry = |fact: &Fact| {
                    let entry = PutEventsRequestEntry::builder().event_bus_name(&self.bus);
                    let entry = entry.source(SOURCE).detail_type(fact.kind.as_str());
                    Ok(entry.detail(json(fact)?).build())
                };
                let entries = part.iter().map(entry).collect::<Result<Vec<_>, Fault>>()?;
                let put = self.client.put_events().set_entries(Some(entries));
                let output = put.send().await.map_err(|error| fault("PutEvents", &error))?;
                if output.failed_entry_count > 0 {
                    return Err(Fault::Unavailable("PutEvents: some were not taken".to_owned()));
                }
            }
            Ok(())
        })
    }
}
