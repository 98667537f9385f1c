//! The bus and the scheduler.

use crate::World;
use ceap_engagement::pipeline::ingest::{Later, Signals};
use ceap_engagement::signal::{Detected, Fallback, MAX_BYTES};
use ceap_kernel::{Fault, SignalId, Timestamp};

fn check(detected: &Detected) {
    let bytes = serde_json::to_vec(detected).unwrap().len();
    assert!(bytes <= MAX_BYTES, "SignalsDetected.v1 of {bytes} bytes");
    assert!(!detected.signals.is_empty(), "an emission without signals");
}

impl Signals for World {
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault> {
        detected.iter().for_each(check);
        self.step("signals.emit", |stores| {
            stores.emissions.extend(detected.iter().cloned());
            stores.bus.extend(detected.iter().cloned());
            Ok(())
        })
        .await
    }
}

impl Later for World {
    async fn emit_at(&self, wake: Timestamp, detected: &Detected) -> Result<(), Fault> {
        check(detected);
        self.step("signals.emit_at", |stores| {
            let ids = |it: &Detected| -> Vec<(SignalId, Option<Fallback>, Option<u8>)> {
                it.signals
                    .iter()
                    .map(|it| (it.id.clone(), it.fallback.clone(), it.action))
                    .collect()
            };
            stores.emissions.push(detected.clone());
            let waiting = stores.scheduled.entry(wake).or_default();
            let known = waiting
                .iter()
                .any(|known| known.tenant == detected.tenant && ids(known) == ids(detected));
            if !known {
                waiting.push(detected.clone());
            }
            Ok(())
        })
        .await
    }
}
