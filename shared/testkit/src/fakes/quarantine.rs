//! Quarantine, and the stream into the platform.

use crate::World;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::{Entry, Quarantine, Rejected, Shelf};
use ceap_kernel::{Fault, TenantId, digest};

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

fn id(rejected: &Rejected) -> String {
    format!("{}#{}", rejected.stage, digest(&[&rejected.reason, &rejected.payload.to_string()]))
}

impl Shelf for World {
    async fn entries(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, Option<String>), Fault> {
        let wrong = || Fault::invalid("cursor", "must be the `next` of a page");
        let skip = cursor.map_or(Ok(0), |cursor| cursor.parse::<usize>().map_err(|_| wrong()))?;
        self.step("quarantine.entries", |stores| {
            let mine = stores.quarantine.iter().filter(|it| it.tenant.as_ref() == Some(tenant));
            let mut all: Vec<Entry> =
                mine.map(|it| Entry { id: id(it), rejected: it.clone() }).collect();
            all.sort_by(|a, b| (b.rejected.at, &b.id).cmp(&(a.rejected.at, &a.id)));
            let next = (all.len() > skip + limit).then(|| (skip + limit).to_string());
            Ok((all.into_iter().skip(skip).take(limit).collect(), next))
        })
        .await
    }

    async fn remove(&self, tenant: &TenantId, ids: &[String]) -> Result<(), Fault> {
        self.step("quarantine.remove", |stores| {
            stores
                .quarantine
                .retain(|it| it.tenant.as_ref() != Some(tenant) || !ids.contains(&id(it)));
            Ok(())
        })
        .await
    }
}
