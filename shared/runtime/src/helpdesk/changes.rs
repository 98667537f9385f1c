//! Whose searched records changed, as it is read from the stream of the helpdesk's table.

use crate::batch::{Answer, whole};
use crate::bootstrap::log;
use crate::{metrics, stage};
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use ceap_kernel::{Fault, Tally, TenantId, Timestamp};
use futures::StreamExt;
use lambda_runtime::Error;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Tenants that are seen to at once.
const AT_ONCE: usize = 4;

/// Has `see_to` done for every tenant of a batch, once each. If that fails for one of them the whole batch comes again:
/// what was done then has nothing left to do.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn changes(
    name: &'static str,
    see_to: impl AsyncFn(&TenantId) -> Result<Tally, Fault>,
) -> Result<(), Error> {
    stage::run(name, async |event: Event| {
        Ok::<_, Error>(Box::pin(seen_to(name, &see_to, event)).await)
    })
    .await
}

pub(super) async fn seen_to(
    name: &str,
    see_to: &impl AsyncFn(&TenantId) -> Result<Tally, Fault>,
    event: Event,
) -> Answer {
    let records = changed(&event.records);
    let first = event.records.first().and_then(|it| it.change.sequence_number.clone());
    let tenants: BTreeSet<TenantId> = event.records.into_iter().filter_map(tenant).collect();
    let done = futures::stream::iter(&tenants).map(|it| see_to(it)).buffer_unordered(AT_ONCE);
    let mut all = Tally::default();
    let mut all_done = true;
    for done in done.collect::<Vec<_>>().await {
        match done {
            Ok(tally) => all.merge(tally),
            Err(fault) => {
                log(name, &fault);
                all_done = false;
            }
        }
    }
    metrics::emit(&all);
    if all_done { Answer::default() } else { whole(first, records) }
}

/// Says how many records a table's stream brought, and since when the oldest of them waits; tells how many.
pub(super) fn changed(records: &[EventRecord]) -> usize {
    let since = |record: &EventRecord| {
        let at = record.change.approximate_creation_date_time.timestamp_millis();
        Timestamp::from_millisecond(at).ok()
    };
    stage::took(records.len(), records.iter().filter_map(since).min());
    records.len()
}

/// Whose record it is: keys begin with the tenant.
fn tenant(record: EventRecord) -> Option<TenantId> {
    let keys: Map<String, Value> = serde_dynamo::from_item(record.change.keys).ok()?;
    let (tenant, _) = keys.get("pk")?.as_str()?.split_once('#')?;
    TenantId::new(tenant).ok()
}
