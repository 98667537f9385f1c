//! Jobs: what in their steps names somebody, and in what came of these.

use super::records::{next, said};
use super::{Needles, Where, Whom};
use crate::api::ask::MOST;
use crate::api::{Call, Refused};
use crate::ids::UserId;
use crate::job::{Job, Step, refuse};
use crate::record::{Changes, places};
use crate::store::{Item, Range};
use ceap_kernel::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Jobs of a step: each may be megabytes.
const AT_ONCE: usize = 10;

/// Takes them out of the next jobs. A step that was not done yet and is about them or names them is refused; one that was
/// is forgotten, and so is what names them in what came of it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn page(
    call: &Call<'_>,
    whom: &Whom,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(places::list(Job::LIST), AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for listed in &found.items {
        if let Some(id) = listed.key.sort.rsplit('#').next() {
            clean(call, whom, needles, id).await?;
        }
    }
    Ok(next(&found))
}

async fn clean(call: &Call<'_>, whom: &Whom, needles: &Needles, id: &str) -> Result<(), Refused> {
    let all = Range::of(Job::key(id).partition, 3 * MOST);
    let found = call.desk.store.range(&call.tenant, &all).await?;
    let at = |sort: &str| found.items.iter().find(|item| item.key.sort == sort);
    let Some(job) = at(&Job::key(id).sort) else { return Ok(()) };
    let job: Job = read(job)?;
    for index in 0..job.total {
        let done = at(&Job::done(id, index).sort);
        let mut place = Where::Anywhere;
        if let Some(item) = at(&Job::step(id, index).sort) {
            let step: Step = read(item)?;
            let own = about(whom, &step);
            let known = if done.is_some() { Where::Near } else { Where::Anywhere };
            if own || needles.are_in(&said(item)?, known) {
                place = Where::Near;
                if done.is_none() {
                    let erased = "names somebody who was erased".to_owned();
                    let why = Refused::Other(422, "Erased", erased);
                    refuse(call.desk, &call.tenant, &job, (index, &step), &why).await?;
                }
                let mut changes = Changes::new();
                changes.remove(item.key.clone());
                call.commit(changes).await?;
            }
        }
        if let Some(item) = done {
            forget(call, needles, &job, (item, place)).await?;
        }
    }
    Ok(())
}

/// Whether a step is about them: asks for their record, or for one that is called as they are.
fn about(whom: &Whom, step: &Step) -> bool {
    let mut path = step.path.split(['/', '.', '?']).skip(1);
    let theirs = |id: &str| {
        id.parse().ok().and_then(UserId::new).is_some_and(|id| whom.people.contains(&id))
    };
    path.next() == Some("users") && path.next().is_some_and(theirs) || called(whom, &step.body)
}

fn called(whom: &Whom, body: &Value) -> bool {
    let own = |id: &str| {
        let id = id.to_lowercase();
        whom.subjects.iter().chain(&whom.handles).any(|it| it.to_lowercase() == id)
    };
    match body {
        Value::Object(fields) => fields.iter().any(|(name, value)| match value {
            Value::String(id) if name == "external_id" => own(id),
            value => called(whom, value),
        }),
        Value::Array(all) => all.iter().any(|it| called(whom, it)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => false,
    }
}

/// Takes them out of the words of what came of a step.
async fn forget(
    call: &Call<'_>,
    needles: &Needles,
    job: &Job,
    (item, place): (&Item, Where),
) -> Result<(), Refused> {
    let mut result: Value = said(item)?;
    let words = ["description", "details"];
    let cleaned =
        words.iter().filter_map(|word| result.get_mut(word).map(|it| needles.clean(it, place)));
    if cleaned.fold(false, |any, it| any | it) {
        let mut changes = Changes::new();
        changes.replace(item, &result, Some(job.expires_at))?;
        call.commit(changes).await?;
    }
    Ok(())
}

fn read<T: DeserializeOwned>(item: &Item) -> Result<T, Fault> {
    serde_json::from_str(&item.body).map_err(|error| Fault::Internal(format!("no job: {error}")))
}
