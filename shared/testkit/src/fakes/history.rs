//! The event lake: all that was ever put on the stream.

use crate::World;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::history::{Erase, History, Named, Query, once};
use ceap_engagement::profile::PROFILE_UPDATED;
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

/// Whether a text has another in it that is no part of a longer word or address.
fn stands_alone(data: &str, text: &str) -> bool {
    let joins = if text.contains('@') { "._+-" } else { "" };
    data.match_indices(text).any(|(at, found)| {
        let (before, rest) = data.split_at(at);
        let after = rest.strip_prefix(found).unwrap();
        let escaped = ["\\n", "\\r", "\\t", "\\b", "\\f"].iter().any(|it| before.ends_with(it));
        let last = before.chars().next_back();
        let part = last.is_some_and(|c| c.is_alphanumeric() || joins.contains(c));
        (escaped || !part) && !after.chars().next().is_some_and(char::is_alphanumeric)
    })
}

impl Erase for World {
    async fn erase(
        &self,
        tenant: &TenantId,
        subjects: &BTreeSet<SubjectId>,
        named: &Named,
    ) -> Result<(), Fault> {
        let says = |data: &str, texts: &BTreeSet<String>| {
            texts.iter().any(|it| stands_alone(data, &it.to_lowercase()))
        };
        let of_theirs = |event: &Event| {
            let ticket = event.data.get("ticket").and_then(|it| it["id"].as_u64());
            ticket.is_some_and(|id| named.tickets.contains(&id))
        };
        self.step("history.erase", |stores| {
            let gone = |event: &Event| {
                let data = serde_json::to_string(&event.data).unwrap().to_lowercase();
                subjects.contains(&event.subject)
                    || event.kind != PROFILE_UPDATED && says(&data, &named.alone)
                    || of_theirs(event) && says(&data, &named.near)
            };
            stores.lake.retain(|it| it.tenant != *tenant || !gone(&it.event));
            Ok(())
        })
        .await
    }
}
