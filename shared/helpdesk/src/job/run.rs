//! Doing a job.

use super::status::read;
use super::{Job, Step};
use crate::api::{Ask, Desk, Method, Refused, Route, entry};
use crate::record::{Changes, Kept};
use crate::store::{Expect, Failure, Item, Range, Write};
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use serde_json::{Value, json};

/// Does what is not done yet of a job.
///
/// # Errors
/// `Unavailable` or `Throttled`: then it has to be begun again, and goes on where it stopped.
pub async fn run(
    desk: &Desk<'_>,
    routes: &[&'static [Route]],
    tenant: &TenantId,
    id: &str,
) -> Result<(), Fault> {
    let all = Range::of(Job::key(id).partition, 3 * crate::api::ask::MOST);
    let found = desk.store.range(tenant, &all).await?;
    let at = |sort: &str| found.items.iter().find(|item| item.key.sort == sort);
    let Some(job) = at("JOB") else { return Ok(()) };
    let job: Job = read(&job.body)?;
    let by = crate::record::places::record(<User as crate::record::Record>::KIND, job.by.get());
    let who = desk.store.get(tenant, std::slice::from_ref(&by)).await?;
    let who: Option<Kept<User>> = who.first().map(Kept::read).transpose()?;
    for index in 0..job.total {
        let (step, done) = (Job::step(id, index), Job::done(id, index));
        if at(&done.sort).is_some() {
            continue;
        }
        let Some(Item { body, .. }) = at(&step.sort) else { continue };
        let step: Step = read(body)?;
        let ask = asked(&job, &step);
        let outcome = match &who {
            Some(user) => entry::again(desk, routes, tenant, user.face(), &ask, done.clone()).await,
            None => Err(Refused::Unknown),
        };
        match outcome {
            Ok(()) => {}
            Err(Refused::Fault(fault)) if fault.retryable() => return Err(fault),
            Err(refused) => refuse(desk, tenant, &job, (index, &step), &refused).await?,
        }
    }
    Ok(())
}

fn asked(job: &Job, step: &Step) -> Ask {
    Ask {
        method: step.method,
        base: job.base.clone(),
        raw_path: format!("/api/v2{}", step.path),
        query: Vec::new(),
        headers: Vec::new(),
        body: if step.body.is_null() { Vec::new() } else { step.body.to_string().into_bytes() },
    }
}

/// What came of a step that was done: [`crate::api::Call::commit`] keeps it with what it does.
#[must_use]
pub fn result(method: Method, path: &str, index: usize, changes: &Changes) -> Value {
    let named = path.rsplit('/').find_map(|it| it.parse().ok());
    let changed = changes.created().or(changes.updated()).unwrap_or_default();
    let (id, action, status) = match method {
        Method::Post if changes.created().is_some() => (changed, "create", "Created"),
        Method::Delete => (named.unwrap_or(changed), "delete", "Deleted"),
        Method::Get | Method::Post => (changed, "update", "Updated"),
        Method::Put | Method::Patch => (named.unwrap_or(changed), "update", "Updated"),
    };
    json!({"index": index, "id": id, "action": action, "success": true, "status": status})
}

/// Remembers that a step was refused.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(crate) async fn refuse(
    desk: &Desk<'_>,
    tenant: &TenantId,
    job: &Job,
    (index, step): (usize, &Step),
    refused: &Refused,
) -> Result<(), Fault> {
    let crate::api::answer::Body::Json(body) = refused.answer().body else { return Ok(()) };
    let action = match step.method {
        Method::Post => "create",
        Method::Delete => "delete",
        _ => "update",
    };
    let id = step.path.rsplit('/').find_map(|it| it.parse::<u64>().ok());
    let result = json!({
        "index": index,
        "id": id,
        "action": action,
        "success": false,
        "status": "Failed",
        "error": body.get("error"),
        "description": body.get("description"),
        "details": body.get("details").map(Value::to_string),
    });
    let write = Write::Put {
        key: Job::done(&job.id, index),
        body: result.to_string(),
        expect: Expect::Absent,
        expires_at: Some(job.expires_at),
    };
    match desk.store.commit(tenant, &[write]).await {
        // Another worker came first.
        Ok(()) | Err(Failure::Unexpected(_)) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}
