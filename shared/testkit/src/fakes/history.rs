//! The event lake: all that was ever put on the stream.

use crate::World;
use ceap_engagement::event::Arrived;
use ceap_engagement::history::{Erase, History, Query, once};
use ceap_kernel::{Fault, SubjectId, TenantId};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use std::collections::BTreeSet;

impl World {
    async fn lake(&self, tenant: &TenantId, query: &Query) -> Result<Vec<Arrived>, Fault> {
        self.step("history.read", |stores| {
            let of = stores.lake.iter().filter(|it| it.tenant == *tenant);
            let mut all = once(of.cloned().collect());
            all.retain(|it| query.wants(&it.event));
            Ok(all)
        })
        .await
    }
}

impl History for World {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<Arrived, Fault>> {
        let all = async move { self.lake(tenant, query).await };
        stream::once(all).map_ok(|all| stream::iter(all).map(Ok)).try_flatten().boxed()
    }

    fn subjects<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<SubjectId, Fault>> {
        let all = async move {
            let mut all = self.lake(tenant, query).await?;
            all.dedup_by(|a, b| a.event.subject == b.event.subject);
            Ok(stream::iter(all).map(|it| Ok(it.event.subject)))
        };
        stream::once(all).try_flatten().boxed()
    }
}

impl Erase for World {
    async fn erase(&self, tenant: &TenantId, subjects: &BTreeSet<SubjectId>) -> Result<(), Fault> {
        self.step("history.erase", |stores| {
            stores.lake.retain(|it| it.tenant != *tenant || !subjects.contains(&it.event.subject));
            Ok(())
        })
        .await
    }
}
