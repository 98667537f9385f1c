//! Jobs: what in their steps names somebody, and in what came of these.

use super::records::{next, said};
use super::{Needles, Where};
use crate::api::ask::MOST;
use crate::api::{Call, Refused};
use crate::job::{Job, Step, refuse};
use crate::record::{Changes, places};
use crate::store::{Item, Range};
use ceap_kernel::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Jobs of a step: each may be megabytes.
const AT_ONCE: usize = 10;

/// Takes them out of the next jobs. A step that was not done yet and names them is refused; one that was is forgotten,
/// and so is their name in what came of it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn page(
    call: &Call<'_>,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(places::list(Job::LIST), AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for listed in &found.items {
        if let Some(id) = listed.key.sort.rsplit('#').next() {
            clean(call, needles, id).await?;
        }
    }
    Ok(next(&found))
}

async fn clean(call: &Call<'_>, needles: &Needles, id: &str) -> Result<(), Refused> {
    let all = Range::of(Job::key(id).partition, 3 * MOST);
    let found = call.desk.store.range(&call.tenant, &all).await?;
    let at = |sort: &str| found.items.iter().find(|item| item.key.sort == sort);
    let Some(job) = at(&Job::key(id).sort) else { return Ok(()) };
    let job: Job = read(job)?;
    for index in 0..job.total {
        let done = at(&Job::done(id, index).sort);
        if let Some(item) = at(&Job::step(id, index).sort) {
            let place = if done.is_some() { Where::Near } else { Where::Anywhere };
            if needles.are_in(&said(item)?, place) {
                if done.is_none() {
                    let erased = "names somebody who was erased".to_owned();
                    let why = Refused::Other(422, "Erased", erased);
                    refuse(call.desk, &call.tenant, &job, (index, &read::<Step>(item)?), &why)
                        .await?;
                }
                let mut changes = Changes::new();
                changes.remove(item.key.clone());
                call.commit(changes).await?;
            }
        }
        if let Some(item) = done {
            let mut result: Value = said(item)?;
            if needles.clean(&mut result, Where::Near) {
                let mut changes = Changes::new();
                changes.replace(item, &result, Some(job.expires_at))?;
                call.commit(changes).await?;
            }
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(item: &Item) -> Result<T, Fault> {
    serde_json::from_str(&item.body).map_err(|error| Fault::Internal(format!("no job: {error}")))
}
