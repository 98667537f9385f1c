//! Where sources that are asked are kept, looked at, and asked by hand.

use super::course::{Course, Poll};
use super::port::{CourseStore, KeptCourse, PollSchedules, PollWorkflow};
use super::step::AskedFor;
use crate::secret::SecretKeeper;
use crate::source::document::SourceDocument;
use crate::source::library::{self, Sources, Stored, missing};
use crate::use_case::ScheduleDocument;
use ceap_kernel::{Clock, Fault, PollId, SourceId, TenantId};
use futures::{join, try_join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a poll begins that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AskSource")]
pub struct Since {
    /// The watermark, in place of the one that is kept: to read rows again, or to leave some out.
    #[serde(default)]
    pub since: Option<String>,
}

/// A poll that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourceAsked")]
pub struct Begun {
    /// Which. It is among the source's polls as soon as it begins.
    pub poll: PollId,
}

/// How far a source was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourcePolling")]
pub struct Polling {
    /// All that is not newer was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// The poll that is under way, or the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Poll>,
}

/// A source's polls, the newest first: the one that is under way and the ten before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourcePolls")]
pub struct PollList {
    /// The polls.
    pub polls: Vec<Poll>,
}

/// Keeps sources with what has them asked.
#[derive(Debug)]
pub struct PollDesk<S, X, K, L, W, C> {
    /// Sources.
    pub sources: S,
    /// What their clients sign with.
    pub secrets: X,
    /// How far they were read.
    pub courses: K,
    /// What starts polls by the clock.
    pub schedules: L,
    /// What starts them at once.
    pub workflow: W,
    /// The wall clock.
    pub clock: C,
}

impl<S, X, K, L, W, C> PollDesk<S, X, K, L, W, C>
where
    S: Sources,
    X: SecretKeeper,
    K: CourseStore,
    L: PollSchedules,
    W: PollWorkflow,
    C: Clock,
{
    /// Keeps a source, as [`library::put`]. What must fire is set before the source is kept, and what must not is taken
    /// away after it: a crash in between leaves a schedule too many, never one too few. One that fires for a source that
    /// does not name it does nothing, and is set right.
    ///
    /// # Errors
    /// As [`library::put`]; `Invalid` when there can be no such schedule.
    pub async fn put(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        body: &[u8],
        if_match: Option<u64>,
    ) -> Result<Stored, Fault> {
        let document = SourceDocument::parse(body)?;
        let before = self.sources.get(tenant, id).await?;
        let (after, had) = (schedule(&document), before.as_ref().and_then(scheduled).is_some());
        if let Some(after) = after.filter(|_| document.id == *id) {
            let set = self.schedules.set(tenant, id, Some(after), self.clock.now()).await;
            set.map_err(|fault| fault.within(&format!("from.{}", document.from.as_str())))?;
        }
        match library::put(&self.sources, &self.clock, tenant, id, body, if_match).await {
            Ok(stored) => {
                if after.is_none() && had {
                    self.schedules.set(tenant, id, None, self.clock.now()).await?;
                }
                Ok(stored)
            }
            Err(fault) => {
                if after.is_some() && document.id == *id {
                    let kept = self.sources.get(tenant, id).await?;
                    let wanted = kept.as_ref().and_then(scheduled);
                    self.schedules.set(tenant, id, wanted, self.clock.now()).await?;
                }
                Err(fault)
            }
        }
    }

    /// Forgets a source, as [`library::delete`], with its schedule and with how far it was read; of one that is gone
    /// already, too, should that have been interrupted.
    ///
    /// # Errors
    /// As [`library::delete`]; `NotFound` when it is gone already.
    pub async fn delete(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        if_match: Option<u64>,
    ) -> Result<(), Fault> {
        let gone = library::delete(&self.sources, &self.secrets, tenant, id, if_match).await?;
        if gone.as_ref().is_none_or(|it| it.document.from.polled().is_some()) {
            let now = self.clock.now();
            let (unset, forgotten) =
                join!(self.schedules.set(tenant, id, None, now), self.courses.forget(tenant, id));
            unset.and(forgotten)?;
        }
        gone.map(drop).ok_or_else(|| missing(id))
    }

    /// A source with its keys, and how far it was read if it is one that is asked.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(&self, tenant: &TenantId, id: &SourceId) -> Result<library::Read, Fault> {
        let mut read = library::get(&self.sources, tenant, id).await?;
        if read.stored.document.from.polled().is_some() {
            let course = self.courses.get(tenant, id).await?.map(|kept| kept.course);
            read.polling = Some(course.map(Polling::from).unwrap_or_default());
        }
        Ok(read)
    }

    /// Has a source asked now. The same `key` is the same poll.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when it is not one that is asked, or `since` can't be its watermark; `Conflict` while it is
    /// being asked; `Unavailable` or `Throttled`.
    pub async fn ask(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        asked: Since,
        key: &str,
    ) -> Result<Begun, Fault> {
        let (stored, kept) = try_join!(self.sources.get(tenant, id), self.courses.get(tenant, id))?;
        let stored = stored.ok_or_else(|| missing(id))?;
        let kind = stored.document.from.as_str();
        let other = || Fault::invalid("from", format!("`{kind}` is not asked: it sends by itself"));
        let polled = stored.document.from.polled().ok_or_else(other)?;
        if let Some(since) = &asked.since {
            let without = || Fault::invalid("since", "is for sources with a `watermark`");
            polled.watermark.ok_or_else(without)?.order.check("since", since)?;
        }
        let poll = PollId::derive(tenant, id, &format!("key:{key}"));
        let open = kept.and_then(|KeptCourse { course, .. }| course.open);
        if open.is_some_and(|open| open.poll.id != poll) {
            return Err(Fault::Conflict(format!(
                "the source `{id}` is being asked; wait for its end"
            )));
        }
        let (tenant, source, since) = (tenant.clone(), id.clone(), asked.since);
        self.workflow.begin(&AskedFor { tenant, source, poll: poll.clone(), since }).await?;
        Ok(Begun { poll })
    }

    /// A source's polls.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn polls(&self, tenant: &TenantId, id: &SourceId) -> Result<PollList, Fault> {
        let kept = self.courses.get(tenant, id).await?;
        let polls = kept.map(|KeptCourse { course, .. }| {
            course.open.map(|open| open.poll).into_iter().chain(course.ended).collect()
        });
        Ok(PollList { polls: polls.unwrap_or_default() })
    }
}

impl From<Course> for Polling {
    fn from(course: Course) -> Self {
        let open = course.open.map(|open| open.poll);
        Self { watermark: course.watermark, last: open.or(course.ended.into_iter().next()) }
    }
}

fn schedule(document: &SourceDocument) -> Option<&ScheduleDocument> {
    document.from.polled().and_then(|polled| polled.schedule)
}

fn scheduled(stored: &Stored) -> Option<&ScheduleDocument> {
    schedule(&stored.document)
}
