//! Work on many records, done in the background: a job is a list of requests, each of which is made as who asked for
//! the job would make it, once.
//!
//! To keep a job is to start it: whoever reads the table's stream puts it into the queue ([`Later`]), which may bring it
//! again, and a worker may die between two steps. Each step's commit remembers that it was done, in the same transaction;
//! one that was is passed over.

mod run;
mod status;

pub(crate) use run::refuse;
pub use run::{result, run};
pub use status::{Status, StatusOf};

use crate::api::{Answer, Call, Method, Refused};
use crate::ids::UserId;
use crate::later::later;
use crate::record::{Changes, Link};
use crate::store::{Key, Soon};
use crate::ticket::letter::Notice;
use crate::user::Invitation;
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Has things done that follow from what was kept.
pub trait Later {
    /// Has these done, soon, at least once.
    fn put<'a>(&'a self, waiting: &'a [Waiting]) -> Soon<'a, Result<(), Fault>>;
}

/// What waits in the helpdesk's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// A job to be done.
    Job {
        /// Whose.
        tenant: TenantId,
        /// Its id.
        id: String,
    },
    /// Somebody to be invited.
    Invitation {
        /// By whom.
        tenant: TenantId,
        /// An id of its own.
        id: String,
        /// Who, and to which address.
        invitation: Invitation,
    },
    /// People to be written to, whom an update of a ticket told.
    Notice {
        /// In whose account.
        tenant: TenantId,
        /// Of what.
        notice: Notice,
    },
    /// Tickets that may be given to agents ([`crate::routing::pass`]).
    Route {
        /// In whose account.
        tenant: TenantId,
    },
}

/// How long a job is remembered, and what came of its steps.
pub const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;

/// Bytes of steps that one commit writes at most; DynamoDB takes 4 MB.
const COMMIT_BYTES: usize = 3_000_000;

/// Steps that one commit writes at most.
const COMMIT_STEPS: usize = 90;

/// One request of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// How.
    pub method: Method,
    /// Where: `/tickets/35`.
    pub path: String,
    /// With what.
    pub body: Value,
}

impl Step {
    /// A request.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), body }
    }
}

/// A job as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// What it is, by Zendesk's name.
    pub job_type: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Who asked for it.
    pub by: UserId,
    /// How many steps it has.
    pub total: usize,
    /// The host that the caller used.
    pub base: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

impl Job {
    /// The list of those that somebody asked for.
    pub const LIST: &str = "jobs";

    /// The sort key of each: its partition has its id.
    pub const SORT: &str = "JOB";

    /// Where it is kept.
    #[must_use]
    pub fn key(id: &str) -> Key {
        Key::new(format!("JOB#{id}"), Self::SORT)
    }

    /// Where a step of it is kept.
    #[must_use]
    pub fn step(id: &str, index: usize) -> Key {
        Key::new(format!("JOB#{id}"), format!("STEP#{index:04}"))
    }

    /// Where it is kept that a step was done.
    #[must_use]
    pub fn done(id: &str, index: usize) -> Key {
        Key::new(format!("JOB#{id}"), format!("DONE#{index:04}"))
    }
}

/// Starts a job and answers with how it stands. No more than 100 steps: see [`crate::api::ask::at_most_100`].
///
/// # Errors
/// `Unavailable` or `Throttled`: then no step of it is done.
pub async fn start(call: &Call<'_>, job_type: &str, steps: Vec<Step>) -> Result<Answer, Refused> {
    let job = start_with(call, job_type, steps, Changes::new()).await?;
    let status = StatusOf { job, results: Vec::new() };
    Ok(Answer::ok(json!({"job_status": status.shown(call)})))
}

/// Starts a job that belongs to a change: both are there then, or neither is.
///
/// # Errors
/// As of a commit of the changes.
pub async fn start_with(
    call: &Call<'_>,
    job_type: &str,
    steps: Vec<Step>,
    changes: Changes,
) -> Result<Job, Refused> {
    begin(call, job_type, steps, changes, true).await
}

/// The same, of what nobody asked for: it is not listed.
///
/// # Errors
/// As of a commit of the changes.
pub async fn start_quietly(
    call: &Call<'_>,
    job_type: &str,
    steps: Vec<Step>,
    changes: Changes,
) -> Result<(), Refused> {
    begin(call, job_type, steps, changes, false).await.map(drop)
}

async fn begin(
    call: &Call<'_>,
    job_type: &str,
    steps: Vec<Step>,
    mut changes: Changes,
    listed: bool,
) -> Result<Job, Refused> {
    let expires_at = later(call.at, REMEMBERED_SECONDS)?;
    let job = Job {
        id: call.random_name(),
        job_type: job_type.to_owned(),
        created_at: call.at,
        by: call.actor()?.id(),
        total: steps.len(),
        base: call.ask.base.clone(),
        expires_at,
    };
    let (mut bytes, mut count) = (0_usize, 0_usize);
    for (index, step) in steps.iter().enumerate() {
        let size = step.body.to_string().len();
        if count >= COMMIT_STEPS || bytes.saturating_add(size) > COMMIT_BYTES {
            call.commit(std::mem::take(&mut changes)).await?;
            (bytes, count) = (0, 0);
        }
        changes.put(Job::step(&job.id, index), step, Some(expires_at))?;
        (bytes, count) = (bytes.saturating_add(size), count.saturating_add(1));
    }
    changes.put(Job::key(&job.id), &job, Some(expires_at))?;
    if listed {
        let rank = format!("{:012}#{}", call.at.as_second(), job.id);
        let link = Link { list: Job::LIST.to_owned(), rank };
        changes.put(link.key(), &json!({}), Some(expires_at))?;
    }
    call.commit(changes).await?;
    Ok(job)
}
