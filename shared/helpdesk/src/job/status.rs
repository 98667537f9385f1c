//! How a job stands
//! ([job statuses](https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/)).

use super::Job;
use crate::api::{Call, Refused};
use crate::store::Range;
use ceap_kernel::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing of it was done yet.
    Queued,
    /// Some of it was done.
    Working,
    /// All of it was done, whatever came of it.
    Completed,
}

impl Status {
    /// Its word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Working => "working",
            Self::Completed => "completed",
        }
    }
}

/// A job, and what came of its steps so far.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusOf {
    /// The job.
    pub job: Job,
    /// What came of its steps, in their order.
    pub results: Vec<Value>,
}

impl StatusOf {
    /// Reads how a job stands, if there is one of this id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn load(call: &Call<'_>, id: &str) -> Result<Option<Self>, Refused> {
        let key = Job::key(id);
        let done = Range::of(&*key.partition, super::super::api::ask::MOST).starting("DONE#");
        let (item, done) = futures::try_join!(call.item(&key), call.range(&done))?;
        let Some(item) = item else { return Ok(None) };
        let results: Result<Vec<Value>, Fault> =
            done.items.iter().map(|item| read(&item.body)).collect();
        Ok(Some(Self { job: read(&item.body)?, results: results? }))
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.results.len() {
            0 => Status::Queued,
            done if done < self.job.total => Status::Working,
            _ => Status::Completed,
        }
    }

    /// As the API shows it.
    #[must_use]
    pub fn shown(&self, call: &Call<'_>) -> Value {
        let status = self.status();
        let completed = status == Status::Completed;
        let at = self.job.created_at;
        json!({
            "id": self.job.id,
            "job_type": self.job.job_type,
            "url": call.url(&format!("/job_statuses/{}.json", self.job.id)),
            "total": self.job.total,
            "progress": if self.results.is_empty() { Value::Null } else { json!(self.results.len()) },
            "status": status.as_str(),
            "message": completed.then(|| format!("Completed at {at}")),
            "results": (!self.results.is_empty()).then_some(&self.results),
        })
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &str) -> Result<T, Fault> {
    serde_json::from_str(body).map_err(|error| Fault::Internal(format!("unreadable job: {error}")))
}
