//! Quarantine, and the stream into the platform.

use crate::World;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::Fault;

/// Whether both are the same thing rejected for the same reason, whenever that was.
fn same(a: &Rejected, b: &Rejected) -> bool {
    (&a.tenant, &a.stage, &a.code, &a.reason, &a.payload)
        == (&b.tenant, &b.stage, &b.code, &b.reason, &b.payload)
}

impl Quarantine for World {
    async fn keep(&self, rejected: &[Rejected]) -> Result<(), Fault> {
        self.step("quarantine.keep", |stores| {
            for one in rejected {
                if !stores.quarantine.iter().any(|known| same(known, one)) {
                    stores.quarantine.push(one.clone());
                }
            }
            Ok(())
        })
        .await
    }
}

impl EventStream for World {
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault> {
        self.step("stream.put", |stores| {
            stores.stream.extend(events.iter().cloned());
            stores.lake.extend(events.iter().cloned());
            Ok(())
        })
        .await
    }
}
